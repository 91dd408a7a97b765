//! `GET /admin/overview`: how everything stands, in one look.

use crate::http::Server;
use crate::http::caller::Admin;
use crate::http::problem::{KeyRefusals, Problem};
use crate::http::standing::standing;
use crate::telemetry::history::{InForce, Severity, Signal, Window};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

const DAY_S: u32 = 24 * 60 * 60;
/// Files that could not be read and are named; more than a person mends at once.
const MAX_UNREAD: usize = 20;

/// How everything stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Overview)]
pub struct OverviewBody {
    #[schema(format = DateTime, value_type = String)]
    at: Timestamp,
    version: &'static str,
    environment: String,
    #[schema(format = DateTime, value_type = String)]
    started_at: Timestamp,
    /// `up` or `degraded`.
    state: &'static str,
    #[schema(format = DateTime, value_type = String)]
    since: Timestamp,
    /// As in `/status.json`.
    troubles: Vec<&'static str>,
    /// The worse first.
    alerts: Vec<AlertBody>,
    last_24_hours: DayBody,
    index: IndexBody,
    backup: BackupBody,
    /// Where a model that costs is set.
    budgets: Vec<BudgetBody>,
}

/// An alert whose condition has held for as long as it must.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct AlertBody {
    /// As Prometheus' rules have it.
    name: &'static str,
    /// `critical` or `warning`.
    severity: &'static str,
    summary: &'static str,
    /// A page of the handbook that says what to do.
    runbook: &'static str,
    value: f64,
    #[schema(format = DateTime, value_type = String)]
    since: Timestamp,
}

/// The last 24 hours, or as much of them as this process has seen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LastDay)]
pub struct DayBody {
    requests: f64,
    failed: f64,
    answered: f64,
    /// Questions that the documentation does not answer.
    abstained: f64,
    rated_up: f64,
    rated_down: f64,
    cost_usd: f64,
    answer_seconds_p95: Option<f64>,
    active_conversations: Option<f64>,
}

/// The index and the work on it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IndexState)]
pub struct IndexBody {
    /// `starting`, `reading`, `embedding`, `ready` or `failed`.
    #[schema(value_type = String)]
    phase: crate::ingest::Phase,
    documents: usize,
    chunks: usize,
    chunks_embedded: usize,
    chunks_per_second: f64,
    seconds_left: Option<f64>,
    generation: Option<String>,
    #[schema(format = DateTime, value_type = Option<String>)]
    built_at: Option<Timestamp>,
    last_error: Option<String>,
    /// Files that could not be read, or only in part; 20 at most.
    unread: Vec<UnreadBody>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnreadFile)]
pub struct UnreadBody {
    path: String,
    reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackupState)]
pub struct BackupBody {
    /// Folder or bucket.
    target: String,
    /// Seconds between two; `null` where this process makes none by itself.
    every_s: Option<u64>,
    encrypted: bool,
    /// One is being made.
    running: bool,
    /// `null` before the first.
    #[schema(format = DateTime, value_type = Option<String>)]
    last_success_at: Option<Timestamp>,
    size_bytes: Option<u64>,
    /// In the last 24 hours.
    failures: f64,
    /// What went wrong last, unless one was made since.
    last_error: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetState)]
pub struct BudgetBody {
    /// `usd_day`, `usd_month`, `tokens_day` or `tokens_month`.
    name: &'static str,
    used: f64,
    limit: f64,
}

/// Reads how everything stands.
#[utoipa::path(
    get, path = "/admin/overview", operation_id = "read_overview", tag = "operation", security(("key" = ["admin"])),
    responses((status = 200, description = "How it stands", body = OverviewBody), KeyRefusals)
)]
pub async fn read(State(server): State<Server>, _: Admin) -> Result<Response, Problem> {
    let standing = standing(&server);
    let history = &server.history;
    let (day, backup_failures) = history.over(DAY_S, |day| {
        (DayBody::of(day), day.grew(Signal::BackupFailures))
    });
    let budgets = server.budget.as_ref().map(|budget| budget.used());
    let body = OverviewBody {
        at: Timestamp::now(),
        version: env!("CARGO_PKG_VERSION"),
        environment: server.options.environment.clone(),
        started_at: server.history.began_at(),
        state: if standing.is_degraded() {
            "degraded"
        } else {
            "up"
        },
        since: standing.since,
        troubles: standing
            .troubles
            .iter()
            .map(|(one, _)| one.name())
            .collect(),
        alerts: server
            .history
            .in_force()
            .into_iter()
            .map(AlertBody::from)
            .collect(),
        last_24_hours: day,
        index: IndexBody::of(&server),
        backup: BackupBody::of(server.backups.status(), backup_failures),
        budgets: budgets
            .unwrap_or_default()
            .into_iter()
            .map(|(name, used, limit)| BudgetBody { name, used, limit })
            .collect(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

impl From<InForce> for AlertBody {
    fn from(InForce { rule, alert }: InForce) -> Self {
        Self {
            name: rule.name,
            severity: match rule.severity {
                Severity::Critical => "critical",
                Severity::Warning => "warning",
            },
            summary: rule.summary,
            runbook: rule.runbook,
            value: alert.value,
            since: alert.since,
        }
    }
}

impl DayBody {
    fn of(day: &Window<'_>) -> Self {
        Self {
            requests: day.grew(Signal::Requests),
            failed: day.grew(Signal::Failed),
            answered: day.grew(Signal::Answered),
            abstained: day.grew(Signal::Abstained),
            rated_up: day.grew(Signal::RatedUp),
            rated_down: day.grew(Signal::RatedDown),
            cost_usd: day.grew(Signal::CostUsd),
            answer_seconds_p95: day.quantile(0.95, Signal::AnswerTime),
            active_conversations: day.level(Signal::Sessions),
        }
    }
}

impl BackupBody {
    fn of(status: crate::backup::Status, failures: f64) -> Self {
        let last = status.last.as_ref();
        Self {
            last_success_at: last.map(|last| last.made_at),
            size_bytes: last.map(|last| last.size_bytes),
            target: status.target,
            every_s: status.every_s,
            encrypted: status.encrypted,
            running: status.running,
            failures,
            last_error: status.failure.map(|failure| failure.reason),
        }
    }
}

impl IndexBody {
    fn of(server: &Server) -> Self {
        let progress = server.library.progress().borrow().clone();
        let warnings = server.library.warnings();
        Self {
            phase: progress.phase,
            documents: progress.documents,
            chunks: progress.chunks_total,
            chunks_embedded: progress.chunks_embedded,
            chunks_per_second: progress.rate_per_s,
            seconds_left: progress.eta_s,
            generation: progress.generation,
            built_at: server.index().map(|index| index.summary().built_at),
            last_error: progress.last_error,
            unread: warnings
                .iter()
                .take(MAX_UNREAD)
                .map(|one| UnreadBody {
                    path: one.path.to_string(),
                    reason: one.reason.to_string(),
                })
                .collect(),
        }
    }
}
