//! Every request has an id: in the response's header, in problem documents, in the logs.
//!
//! A client's own id is kept when it is plain, so that traces join across proxies.

use crate::telemetry::request;
use axum::extract::Request;
use axum::http::HeaderName;
use axum::middleware::Next;
use axum::response::Response;

pub const X_REQUEST_ID_NAME: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids than this are replaced: a UUID is 36, a W3C trace id 55.
const MAX_LENGTH: usize = 64;

/// The id of the request being handled; empty outside of one.
pub fn current() -> String {
    request::with_current(|request| request.id.clone()).unwrap_or_default()
}

/// Gives the request its id and the response the same.
pub async fn layer(asked: Request, next: Next) -> Response {
    let given = asked
        .headers()
        .get(X_REQUEST_ID_NAME)
        .and_then(|value| value.to_str().ok())
        .filter(|id| is_plain(id));
    let id = given.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
    let value = id.parse().expect("plain ids are valid header values");
    let mut response = request::scope(request::Request::new(id), next.run(asked)).await;
    response.headers_mut().insert(X_REQUEST_ID_NAME, value);
    response
}

fn is_plain(id: &str) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
