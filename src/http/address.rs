//! The address of whoever asks, and the name they asked for, as far as they can be believed.

use super::problem::{Code, Problem};
use super::{Options, Server};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The client's address, behind the proxies that the settings trust.
pub fn client_address(parts: &Parts, options: &Options) -> IpAddr {
    // Absent only when the router is called without a socket.
    let peer = peer(parts).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let forwarded: Vec<&str> = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    believed(peer, &forwarded, &options.trusted_proxies)
}

/// Whether a request comes from a network whose programs may read the figures.
///
/// A proxy on this machine makes everybody's requests come from this machine. So one that was
/// passed on counts only where a proxy that is trusted says from where.
pub fn is_near(parts: &Parts, options: &Options) -> bool {
    let has = |name: &str| parts.headers.contains_key(name);
    let passed_on = ["forwarded", "via", "x-real-ip"].into_iter().any(has);
    let says_from_where = has("x-forwarded-for");
    let from = client_address(parts, options);
    let believed = says_from_where && Some(from) != peer(parts).map(|peer| peer.to_canonical());
    (believed || !says_from_where && !passed_on)
        && options
            .metrics_networks
            .iter()
            .any(|net| net.contains(&from))
}

/// Whether a proxy that the settings trust passed this on; else its `X-Forwarded-*` is anybody's.
pub fn comes_from_proxy(parts: &Parts, options: &Options) -> bool {
    let Some(peer) = peer(parts).map(|peer| peer.to_canonical()) else {
        return false;
    };
    options
        .trusted_proxies
        .iter()
        .any(|net| net.contains(&peer))
}

fn peer(parts: &Parts) -> Option<IpAddr> {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    info.map(|info| info.0.ip())
}

/// Each proxy appends the address it saw. Read from the right for as long as who says it is
/// trusted; whatever stands left of that is the client's own claim.
fn believed(peer: IpAddr, forwarded: &[&str], trusted: &[IpNet]) -> IpAddr {
    let mut seen = peer.to_canonical();
    for text in forwarded.iter().rev() {
        if !trusted.iter().any(|net| net.contains(&seen)) {
            break;
        }
        match read(text.trim()) {
            Some(address) => seen = address.to_canonical(),
            None => break,
        }
    }
    seen
}

/// An address as proxies write it, with or without a port.
fn read(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    text.parse().ok().or_else(with_port)
}

/// Refuses requests for names that are not ours. A page elsewhere can let its own name point here
/// and would then count as the same origin: whatever a reader of this machine can see, it could.
pub async fn only_our_names(
    State(server): State<Server>,
    request: Request,
    next: Next,
) -> Response {
    let allowed = &server.options.allowed_hosts;
    let asked = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        // HTTP/2 has it in the address.
        .or_else(|| {
            request
                .uri()
                .authority()
                .map(|authority| authority.as_str())
        });
    let named = asked.is_none_or(|host| {
        let name = without_port(host);
        let public = server.options.public_url.as_deref();
        let public = public.and_then(|url| url.split_once("://"));
        let public = public.map(|(_, authority)| without_port(authority));
        let mut ours = allowed.iter().map(String::as_str).chain(public);
        ours.any(|one| one.eq_ignore_ascii_case(name))
    });
    if allowed.is_empty() || named {
        return next.run(request).await;
    }
    let detail = "This server does not answer to that name; whoever runs it can allow it with \
                  --allowed-hosts.";
    Problem::new(Code::Misdirected, detail).into_response()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_forwarding_header_does_not_change_who_asks() {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"]
            .map(|net| net.parse().expect("a network"))
            .into();
        let seen = |peer: &str, forwarded: &[&str]| {
            believed(peer.parse().expect("an address"), forwarded, &trusted).to_string()
        };
        // Nobody we trust: the header is nobody's.
        assert_eq!(seen("203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
        // The proxy saw 1.2.3.4; what that claimed before does not count.
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", " 1.2.3.4"]), "1.2.3.4");
        assert_eq!(
            seen("10.0.0.1", &["6.6.6.6", "1.2.3.4", "10.9.9.9"]),
            "1.2.3.4"
        );
        assert_eq!(
            seen("fd00::1", &["6.6.6.6", "[2001:db8::7]:443"]),
            "2001:db8::7"
        );
        assert_eq!(seen("::ffff:10.0.0.1", &["1.2.3.4:5678"]), "1.2.3.4");
        // A client that pretends to be a proxy of ours stays what the proxy saw.
        assert_eq!(seen("10.0.0.1", &["10.0.0.2", "1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4", "unknown"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn a_name_is_compared_without_its_port() {
        for (host, name) in [
            ("localhost:8080", "localhost"),
            ("docs.example.com", "docs.example.com"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(without_port(host), name);
        }
    }
}
