//! When the documents were changed, as whoever walks the folder sees on the way.
//!
//! It does not walk by itself, and does not know what the index holds.

use crate::corpus::Corpus;
use crate::telemetry::metrics::DOCUMENTS_CHANGED;
use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// When the folder was walked last, whatever for.
#[derive(Default)]
pub struct Walked(Mutex<Option<Instant>>);

impl Walked {
    /// It was walked just now, and this is what it holds.
    pub fn tell(&self, corpus: &Corpus) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        if let Some(changed) = changed_at(corpus) {
            metrics::gauge!(DOCUMENTS_CHANGED).set(changed.as_second() as f64);
        }
    }

    pub fn is_within(&self, time: Duration) -> bool {
        let walked = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        walked.is_some_and(|at| at.elapsed() < time)
    }
}

/// The latest time of a file; `None` where none is known. Times that are still to come say nothing.
pub fn changed_at(corpus: &Corpus) -> Option<Timestamp> {
    let now = SystemTime::now();
    let times = corpus.files.iter().filter_map(|file| file.modified);
    let latest = times.filter(|time| *time <= now).max()?;
    Timestamp::try_from(latest).ok()
}
