//! The settings of connections: proxies, names, times, TLS.

use super::{ConfigError, Settings};
use crate::http::listener::tls::{Clients, Options as Tls};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// `10.0.0.0/8, 192.0.2.1`.
pub(super) fn networks(setting: &'static str, text: &str) -> Result<Vec<IpNet>, ConfigError> {
    entries(text)
        .map(|entry| {
            let network = entry.parse().ok();
            network
                .or_else(|| entry.parse::<IpAddr>().ok().map(IpNet::from))
                .ok_or_else(|| ConfigError::Invalid {
                    setting,
                    reason: format!("`{entry}` is not a network such as 10.0.0.0/8 or 127.0.0.1"),
                })
        })
        .collect()
}

/// The same, or `none`.
pub(super) fn networks_or_none(
    setting: &'static str,
    text: &str,
) -> Result<Vec<IpNet>, ConfigError> {
    if text.trim() == "none" {
        return Ok(Vec::new());
    }
    networks(setting, text)
}

/// The names that this server answers to; none for any.
///
/// Where only this machine can reach it, nobody else's name leads here but by a trick, unless a
/// proxy on this machine passes it on.
pub(super) fn hosts(text: &str, listen: SocketAddr, proxies: &[IpNet]) -> Vec<String> {
    let given: Vec<String> = entries(text).map(str::to_owned).collect();
    if given.is_empty() && listen.ip().is_loopback() && proxies.is_empty() {
        let mut own = ["localhost", "127.0.0.1", "[::1]"]
            .map(str::to_owned)
            .to_vec();
        own.push(listen.ip().to_string());
        return own;
    }
    given
}

pub(super) fn seconds(setting: &'static str, seconds: u64) -> Result<Duration, ConfigError> {
    // A day: whoever wants for ever has misread the setting.
    if (1..=86_400).contains(&seconds) {
        return Ok(Duration::from_secs(seconds));
    }
    Err(ConfigError::Invalid {
        setting,
        reason: "must be from 1 to 86400 seconds".into(),
    })
}

pub(super) fn tls(all: &Settings) -> Result<Option<Tls>, ConfigError> {
    let needs = |setting, other: &str| ConfigError::Invalid {
        setting,
        reason: format!("needs {other} as well"),
    };
    let everybody = match all.tls_clients.as_deref().unwrap_or("all") {
        "all" => true,
        "keys" => false,
        other => {
            return Err(ConfigError::Invalid {
                setting: "tls_clients",
                reason: format!("`{other}` is neither `all` nor `keys`"),
            });
        }
    };
    match (&all.tls_certificate, &all.tls_key) {
        (Some(certificate), Some(key)) => Ok(Some(Tls {
            certificate: certificate.clone(),
            key: key.clone(),
            clients: all
                .tls_client_ca
                .clone()
                .map(|ca| Clients { ca, everybody }),
        })),
        (Some(_), None) => Err(needs("tls_certificate", "tls_key")),
        (None, Some(_)) => Err(needs("tls_key", "tls_certificate")),
        (None, None) if all.tls_client_ca.is_some() => {
            Err(needs("tls_client_ca", "tls_certificate and tls_key"))
        }
        (None, None) => Ok(None),
    }
}

fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
}
