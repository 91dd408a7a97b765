//! An answer as server-sent events: session, sources, token…, done or error.
//!
//! When the client goes, the body is dropped, and with it the receiver: the work stops.

use super::Server;
use super::answered::{AnswerBody, SourceBody, observe, observe_failure};
use super::hearing::Hearing;
use super::problem::{Code, Problem};
use crate::answer::AnswerEvent;
use crate::telemetry::errors::{self, Fault};
use crate::telemetry::metrics::QUEUE_REFUSALS;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// Proxies close a connection that is silent for a minute or less; the contract says 15 s.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Most answers take a few seconds, so a place is free by then.
const FULL_RETRY_S: u64 = 5;

/// The response that goes on until the answer is done.
pub fn response(
    first: AnswerEvent,
    hearing: Hearing,
    request_id: String,
    place: OwnedSemaphorePermit,
) -> Response {
    let state = Some((Some(first), hearing, request_id, place));
    let stream = futures::stream::unfold(state, |state| async move {
        let (first, mut hearing, request_id, place) = state?;
        let next = match first {
            Some(first) => Ok(first),
            None => hearing.next().await,
        };
        let (event, last) = translate(next, &request_id);
        let rest = (!last).then_some((None, hearing, request_id, place));
        Some((Ok(event), rest))
    });
    sse(stream)
}

/// A place among the open streams, for as long as it is held.
pub fn place(server: &Server) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(&server.streams)
        .try_acquire_owned()
        .map_err(|_| {
            metrics::counter!(QUEUE_REFUSALS, "queue" => "streams").increment(1);
            let detail = "Too many answers are being streamed; try again in a few seconds.";
            Problem::new(Code::Overloaded, detail).retry_after(FULL_RETRY_S)
        })
}

/// Events as a response that no proxy holds back.
pub fn sse(stream: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let heartbeat = KeepAlive::new().interval(HEARTBEAT).text("heartbeat");
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Without this nginx collects the events until its buffer is full.
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    (headers, Sse::new(stream).keep_alive(heartbeat)).into_response()
}

/// The event, and whether it is the last.
fn translate(event: Result<AnswerEvent, Problem>, request_id: &str) -> (Event, bool) {
    let named =
        |name: &str, data: serde_json::Value| Event::default().event(name).data(data.to_string());
    let failed = |problem: Problem| {
        observe_failure(problem.code());
        if problem.is_ours() {
            errors::report(&Fault {
                route: "stream",
                method: "POST",
                status: problem.status().as_u16(),
                code: problem.code().name(),
                request_id,
            });
        }
        (
            named("error", json!(problem.body(request_id.to_owned()))),
            true,
        )
    };
    match event {
        Ok(AnswerEvent::Session(id)) => (named("session", json!({ "session_id": id })), false),
        Ok(AnswerEvent::Sources(sources)) => {
            let sources: Vec<SourceBody> = sources.into_iter().map(SourceBody::from).collect();
            (named("sources", json!({ "sources": sources })), false)
        }
        Ok(AnswerEvent::Token(text)) => (named("token", json!({ "text": text })), false),
        Ok(AnswerEvent::Done(answer)) => {
            observe(&answer);
            let body = AnswerBody::new(*answer, request_id.to_owned());
            (named("done", json!(body)), true)
        }
        Ok(AnswerEvent::Failed(error)) => failed(error.into()),
        Err(problem) => failed(problem),
    }
}
