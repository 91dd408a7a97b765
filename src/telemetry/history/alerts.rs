//! Alerts in this process: the conditions of `deploy/prometheus/alerts.yml`, for whoever has no
//! Prometheus, and for the operators' page.
//!
//! A process that is gone cannot say so: `ServiceDown` is Prometheus' alone, and so are the parts
//! of `ErrorBudgetBurns` that look back for more than a day.

use super::moments::{Moments, Window};
use super::signal::Signal as S;
use jiff::Timestamp;

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

/// What rules look at.
struct Past<'a> {
    moments: &'a Moments,
    now: Timestamp,
}

impl Past<'_> {
    fn last(&self, minutes: u32) -> Window<'_> {
        self.moments.last(minutes * 60, self.now)
    }

    fn level(&self, signal: S) -> Option<f64> {
        self.last(1).level(signal)
    }

    /// Of a time: to the second.
    fn time(&self, signal: S) -> Option<f64> {
        self.moments.stands_at(signal)
    }

    fn seconds_since(&self, unix_s: f64) -> f64 {
        self.now.as_millisecond() as f64 / 1e3 - unix_s
    }

    /// What part of readers' requests was not served, where few requests count as 72 an hour.
    fn unserved(&self, minutes: u32) -> f64 {
        let window = self.last(minutes);
        let failed = window.rate(S::Failed).unwrap_or(0.0);
        failed / window.rate(S::Requests).unwrap_or(0.0).max(0.02)
    }
}

/// What readers may miss over 30 days: 0.5 %, 216 minutes.
const ALLOWED: f64 = 0.005;
const DAY_S: f64 = 24.0 * 60.0 * 60.0;

fn above(value: Option<f64>, bound: f64) -> Option<f64> {
    value.filter(|value| *value > bound)
}

fn at_least(value: f64, bound: f64) -> Option<f64> {
    (value >= bound).then_some(value)
}

fn upstream_fails(past: &Past<'_>, failures: S, calls: S) -> Option<f64> {
    at_least(past.last(10).grew(failures), 5.0)?;
    above(past.last(5).share(failures, calls), 0.1)
}

fn burns(past: &Past<'_>, long: u32, short: u32, times: f64) -> Option<f64> {
    let long = past.unserved(long);
    (long > times * ALLOWED && past.unserved(short) > times * ALLOWED).then_some(long)
}

fn index_fails(past: &Past<'_>) -> Option<f64> {
    past.level(S::IndexFailed).filter(|failed| *failed == 1.0)?;
    above(Some(past.last(30).grew(S::IndexFailures)), 0.0)
}

/// An old index is no trouble; one that is older than the documents for half an hour is.
fn documents_are_newer(past: &Past<'_>) -> Option<f64> {
    let changed = above(past.time(S::DocumentsChanged), past.time(S::IndexChecked)?)?;
    above(Some(past.seconds_since(changed)), 30.0 * 60.0)
}

fn disk_used(past: &Past<'_>) -> Option<f64> {
    Some(1.0 - past.level(S::DiskFree)? / past.level(S::DiskSize).filter(|size| *size > 0.0)?)
}

fn certificate_ends_in(past: &Past<'_>, days: f64) -> Option<f64> {
    let left_s = -past.seconds_since(past.time(S::CertificateEnd)?);
    (left_s < days * DAY_S).then_some(left_s)
}

/// Of one name the worse comes first.
pub static RULES: &[Rule] = &[
    Rule {
        name: "HighErrorRate",
        severity: Severity::Critical,
        holds_for_s: 5 * 60,
        summary: "More than 1 % of requests fail.",
        runbook: "/docs/operations/runbooks/high-error-rate",
        when: |past| {
            at_least(past.last(10).grew(S::Failed), 5.0)?;
            above(past.last(5).share(S::Failed, S::Requests), 0.01)
        },
    },
    Rule {
        name: "ErrorBudgetBurns",
        severity: Severity::Critical,
        holds_for_s: 2 * 60,
        summary: "The month's allowance of failures will be gone within days.",
        runbook: "/docs/operations/runbooks/high-error-rate",
        when: |past| burns(past, 60, 5, 14.4).or_else(|| burns(past, 360, 30, 6.0)),
    },
    Rule {
        name: "ErrorBudgetBurns",
        severity: Severity::Warning,
        holds_for_s: 15 * 60,
        summary: "More fails than the service level allows.",
        runbook: "/docs/operations/runbooks/high-error-rate",
        when: |past| burns(past, 24 * 60, 120, 3.0),
    },
    Rule {
        name: "SlowAnswers",
        severity: Severity::Warning,
        holds_for_s: 10 * 60,
        summary: "One answer of twenty takes longer than 8 s.",
        runbook: "/docs/operations/runbooks/high-latency",
        when: |past| above(past.last(5).quantile(0.95, S::AnswerTime), 8.0),
    },
    Rule {
        name: "SlowSearches",
        severity: Severity::Warning,
        holds_for_s: 10 * 60,
        summary: "One search of twenty takes longer than 500 ms.",
        runbook: "/docs/operations/runbooks/high-latency",
        when: |past| above(past.last(5).quantile(0.95, S::RetrievalTime), 0.5),
    },
    Rule {
        name: "Overloaded",
        severity: Severity::Warning,
        holds_for_s: 5 * 60,
        summary: "Readers are turned away because too many ask at once.",
        runbook: "/docs/operations/runbooks/high-latency",
        when: |past| at_least(past.last(5).grew(S::QueueRefusals), 5.0),
    },
    Rule {
        name: "ModelServerFails",
        severity: Severity::Warning,
        holds_for_s: 5 * 60,
        summary: "The model's server fails.",
        runbook: "/docs/operations/runbooks/model-away",
        when: |past| {
            upstream_fails(past, S::GeneratorFailures, S::GeneratorCalls)
                .or_else(|| upstream_fails(past, S::EmbedderFailures, S::EmbedderCalls))
        },
    },
    Rule {
        name: "BudgetNearlySpent",
        severity: Severity::Warning,
        holds_for_s: 5 * 60,
        summary: "More than 80 % of a budget is spent.",
        runbook: "/docs/operations/runbooks/model-costs",
        when: |past| above(past.level(S::BudgetUsed), 0.8),
    },
    Rule {
        name: "DatabaseBusy",
        severity: Severity::Warning,
        holds_for_s: 5 * 60,
        summary: "The chat database is locked or its disk is full.",
        runbook: "/docs/operations/runbooks/database",
        when: |past| at_least(past.last(5).grew(S::DatabaseBusy), 3.0),
    },
    Rule {
        name: "DatabaseFails",
        severity: Severity::Critical,
        holds_for_s: 2 * 60,
        summary: "The chat database fails.",
        runbook: "/docs/operations/runbooks/database",
        when: |past| at_least(past.last(5).grew(S::DatabaseFailures), 3.0),
    },
    Rule {
        name: "IndexEmpty",
        severity: Severity::Critical,
        holds_for_s: 5 * 60,
        summary: "The server has no documents to answer from.",
        runbook: "/docs/operations/runbooks/index-stale",
        when: |past| {
            past.level(S::Documents)
                .filter(|documents| *documents == 0.0)
        },
    },
    Rule {
        name: "IndexStale",
        severity: Severity::Warning,
        holds_for_s: 10 * 60,
        summary: "The documentation has changed, and the index has not.",
        runbook: "/docs/operations/runbooks/index-stale",
        when: |past| index_fails(past).or_else(|| documents_are_newer(past)),
    },
    Rule {
        name: "BackupLate",
        severity: Severity::Warning,
        holds_for_s: 10 * 60,
        summary: "There has been no backup for more than a day.",
        runbook: "/docs/operations/backups#watch",
        when: |past| {
            let last = past.time(S::BackupAt)?;
            let since = if last > 0.0 {
                last
            } else {
                past.time(S::StartedAt)?
            };
            above(Some(past.seconds_since(since)), 26.0 * 3600.0)
        },
    },
    Rule {
        name: "CertificateEnding",
        severity: Severity::Critical,
        holds_for_s: 10 * 60,
        summary: "The server's TLS certificate ends within two days.",
        runbook: "/docs/operations/running#tls",
        when: |past| certificate_ends_in(past, 2.0),
    },
    Rule {
        name: "CertificateEnding",
        severity: Severity::Warning,
        holds_for_s: 10 * 60,
        summary: "The server's TLS certificate ends within two weeks.",
        runbook: "/docs/operations/running#tls",
        when: |past| certificate_ends_in(past, 14.0),
    },
    Rule {
        name: "HighCpu",
        severity: Severity::Warning,
        holds_for_s: 15 * 60,
        summary: "The processors are busy.",
        runbook: "/docs/operations/runbooks/high-latency",
        when: |past| {
            let cores = past.level(S::CpuLimit).filter(|cores| *cores > 0.0)?;
            above(Some(past.last(5).rate(S::Cpu)? / cores), 0.8)
        },
    },
    Rule {
        name: "HighMemory",
        severity: Severity::Warning,
        holds_for_s: 15 * 60,
        summary: "The memory is nearly used up.",
        runbook: "/docs/operations/runbooks/slow-degradation",
        when: |past| {
            let limit = past.level(S::MemoryLimit).filter(|limit| *limit > 0.0)?;
            above(Some(past.level(S::Memory)? / limit), 0.85)
        },
    },
    Rule {
        name: "DiskFull",
        severity: Severity::Critical,
        holds_for_s: 5 * 60,
        summary: "The disk of the state folder is full.",
        runbook: "/docs/operations/runbooks/disk-full",
        when: |past| above(disk_used(past), 0.97),
    },
    Rule {
        name: "DiskFull",
        severity: Severity::Warning,
        holds_for_s: 10 * 60,
        summary: "The disk of the state folder is nearly full.",
        runbook: "/docs/operations/runbooks/disk-full",
        when: |past| above(disk_used(past), 0.9),
    },
];

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
