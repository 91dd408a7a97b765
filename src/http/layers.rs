//! What happens to every request and response, whatever it is for.

use super::problem::Problem;
use super::{Server, request_id};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::Duration;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// What other sites' pages may read of a response besides its body.
const EXPOSED: [HeaderName; 6] = [
    request_id::X_REQUEST_ID_NAME,
    header::RETRY_AFTER,
    super::mcp::SESSION_ID,
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
];

/// Lets the pages of the given origins ask; `*` lets all.
pub fn cors(origins: &[String]) -> CorsLayer {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| origin.parse().ok()))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        // SDKs in browsers describe themselves in headers of their own; no header means more here than
        // it would mean from a program.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED)
        // Chromium keeps a preflight's answer for two hours at most.
        .max_age(Duration::from_secs(2 * 60 * 60))
}

/// Headers that close what browsers leave open. A response's own policy is kept.
pub async fn security(State(server): State<Server>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        // A page of documentation has no use for any of these, nor has a script slipped into it.
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=()",
        ),
        // What is not a page has no business loading anything.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if server.options.has_tls {
        // A year, as the preload lists ask; other services of the host are not ours to speak for.
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// A panic in a handler is one request's misfortune, not the process's.
pub fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let reason = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(
        request_id = request_id::current(),
        reason,
        "a handler panicked"
    );
    Problem::internal().into_response()
}

/// Takes the base path off, before anything is routed.
pub fn take_off_base(
    server: &Server,
) -> impl Fn(Request) -> Request + Clone + Send + Sync + 'static {
    let base = server.site.base.clone();
    move |request| super::base_path::strip(&base, request)
}
