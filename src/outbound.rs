//! How this program reaches other servers: one way for models, identity providers, buckets, collectors
//! and the command line's `--url`.
//!
//! Roots of trust come from the binary, as a slim container has none of its own; redirects are not
//! followed, as a key must go to no other address than the one it was given for. It does not know
//! who is asked, nor how long that may take.

use reqwest::{ClientBuilder, Url};
use std::sync::Arc;

/// A client to be finished with what its caller needs: time limits above all.
pub fn client() -> Result<ClientBuilder, String> {
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("encrypted connections cannot be prepared: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("rag-chatbot/", env!("CARGO_PKG_VERSION"))))
}

/// A client for the server at `address`. One on this machine is never behind the proxy that the
/// environment names.
pub fn client_for(address: &Url) -> Result<ClientBuilder, String> {
    let client = client()?;
    Ok(match is_loopback(address) {
        true => client.no_proxy(),
        false => client,
    })
}

/// Whether an address is on this machine, whatever the network says.
pub fn is_loopback(address: &Url) -> bool {
    match address.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The innermost cause, which is the one that says something ("connection refused").
pub fn cause(error: &dyn std::error::Error) -> String {
    let mut source = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    source.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_names_and_others_do_not_pass_for_it() {
        let is_here = |address: &str| is_loopback(&Url::parse(address).expect("an address"));
        for address in [
            "http://localhost:11434/v1",
            "http://127.0.0.1",
            "https://127.8.9.1/",
            "http://[::1]:8080",
        ] {
            assert!(is_here(address), "{address}");
        }
        for address in [
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://10.0.0.1",
            "http://[::2]",
            "unix:/run/model.sock",
        ] {
            assert!(!is_here(address), "{address}");
        }
    }
}
