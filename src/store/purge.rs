//! Deletes what has expired, now and then, for as long as the process lives.

use super::{SessionStore, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// Starts the task; it ends when the returned handle is aborted or the runtime stops.
///
/// Expired sessions are invisible at once, whether purged or not; this only frees their space, so
/// `every` can be long.
pub fn spawn_purge(
    sessions: Arc<dyn SessionStore>,
    every: Duration,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut clock = tokio::time::interval(every);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            match sessions.purge_expired().await {
                Ok(0) => {}
                Ok(purged) => tracing::info!(purged, "expired sessions deleted"),
                Err(StoreError::Busy(reason)) => {
                    tracing::debug!(%reason, "expired sessions kept until the next round");
                }
                Err(error) => tracing::warn!(%error, "expired sessions could not be deleted"),
            }
        }
    })
}
