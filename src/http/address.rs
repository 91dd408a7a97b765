//! The address of whoever asks, as far as it can be believed.

use super::Options;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The client's address, behind the proxies that the settings trust.
pub fn client_address(parts: &Parts, options: &Options) -> IpAddr {
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        // Absent only when the router is called without a socket.
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
    let forwarded: Vec<&str> = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    believed(peer, &forwarded, options.trusted_proxies)
}

/// Each trusted proxy appended the address it saw: the one the outermost of them saw is the
/// client's. Whatever stands left of it is the client's own claim.
fn believed(peer: IpAddr, forwarded: &[&str], trusted_proxies: u8) -> IpAddr {
    let hops = usize::from(trusted_proxies).min(forwarded.len());
    if hops == 0 {
        return peer;
    }
    forwarded[forwarded.len() - hops]
        .trim()
        .parse()
        .unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_forwarding_header_does_not_change_who_asks() {
        let peer = IpAddr::from([10, 0, 0, 1]);
        let seen = |forwarded: &[&str], proxies| believed(peer, forwarded, proxies).to_string();
        assert_eq!(seen(&["1.2.3.4"], 0), "10.0.0.1");
        assert_eq!(seen(&["6.6.6.6", " 1.2.3.4"], 1), "1.2.3.4");
        assert_eq!(seen(&["6.6.6.6", "1.2.3.4", "10.9.9.9"], 2), "1.2.3.4");
        assert_eq!(seen(&["nonsense"], 1), "10.0.0.1");
        assert_eq!(seen(&[], 3), "10.0.0.1");
    }
}
