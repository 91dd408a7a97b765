//! The site's own address, for links that are read elsewhere.

use super::{Options, Server, address};
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use std::convert::Infallible;

/// Where readers see the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteAddress {
    /// `https://example.com/manual`, without a slash at its end: pages' paths follow.
    pub root: String,
}

impl SiteAddress {
    /// As the settings say; without them, pages are named by their bare paths.
    pub fn from_settings(server: &Server) -> Self {
        Self::at(
            server.options.public_url.as_deref().unwrap_or_default(),
            server,
        )
    }

    fn at(origin: &str, server: &Server) -> Self {
        let base = server.site.base.trim_end_matches('/');
        Self {
            root: format!("{origin}{base}"),
        }
    }
}

impl FromRequestParts<Server> for SiteAddress {
    type Rejection = Infallible;

    /// As the settings say, or else as the client reached us.
    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Infallible> {
        Ok(match &server.options.public_url {
            Some(origin) => Self::at(origin, server),
            None => Self::at(&as_reached(parts, &server.options), server),
        })
    }
}

fn as_reached(parts: &Parts, options: &Options) -> String {
    let behind_proxy = address::comes_from_proxy(parts, options);
    let text = |name: &str| parts.headers.get(name)?.to_str().ok().map(str::trim);
    let forwarded = |name: &str| text(name).filter(|_| behind_proxy);
    let scheme = match forwarded("x-forwarded-proto") {
        Some("https") => "https",
        None if options.has_tls => "https",
        _ => "http",
    };
    let host = forwarded("x-forwarded-host")
        .or_else(|| text(header::HOST.as_str()))
        .or_else(|| parts.uri.authority().map(|authority| authority.as_str()))
        .filter(|host| is_host(host))
        .unwrap_or("localhost");
    format!("{scheme}://{host}")
}

/// Only what a host can be: the address ends up in texts.
fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::ConnectInfo;
    use axum::http::Request;
    use std::net::SocketAddr;

    fn reached(headers: &[(&str, &str)], behind_proxy: bool) -> String {
        let mut request = Request::builder().uri("/v1/models");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        let peer = SocketAddr::from(([127, 0, 0, 1], 50_000));
        parts.extensions.insert(ConnectInfo(peer));
        let trusted_proxies = match behind_proxy {
            true => vec!["127.0.0.1/32".parse().expect("a network")],
            false => Vec::new(),
        };
        as_reached(
            &parts,
            &Options {
                trusted_proxies,
                ..Options::for_tests()
            },
        )
    }

    #[test]
    fn the_address_is_the_one_the_client_used_and_proxies_are_believed_when_trusted() {
        let headers = [
            ("host", "127.0.0.1:8080"),
            ("x-forwarded-host", "docs.example.com"),
            ("x-forwarded-proto", "https"),
        ];
        assert_eq!(reached(&headers, false), "http://127.0.0.1:8080");
        assert_eq!(reached(&headers, true), "https://docs.example.com");
        assert_eq!(reached(&[("host", "a/b)c")], false), "http://localhost");
    }
}
