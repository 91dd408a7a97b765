//! When a failed request is worth another try, and after which pause.

use crate::answer::generator::GenerateError;
use std::time::Duration;

/// How often and how patiently to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Tries after the first.
    pub max: u32,
    /// The first pause; each next one is twice as long, less a random part.
    pub base: Duration,
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            // A reader waits for this: two more tries fit into the service level of 5 s.
            max: 2,
            base: Duration::from_millis(300),
            longest: Duration::from_secs(4),
        }
    }
}

/// One failed try.
#[derive(Debug)]
pub(super) struct Failure {
    pub error: GenerateError,
    pub may_pass: bool,
    /// The server refused a parameter that can be left out.
    pub is_parameter: bool,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// Another try may go better.
    pub fn passing(error: GenerateError) -> Self {
        Self {
            error,
            may_pass: true,
            is_parameter: false,
            retry_after: None,
        }
    }

    /// Another try would go the same way.
    pub fn lasting(error: GenerateError) -> Self {
        Self {
            may_pass: false,
            ..Self::passing(error)
        }
    }

    /// Broken off: can be tried again only as long as nothing was shown.
    pub fn broken(written: &str, error: GenerateError) -> Self {
        Self {
            may_pass: written.is_empty(),
            ..Self::passing(error)
        }
    }
}

impl Retries {
    /// The pause before the next try, or `None` to give up. `tried` counts the retries so far.
    pub(super) fn pause(&self, tried: u32, failure: &Failure, left: Duration) -> Option<Duration> {
        if !failure.may_pass || tried >= self.max {
            return None;
        }
        let pause = match failure.retry_after {
            Some(asked) if asked > self.longest => return None,
            Some(asked) => asked,
            None => {
                let full = self
                    .base
                    .saturating_mul(1 << tried.min(16))
                    .min(self.longest);
                // Half fixed, half random, so that refused clients don't come back together.
                full / 2 + full.mul_f64(random_share() / 2.0)
            }
        };
        (pause < left).then_some(pause)
    }
}

fn random_share() -> f64 {
    f64::from(getrandom::u32().unwrap_or(u32::MAX / 2)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(retry_after_s: Option<u64>) -> Failure {
        Failure {
            retry_after: retry_after_s.map(Duration::from_secs),
            ..Failure::passing(GenerateError::Unavailable("429".to_owned()))
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        let retries = Retries::default();
        let left = Duration::from_secs(60);
        let first = retries.pause(0, &busy(None), left).expect("one more try");
        assert!(first >= retries.base / 2 && first <= retries.base);
        let second = retries.pause(1, &busy(None), left).expect("one more try");
        assert!(second >= retries.base && second <= retries.base * 2);
        assert_eq!(retries.pause(2, &busy(None), left), None);
    }

    #[test]
    fn the_server_decides_the_pause_within_reason() {
        let retries = Retries::default();
        let left = Duration::from_secs(60);
        assert_eq!(
            retries.pause(0, &busy(Some(1)), left),
            Some(Duration::from_secs(1))
        );
        assert_eq!(retries.pause(0, &busy(Some(120)), left), None);
        assert_eq!(
            retries.pause(0, &busy(Some(2)), Duration::from_secs(1)),
            None
        );
    }

    #[test]
    fn what_was_shown_is_never_tried_again() {
        let left = Duration::from_secs(60);
        let broken = Failure::broken("Some", GenerateError::TimedOut);
        assert_eq!(Retries::default().pause(0, &broken, left), None);
    }
}
