//! When an alert's condition holds, in the order of `deploy/prometheus/alerts.yml`.
//!
//! A process that is gone cannot say so: `ServiceDown` is Prometheus' alone, and so are the parts
//! of `ErrorBudgetBurns` that look back for more than a day.

use super::super::moments::{Moments, Window};
use super::super::signal::Signal as S;
use super::{Rule, Severity};
use jiff::Timestamp;

/// What rules look at.
pub(super) struct Past<'a> {
    pub moments: &'a Moments,
    pub now: Timestamp,
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
