//! What is logged: a level for all, and others for single components, changeable while running.

use crate::telemetry::traces::STAGES;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::{Registry, reload};

/// Our own parts, which can be named without the crate: `retrieval=debug`.
pub const COMPONENTS: [&str; 20] = [
    "answer",
    "app",
    "backup",
    "cache",
    "cli",
    "config",
    "corpus",
    "embedding",
    "eval",
    "gaps",
    "guard",
    "http",
    "index",
    "ingest",
    "language",
    "outbound",
    "retrieval",
    "secret",
    "store",
    "telemetry",
];

/// tantivy tells each commit and merge at info; that is our own line's task.
const QUIET: &str = "tantivy=warn";

/// rmcp tells whole messages at debug, and questions are in them. Whatever is asked for, it does not.
const SILENT: &str = "rmcp=warn";

/// Stages are for traces; where nobody traces they cost nothing.
static STAGES_PASS: AtomicBool = AtomicBool::new(false);

static IN_FORCE: Mutex<String> = Mutex::new(String::new());
static CHANGEABLE: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// The filter cannot be read, or not be put in force.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FilterError {
    #[error("`{filter}` is not a level or filter: {reason}")]
    Unreadable { filter: String, reason: String },
    #[error("logging was not started, so there is nothing to change")]
    NotStarted,
}

/// Reads a level, or `tracing`'s filter syntax with our components by their own names.
pub fn parse(text: &str) -> Result<EnvFilter, FilterError> {
    let unreadable = |reason: String| FilterError::Unreadable {
        filter: text.to_owned(),
        reason,
    };
    // A word alone would be taken for the name of a module, and a typing mistake go unnoticed.
    let is_level = |part: &str| part.parse::<LevelFilter>().is_ok();
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if let Some(wrong) = parts
        .iter()
        .filter(|part| !part.is_empty() && !part.contains(['=', '[']))
        .find(|part| !is_level(part))
    {
        return Err(unreadable(format!(
            "`{wrong}` is none of error, warn, info, debug, trace, off"
        )));
    }
    let ours = parts.iter().map(|part| match part.split_once('=') {
        Some((component, level)) if COMPONENTS.contains(&component.trim()) => {
            format!("rag_chatbot::{}={level}", component.trim())
        }
        _ => (*part).to_owned(),
    });
    let ours = ours.collect::<Vec<_>>().join(",");
    let stages = if STAGES_PASS.load(Ordering::Relaxed) {
        LevelFilter::TRACE
    } else {
        LevelFilter::OFF
    };
    EnvFilter::builder()
        .parse(format!("{QUIET},{ours},{SILENT},{STAGES}={stages}"))
        .map_err(|e| unreadable(e.to_string()))
}

/// From now on, whatever filter is put in force.
pub(super) fn let_stages_through() {
    STAGES_PASS.store(true, Ordering::Relaxed);
}

/// The first filter, which [`change_filter`] can replace.
pub(super) fn changeable(text: &str) -> Result<reload::Layer<EnvFilter, Registry>, FilterError> {
    let (layer, handle) = reload::Layer::new(parse(text)?);
    if CHANGEABLE.set(handle).is_ok() {
        remember(text);
    }
    Ok(layer)
}

/// Puts another filter in force, for all lines from now on.
pub fn change_filter(text: &str) -> Result<(), FilterError> {
    let filter = parse(text)?;
    let handle = CHANGEABLE.get().ok_or(FilterError::NotStarted)?;
    handle.reload(filter).map_err(|_| FilterError::NotStarted)?;
    remember(text);
    Ok(())
}

/// The filter as it was given; empty before logging is started.
pub fn filter_in_force() -> String {
    IN_FORCE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

fn remember(text: &str) {
    let mut held = IN_FORCE.lock().unwrap_or_else(PoisonError::into_inner);
    text.clone_into(&mut held);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_named_without_the_crate_and_no_filter_lets_whole_messages_out() {
        let text = |filter: &str| parse(filter).expect("readable").to_string();
        let shown = text("info, retrieval=debug,hyper=warn");
        assert!(shown.contains("rag_chatbot::retrieval=debug"), "{shown}");
        assert!(shown.contains("hyper=warn"), "{shown}");
        let shown = text("trace,rmcp=trace");
        assert!(shown.contains("rmcp=warn"), "{shown}");
        assert!(!shown.contains("rmcp=trace"), "{shown}");
    }

    #[test]
    fn a_mistyped_level_is_refused() {
        for wrong in ["verbose", "info,loud", "retrieval=loud"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_module_is_a_component() {
        let map = include_str!("../../lib.rs");
        let modules = map.lines().filter_map(|line| line.strip_prefix("pub mod "));
        let mut modules: Vec<_> = modules.map(|name| name.trim_end_matches(';')).collect();
        modules.sort_unstable();
        assert_eq!(modules, COMPONENTS);
    }
}
