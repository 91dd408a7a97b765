//! Bodies and parameters read out of requests, with our problem documents for what is wrong.

use super::Server;
use super::problem::{Code, Problem};
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// A JSON body.
pub struct Body<T>(pub T);

/// The query string.
pub struct Parameters<T>(pub T);

/// A part of the path.
pub struct Segment(pub String);

impl<T: DeserializeOwned> FromRequest<Server> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Problem> {
        let patience = server.options.body_timeout;
        let reading = axum::Json::<T>::from_request(request, server);
        match tokio::time::timeout(patience, reading).await {
            Ok(Ok(axum::Json(value))) => Ok(Self(value)),
            Ok(Err(rejection)) => Err(body_problem(rejection)),
            Err(_) => Err(Problem::new(
                Code::BodyTooSlow,
                format!(
                    "The body did not arrive within {} seconds.",
                    patience.as_secs()
                ),
            )),
        }
    }
}

fn body_problem(rejection: JsonRejection) -> Problem {
    let code = match &rejection {
        JsonRejection::JsonDataError(_) => Code::InvalidField,
        JsonRejection::MissingJsonContentType(_) => Code::UnsupportedMediaType,
        JsonRejection::BytesRejection(e) if e.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Code::BodyTooLarge
        }
        _ => Code::InvalidJson,
    };
    let text = rejection.body_text();
    if matches!(code, Code::UnsupportedMediaType) {
        let detail = "The body must be JSON, sent with the header Content-Type: application/json.";
        return Problem::new(code, detail);
    }
    if text.contains("expected struct") {
        return Problem::new(code, "The body must be a JSON object.");
    }
    // The frame's own preamble speaks of types; what serde says after it is enough.
    let detail = text.split_once(": ").map_or(text.as_str(), |(_, why)| why);
    Problem::new(code, detail)
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Query::<T>::from_request_parts(parts, state)
            .await
            .map(|Query(value)| Self(value))
            .map_err(|rejection: QueryRejection| {
                let text = rejection.body_text();
                let detail = text.split_once(": ").map_or(text.as_str(), |(_, why)| why);
                Problem::new(Code::InvalidParameter, detail)
            })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Path::<String>::from_request_parts(parts, state)
            .await
            .map(|Path(value)| Self(value))
            .map_err(|rejection: PathRejection| {
                Problem::new(Code::InvalidParameter, rejection.body_text())
            })
    }
}
