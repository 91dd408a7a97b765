//! The one error type of the HTTP surface: `application/problem+json` with a stable code.
//!
//! Messages are for readers and never hold details of a fault; those are in the log, under the
//! request's id. It does not know which handler failed.

use super::request_id;
use crate::answer::AnswerError;
use crate::retrieval::RetrievalError;
use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::openapi::{self, Content, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// What went wrong, as programs may rely on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    InvalidJson,
    InvalidField,
    InvalidParameter,
    QueryEmpty,
    QueryTooLong,
    SelectionMissing,
    SelectionTooLong,
    ContentTooLarge,
    BodyTooLarge,
    BodyTooSlow,
    UnsupportedMediaType,
    Misdirected,
    TwoCredentials,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    SessionNotFound,
    MessageNotFound,
    KeyNotFound,
    RateLimited,
    QuotaUsedUp,
    Overloaded,
    NotReady,
    Internal,
}

impl Code {
    /// Status, stable name and title.
    fn facts(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::InvalidJson => (S::BAD_REQUEST, "invalid_json", "The body is not JSON"),
            Self::InvalidField => (
                S::UNPROCESSABLE_ENTITY,
                "invalid_field",
                "A field of the body is wrong",
            ),
            Self::InvalidParameter => (
                S::BAD_REQUEST,
                "invalid_parameter",
                "A part of the address is wrong",
            ),
            Self::QueryEmpty => (
                S::UNPROCESSABLE_ENTITY,
                "query_empty",
                "The question is empty",
            ),
            Self::QueryTooLong => (
                S::UNPROCESSABLE_ENTITY,
                "query_too_long",
                "The question is too long",
            ),
            Self::SelectionMissing => (
                S::UNPROCESSABLE_ENTITY,
                "selection_missing",
                "There is no selected text",
            ),
            Self::SelectionTooLong => (
                S::PAYLOAD_TOO_LARGE,
                "selection_too_long",
                "The selected text is too long",
            ),
            Self::ContentTooLarge => (
                S::PAYLOAD_TOO_LARGE,
                "content_too_large",
                "The content is too large",
            ),
            Self::BodyTooLarge => (
                S::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "The body is too large",
            ),
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The body must be application/json",
            ),
            Self::BodyTooSlow => (
                S::REQUEST_TIMEOUT,
                "body_too_slow",
                "The body did not come in time",
            ),
            Self::Misdirected => (
                S::MISDIRECTED_REQUEST,
                "misdirected",
                "This server has another name",
            ),
            Self::TwoCredentials => (
                S::BAD_REQUEST,
                "two_credentials",
                "There is more than one credential",
            ),
            Self::Unauthorized => (S::UNAUTHORIZED, "unauthorized", "A key is needed"),
            Self::Forbidden => (S::FORBIDDEN, "forbidden", "This key may not do that"),
            Self::NotFound => (S::NOT_FOUND, "not_found", "There is nothing here"),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This method does not exist here",
            ),
            Self::SessionNotFound => (
                S::NOT_FOUND,
                "session_not_found",
                "There is no such conversation",
            ),
            Self::MessageNotFound => (S::NOT_FOUND, "message_not_found", "There is no such answer"),
            Self::KeyNotFound => (S::NOT_FOUND, "key_not_found", "There is no such key"),
            Self::QuotaUsedUp => (
                S::TOO_MANY_REQUESTS,
                "quota_used_up",
                "The key's quota is used up",
            ),
            Self::RateLimited => (S::TOO_MANY_REQUESTS, "rate_limited", "Too many questions"),
            Self::Overloaded => (S::SERVICE_UNAVAILABLE, "overloaded", "The server is busy"),
            Self::NotReady => (
                S::SERVICE_UNAVAILABLE,
                "not_ready",
                "The server is not ready",
            ),
            Self::Internal => (
                S::INTERNAL_SERVER_ERROR,
                "internal",
                "A fault on the server",
            ),
        }
    }

    /// The stable name.
    pub fn name(self) -> &'static str {
        self.facts().1
    }
}

/// An error on its way to a client.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: String,
    retry_after_s: Option<u64>,
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: &'static str,
    pub status: u16,
    /// A sentence for the reader.
    pub detail: String,
    /// Stable, for programs.
    pub code: &'static str,
    /// Found in the logs, and in `X-Request-Id`.
    pub request_id: String,
    /// Seconds to wait, as in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retry_after_s: None,
        }
    }

    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// A fault of ours; the caller has logged what it was.
    pub fn internal() -> Self {
        Self::new(
            Code::Internal,
            "The request failed because of a fault on the server; it has been logged.",
        )
    }

    pub fn code(&self) -> Code {
        self.code
    }

    pub fn status(&self) -> StatusCode {
        self.code.facts().0
    }

    /// Whether it is through no fault of the caller's.
    pub fn is_ours(&self) -> bool {
        self.code.facts().0.is_server_error()
    }

    /// The document itself, for a stream that has begun already.
    pub fn body(&self, request_id: String) -> ProblemBody {
        let (status, code, title) = self.code.facts();
        ProblemBody {
            kind: format!("urn:rag-chatbot:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: self.detail.clone(),
            code,
            request_id,
            retry_after: self.retry_after_s,
        }
    }
}

/// Describes refusals that several endpoints share, so that each is described once.
pub fn described<const N: usize>(
    refusals: [(u16, &str); N],
) -> BTreeMap<String, RefOr<openapi::Response>> {
    refusals
        .map(|(status, description)| {
            let problem = Ref::from_schema_name(ProblemBody::name());
            let response = ResponseBuilder::new()
                .description(description)
                .content("application/problem+json", Content::new(Some(problem)));
            (status.to_string(), response.build().into())
        })
        .into()
}

/// How every endpoint that needs a key refuses.
pub struct KeyRefusals;

impl IntoResponses for KeyRefusals {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        described([
            (
                400,
                "A wrong address, not JSON, or more than one credential",
            ),
            (401, "No key that counts"),
            (403, "A key that may not"),
            (500, "A fault on the server"),
            (503, "Busy; see Retry-After"),
        ])
    }
}

/// How every endpoint that takes a body refuses it.
pub struct BodyRefusals;

impl IntoResponses for BodyRefusals {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        described([
            (408, "The body came too slowly"),
            (413, "Too large"),
            (415, "Not application/json"),
            (422, "A wrong field"),
        ])
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, ..) = self.code.facts();
        let body = serde_json::to_vec(&self.body(request_id::current()))
            .expect("a problem document serialises");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.code == Code::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // For protocols that have an error shape of their own.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            AnswerError::SessionNotFound => Self::new(Code::SessionNotFound, detail),
            AnswerError::Overloaded { retry_after_s } | AnswerError::NotKept { retry_after_s } => {
                Self::new(Code::Overloaded, detail).retry_after(retry_after_s)
            }
            AnswerError::NotReady { retry_after_s } => {
                Self::new(Code::NotReady, detail).retry_after(retry_after_s)
            }
            AnswerError::Internal => Self::internal(),
        }
    }
}

/// Seconds after which a busy or starting server is worth asking again.
const SOON_S: u64 = 2;

impl From<RetrievalError> for Problem {
    fn from(error: RetrievalError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            RetrievalError::NotReady => Self::new(Code::NotReady, detail).retry_after(SOON_S),
            RetrievalError::Overloaded => Self::new(Code::Overloaded, detail).retry_after(SOON_S),
            RetrievalError::Index(reason) => {
                tracing::error!(request_id = request_id::current(), reason, "search failed");
                Self::internal()
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::new(Code::SessionNotFound, sentence(&error.to_string())),
            StoreError::Busy(reason) => {
                tracing::warn!(
                    request_id = request_id::current(),
                    reason,
                    "chat database busy"
                );
                Self::new(
                    Code::Overloaded,
                    "The chat database is busy; try again in a moment.",
                )
                .retry_after(SOON_S)
            }
            StoreError::Open(reason) | StoreError::Failed(reason) => {
                tracing::error!(
                    request_id = request_id::current(),
                    reason,
                    "chat database failed"
                );
                Self::internal()
            }
        }
    }
}

/// An error's text as a sentence: capital letter, full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}
