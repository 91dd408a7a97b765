//! What is counted and logged of every request: one line, when it is over.
//!
//! Most requests are over with the head of their response; an answer that is streamed is when its
//! last event was sent, or when its reader has gone. The line's `event` marks what concerns
//! security or speed. Requests that succeeded can be sampled; those that did not never are.

use super::problem::Problem;
use super::{Server, traced};
use crate::telemetry::errors::{self, Fault};
use crate::telemetry::metrics::{REQUEST_DURATION, REQUESTS, REQUESTS_IN_FLIGHT};
use crate::telemetry::request::{self, Stage};
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tracing::Instrument;

/// The operators' bound on an answer, and on everything else: what takes longer is marked.
const SLOW_ANSWER: Duration = Duration::from_secs(6);
const SLOW: Duration = Duration::from_secs(1);

/// Routes that other programs ask all the time, and the pages with all that belongs to them.
const QUIET: [&str; 9] = [
    SITE,
    "/_rag/{*path}",
    "/chat",
    "/livez",
    "/readyz",
    "/health",
    "/metrics",
    "/openapi.json",
    "/search",
];

/// The route of everything that is not an endpoint.
const SITE: &str = "site";

/// For whoever has gone before there was a response, as nginx has it.
const READER_LEFT: u16 = 499;

/// Counts the request and writes its line.
pub async fn observe(State(server): State<Server>, asked: Request, next: Next) -> Response {
    // The template, not the path: labels come from a closed set and never hold a session's id.
    let route = asked.extensions().get::<MatchedPath>();
    let route: Arc<str> = route.map_or(SITE, MatchedPath::as_str).into();
    let mut line = Line {
        method: method_label(asked.method()),
        route,
        status: None,
        started: Instant::now(),
        head: Duration::ZERO,
        request: request::current().unwrap_or_default(),
        sample: server.options.log_sample,
        streamed: false,
        is_over: false,
    };
    let span = traced::begin(&asked, &line.route, line.method);
    let in_flight = InFlight::begin();
    let response = next.run(asked).instrument(span.clone()).await;
    drop(in_flight);
    traced::end(&span, response.status());
    if let Some(problem) = response.extensions().get::<Problem>() {
        line.report(problem);
    }
    line.status = Some(response.status().as_u16());
    line.head = line.started.elapsed();
    if is_stream(response.headers()) {
        line.streamed = true;
        return response.map(|body| Body::new(Told { body, line }));
    }
    line.is_over = true;
    drop(line);
    response
}

/// What is known of a request; written when dropped, so that one whose reader has gone has its
/// line as well.
struct Line {
    method: &'static str,
    route: Arc<str>,
    /// `None` until there is a response.
    status: Option<u16>,
    started: Instant,
    /// Until the response's head.
    head: Duration,
    request: Arc<request::Request>,
    sample: u32,
    streamed: bool,
    /// All that there was to be said was sent.
    is_over: bool,
}

impl Line {
    fn count(&self, status: u16) {
        let labels = [
            ("route", self.route.to_string()),
            ("method", self.method.to_owned()),
            ("status", status.to_string()),
        ];
        metrics::counter!(REQUESTS, &labels).increment(1);
        metrics::histogram!(REQUEST_DURATION, "route" => self.route.to_string()).record(self.head);
    }

    /// Tells whoever gathers faults of the program, if it is one.
    fn report(&self, problem: &Problem) {
        if problem.is_ours() {
            errors::report(&Fault {
                route: &self.route,
                method: self.method,
                status: problem.status().as_u16(),
                code: problem.code().name(),
                request_id: &self.request.id,
            });
        }
    }

    fn event(&self, status: u16, took: Duration) -> &'static str {
        match status {
            401 | 403 | 421 => "security.refused",
            429 => "security.limited",
            503 => "performance.overloaded",
            _ if took > self.slow_from() => "performance.slow",
            _ => "request",
        }
    }

    fn slow_from(&self) -> Duration {
        if self.request.answered().is_some() {
            SLOW_ANSWER
        } else if self.streamed || &*self.route == "/ingest" {
            // An agent's open stream, or documents to embed: as long as it takes.
            Duration::MAX
        } else {
            SLOW
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let status = self.status.unwrap_or_else(|| {
            self.head = took;
            match std::thread::panicking() {
                true => StatusCode::INTERNAL_SERVER_ERROR.as_u16(),
                false => READER_LEFT,
            }
        });
        self.count(status);
        let event = self.event(status, took);
        let is_quiet = QUIET.contains(&&*self.route);
        // Who waits until it is ready asks again and again.
        let failed = status >= 500 && !(is_quiet && status == 503);
        if event == "request" && status < 400 {
            let one_in = u64::from(self.sample);
            if !is_quiet && is_left_out(one_in) {
                return;
            }
        }
        let request = &self.request;
        let answered = request.answered();
        let stage = |stage| request.stage_ms(stage).map(to_hundredths);
        macro_rules! tell {
            ($level:ident) => {
                tracing::$level!(
                    event,
                    method = self.method,
                    route = &*self.route,
                    status,
                    latency_ms = to_hundredths(self.head.as_secs_f64() * 1e3),
                    duration_ms = self
                        .streamed
                        .then(|| to_hundredths(took.as_secs_f64() * 1e3)),
                    complete = self.streamed.then_some(self.is_over),
                    request_id = request.id,
                    session = request.session(),
                    key = request.key(),
                    embed_ms = stage(Stage::Embed),
                    words_ms = stage(Stage::Words),
                    vectors_ms = stage(Stage::Vectors),
                    fuse_ms = stage(Stage::Fuse),
                    prompt_ms = stage(Stage::Prompt),
                    first_token_ms = stage(Stage::FirstToken),
                    generation_ms = stage(Stage::Generation),
                    generator = answered.map(|answered| answered.generator.as_str()),
                    abstained = answered.map(|answered| answered.is_abstained),
                    cached = answered.map(|answered| answered.is_cached),
                    sample = (self.sample > 1).then_some(self.sample),
                    "request"
                )
            };
        }
        if failed {
            tell!(warn);
        } else if is_quiet && !event.starts_with("security") {
            tell!(debug);
        } else {
            tell!(info);
        }
    }
}

/// Whether this success is one of those that are not logged.
fn is_left_out(one_in: u64) -> bool {
    static SUCCEEDED: AtomicU64 = AtomicU64::new(0);
    one_in > 1
        && !SUCCEEDED
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(one_in)
}

/// Nobody reads nanoseconds.
fn to_hundredths(ms: f64) -> f64 {
    (ms * 100.0).round() / 100.0
}

/// A response that goes on, with its line.
struct Told {
    body: Body,
    line: Line,
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let request = Arc::clone(&this.line.request);
        let frame = request::on_the_spot(&request, || Pin::new(&mut this.body).poll_frame(context));
        if let Poll::Ready(None) = frame {
            this.line.is_over = true;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

/// A request whose response has not begun; counted down also when its reader goes away.
struct InFlight;

impl InFlight {
    fn begin() -> Self {
        metrics::gauge!(REQUESTS_IN_FLIGHT).increment(1);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::gauge!(REQUESTS_IN_FLIGHT).decrement(1);
    }
}

fn is_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
