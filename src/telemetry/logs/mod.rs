//! Log lines: JSON for machines, text for a person at a terminal, and files where they are asked for.
//!
//! Identifiers are fields; the text of a question, addresses and tokens never are. Lines are handed
//! to a thread of their own ([`sink`]), so that whoever reads them slowly holds up nobody.

mod fields;
mod files;
mod filter;
mod json;
mod sink;

pub use fields::{EVENTS, FIELDS, Named};
pub use filter::{COMPONENTS, FilterError, change_filter, filter_in_force, parse as parse_filter};

use super::metrics::LOG_EVENTS;
use super::traces::{STAGES, Traces};
use files::Files;
use json::Json;
use sink::{Sink, Sinks};
use std::io::IsTerminal;
use std::path::PathBuf;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// How logs are written.
#[derive(Debug, Clone)]
pub struct Options {
    /// A level or `tracing`'s filter syntax.
    pub filter: String,
    /// JSON lines; `None` decides by whether stderr is a terminal.
    pub json: Option<bool>,
    /// JSON files besides.
    pub files: Option<FileOptions>,
}

#[derive(Debug, Clone)]
pub struct FileOptions {
    pub folder: PathBuf,
    pub retention_days: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("log_level: {0}")]
    Filter(#[from] FilterError),
    #[error("log_dir: {} cannot be written ({source}); choose another folder", folder.display())]
    Files {
        folder: PathBuf,
        source: std::io::Error,
    },
}

/// Waits for the last lines when dropped.
#[must_use = "what is still to be written when the process ends is written when this is dropped"]
pub struct Lines {
    sinks: Vec<Sink>,
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.sinks.iter().for_each(Sink::flush);
    }
}

/// Starts logging, and lets `traces` listen. A second call in one process changes nothing.
pub(super) fn start(options: &Options, traces: Option<&Traces>) -> Result<Lines, LogError> {
    if traces.is_some() {
        filter::let_stages_through();
    }
    let filter = filter::changeable(&options.filter)?;
    let terminal = std::io::stderr().is_terminal();
    let json = options.json.unwrap_or(!terminal);
    let stderr = Sink::start("log-stderr", std::io::stderr());
    let files = options.files.as_ref().map(|wanted| {
        let files = Files::open(&wanted.folder, wanted.retention_days);
        files.map_err(|source| LogError::Files {
            folder: wanted.folder.clone(),
            source,
        })
    });
    let files = files
        .transpose()?
        .map(|files| Sink::start("log-files", files));
    let all: Vec<Sink> = [Some(stderr.clone()), files.clone()]
        .into_iter()
        .flatten()
        .collect();
    let as_json = |sinks: Vec<Sink>| {
        let layer = tracing_subscriber::fmt::layer().with_writer(Sinks(sinks));
        layer.with_ansi(false).event_format(Json)
    };
    let (text, json) = if json {
        (None, Some(as_json(all.clone())))
    } else {
        let text = tracing_subscriber::fmt::layer().with_writer(stderr);
        let text = text.with_ansi(terminal).with_target(false);
        let files = files.map(|files| as_json(vec![files]));
        (Some(text.with_timer(Clock)), files)
    };
    let no_stage = || filter_fn(|about| about.target() != STAGES);
    // Fails only when logging has been started before, as tests in one process do.
    let _started_before = tracing_subscriber::registry()
        .with(filter)
        .with(Counting)
        .with(text.map(|text| text.with_filter(no_stage())))
        .with(json.map(|json| json.with_filter(no_stage())))
        .with(traces.map(|traces| traces.layer().boxed()))
        .try_init();
    Ok(Lines { sinks: all })
}

/// Adds warnings and errors to the figures.
struct Counting;

impl<S: Subscriber> Layer<S> for Counting {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            _ => return,
        };
        metrics::counter!(LOG_EVENTS, "level" => level).increment(1);
    }
}

/// Time of day to the second: a person reads these lines as they come.
struct Clock;

impl tracing_subscriber::fmt::time::FormatTime for Clock {
    fn format_time(&self, w: &mut tracing_subscriber::fmt::format::Writer<'_>) -> std::fmt::Result {
        write!(w, "{}", jiff::Zoned::now().strftime("%H:%M:%S"))
    }
}
