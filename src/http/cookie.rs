//! Cookies of those who sign in, and when they count.
//!
//! `__Host-` has browsers take them over TLS only (or on this machine) and for no other host; they
//! are out of scripts' reach and not sent along from other sites. Readers get none.

use super::Server;
use super::problem::{Code, Problem};
use crate::guard::oidc::Person;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use std::time::Duration;

/// Of somebody who is signed in.
pub const SIGNED_IN: &str = "__Host-rag-signed-in";
/// Of somebody who is on the way to the provider and back.
pub const SIGNING_IN: &str = "__Host-rag-signing-in";

/// Whoever the cookie stands for, if it counts for this request.
pub fn signed_in(parts: &Parts, server: &Server) -> Result<Option<Person>, Problem> {
    let Some(oidc) = &server.oidc else {
        return Ok(None);
    };
    let Some(value) = read(&parts.headers, SIGNED_IN)? else {
        return Ok(None);
    };
    if changes_something(&parts.method) && !is_of_our_pages(&parts.headers, server) {
        return Ok(None);
    }
    Ok(oidc.of_cookie(value))
}

/// The cookie of this name. With two, nobody knows which one was ours.
pub fn read<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Problem> {
    let all = headers.get_all(header::COOKIE).iter();
    let pairs = all
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let first = found.next();
    if found.next().is_some() {
        return Err(Problem::new(
            Code::TwoCredentials,
            "There are two cookies of one name; delete this site's cookies.",
        ));
    }
    Ok(first)
}

/// The header that sets it, for so long.
pub fn set(name: &str, value: &str, lasts: Duration) -> HeaderValue {
    let cookie = format!(
        "{name}={value}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Lax",
        lasts.as_secs()
    );
    HeaderValue::from_str(&cookie).expect("random text is plain")
}

/// The header that takes it away.
pub fn unset(name: &str) -> HeaderValue {
    set(name, "", Duration::ZERO)
}

fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a page of this very origin sent it. Browsers say so, and no page can say it otherwise.
pub fn is_of_our_pages(headers: &HeaderMap, server: &Server) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = said("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = said("origin") else {
        // Browsers send it with everything that changes something.
        return true;
    };
    let public = server.options.public_url.as_deref();
    let host = said("host").unwrap_or_default();
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    public == Some(origin) || authority == Some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_read_among_others_and_refused_when_there_are_two() {
        let headers = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::COOKIE, HeaderValue::from_static(value));
            }
            headers
        };
        let one = headers(&["a=1; __Host-rag-signed-in=x-_; b=2"]);
        assert_eq!(read(&one, SIGNED_IN).ok(), Some(Some("x-_")));
        assert_eq!(read(&one, SIGNING_IN).ok(), Some(None));
        for two in [
            headers(&["__Host-rag-signed-in=x; __Host-rag-signed-in=y"]),
            headers(&["__Host-rag-signed-in=x", "__Host-rag-signed-in=y"]),
        ] {
            assert!(read(&two, SIGNED_IN).is_err());
        }
    }

    #[test]
    fn a_cookie_is_bound_to_this_host_and_hidden_from_scripts() {
        let set = set(SIGNED_IN, "x", Duration::from_secs(60));
        assert_eq!(
            set,
            "__Host-rag-signed-in=x; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax"
        );
    }
}
