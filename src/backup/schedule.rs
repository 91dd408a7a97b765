//! Makes a backup when one is due, for as long as the process lives.
//!
//! Due is what counts from the newest backup there is, not from the start of the process: restarts
//! neither skip one nor make more.

use super::Backups;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The clock is looked at this often: it may be set, and machines sleep.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// After a failure it is tried again sooner than a day later.
const RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

impl Backups {
    /// Starts the task; without a schedule, there is none.
    pub fn spawn(self: &Arc<Self>) -> Option<tokio::task::JoinHandle<()>> {
        let every = self.options.every?;
        self.status.expected();
        let backups = Arc::clone(self);
        Some(tokio::spawn(async move { backups.keep_going(every).await }))
    }

    /// A backup that is being made is given up.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    async fn keep_going(self: Arc<Self>, every: Duration) {
        let first = Instant::now() + self.options.first_after;
        match self.list().await {
            Ok(all) => {
                if let Some(newest) = all.first() {
                    self.status.found(newest);
                }
            }
            Err(error) => {
                self.status.failed(&error);
                tracing::warn!(%error, "the backups cannot be listed");
            }
        }
        tokio::time::sleep(self.options.first_after).await;
        let mut retry_at = first;
        while !self.stopping.load(Ordering::Relaxed) {
            if !self.is_due(every) || Instant::now() < retry_at {
                tokio::time::sleep(LOOK_EVERY.min(every)).await;
                continue;
            }
            match self.create().await {
                Ok(made) => {
                    let size_bytes = made.stored.size_bytes;
                    let rows = made.manifest.rows();
                    tracing::info!(name = %made.stored.name, size_bytes, rows, "a backup was made and opened");
                    self.prune_and_log().await;
                }
                Err(error) => {
                    tracing::error!(%error, "no backup could be made");
                    retry_at = Instant::now() + RETRY_AFTER.min(every);
                }
            }
        }
    }

    fn is_due(&self, every: Duration) -> bool {
        let Some(last) = self.status.now().last else {
            return true;
        };
        let age = Timestamp::now().duration_since(last.name.made_at());
        // One from the future is from a clock that was wrong.
        age.is_negative() || age.unsigned_abs() >= every
    }

    async fn prune_and_log(&self) {
        match self.prune().await {
            Ok(deleted) if deleted.is_empty() => {}
            Ok(deleted) => tracing::info!(deleted = deleted.len(), "old backups deleted"),
            Err(error) => tracing::warn!(%error, "old backups could not be deleted"),
        }
    }
}
