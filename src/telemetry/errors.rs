//! Faults of ours, reported to a server that speaks Sentry's protocol: panics, and requests that
//! ended with a 5xx.
//!
//! A report names the place, the route, the code and the request's id, under which the log has the
//! rest. Questions, addresses and keys are in none: what could hold them is left out here, and
//! [`scrubbed`] takes out whatever a library may have added.

use super::delivery::Delivery;
use super::request;
use sentry::integrations::backtrace::{ProcessStacktraceIntegration, current_stacktrace};
use sentry::protocol::{Event, Exception, Mechanism};
use sentry::{Envelope, Level, Transport};
use std::any::Any;
use std::collections::BTreeMap;
use std::panic::PanicHookInfo;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Reports that wait to be sent; more in a few seconds say nothing new.
const WAITING: usize = 32;

/// Failed requests that are reported in a minute: a server that has lost its disk fails each one,
/// and the receiver's quota is not for that.
const REPORTS_PER_MINUTE: u32 = 30;
const MINUTE: Duration = Duration::from_secs(60);

/// How long the end of the process waits for the last reports.
const LAST_REPORTS: Duration = Duration::from_secs(2);

/// Pause after a 429 that doesn't say how long.
const DEFAULT_PAUSE: Duration = Duration::from_secs(60);

/// Beginnings of formatted panics of the standard library that hold numbers only. Others may quote
/// the text that was being worked on.
const NUMBERS_ONLY: [&str; 4] = [
    "index out of bounds: ",
    "range end index ",
    "range start index ",
    "slice index starts at ",
];

/// Where reports go.
#[derive(Clone)]
pub struct Options {
    /// Address and key of a project, as the receiver shows it.
    pub dsn: String,
    /// Name of this installation.
    pub environment: String,
}

/// Errors cannot be reported.
#[derive(Debug, thiserror::Error)]
#[error("sentry_dsn: {0}")]
pub struct ReportingError(String);

/// A request that failed through no fault of the caller's.
#[derive(Debug, Clone, Copy)]
pub struct Fault<'a> {
    /// The template, not the path.
    pub route: &'a str,
    pub method: &'static str,
    pub status: u16,
    /// The problem's stable code.
    pub code: &'static str,
    pub request_id: &'a str,
}

/// Sends what is left when dropped.
pub(super) struct Reporting {
    _client: sentry::ClientInitGuard,
}

/// Whether anybody listens.
static IS_ON: AtomicBool = AtomicBool::new(false);

impl Reporting {
    pub fn start(options: &Options) -> Result<Self, ReportingError> {
        let dsn = sentry::types::Dsn::from_str(&options.dsn).map_err(|_| {
            // Without the text, which holds a key.
            ReportingError("a DSN is like https://KEY@errors.example.com/1".to_owned())
        })?;
        let outbox = Outbox::start(&dsn).map_err(ReportingError)?;
        let client = sentry::init(
            sentry::ClientOptions::new()
                .dsn(&options.dsn)
                .release(concat!(
                    env!("CARGO_PKG_NAME"),
                    "@",
                    env!("CARGO_PKG_VERSION")
                ))
                .environment(options.environment.clone())
                .default_integrations(false)
                .add_integration(ProcessStacktraceIntegration::new())
                .in_app_include(["rag_chatbot"])
                .max_breadcrumbs(0)
                .shutdown_timeout(LAST_REPORTS)
                .before_send(|event| Some(scrubbed(event)))
                .transport(Arc::new(outbox)),
        );
        IS_ON.store(true, Ordering::Relaxed);
        let printing = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            sentry::capture_event(of_panic(panic));
            printing(panic);
        }));
        Ok(Self { _client: client })
    }
}

/// Reports a failed request, if anybody wants to know.
pub fn report(fault: &Fault<'_>) {
    if !IS_ON.load(Ordering::Relaxed) || !may_report(Instant::now()) {
        return;
    }
    let tags = [
        ("route", fault.route.to_owned()),
        ("method", fault.method.to_owned()),
        ("status", fault.status.to_string()),
        ("code", fault.code.to_owned()),
        ("request_id", fault.request_id.to_owned()),
    ];
    sentry::capture_event(Event {
        message: Some(format!(
            "{} {}: {} {}",
            fault.method, fault.route, fault.status, fault.code
        )),
        level: Level::Error,
        tags: tags.map(|(name, value)| (name.to_owned(), value)).into(),
        // One issue for each way of failing, not for each request.
        fingerprint: vec![fault.route.to_owned().into(), fault.code.into()].into(),
        ..Event::default()
    });
}

fn may_report(now: Instant) -> bool {
    static MINUTE_BEGAN: Mutex<Option<(Instant, u32)>> = Mutex::new(None);
    let mut began = MINUTE_BEGAN.lock().unwrap_or_else(PoisonError::into_inner);
    let (since, reported) = match *began {
        Some((since, reported)) if now.duration_since(since) < MINUTE => (since, reported),
        _ => (now, 0),
    };
    *began = Some((since, reported + 1));
    reported < REPORTS_PER_MINUTE
}

fn of_panic(panic: &PanicHookInfo<'_>) -> Event<'static> {
    let place = panic.location().map_or_else(
        || "an unknown place".to_owned(),
        |at| format!("{}:{}:{}", at.file(), at.line(), at.column()),
    );
    let said = harmless(panic.payload()).unwrap_or("its message is in the log");
    let mut tags = BTreeMap::from([("place".to_owned(), place.clone())]);
    if let Some(id) = request::with_current(|request| request.id.clone()) {
        tags.insert("request_id".to_owned(), id);
    }
    Event {
        level: Level::Fatal,
        tags: tags.into_iter().collect(),
        exception: vec![Exception {
            ty: "panic".to_owned(),
            value: Some(format!("{said} ({place})")),
            mechanism: Some(Mechanism {
                ty: "panic".to_owned(),
                handled: Some(false),
                ..Mechanism::default()
            }),
            stacktrace: current_stacktrace(),
            ..Exception::default()
        }]
        .into(),
        ..Event::default()
    }
}

/// A panic's message, if it was written in the source or holds numbers only.
fn harmless(payload: &dyn Any) -> Option<&str> {
    if let Some(literal) = payload.downcast_ref::<&'static str>() {
        return Some(literal);
    }
    let formatted = payload.downcast_ref::<String>()?;
    NUMBERS_ONLY
        .iter()
        .any(|beginning| formatted.starts_with(beginning))
        .then_some(formatted)
}

/// Takes out of an event what none of ours has.
fn scrubbed(mut event: Event<'static>) -> Event<'static> {
    event.user = None;
    event.request = None;
    event.server_name = None;
    event.logentry = None;
    event.extra.clear();
    event.breadcrumbs.values.clear();
    event.contexts.clear();
    for exception in &mut event.exception.values {
        for frame in exception
            .stacktrace
            .iter_mut()
            .flat_map(|trace| &mut trace.frames)
        {
            frame.vars.clear();
        }
    }
    event
}

/// Reports on their way out.
struct Outbox {
    parcels: mpsc::Sender<Parcel>,
    /// Ends its thread when dropped.
    _delivery: Arc<Delivery>,
}

enum Parcel {
    Report(Vec<u8>),
    /// Answered when everything before it has been sent.
    Mark(std::sync::mpsc::Sender<()>),
}

impl Outbox {
    fn start(dsn: &sentry::types::Dsn) -> Result<Self, String> {
        let url = dsn.envelope_api_url();
        let auth = dsn.to_auth(Some(concat!("rag-chatbot/", env!("CARGO_PKG_VERSION"))));
        let delivery = Arc::new(Delivery::start("error reports", &url)?);
        let (parcels, mut waiting) = mpsc::channel(WAITING);
        let sending = Arc::downgrade(&delivery);
        delivery.spawn(async move {
            let mut pause: Option<Instant> = None;
            while let Some(parcel) = waiting.recv().await {
                let report = match parcel {
                    Parcel::Report(report) => report,
                    Parcel::Mark(done) => {
                        let _waits_or_not = done.send(());
                        continue;
                    }
                };
                let Some(delivery) = sending.upgrade() else {
                    break;
                };
                if pause.is_some_and(|until| Instant::now() < until) {
                    continue;
                }
                let parcel = delivery
                    .client()
                    .post(url.clone())
                    .header("X-Sentry-Auth", auth.to_string())
                    .header("Content-Type", "application/x-sentry-envelope")
                    .body(report);
                pause = match delivery.send(parcel).await {
                    Ok(receipt) if receipt.status.as_u16() == 429 => {
                        let asked = receipt.headers.get("retry-after");
                        let seconds = asked.and_then(|value| value.to_str().ok()?.parse().ok());
                        let pause = seconds.map_or(DEFAULT_PAUSE, Duration::from_secs);
                        Some(Instant::now() + pause.min(Duration::from_secs(3600)))
                    }
                    _ => None,
                };
            }
        });
        Ok(Self {
            parcels,
            _delivery: delivery,
        })
    }
}

impl Transport for Outbox {
    fn send_envelope(&self, envelope: Envelope) {
        let mut report = Vec::new();
        if envelope.to_writer(&mut report).is_ok() {
            // A full outbox loses the report; the log has the line.
            let _taken_or_lost = self.parcels.try_send(Parcel::Report(report));
        }
    }

    fn flush(&self, timeout: Duration) -> bool {
        let (done, sent) = std::sync::mpsc::channel();
        self.parcels.try_send(Parcel::Mark(done)).is_ok() && sent.recv_timeout(timeout).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_that_may_quote_a_question_is_reported_without_its_message() {
        let question = "why does my robot Amal fall";
        let quoting = format!("byte index 3 is not a char boundary of `{question}`");
        assert_eq!(harmless(&quoting), None);
        let numbers = "index out of bounds: the len is 3 but the index is 5".to_owned();
        assert_eq!(harmless(&numbers), Some(numbers.as_str()));
        assert_eq!(harmless(&"the lock is whole"), Some("the lock is whole"));
        assert_eq!(harmless(&7_i32), None);
    }

    #[test]
    fn what_a_library_adds_to_an_event_is_taken_out() {
        let mut event = Event {
            server_name: Some("marker-host".into()),
            user: Some(sentry::User {
                username: Some("marker-name".to_owned()),
                ..sentry::User::default()
            }),
            request: Some(sentry::protocol::Request {
                data: Some("marker-question".to_owned()),
                ..Default::default()
            }),
            ..Event::default()
        };
        event.extra.insert("marker".to_owned(), "marker".into());
        let sent = serde_json::to_string(&scrubbed(event)).expect("an event serialises");
        assert!(!sent.contains("marker"), "{sent}");
    }

    #[test]
    fn a_server_that_fails_always_does_not_flood_the_receiver() {
        let start = Instant::now();
        let reported = (0..1000).filter(|_| may_report(start)).count();
        assert_eq!(reported, REPORTS_PER_MINUTE as usize);
        assert!(may_report(start + MINUTE));
    }
}
