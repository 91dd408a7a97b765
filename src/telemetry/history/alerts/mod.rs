//! Alerts in this process: the conditions of `deploy/prometheus/alerts.yml`, for whoever has no
//! Prometheus, and for the operators' page.
//!
//! [`RULES`] says what is too much, [`Watch`] for how long it has been.

mod rules;

pub use rules::RULES;

use super::moments::Moments;
use jiff::Timestamp;
use rules::Past;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Critical,
}

/// When somebody has to hear of something.
pub struct Rule {
    pub name: &'static str,
    pub severity: Severity,
    /// How long the condition must hold.
    pub holds_for_s: u32,
    pub summary: &'static str,
    /// A page of the handbook.
    pub runbook: &'static str,
    /// The value that is too much.
    when: fn(&Past<'_>) -> Option<f64>,
}

/// An alert whose condition holds.
#[derive(Debug, Clone, Copy)]
pub struct Alert {
    pub value: f64,
    pub since: Timestamp,
}

/// A rule that says so.
pub struct InForce {
    pub rule: &'static Rule,
    pub alert: Alert,
}

/// Since when each rule's condition holds.
#[derive(Default)]
pub struct Watch {
    holding: Vec<Option<Alert>>,
    last_look: Option<Timestamp>,
}

impl Watch {
    pub fn look(&mut self, moments: &Moments, now: Timestamp) {
        self.holding.resize(RULES.len(), None);
        let past = Past { moments, now };
        for (rule, holding) in RULES.iter().zip(&mut self.holding) {
            *holding = (rule.when)(&past).map(|value| Alert {
                value,
                since: holding.map_or(now, |alert| alert.since),
            });
        }
        self.last_look = Some(now);
    }

    /// Those that have held for as long as they must, the worse first; of one name the worst alone.
    pub fn in_force(&self) -> Vec<InForce> {
        let Some(now) = self.last_look else {
            return Vec::new();
        };
        let mut found: Vec<InForce> = Vec::new();
        for (rule, alert) in RULES.iter().zip(&self.holding) {
            let Some(alert) = alert else { continue };
            let held_s = now.duration_since(alert.since).as_secs();
            let is_known = found.iter().any(|one| one.rule.name == rule.name);
            if held_s >= i64::from(rule.holds_for_s) && !is_known {
                found.push(InForce {
                    rule,
                    alert: *alert,
                });
            }
        }
        found.sort_by_key(|one| std::cmp::Reverse(one.rule.severity));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    /// Looks every 15 seconds at figures that a function of the time gives.
    fn looked(seconds: std::ops::Range<i64>, figures: impl Fn(i64) -> String) -> Vec<&'static str> {
        let (mut moments, mut watch) = (Moments::default(), Watch::default());
        for second in seconds.step_by(15) {
            moments.keep(&figures(second), false, at(second));
            watch.look(&moments, at(second));
        }
        watch.in_force().iter().map(|one| one.rule.name).collect()
    }

    fn requests(well: i64, failed: i64) -> String {
        format!(
            "rag_http_requests_total{{route=\"/query\",status=\"200\"}} {well}\n\
             rag_http_requests_total{{route=\"/query\",status=\"500\"}} {failed}\n"
        )
    }

    #[test]
    fn errors_are_told_when_they_last_and_not_when_they_are_few() {
        let failing = looked(0..700, |second| requests(second, second / 20));
        assert!(failing.contains(&"HighErrorRate"), "{failing:?}");
        let short = looked(0..290, |second| requests(second, second / 20));
        assert!(!short.contains(&"HighErrorRate"), "{short:?}");
        assert_eq!(
            looked(0..7200, |second| requests(second, second / 1000)),
            [""; 0]
        );
        let over = looked(0..3000, |second| requests(second, second.min(600) / 20));
        assert!(!over.contains(&"HighErrorRate"), "{over:?}");
    }

    #[test]
    fn of_one_name_the_worse_speaks_and_what_is_absent_is_silent() {
        let disk = |free: u32| {
            looked(0..1200, move |_| {
                format!("rag_state_disk_size_bytes 100\nrag_state_disk_free_bytes {free}\n")
            })
        };
        assert_eq!(disk(1), ["DiskFull"]);
        assert_eq!(disk(5), ["DiskFull"]);
        assert_eq!(disk(50), [""; 0]);
        assert_eq!(looked(0..1200, |_| String::new()), [""; 0]);
    }

    #[test]
    fn an_index_is_stale_when_it_is_older_than_the_documents_and_not_when_both_are_old() {
        let figures = |checked: i64, changed: i64| {
            looked(0..7200, move |_| {
                let [checked, changed] = [checked, changed].map(|one| 1_800_000_000 + one);
                format!(
                    "rag_index_checked_timestamp_seconds {checked}\n\
                     rag_documents_changed_timestamp_seconds {changed}\n"
                )
            })
        };
        assert_eq!(figures(-90_000, -80_000), ["IndexStale"]);
        assert_eq!(figures(0, 60), ["IndexStale"]);
        // Not for as long as indexing may take.
        assert_eq!(figures(0, 6000), [""; 0]);
        assert_eq!(figures(-80_000, -90_000), [""; 0]);
    }

    #[test]
    fn a_backup_that_was_never_made_is_late_a_day_after_the_start() {
        let figures = |started: i64| {
            looked(0..1200, move |_| {
                let start = 1_800_000_000 - started;
                format!(
                    "rag_backup_last_success_timestamp_seconds 0\nprocess_start_time_seconds {start}\n"
                )
            })
        };
        assert_eq!(figures(27 * 3600), ["BackupLate"]);
        assert_eq!(figures(3600), [""; 0]);
    }
}
