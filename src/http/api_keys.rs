//! `/api-keys`: what `rag-chatbot key` does, for those who hold an admin key.

use super::Server;
use super::audit::note;
use super::caller::Admin;
use super::extract::{Body, Segment};
use super::problem::{BodyRefusals, Code, KeyRefusals, Problem, ProblemBody};
use crate::guard::audit::Action;
use crate::guard::keys::{Issued, Wanted};
use crate::store::{ApiKey, KeyLimits, Right, StoreError};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A name is a line that a person reads in a list.
const MAX_NAME: usize = 100;
/// Ten years: whoever wants longer wants a key without an end.
const MAX_DAYS: u32 = 3650;
/// A rotation that takes longer than a month is two keys.
const MAX_OVERLAP_HOURS: u32 = 31 * 24;
/// Time to bring the new key to where the old one is used.
const OVERLAP_HOURS: u32 = 24;

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeyBody {
    /// At most 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(min_items = 1)]
    scopes: Vec<ScopeName>,
    /// Days until it ends; without it, it does not.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u32>,
    /// Instead of the readers' limit; 0 for none.
    #[schema(maximum = 4_294_967_295_u32)]
    queries_per_minute: Option<u32>,
    /// Instead of the readers' limit; 0 for none.
    #[schema(maximum = 4_294_967_295_u32)]
    queries_per_day: Option<u32>,
    /// Questions in a calendar month (UTC); without it there is no such limit.
    #[schema(maximum = 4_294_967_295_u32)]
    queries_per_month: Option<u32>,
}

/// What a key may do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub enum ScopeName {
    #[serde(rename = "read:queries")]
    ReadQueries,
    #[serde(rename = "read:sessions")]
    ReadSessions,
    #[serde(rename = "write:documents")]
    WriteDocuments,
    #[serde(rename = "admin")]
    Admin,
}

/// How a key is exchanged for a new one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationBody {
    /// Hours for which the old key still works; at most 744.
    #[serde(default = "overlap_hours")]
    #[schema(default = 24, maximum = 744)]
    overlap_hours: u32,
}

fn overlap_hours() -> u32 {
    OVERLAP_HOURS
}

/// A key, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct KeyBody {
    id: String,
    name: String,
    scopes: Vec<ScopeName>,
    queries_per_minute: Option<u32>,
    queries_per_day: Option<u32>,
    queries_per_month: Option<u32>,
    /// Questions asked in this calendar month, with this key and those it was rotated from.
    queries_this_month: u64,
    /// `active`, `expired` or `revoked`.
    state: &'static str,
    #[schema(format = DateTime, value_type = String)]
    created_at: Timestamp,
    #[schema(format = DateTime, value_type = Option<String>)]
    expires_at: Option<Timestamp>,
    #[schema(format = DateTime, value_type = Option<String>)]
    revoked_at: Option<Timestamp>,
    /// To the minute.
    #[schema(format = DateTime, value_type = Option<String>)]
    last_used_at: Option<Timestamp>,
}

/// Every key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeys)]
pub struct KeysBody {
    keys: Vec<KeyBody>,
}

/// A new key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssuedKey)]
pub struct IssuedBody {
    /// The key itself. It is shown this once; only its hash is kept.
    key: String,
    #[serde(flatten)]
    about: KeyBody,
}

/// Lists the keys.
#[utoipa::path(
    get, path = "/api-keys", tag = "keys", security(("key" = ["admin"])),
    responses((status = 200, description = "The keys", body = KeysBody), KeyRefusals)
)]
pub async fn list(State(server): State<Server>, _: Admin) -> Result<Json<KeysBody>, Problem> {
    let keys = server.keys.list().await?;
    let keys = keys
        .into_iter()
        .map(|(key, queries)| KeyBody::new(key, queries))
        .collect();
    Ok(Json(KeysBody { keys }))
}

/// Makes a key.
#[utoipa::path(
    post, path = "/api-keys", tag = "keys", request_body = NewKeyBody, security(("key" = ["admin"])),
    responses(
        (status = 201, description = "The new key", body = IssuedBody),
        BodyRefusals,
        KeyRefusals,
    )
)]
pub async fn create(
    State(server): State<Server>,
    Admin(caller): Admin,
    Body(body): Body<NewKeyBody>,
) -> Result<Response, Problem> {
    let made = server.keys.issue(wanted(body)?).await?;
    note(&server, &caller, Action::KeyCreate, &made.key.id, "done").await;
    Ok(issued(made))
}

/// Exchanges a key for a new one with the same scopes and limits.
#[utoipa::path(
    post, path = "/api-keys/{id}/rotate", tag = "keys", params(("id" = String, Path)),
    request_body = RotationBody, security(("key" = ["admin"])),
    responses(
        (status = 201, description = "The new key", body = IssuedBody),
        (status = 404, description = "No such key", body = ProblemBody, content_type = "application/problem+json"),
        BodyRefusals,
        KeyRefusals,
    )
)]
pub async fn rotate(
    State(server): State<Server>,
    Admin(caller): Admin,
    Segment(id): Segment,
    Body(body): Body<RotationBody>,
) -> Result<Response, Problem> {
    if body.overlap_hours > MAX_OVERLAP_HOURS {
        return Err(Problem::new(
            Code::InvalidField,
            format!("`overlap_hours` is at most {MAX_OVERLAP_HOURS}."),
        ));
    }
    let overlap = SignedDuration::from_hours(i64::from(body.overlap_hours));
    let rotated = server
        .keys
        .rotate(&id, overlap)
        .await
        .map_err(no_such_key)?;
    note(&server, &caller, Action::KeyRotate, &id, "done").await;
    Ok(issued(rotated))
}

/// Revokes a key, and ends the streams that run with it.
#[utoipa::path(
    delete, path = "/api-keys/{id}", tag = "keys", params(("id" = String, Path)), security(("key" = ["admin"])),
    responses(
        (status = 204, description = "Revoked"),
        (status = 404, description = "No such key", body = ProblemBody, content_type = "application/problem+json"),
        KeyRefusals,
    )
)]
pub async fn revoke(
    State(server): State<Server>,
    Admin(caller): Admin,
    Segment(id): Segment,
) -> Result<StatusCode, Problem> {
    server.keys.revoke(&id).await.map_err(no_such_key)?;
    note(&server, &caller, Action::KeyRevoke, &id, "done").await;
    Ok(StatusCode::NO_CONTENT)
}

fn wanted(body: NewKeyBody) -> Result<Wanted, Problem> {
    let wrong = |sentence: String| Err(Problem::new(Code::InvalidField, sentence));
    let name = body.name.trim();
    let plain = !name.is_empty() && !name.contains(char::is_control);
    if !plain || name.chars().count() > MAX_NAME {
        return wrong(format!(
            "`name` is one line of at most {MAX_NAME} characters."
        ));
    }
    if body.scopes.is_empty() {
        return wrong("`scopes` must name at least one.".to_owned());
    }
    let days = body.expires_in_days;
    if days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
        return wrong(format!("`expires_in_days` is from 1 to {MAX_DAYS}."));
    }
    Ok(Wanted {
        name: name.to_owned(),
        rights: body.scopes.into_iter().map(Right::from).collect(),
        limits: KeyLimits {
            queries_per_minute: body.queries_per_minute,
            queries_per_day: body.queries_per_day,
            queries_per_month: body.queries_per_month,
        },
        expires_at: days
            .map(|days| Timestamp::now() + SignedDuration::from_hours(24 * i64::from(days))),
    })
}

fn issued(issued: Issued) -> Response {
    let body = IssuedBody {
        key: issued.token.expose().to_owned(),
        about: KeyBody::new(issued.key, 0),
    };
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (StatusCode::CREATED, headers, Json(body)).into_response()
}

fn no_such_key(error: StoreError) -> Problem {
    match error {
        StoreError::NotFound => {
            Problem::new(Code::KeyNotFound, "There is no such key, or it has ended.")
        }
        other => other.into(),
    }
}

impl KeyBody {
    fn new(key: ApiKey, queries_this_month: u64) -> Self {
        Self {
            state: key.state_at(Timestamp::now()),
            id: key.id,
            name: key.name,
            scopes: key.rights.into_iter().map(ScopeName::from).collect(),
            queries_per_minute: key.limits.queries_per_minute,
            queries_per_day: key.limits.queries_per_day,
            queries_per_month: key.limits.queries_per_month,
            queries_this_month,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
        }
    }
}

impl From<ScopeName> for Right {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::ReadQueries => Self::ReadQueries,
            ScopeName::ReadSessions => Self::ReadSessions,
            ScopeName::WriteDocuments => Self::WriteDocuments,
            ScopeName::Admin => Self::Admin,
        }
    }
}

impl From<Right> for ScopeName {
    fn from(right: Right) -> Self {
        match right {
            Right::ReadQueries => Self::ReadQueries,
            Right::ReadSessions => Self::ReadSessions,
            Right::WriteDocuments => Self::WriteDocuments,
            Right::Admin => Self::Admin,
        }
    }
}
