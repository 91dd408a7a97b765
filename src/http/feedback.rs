//! `POST /feedback`: a reader's judgement of an answer.

use super::Server;
use super::caller::Reader;
use super::extract::Body;
use super::problem::{Code, Problem, ProblemBody};
use crate::store::{Rating, StoreError};
use crate::telemetry::metrics::FEEDBACK;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// A comment is a remark, not an essay: four questions' worth.
const MAX_COMMENT: usize = 2_000;

/// A judgement.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackBody {
    /// From the answer. It cannot be guessed, and so shows that the answer was yours.
    message_id: String,
    /// Where given, the answer must belong to this conversation.
    session_id: Option<String>,
    rating: RatingBody,
    /// At most 2 000 characters.
    #[schema(max_length = 2000)]
    comment: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Rating)]
pub enum RatingBody {
    Up,
    Down,
}

/// Rates an answer; a second rating replaces the first.
#[utoipa::path(
    post, path = "/feedback", tag = "conversations", request_body = FeedbackBody,
    responses(
        (status = 204, description = "Kept"),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "A key that does not count", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "A key that may not", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such answer", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not application/json", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A wrong field", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn give(
    State(server): State<Server>,
    _: Reader,
    Body(body): Body<FeedbackBody>,
) -> Result<StatusCode, Problem> {
    let comment = body
        .comment
        .as_deref()
        .map(str::trim)
        .filter(|c| !c.is_empty());
    if comment.is_some_and(|c| c.chars().count() > MAX_COMMENT) {
        return Err(Problem::new(
            Code::InvalidField,
            format!("A comment has at most {MAX_COMMENT} characters."),
        ));
    }
    let (rating, label) = match body.rating {
        RatingBody::Up => (Rating::Up, "up"),
        RatingBody::Down => (Rating::Down, "down"),
    };
    let session = body.session_id.as_deref();
    server
        .store
        .feedback
        .rate(&body.message_id, session, rating, comment)
        .await
        .map_err(|error| match error {
            StoreError::NotFound => Problem::new(
                Code::MessageNotFound,
                "There is no such answer, or it has expired.",
            ),
            other => other.into(),
        })?;
    metrics::counter!(FEEDBACK, "rating" => label).increment(1);
    Ok(StatusCode::NO_CONTENT)
}
