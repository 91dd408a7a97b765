//! Working under a URL prefix, whether or not the proxy in front takes the prefix away.
//!
//! The prefix is taken off here when it is there. A path that only looks as if it were prefixed
//! (a page `/docs/intro` of a site under `/docs/`, behind a stripping proxy) is told apart by the
//! `X-Forwarded-Prefix` header that stripping proxies send, and otherwise by what exists: the
//! site tries [`AsSent`] when the stripped path names nothing.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// The path as the client (or a stripping proxy) sent it, where a prefix was taken off.
#[derive(Debug, Clone)]
pub struct AsSent(pub String);

/// Takes `base` (`/docs/`) off the request's path.
pub fn strip(base: &str, mut request: Request) -> Request {
    if request.headers().contains_key("x-forwarded-prefix") {
        return request;
    }
    if let Some(uri) = stripped(base, request.uri()) {
        let sent = request.uri().path().to_owned();
        request.extensions_mut().insert(AsSent(sent));
        *request.uri_mut() = uri;
    }
    request
}

fn stripped(base: &str, uri: &Uri) -> Option<Uri> {
    if base == "/" {
        return None;
    }
    let rest = match uri.path().strip_prefix(base) {
        Some(rest) => rest,
        None if uri.path() == base.trim_end_matches('/') => "",
        None => return None,
    };
    let path = match uri.query() {
        Some(query) => format!("/{rest}?{query}"),
        None => format!("/{rest}"),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_taken_off_once_and_only_where_it_is_a_prefix() {
        let strip = |base: &str, uri: &str| {
            stripped(base, &uri.parse().expect("a uri")).map(|uri| uri.to_string())
        };
        assert_eq!(
            strip("/docs/", "/docs/query?a=b").as_deref(),
            Some("/query?a=b")
        );
        assert_eq!(strip("/docs/", "/docs").as_deref(), Some("/"));
        assert_eq!(
            strip("/docs/", "/docs/docs/intro").as_deref(),
            Some("/docs/intro")
        );
        assert_eq!(strip("/docs/", "/docsx/query"), None);
        assert_eq!(strip("/docs/", "/query"), None);
        assert_eq!(strip("/", "/query"), None);
    }
}
