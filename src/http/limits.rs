//! Rate limits as headers: what is left on every answer, and when to come back on a 429.

use super::Server;
use super::problem::{Code, Problem};
use crate::guard::{Decision, Who};
use crate::telemetry::metrics::LIMITED;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

/// Takes one question from the limits of this address and session.
pub fn take(
    server: &Server,
    address: IpAddr,
    session: Option<&str>,
) -> Result<Decision, Box<Response>> {
    let who = Who {
        address,
        session: session.map(str::to_owned),
    };
    let decision = server.limiter.check(&who);
    if decision.allowed {
        return Ok(decision);
    }
    metrics::counter!(LIMITED).increment(1);
    let wait_s = decision.retry_after_s.unwrap_or(decision.reset_s);
    let problem = Problem::new(
        Code::RateLimited,
        format!("Too many questions; ask again in {wait_s} seconds."),
    )
    .retry_after(wait_s);
    Err(Box::new(with_headers(problem.into_response(), &decision)))
}

/// The response with the `X-RateLimit-*` headers.
pub fn with_headers(mut response: Response, decision: &Decision) -> Response {
    // A limit of 0 means that there is none.
    if decision.limit > 0 {
        write(response.headers_mut(), decision);
    }
    response
}

fn write(headers: &mut HeaderMap, decision: &Decision) {
    headers.insert("x-ratelimit-limit", decision.limit.into());
    headers.insert("x-ratelimit-remaining", decision.remaining.into());
    headers.insert("x-ratelimit-reset", decision.reset_s.into());
}
