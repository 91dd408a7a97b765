//! `GET` and `DELETE /sessions/{id}`: a conversation, to whoever knows its id.

use super::Server;
use super::audit::note;
use super::caller::Reader;
use super::extract::{Parameters, Segment};
use super::problem::{Code, Problem, ProblemBody};
use crate::guard::audit::Action;
use crate::store::{Message, Page, Rating, Role};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The contract's bounds on a page of messages.
const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;

/// Which messages to return.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// 1–100.
    #[serde(default = "default_limit")]
    #[param(default = 50, minimum = 1, maximum = 100)]
    limit: u32,
    #[serde(default)]
    #[param(default = 0)]
    offset: u32,
}

fn default_limit() -> u32 {
    DEFAULT_LIMIT
}

/// Part of a conversation, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionBody {
    session_id: String,
    messages: Vec<MessageBody>,
    /// Messages in the whole conversation.
    total: u64,
    limit: u32,
    offset: u32,
}

/// One side of a turn.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageBody {
    id: String,
    /// `user` or `assistant`.
    role: &'static str,
    content: String,
    /// Of an answer; empty for a question.
    #[schema(value_type = Vec<super::answered::SourceBody>)]
    sources: serde_json::Value,
    abstained: bool,
    /// Empty for a question.
    generator: String,
    locale: String,
    /// `up` or `down`, where rated.
    rating: Option<&'static str>,
    #[schema(format = DateTime, value_type = String)]
    created_at: Timestamp,
}

/// Reads a conversation.
#[utoipa::path(
    get, path = "/sessions/{id}", tag = "conversations", params(("id" = String, Path), PageParameters),
    responses(
        (status = 200, description = "The messages", body = SessionBody),
        (status = 400, description = "A wrong parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "A key that does not count", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "A key that may not", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such conversation", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn read(
    State(server): State<Server>,
    _: Reader,
    Segment(id): Segment,
    Parameters(page): Parameters<PageParameters>,
) -> Result<Json<SessionBody>, Problem> {
    if !(1..=MAX_LIMIT).contains(&page.limit) {
        return Err(Problem::new(
            Code::InvalidParameter,
            format!("`limit` must be from 1 to {MAX_LIMIT}."),
        ));
    }
    let found = server
        .store
        .turns
        .page(&id, page.limit, page.offset)
        .await?;
    Ok(Json(SessionBody::new(id, found, page.limit, page.offset)))
}

/// Deletes a conversation with everything in it.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "conversations", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 401, description = "A key that does not count", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "A key that may not", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such conversation", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    State(server): State<Server>,
    Reader(caller): Reader,
    Segment(id): Segment,
) -> Result<StatusCode, Problem> {
    server.store.sessions.delete(&id).await?;
    // Not its id, which was the reader's secret.
    note(&server, &caller, Action::SessionDelete, "", "done").await;
    Ok(StatusCode::NO_CONTENT)
}

/// Hands a whole conversation over, as a file.
#[utoipa::path(
    get, path = "/sessions/{id}/export", tag = "conversations", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The messages", body = SessionBody),
        (status = 400, description = "More than one credential", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "A key that does not count", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "A key that may not", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such conversation", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn export(
    State(server): State<Server>,
    Reader(caller): Reader,
    Segment(id): Segment,
) -> Result<Response, Problem> {
    let found = server.store.turns.page(&id, u32::MAX, 0).await?;
    note(&server, &caller, Action::SessionExport, "", "done").await;
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"conversation.json\"",
        ),
    ];
    let total = u32::try_from(found.total).unwrap_or(u32::MAX);
    let body = SessionBody::new(id, found, total, 0);
    Ok((headers, Json(body)).into_response())
}

impl SessionBody {
    fn new(session_id: String, found: Page, limit: u32, offset: u32) -> Self {
        Self {
            session_id,
            messages: found.messages.into_iter().map(MessageBody::from).collect(),
            total: found.total,
            limit,
            offset,
        }
    }
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> Self {
        let mut sources = message.sources;
        if sources.is_null() {
            sources = serde_json::json!([]);
        }
        for source in sources.as_array_mut().into_iter().flatten() {
            // The contract's second name of the same number.
            source["relevance_score"] = source["similarity_score"].clone();
        }
        Self {
            id: message.id,
            role: match message.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            content: message.text,
            sources,
            abstained: message.abstained,
            generator: message.generator,
            locale: message.locale,
            rating: message.rating.map(|rating| match rating {
                Rating::Up => "up",
                Rating::Down => "down",
            }),
            created_at: message.created_at,
        }
    }
}
