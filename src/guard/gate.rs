//! How many answers are generated at once: a semaphore with a deadline and a bounded queue.

use crate::telemetry::metrics::QUEUE_REFUSALS;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets a bounded number in, keeps as many waiting for a while, and turns the rest away.
#[derive(Clone)]
pub struct Gate {
    inside: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    max_waiting: usize,
    max_wait: Duration,
}

/// The right to generate one answer; given back when dropped.
pub struct Permit {
    _permit: OwnedSemaphorePermit,
}

impl Gate {
    /// At most `max_inside` at once and as many waiting, each for at most `max_wait`.
    pub fn new(max_inside: usize, max_wait: Duration) -> Self {
        let max_inside = max_inside.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            inside: Arc::new(Semaphore::new(max_inside)),
            waiting: Arc::new(AtomicUsize::new(0)),
            max_waiting: max_inside,
            max_wait,
        }
    }

    /// A permit, or `None` when too many are waiting already or the wait was too long.
    pub async fn enter(&self) -> Option<Permit> {
        let entered = self.wait_for_place().await;
        if entered.is_none() {
            metrics::counter!(QUEUE_REFUSALS, "queue" => "generations").increment(1);
        }
        entered
    }

    async fn wait_for_place(&self) -> Option<Permit> {
        if let Ok(permit) = Arc::clone(&self.inside).try_acquire_owned() {
            return Some(Permit { _permit: permit });
        }
        let place = Place::take(&self.waiting, self.max_waiting)?;
        let acquired =
            tokio::time::timeout(self.max_wait, Arc::clone(&self.inside).acquire_owned()).await;
        drop(place);
        match acquired {
            Ok(Ok(permit)) => Some(Permit { _permit: permit }),
            // The semaphore is never closed, so this is the time running out.
            _ => None,
        }
    }

    /// How many wait, of how many that may.
    pub fn waiting(&self) -> (usize, usize) {
        (self.waiting.load(Ordering::Acquire), self.max_waiting)
    }

    /// Seconds after which a refused caller may try again.
    pub fn retry_after_s(&self) -> u64 {
        self.max_wait.as_secs().max(1)
    }
}

/// A place in the queue, given up when dropped (also when the caller goes away).
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>, max: usize) -> Option<Self> {
        waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| {
                (n < max).then_some(n + 1)
            })
            .ok()
            .map(|_| Self(Arc::clone(waiting)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_too_long_is_turned_away() {
        let gate = Gate::new(1, Duration::from_secs(2));
        let held = gate.enter().await;
        assert!(held.is_some());
        assert!(gate.enter().await.is_none());
        drop(held);
        assert!(gate.enter().await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_in_line_gets_the_place_and_a_full_queue_refuses_at_once() {
        let gate = Gate::new(1, Duration::from_secs(60));
        let held = gate.enter().await;
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter().await.is_some() }
        });
        tokio::task::yield_now().await;
        assert!(gate.enter().await.is_none());
        drop(held);
        assert!(waiting.await.expect("the task ends"));
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_waiting_gives_up_the_place_in_the_queue() {
        let gate = Gate::new(1, Duration::from_secs(60));
        let held = gate.enter().await;
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter().await.is_some() }
        });
        tokio::task::yield_now().await;
        waiting.abort();
        assert!(waiting.await.is_err());
        assert_eq!(gate.waiting.load(Ordering::Acquire), 0);
        drop(held);
    }
}
