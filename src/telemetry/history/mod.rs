//! The figures of the last 24 hours, kept in this process: what charts and alerts are made of where
//! no Prometheus is.
//!
//! Every 15 seconds the text that `/metrics` shows is read and the [`Signal`]s in it are kept, for a
//! day, in memory that is bounded: 5 760 moments of some 200 numbers of 4 bytes, 5 MB. It does not
//! know how figures are measured.

mod alerts;
mod charts;
mod exposition;
mod moments;
mod signal;

pub use alerts::{Alert, InForce, RULES, Rule, Severity};
pub use charts::{Chart, DASHBOARDS, Dashboard, Drawn, Line};
pub use moments::{Moments, Window};
pub use signal::Signal;

use alerts::Watch;
use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often the figures are kept. A person who looks at a chart sees what was a moment ago, and
/// an alert's shortest window (5 minutes) is made of 20 of them.
pub const EVERY: Duration = Duration::from_secs(15);

/// The last 24 hours.
pub struct History {
    kept: Mutex<Kept>,
    began_at: Timestamp,
}

struct Kept {
    moments: Moments,
    watch: Watch,
}

impl History {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self {
            kept: Mutex::new(Kept {
                moments: Moments::default(),
                watch: Watch::default(),
            }),
            began_at: Timestamp::now(),
        }
    }

    /// When this process began to look.
    pub fn began_at(&self) -> Timestamp {
        self.began_at
    }

    /// Keeps the figures that `exposition` shows at this moment, and whether readers get less than
    /// they should.
    pub fn keep(&self, exposition: &str, is_degraded: bool, now: Timestamp) {
        let mut kept = self.lock();
        let Kept { moments, watch } = &mut *kept;
        moments.keep(exposition, is_degraded, now);
        watch.look(moments, now);
    }

    /// The alerts whose condition has held for as long as it must.
    pub fn in_force(&self) -> Vec<InForce> {
        self.lock().watch.in_force()
    }

    /// A dashboard's charts over the last `minutes`.
    pub fn drawn(&self, dashboard: &Dashboard, minutes: u32, now: Timestamp) -> Drawn {
        charts::drawn(dashboard, &self.lock().moments, minutes, now)
    }

    /// What `read` says of the moments of the last so many seconds.
    pub fn over<T>(&self, seconds: u32, read: impl FnOnce(&Window<'_>) -> T) -> T {
        let now = Timestamp::now();
        read(&self.lock().moments.last(seconds, now))
    }

    /// What a figure stood at when it was kept last; `None` where it is absent.
    pub fn stands_at(&self, signal: Signal) -> Option<f64> {
        self.lock().moments.stands_at(signal)
    }

    /// By quarters of an hour, oldest first: whether all was well, or `None` where nobody looked.
    pub fn quarters(&self, count: usize, now: Timestamp) -> Vec<Option<bool>> {
        self.lock().moments.quarters(count, now)
    }

    /// What part of the last 24 hours all was well, as far as they are known.
    pub fn well(&self) -> Option<f64> {
        self.lock().moments.well()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Numbers that a panic left behind are still the best there are.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}
