//! The span of a request, from which the stages below hang.

use super::request_id;
use crate::stage;
use crate::telemetry::traces;
use axum::extract::Request;
use axum::http::StatusCode;
use tracing::Span;
use tracing::field::Empty;

/// Routes whose requests say nothing new: probes, scrapes, and files of the site.
const UNTRACED: [&str; 6] = [
    "site",
    "/_rag/{*path}",
    "/health",
    "/livez",
    "/readyz",
    "/metrics",
];

/// Begins the span, within the trace that the client names.
pub fn begin(request: &Request, route: &str, method: &'static str) -> Span {
    if UNTRACED.contains(&route) {
        return Span::none();
    }
    let span = stage!(
        "request",
        otel.name = Empty,
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        request_id = Empty,
    );
    if !span.is_disabled() {
        span.record("otel.name", format!("{method} {route}"));
        span.record("request_id", request_id::current());
        traces::continue_from(&span, request.headers());
    }
    span
}

/// Says how it ended.
pub fn end(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}
