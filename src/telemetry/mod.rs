//! What operators see: log lines, the figures at `/metrics`, traces and reports of faults.
//!
//! It knows how things are called and how they are written, not what is measured or told.

pub mod backup;
mod delivery;
pub mod errors;
pub mod history;
pub mod logs;
pub mod metrics;
pub mod process;
pub mod request;
pub mod traces;

use errors::Reporting;
use traces::Traces;

/// What is told, and to whom.
pub struct Options {
    pub logs: logs::Options,
    /// `None` traces nothing.
    pub traces: Option<traces::Options>,
    /// `None` reports nothing.
    pub errors: Option<errors::Options>,
}

/// A setting that nothing can be started with.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error(transparent)]
    Logs(#[from] logs::LogError),
    #[error(transparent)]
    Traces(#[from] traces::TraceError),
    #[error(transparent)]
    Errors(#[from] errors::ReportingError),
}

/// What is left to send or write is, when this is dropped: in this order, so that the log has what
/// the others say of it.
#[must_use = "what is still to be told when the process ends is told when this is dropped"]
pub struct Telemetry {
    _errors: Option<Reporting>,
    _traces: Option<Traces>,
    _lines: logs::Lines,
}

/// Starts all of it. A second call in one process changes nothing of the logs.
pub fn start(options: &Options) -> Result<Telemetry, TelemetryError> {
    let traces = options.traces.as_ref().map(Traces::start).transpose()?;
    let lines = logs::start(&options.logs, traces.as_ref())?;
    let errors = options.errors.as_ref().map(Reporting::start).transpose()?;
    Ok(Telemetry {
        _errors: errors,
        _traces: traces,
        _lines: lines,
    })
}
