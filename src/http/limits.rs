//! Rate limits as headers: what is left on every answer, and when to come back on a 429.

use super::Server;
use super::caller::Caller;
use super::problem::{Code, Problem};
use crate::guard::{Asker, Decision, Who};
use crate::telemetry::metrics::LIMITED;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Takes one question from the limits of this caller and session.
pub async fn take(
    server: &Server,
    caller: &Caller,
    session: Option<&str>,
) -> Result<Decision, Box<Response>> {
    let who = who(caller, session);
    let decision = server.limiter.check(&who);
    if !decision.allowed {
        let wait_s = decision.retry_after_s.unwrap_or(decision.reset_s);
        let sentence = format!("Too many questions; ask again in {wait_s} seconds.");
        let limit = decision.refused_by.unwrap_or("address_minute");
        return Err(refused(
            Code::RateLimited,
            limit,
            sentence,
            wait_s,
            &decision,
        ));
    }
    if let Some(credential) = &caller.credential {
        match credential.spend(&server.keys, 1).await {
            Ok(true) => {}
            Ok(false) => {
                let sentence = "This key's questions of the month are used up.".to_owned();
                let wait_s = seconds_to_next_month();
                return Err(refused(
                    Code::QuotaUsedUp,
                    "key_month",
                    sentence,
                    wait_s,
                    &decision,
                ));
            }
            Err(error) => return Err(Box::new(Problem::from(error).into_response())),
        }
    }
    Ok(decision)
}

/// Gives back a question that failed through no fault of the caller's.
pub async fn give_back(server: &Server, caller: &Caller, session: Option<&str>) {
    server.limiter.give_back(&who(caller, session));
    if let Some(credential) = &caller.credential
        && let Err(error) = credential.spend(&server.keys, -1).await
    {
        tracing::warn!(%error, "a key's question could not be given back");
    }
}

fn who(caller: &Caller, session: Option<&str>) -> Who {
    Who {
        asker: match &caller.credential {
            Some(credential) => credential.asker(),
            None => Asker::Address(caller.address),
        },
        session: session.map(str::to_owned),
    }
}

fn refused(
    code: Code,
    limit: &'static str,
    sentence: String,
    wait_s: u64,
    decision: &Decision,
) -> Box<Response> {
    metrics::counter!(LIMITED, "limit" => limit).increment(1);
    let problem = Problem::new(code, sentence).retry_after(wait_s);
    Box::new(with_headers(problem.into_response(), decision))
}

fn seconds_to_next_month() -> u64 {
    let now = Timestamp::now();
    let next = now
        .to_zoned(TimeZone::UTC)
        .first_of_month()
        .and_then(|first| first.start_of_day())
        .and_then(|first| first.checked_add(1.month()));
    // Out of jiff's calendar in the year 9999 only.
    next.map_or(1, |next| {
        next.timestamp()
            .duration_since(now)
            .as_secs()
            .unsigned_abs()
    })
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
