//! `GET /admin/audit`: what was done here, newest first, as JSON or as JSON lines.

use super::caller::{Admin, Caller};
use super::extract::Parameters;
use super::problem::{Code, KeyRefusals, Problem};
use super::{Server, request_id};
use crate::guard::audit::{Action, Doer};
use crate::store::AuditEntry;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Entries of a page that a person reads, and the most that a program takes at once.
const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;
const JSON_LINES: &str = "application/x-ndjson";

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditParameters {
    /// 1–1000.
    #[serde(default = "default_limit")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: u32,
    /// Only entries with a smaller number: `next` of the page before.
    #[param(minimum = 0)]
    before: Option<i64>,
}

fn default_limit() -> u32 {
    DEFAULT_LIMIT
}

/// Part of the audit log, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditLog)]
pub struct AuditBody {
    entries: Vec<EntryBody>,
    /// For `before`, where there may be more.
    next: Option<u64>,
}

/// Something that somebody did, or tried to do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct EntryBody {
    number: u64,
    #[schema(format = DateTime, value_type = String)]
    at: Timestamp,
    /// A key's id, `reader`, `terminal` or `server`.
    who: String,
    /// A hash of the address, under a key that changes every day.
    origin: String,
    /// Such as `key.create`.
    action: String,
    object: String,
    /// `done`, or the code of the problem.
    result: String,
    request_id: String,
}

/// Reads the audit log.
#[utoipa::path(
    get, path = "/admin/audit", operation_id = "read_audit", tag = "operation", params(AuditParameters), security(("key" = ["admin"])),
    responses(
        (status = 200, description = "The entries; as one per line for `Accept: application/x-ndjson`",
            content((AuditBody = "application/json"), (String = "application/x-ndjson"))),
        KeyRefusals,
    )
)]
pub async fn read(
    State(server): State<Server>,
    Admin(caller): Admin,
    headers: HeaderMap,
    Parameters(asked): Parameters<AuditParameters>,
) -> Result<Response, Problem> {
    if !(1..=MAX_LIMIT).contains(&asked.limit) {
        return Err(Problem::new(
            Code::InvalidParameter,
            format!("`limit` must be from 1 to {MAX_LIMIT}."),
        ));
    }
    let before = asked.before.map(u64::try_from).transpose().map_err(|_| {
        Problem::new(
            Code::InvalidParameter,
            "`before` is the number of an entry.",
        )
    })?;
    let found = server.audit.newest(before, asked.limit).await?;
    note(&server, &caller, Action::AuditRead, "", "done").await;
    let next = found
        .last()
        .filter(|_| found.len() == asked.limit as usize)
        .map(|(number, _)| *number);
    let entries: Vec<EntryBody> = found.into_iter().map(EntryBody::from).collect();
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    if !accept.is_some_and(|accept| accept.contains(JSON_LINES)) {
        return Ok(Json(AuditBody { entries, next }).into_response());
    }
    let line = |entry| serde_json::to_string(&entry).expect("an entry serialises") + "\n";
    let lines: String = entries.into_iter().map(line).collect();
    Ok(([(header::CONTENT_TYPE, JSON_LINES)], lines).into_response())
}

/// Writes down what a caller did.
pub async fn note(server: &Server, caller: &Caller, action: Action, object: &str, result: &str) {
    let doer = Doer {
        who: caller.label().to_owned(),
        address: Some(caller.address),
        request_id: request_id::current(),
    };
    server.audit.note(doer, action, object, result).await;
}

impl From<(u64, AuditEntry)> for EntryBody {
    fn from((number, entry): (u64, AuditEntry)) -> Self {
        Self {
            number,
            at: entry.at,
            who: entry.who,
            origin: entry.origin,
            action: entry.action,
            object: entry.object,
            result: entry.result,
            request_id: entry.request_id,
        }
    }
}
