//! Deletes what has expired, now and then, for as long as the process lives.

use super::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Starts the task; it ends when the returned handle is aborted or the runtime stops.
///
/// Expired sessions are invisible at once, whether purged or not; this only frees their space, so
/// `every` can be long. The audit log is kept for `audit_retention`.
pub fn spawn_purge(
    store: Store,
    audit_retention: Duration,
    every: Duration,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut clock = tokio::time::interval(every);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            say("expired sessions", store.sessions.purge_expired().await);
            let kept = SignedDuration::try_from(audit_retention).unwrap_or(SignedDuration::MAX);
            if let Ok(since) = Timestamp::now().checked_sub(kept) {
                say("old audit entries", store.audit.purge(since).await);
            }
        }
    })
}

fn say(what: &str, purged: Result<u64, StoreError>) {
    match purged {
        Ok(0) => {}
        Ok(purged) => tracing::info!(purged, "{what} deleted"),
        Err(StoreError::Busy(reason)) => {
            tracing::debug!(%reason, "{what} kept until the next round");
        }
        Err(error) => tracing::warn!(%error, "{what} could not be deleted"),
    }
}
