//! Makes a backup when one is due, and looks at what there is, for as long as the process lives.
//!
//! Due is what counts from the newest backup there is, not from the start of the process: restarts
//! neither skip one nor make more, and one that was made with the command line counts as well.

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
    /// Starts the task. Without a schedule it makes no backup, and sees what others make.
    pub fn spawn(self: &Arc<Self>) -> tokio::task::JoinHandle<()> {
        self.status.expected();
        let backups = Arc::clone(self);
        tokio::spawn(async move { backups.keep_going().await })
    }

    /// A backup that is being made is given up.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    async fn keep_going(self: Arc<Self>) {
        self.look().await;
        let mut looked_at = Instant::now();
        if self.options.every.is_some() {
            tokio::time::sleep(self.options.first_after).await;
        }
        let mut retry_at = Instant::now();
        while !self.stopping.load(Ordering::Relaxed) {
            let may_make = self.is_due() && Instant::now() >= retry_at;
            if may_make || looked_at.elapsed() >= self.options.look_every {
                self.look().await;
                looked_at = Instant::now();
            }
            // Somebody else may have made one since the look before.
            if !may_make || !self.is_due() {
                tokio::time::sleep(self.pause()).await;
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
                    let every = self.options.every.unwrap_or(RETRY_AFTER);
                    retry_at = Instant::now() + RETRY_AFTER.min(every);
                }
            }
        }
    }

    /// What is in the place now, whoever made it.
    async fn look(&self) {
        match self.list().await {
            Ok(all) => self.status.seen(all.first()),
            Err(error) => {
                if self.status.unseen(&error) {
                    tracing::warn!(%error, "the backups cannot be listed");
                }
            }
        }
    }

    fn pause(&self) -> Duration {
        let pause = LOOK_EVERY.min(self.options.look_every);
        self.options.every.map_or(pause, |every| pause.min(every))
    }

    fn is_due(&self) -> bool {
        let Some(every) = self.options.every else {
            return false;
        };
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
