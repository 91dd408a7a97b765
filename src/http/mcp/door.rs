//! Which browsers may speak to `/mcp`, and by which names it may be called: what stands between a
//! page that somebody opened and a server on their own machine.
//!
//! A page can only reach a private server through a name of its own that resolves to it (DNS
//! rebinding), so addresses, local names and the settings' names pass, and other names do not.

use super::super::Options;
use super::super::problem::{Code, Problem};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::json;
use std::net::IpAddr;

/// Refuses a request whose `Host` or `Origin` is not ours.
pub fn check(headers: &HeaderMap, uri: &Uri, options: &Options) -> Result<(), Problem> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let authority = uri.authority().map(axum::http::uri::Authority::as_str);
    let host = text(header::HOST).or(authority).unwrap_or_default();
    if !is_ours(host, options) {
        return Err(Problem::new(
            Code::Forbidden,
            "This server does not know itself by this name; set RAG_PUBLIC_URL to the address \
             agents should use.",
        ));
    }
    match text(header::ORIGIN) {
        None => Ok(()),
        Some(origin) if may_ask(origin, host, options) => Ok(()),
        Some(_) => Err(Problem::new(
            Code::Forbidden,
            "Pages of this origin may not ask; list it in ALLOWED_ORIGINS_STR.",
        )),
    }
}

fn is_ours(host: &str, options: &Options) -> bool {
    let name = name_of(host);
    let listed = options.public_url.iter().chain(&options.allowed_origins);
    let mut listed = listed.filter_map(|origin| origin.split_once("://"));
    let answered_to = options
        .allowed_hosts
        .iter()
        .any(|one| one.eq_ignore_ascii_case(name));
    // A name without a dot is of this machine or of a private network: nobody can rent one.
    let local = !name.is_empty() && (!name.contains('.') || name.ends_with(".localhost"));
    local
        || answered_to
        || name.parse::<IpAddr>().is_ok()
        || listed.any(|(_, authority)| name_of(authority).eq_ignore_ascii_case(name))
}

/// The host without its port, an IPv6 address without its brackets.
fn name_of(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, port)| {
            if port.bytes().all(|b| b.is_ascii_digit()) {
                name
            } else {
                host
            }
        }),
    }
}

fn may_ask(origin: &str, host: &str, options: &Options) -> bool {
    let same = origin
        .split_once("://")
        .is_some_and(|(_, authority)| authority == host);
    let listed = options.public_url.iter().chain(&options.allowed_origins);
    same || listed.into_iter().any(|one| one == "*" || one == origin)
}

/// What is no message at all is refused by the transport in a sentence; JSON-RPC has an error for it.
pub async fn in_json_rpc(response: Response) -> Response {
    let unread = response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE
        && !response.headers().contains_key(header::CONTENT_TYPE);
    if !unread {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // The transport's own sentences have some hundred letters.
    let sentence = to_bytes(body, 4_096).await.unwrap_or_default();
    let sentence = String::from_utf8_lossy(&sentence);
    if sentence.contains("Content-Type") {
        return Response::from_parts(parts, Body::from(sentence.into_owned()));
    }
    let (code, message) = match sentence.contains("EOF") || sentence.contains("expected value") {
        true => (-32700, "Parse error: the message is not JSON"),
        false => (
            -32600,
            "Invalid request: a message is one JSON-RPC object, not a batch of them",
        ),
    };
    let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}});
    parts.status = StatusCode::BAD_REQUEST;
    let json = HeaderValue::from_static("application/json");
    parts.headers.insert(header::CONTENT_TYPE, json);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(public_url: Option<&str>, origins: &[&str]) -> Options {
        Options {
            allowed_origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
            public_url: public_url.map(str::to_owned),
            ..Options::for_tests()
        }
    }

    fn passes(host: &str, origin: Option<&str>, options: &Options) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().expect("a header"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().expect("a header"));
        }
        check(&headers, &Uri::from_static("/mcp"), options).is_ok()
    }

    #[test]
    fn addresses_and_local_names_pass_and_rented_names_only_when_set() {
        let unset = options(None, &[]);
        for host in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "localhost",
            "rag:8080",
            "192.168.1.5",
        ] {
            assert!(passes(host, None, &unset), "{host}");
        }
        for host in ["evil.example", "docs.example.com:8080", ""] {
            assert!(!passes(host, None, &unset), "{host}");
        }
        let set = options(Some("https://docs.example.com"), &[]);
        assert!(passes("docs.example.com", None, &set));
        assert!(!passes("evil.example", None, &set));
    }

    #[test]
    fn pages_of_this_site_and_of_listed_ones_may_ask() {
        let set = options(
            Some("https://docs.example.com"),
            &["https://app.example.org"],
        );
        let local = "127.0.0.1:8080";
        assert!(passes(local, Some("http://127.0.0.1:8080"), &set));
        assert!(passes(local, Some("https://app.example.org"), &set));
        assert!(passes(
            "docs.example.com",
            Some("https://docs.example.com"),
            &set
        ));
        for origin in ["http://evil.example", "http://127.0.0.1:1", "null"] {
            assert!(!passes(local, Some(origin), &set), "{origin}");
        }
        assert!(passes(
            local,
            Some("http://any.example"),
            &options(None, &["*"])
        ));
    }
}
