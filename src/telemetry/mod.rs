//! What operators see: log lines on stderr and the metrics' names.
//!
//! Identifiers are fields; the text of a question, addresses and tokens never are. It does not
//! know what is measured, only how it is called.

pub mod metrics;

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// How logs are written.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// A level or `tracing`'s filter syntax.
    pub filter: String,
    /// JSON lines; `None` decides by whether stderr is a terminal.
    pub json: Option<bool>,
}

/// The filter cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("log_level: `{filter}` is not a level or filter: {reason}")]
pub struct LogFilterError {
    filter: String,
    reason: String,
}

/// Starts logging to stderr. A second call in one process changes nothing.
pub fn start_logging(options: &LogOptions) -> Result<(), LogFilterError> {
    let invalid = |reason: String| LogFilterError {
        filter: options.filter.clone(),
        reason,
    };
    // A word alone would be taken for the name of a module, and a typing mistake go unnoticed.
    let is_level = |part: &str| part.parse::<LevelFilter>().is_ok();
    let parts = options.filter.split(',').map(str::trim);
    if let Some(wrong) = parts
        .filter(|part| !part.is_empty() && !part.contains(['=', '[']))
        .find(|part| !is_level(part))
    {
        return Err(invalid(format!(
            "`{wrong}` is none of error, warn, info, debug, trace, off"
        )));
    }
    // tantivy tells each commit and merge at info; that is our own line's task. rmcp tells whole
    // messages at debug, and questions are in them.
    let quiet = "tantivy=warn,rmcp=warn";
    let filter = EnvFilter::builder()
        .parse(format!("{quiet},{}", options.filter))
        .map_err(|e| invalid(e.to_string()))?;
    let terminal = std::io::stderr().is_terminal();
    let json = options.json.unwrap_or(!terminal);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(json)
        .with_ansi(terminal && !json);
    // Fails only when logging has been started before, as tests in one process do.
    let _started_before = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_timer(Clock).try_init()
    };
    Ok(())
}

/// Time of day to the second: a person reads these lines as they come.
struct Clock;

impl tracing_subscriber::fmt::time::FormatTime for Clock {
    fn format_time(&self, w: &mut tracing_subscriber::fmt::format::Writer<'_>) -> std::fmt::Result {
        write!(w, "{}", jiff::Zoned::now().strftime("%H:%M:%S"))
    }
}
