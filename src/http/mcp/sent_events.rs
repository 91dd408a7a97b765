//! What agents were sent in the last minutes, so that a stream that broke off is taken up where it
//! stopped, also when its call has completed meanwhile.
//!
//! An event's id is its stream's name and its number there. Streams are named by the transport, by
//! 122 random bits (the standing stream by its session, whose id is as random), so nobody guesses
//! another's.

use futures::StreamExt;
use rmcp::model::ServerJsonRpcMessage;
use rmcp::transport::streamable_http_server::session::{
    EventId, EventStore, EventStoreError, EventStream, ServerSseMessage,
};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// A laptop that changes networks is back within a minute or two.
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);

/// Bytes of JSON kept over all sessions: some thousand answers.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What an event takes beside its JSON.
const EVENT_OVERHEAD: usize = 256;

/// Events that may wait for one reader; whoever falls further behind comes again with the last id.
const BACKLOG: usize = 64;

/// The events of all sessions, the oldest streams dropped first.
pub struct SentEvents {
    kept: Mutex<Kept>,
    max_bytes: usize,
}

#[derive(Default)]
struct Kept {
    streams: HashMap<String, Sent>,
    /// Names of the streams, in the order in which they began.
    order: VecDeque<(Instant, String)>,
    bytes: usize,
}

#[derive(Default)]
struct Sent {
    events: Vec<ServerSseMessage>,
    bytes: usize,
    /// The call's answer has been sent; nothing follows it.
    complete: bool,
    readers: Vec<mpsc::Sender<ServerSseMessage>>,
}

impl Default for SentEvents {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            max_bytes: MAX_BYTES,
        }
    }
}

impl Kept {
    fn drop_oldest(&mut self, max_bytes: usize) {
        while let Some((began, _)) = self.order.front()
            && (self.bytes > max_bytes || began.elapsed() > KEPT_FOR)
        {
            let oldest = self.order.pop_front().map(|(_, stream)| stream);
            // Its readers' streams end with it.
            if let Some(sent) = oldest.and_then(|stream| self.streams.remove(&stream)) {
                self.bytes -= sent.bytes;
            }
        }
    }
}

/// Counts what is written.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn size_of(event: &ServerSseMessage) -> usize {
    let mut counter = Counter(EVENT_OVERHEAD);
    if let Some(message) = &event.message {
        let counted = serde_json::to_writer(&mut counter, message.as_ref());
        counted.expect("messages of the protocol are JSON");
    }
    counter.0
}

fn completes(event: &ServerSseMessage, stream: &str) -> bool {
    // The standing stream goes on after the answer to a call that was cancelled.
    !stream.ends_with(":common")
        && matches!(
            event.message.as_deref(),
            Some(ServerJsonRpcMessage::Response(_) | ServerJsonRpcMessage::Error(_))
        )
}

#[async_trait::async_trait]
impl EventStore for SentEvents {
    async fn store_event(
        &self,
        stream_id: &str,
        event: &ServerSseMessage,
    ) -> Result<EventId, EventStoreError> {
        let size = size_of(event);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.streams.contains_key(stream_id) {
            kept.order.push_back((Instant::now(), stream_id.to_owned()));
        }
        kept.bytes += size;
        let sent = kept.streams.entry(stream_id.to_owned()).or_default();
        let id = format!("{stream_id}.{}", sent.events.len());
        let mut event = event.clone();
        event.event_id = Some(id.clone());
        sent.readers
            .retain(|reader| reader.try_send(event.clone()).is_ok());
        sent.complete |= completes(&event, stream_id);
        if sent.complete {
            sent.readers.clear();
        }
        sent.events.push(event);
        sent.bytes += size;
        kept.drop_oldest(self.max_bytes);
        Ok(id)
    }

    async fn replay_events_after(
        &self,
        last_event_id: &str,
    ) -> Result<EventStream, EventStoreError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last_event_id
            .rsplit_once('.')
            .and_then(|(stream, number)| Some((kept.streams.get_mut(stream)?, number)))
            .and_then(|(sent, number)| Some((sent, number.parse::<usize>().ok()?)))
            .filter(|(sent, number)| *number < sent.events.len());
        let Some((sent, number)) = known else {
            return Err("the event is unknown, or was sent too long ago".into());
        };
        let missed = sent.events[number + 1..].to_vec();
        let missed = futures::stream::iter(missed);
        if sent.complete {
            return Ok(Box::pin(missed));
        }
        let (reader, coming) = mpsc::channel(BACKLOG);
        sent.readers.push(reader);
        Ok(Box::pin(missed.chain(ReceiverStream::new(coming))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(message: serde_json::Value) -> ServerSseMessage {
        ServerSseMessage::from_message(serde_json::from_value(message).expect("a message"))
    }

    fn progress(n: u32) -> ServerSseMessage {
        event(json!({"jsonrpc": "2.0", "method": "notifications/progress",
                     "params": {"progressToken": 1, "progress": n}}))
    }

    fn answer() -> ServerSseMessage {
        event(json!({"jsonrpc": "2.0", "id": 1, "result": {}}))
    }

    async fn ids(stream: EventStream) -> Vec<String> {
        stream.filter_map(async |one| one.event_id).collect().await
    }

    #[tokio::test]
    async fn a_complete_stream_is_read_again_from_any_of_its_events_and_ends() {
        let sent = SentEvents::default();
        let mut named = Vec::new();
        for one in [progress(1), progress(2), answer()] {
            named.push(sent.store_event("one", &one).await.expect("kept"));
        }
        sent.store_event("two", &answer()).await.expect("kept");
        for n in 0..named.len() {
            let missed = sent.replay_events_after(&named[n]).await.expect("known");
            assert_eq!(ids(missed).await, named[n + 1..]);
        }
        for unknown in ["", "one", "one.", "one.3", "one.-1", "none.0"] {
            assert!(
                sent.replay_events_after(unknown).await.is_err(),
                "{unknown}"
            );
        }
    }

    #[tokio::test]
    async fn a_reader_of_a_running_stream_gets_what_is_still_to_come() {
        let sent = SentEvents::default();
        let first = sent.store_event("one", &progress(1)).await.expect("kept");
        let second = sent.store_event("one", &progress(2)).await.expect("kept");
        let running = sent.replay_events_after(&first).await.expect("known");
        let last = sent.store_event("one", &answer()).await.expect("kept");
        assert_eq!(ids(running).await, [second, last]);
    }

    #[tokio::test]
    async fn the_oldest_streams_go_when_there_is_too_much() {
        let sent = SentEvents {
            max_bytes: 2 * EVENT_OVERHEAD + 200,
            ..SentEvents::default()
        };
        let mut named = Vec::new();
        for stream in ["one", "two", "three"] {
            named.push(sent.store_event(stream, &answer()).await.expect("kept"));
        }
        assert!(sent.replay_events_after(&named[0]).await.is_err());
        assert!(sent.replay_events_after(&named[1]).await.is_ok());
        assert!(sent.replay_events_after(&named[2]).await.is_ok());
    }
}
