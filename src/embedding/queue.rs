//! The async face of the blocking model: texts wait in two bounded lanes, model threads take
//! batches of them.
//!
//! - Queries go before passages: a reader waits for one, an indexer for thousands.
//! - A full lane refuses queries at once ([`EmbedError::Overloaded`]) and makes indexers wait.
//! - A text whose caller has gone is dropped before any work is done for it.
//!
//! It doesn't know what an embedder does with a batch, nor how many tokens a text really has.

use super::{EmbedError, Embedder, EmbedderKind, InputKind, Options};
use crate::telemetry::metrics::QUEUE_REFUSALS;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Passages in one batch, in bytes of text, for a model in this process. About 1,000 tokens of
/// English: enough rows to keep matrix products busy, and a query that comes meanwhile waits for
/// tens of milliseconds rather than for seconds.
const LOCAL_BATCH_BYTES: usize = 4 * 1024;

/// The same for a server, where a round trip costs more than a token; OpenAI takes 300,000 tokens
/// in one request.
const SERVER_BATCH_BYTES: usize = 128 * 1024;

/// Queries that one batch answers together at most. More would make the first wait for the last.
const MAX_QUERIES: usize = 16;

/// A handle to the model threads, cheap to clone. They end when the last handle is dropped.
#[derive(Clone)]
pub struct EmbeddingQueue {
    threads: Arc<Threads>,
}

/// Tells the threads to end when nobody can ask any more.
struct Threads {
    shared: Arc<Shared>,
}

struct Shared {
    embedder: Arc<dyn Embedder>,
    lanes: Mutex<Lanes>,
    work: Condvar,
    /// Places for waiting passages.
    room: Arc<Semaphore>,
    max_queries_waiting: usize,
    batch_bytes: usize,
    threads: usize,
}

#[derive(Default)]
struct Lanes {
    queries: VecDeque<Waiting>,
    passages: VecDeque<Waiting>,
    stopped: bool,
}

struct Waiting {
    text: String,
    reply: oneshot::Sender<Result<Vec<f32>, EmbedError>>,
    /// Given back when a thread takes the text.
    _place: Option<OwnedSemaphorePermit>,
}

impl EmbeddingQueue {
    /// Starts the model threads.
    pub fn start(embedder: Arc<dyn Embedder>, options: &Options) -> Result<Self, EmbedError> {
        let threads = options.model_threads().max(1);
        let shared = Arc::new(Shared {
            embedder,
            lanes: Mutex::default(),
            work: Condvar::new(),
            room: Arc::new(Semaphore::new(options.queue_len.max(1))),
            max_queries_waiting: options.queue_len.max(1),
            batch_bytes: match options.embedder {
                EmbedderKind::Local => LOCAL_BATCH_BYTES,
                EmbedderKind::OpenAi => SERVER_BATCH_BYTES,
            },
            threads,
        });
        // Made first, so that threads already started end if a later one cannot.
        let queue = Self {
            threads: Arc::new(Threads {
                shared: shared.clone(),
            }),
        };
        for number in 0..threads {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name(format!("embed-{number}"))
                .spawn(move || shared.run())
                .map_err(|e| EmbedError::Model(format!("cannot start a model thread ({e})")))?;
        }
        Ok(queue)
    }

    /// The embedder behind the queue: its identity, and counting, which is quick.
    pub fn embedder(&self) -> &Arc<dyn Embedder> {
        &self.threads.shared.embedder
    }

    /// Queries and passages that wait now, and how many of each may.
    pub fn lengths(&self) -> ([usize; 2], usize) {
        let shared = &self.threads.shared;
        let lanes = shared.lanes();
        let waiting = [lanes.queries.len(), lanes.passages.len()];
        (waiting, shared.max_queries_waiting)
    }

    /// Texts that wait now.
    pub fn waiting(&self) -> usize {
        let lanes = self.threads.shared.lanes();
        lanes.queries.len() + lanes.passages.len()
    }

    /// One query's vector, or [`EmbedError::Overloaded`] at once when too many wait.
    pub async fn embed_query(&self, text: String) -> Result<Vec<f32>, EmbedError> {
        let shared = &self.threads.shared;
        let (reply, answer) = oneshot::channel();
        {
            let mut lanes = shared.lanes();
            if lanes.queries.len() >= shared.max_queries_waiting {
                lanes.queries.retain(|waiting| !waiting.reply.is_closed());
                if lanes.queries.len() >= shared.max_queries_waiting {
                    metrics::counter!(QUEUE_REFUSALS, "queue" => "embedding_queries").increment(1);
                    return Err(EmbedError::Overloaded);
                }
            }
            lanes.queries.push_back(Waiting {
                text,
                reply,
                _place: None,
            });
        }
        shared.work.notify_one();
        answer.await.unwrap_or(Err(EmbedError::Stopped))
    }

    /// The passages' vectors in the order given. Waits for room, so that an indexer of any size is
    /// held back instead of refused.
    pub async fn embed_passages(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError> {
        let shared = &self.threads.shared;
        // Neighbours in length share a batch and are padded least. Longest first, because a long
        // text that comes last leaves the other threads idle.
        let mut ordered: Vec<(usize, String)> = texts.into_iter().enumerate().collect();
        ordered.sort_by_key(|(_, text)| std::cmp::Reverse(text.len()));
        let mut answers = Vec::with_capacity(ordered.len());
        for (index, text) in ordered {
            let place = match shared.room.clone().try_acquire_owned() {
                Ok(place) => place,
                Err(_) => {
                    shared.work.notify_all();
                    let place = shared.room.clone().acquire_owned().await;
                    place.map_err(|_| EmbedError::Stopped)?
                }
            };
            let (reply, answer) = oneshot::channel();
            shared.lanes().passages.push_back(Waiting {
                text,
                reply,
                _place: Some(place),
            });
            answers.push((index, answer));
        }
        shared.work.notify_all();
        let mut vectors = vec![Vec::new(); answers.len()];
        for (index, answer) in answers {
            vectors[index] = answer.await.unwrap_or(Err(EmbedError::Stopped))?;
        }
        Ok(vectors)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let mut lanes = self.shared.lanes();
        lanes.stopped = true;
        // Whoever still waits hears that the threads have stopped.
        lanes.queries.clear();
        lanes.passages.clear();
        drop(lanes);
        self.shared.work.notify_all();
    }
}

impl Shared {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        // Nothing can panic while the lock is held, and the lanes are whole at any moment.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        while let Some((kind, batch)) = self.next_batch() {
            let (texts, replies): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|w| (w.text, w.reply)).unzip();
            // A panic is a bug, but one strange text must not cost the process its model threads.
            let result = catch_unwind(AssertUnwindSafe(|| self.embedder.embed(kind, &texts)))
                .unwrap_or_else(|_| Err(EmbedError::Model("the model thread panicked".into())));
            match result {
                Ok(vectors) => {
                    for (reply, vector) in replies.into_iter().zip(vectors) {
                        // An error means that the caller has gone.
                        let _ = reply.send(Ok(vector));
                    }
                }
                Err(error) => {
                    for reply in replies {
                        let _ = reply.send(Err(error.clone()));
                    }
                }
            }
        }
    }

    /// Waits for work; `None` when it is time to end.
    fn next_batch(&self) -> Option<(InputKind, Vec<Waiting>)> {
        let mut lanes = self.lanes();
        loop {
            if lanes.stopped {
                return None;
            }
            // An equal share of the queries for each thread: two of them are done sooner side by
            // side than in one batch.
            let share = lanes.queries.len().div_ceil(self.threads).min(MAX_QUERIES);
            let queries = take(&mut lanes.queries, share, usize::MAX);
            if !queries.is_empty() {
                return Some((InputKind::Query, queries));
            }
            let passages = take(&mut lanes.passages, usize::MAX, self.batch_bytes);
            if !passages.is_empty() {
                return Some((InputKind::Passage, passages));
            }
            let woken = self.work.wait(lanes);
            lanes = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Takes what fits from the front, at least one, leaving out those nobody waits for.
fn take(lane: &mut VecDeque<Waiting>, count: usize, bytes: usize) -> Vec<Waiting> {
    let mut batch = Vec::new();
    let mut size = 0usize;
    while let Some(next) = lane.front() {
        if next.reply.is_closed() {
            lane.pop_front();
            continue;
        }
        let fits = batch.len() < count && size.saturating_add(next.text.len()) <= bytes;
        if !(batch.is_empty() || fits) {
            break;
        }
        size = size.saturating_add(next.text.len());
        batch.extend(lane.pop_front());
    }
    batch
}
