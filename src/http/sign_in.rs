//! `/auth/…`: people sign in at the identity provider and come back with a cookie.

use super::audit;
use super::caller::Caller;
use super::cookie::{self, SIGNED_IN, SIGNING_IN};
use super::extract::Parameters;
use super::problem::{Code, Problem, ProblemBody};
use super::{Server, address, request_id};
use crate::guard::audit::{Action, Doer};
use crate::guard::oidc::{OidcError, Person};
use crate::guard::{Credential, Oidc};
use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// Somebody on the way is given as long as the provider's side takes.
const UNDER_WAY: Duration = Duration::from_secs(10 * 60);
/// The cookie may outlive what it stands for: that ends on this side.
const SIGNED_IN_FOR: Duration = Duration::from_secs(60 * 60);

/// Where somebody wants to go after signing in.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Destination {
    /// A path of this site, such as `/chat`.
    next: Option<String>,
}

/// What the provider says.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProvidersAnswer {
    state: Option<String>,
    code: Option<String>,
    /// Set when nobody signed in.
    error: Option<String>,
    /// The provider's own name (RFC 9207).
    iss: Option<String>,
}

/// Somebody who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub struct SignedInBody {
    /// As the audit log names them.
    id: String,
    name: Option<String>,
    scopes: Vec<&'static str>,
    #[schema(format = DateTime, value_type = String)]
    expires_at: Timestamp,
}

/// Sends a person to the identity provider.
#[utoipa::path(
    get, path = "/auth/login", operation_id = "begin_sign_in", tag = "signing in", params(Destination),
    responses(
        (status = 303, description = "To the provider"),
        (status = 400, description = "A wrong parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody signs in here", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The provider cannot be reached", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn begin(
    State(server): State<Server>,
    Parameters(asked): Parameters<Destination>,
) -> Result<Response, Problem> {
    let next = asked.next.as_deref().filter(|next| is_own_path(next));
    let next = next.unwrap_or(&server.site.base).to_owned();
    let begun = oidc(&server)?.begin(next).await?;
    let set = cookie::set(SIGNING_IN, begun.browser.expose(), UNDER_WAY);
    Ok(redirect(&begun.location, [set]))
}

/// Takes a person back from the identity provider.
#[utoipa::path(
    get, path = "/auth/callback", operation_id = "finish_sign_in", tag = "signing in", params(ProvidersAnswer),
    responses(
        (status = 303, description = "Signed in; to where they wanted to go"),
        (status = 400, description = "A wrong parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The provider's answer does not count", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody signs in here", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The provider cannot be reached", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn finish(
    State(server): State<Server>,
    Parameters(answer): Parameters<ProvidersAnswer>,
    parts: Parts,
) -> Result<Response, Problem> {
    let oidc = oidc(&server)?;
    let finished = match returned(oidc, &answer, &parts).await {
        Ok(finished) => finished,
        Err(problem) => {
            let doer = Doer {
                who: "unknown".to_owned(),
                address: Some(address::client_address(&parts, &server.options)),
                request_id: request_id::current(),
            };
            let refused = problem.code().name();
            server.audit.note(doer, Action::SignIn, "", refused).await;
            return Err(problem);
        }
    };
    let caller = Caller {
        address: address::client_address(&parts, &server.options),
        credential: Some(Credential::Person(finished.person)),
    };
    audit::note(&server, &caller, Action::SignIn, "", "done").await;
    let cookies = [
        cookie::set(SIGNED_IN, finished.cookie.expose(), SIGNED_IN_FOR),
        cookie::unset(SIGNING_IN),
    ];
    Ok(redirect(&finished.next, cookies))
}

async fn returned(
    oidc: &Oidc,
    answer: &ProvidersAnswer,
    parts: &Parts,
) -> Result<crate::guard::oidc::Finished, Problem> {
    let refused = |why| Problem::from(OidcError::Refused(why));
    let begun = "This sign-in was not begun here, or too long ago; begin it again.";
    let browser = cookie::read(&parts.headers, SIGNING_IN)?.ok_or_else(|| refused(begun))?;
    if answer.error.is_some() {
        return Err(refused("The provider let nobody in."));
    }
    let (Some(state), Some(code)) = (&answer.state, &answer.code) else {
        return Err(refused("The provider's answer lacks a part."));
    };
    let issuer = answer.iss.as_deref();
    Ok(oidc.finish(browser, state, issuer, code).await?)
}

/// Says who is signed in.
#[utoipa::path(
    get, path = "/auth/me", operation_id = "who_is_signed_in", tag = "signing in",
    responses(
        (status = 200, description = "Whoever is signed in", body = SignedInBody),
        (status = 400, description = "Two cookies", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Nobody", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody signs in here", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn who(State(server): State<Server>, parts: Parts) -> Result<Response, Problem> {
    oidc(&server)?;
    let person = cookie::signed_in(&parts, &server)?;
    let person = person.ok_or_else(|| Problem::new(Code::Unauthorized, "Nobody is signed in."))?;
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([no_store], Json(SignedInBody::from(person))).into_response())
}

/// Ends a sign-in here; at the provider they stay signed in.
#[utoipa::path(
    post, path = "/auth/logout", operation_id = "sign_out", tag = "signing in",
    responses(
        (status = 204, description = "Signed out"),
        (status = 400, description = "Two cookies", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody signs in here", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn end(State(server): State<Server>, parts: Parts) -> Result<Response, Problem> {
    let oidc = oidc(&server)?;
    if let Some(person) = cookie::signed_in(&parts, &server)? {
        let value = cookie::read(&parts.headers, SIGNED_IN)?.unwrap_or_default();
        oidc.sign_out(value);
        let caller = Caller {
            address: address::client_address(&parts, &server.options),
            credential: Some(Credential::Person(person)),
        };
        audit::note(&server, &caller, Action::SignOut, "", "done").await;
    }
    if !cookie::is_of_our_pages(&parts.headers, &server) {
        // Another site's page signs nobody out.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let gone = (header::SET_COOKIE, cookie::unset(SIGNED_IN));
    Ok((StatusCode::NO_CONTENT, [gone]).into_response())
}

fn oidc(server: &Server) -> Result<&Oidc, Problem> {
    let oidc = server.oidc.as_deref().filter(|oidc| oidc.has_client());
    oidc.ok_or_else(|| Problem::new(Code::NotFound, "Nobody signs in here."))
}

fn redirect(location: &str, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The provider's answer stands in the address; nobody else is told it.
    let referrer = HeaderName::from_static("referrer-policy");
    headers.insert(referrer, HeaderValue::from_static("no-referrer"));
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// A path of this site and nothing that browsers take for another one: `//host`, `/\host`, or
/// either of them behind tabs and line ends, which they drop.
fn is_own_path(next: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && c != '\\';
    next.starts_with('/') && !next.starts_with("//") && next.chars().all(plain)
}

impl From<Person> for SignedInBody {
    fn from(person: Person) -> Self {
        Self {
            scopes: person.rights.iter().map(|right| right.name()).collect(),
            id: person.id,
            name: person.name,
            expires_at: person.expires_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site_after_signing_in() {
        for own in ["/", "/chat", "/docs/a?b=c#d"] {
            assert!(is_own_path(own), "{own}");
        }
        for other in [
            "",
            "chat",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nx: y",
            "/\u{2028}x",
        ] {
            assert!(!is_own_path(other), "{other:?}");
        }
    }
}
