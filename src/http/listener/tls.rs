//! TLS of our own, for who has no proxy in front: certificates from files, read again when they
//! change, and client certificates where they are asked for.

use super::expiry::first_end;
use crate::telemetry::metrics::TLS_NOT_AFTER;
use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_rustls::TlsAcceptor;

/// As clients and servers name HTTP/2 to each other.
pub const H2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// How often the files are looked at. Certificates are renewed days before they end.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Where certificates lie, and who must show one.
#[derive(Debug, Clone)]
pub struct Options {
    /// PEM: the server's certificate, then those that lead to the root.
    pub certificate: PathBuf,
    /// PEM: its private key.
    pub key: PathBuf,
    pub clients: Option<Clients>,
}

/// Who has to show a certificate.
#[derive(Debug, Clone)]
pub struct Clients {
    /// PEM: the authority that signs clients' certificates.
    pub ca: PathBuf,
    /// Everybody, or only who wants more than a reader.
    pub everybody: bool,
}

/// Proof that the connection showed a certificate of the clients' authority.
#[derive(Debug, Clone, Copy)]
pub struct ClientCertificate;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{}: {reason}; it must hold {wanted} in PEM form", path.display())]
    Unreadable {
        path: PathBuf,
        reason: String,
        wanted: &'static str,
    },
    #[error("the TLS certificate and key cannot be used: {0}")]
    Unusable(String),
}

/// The certificates in use.
pub struct Tls {
    options: Options,
    config: ArcSwap<ServerConfig>,
}

impl Tls {
    pub fn open(options: Options) -> Result<Arc<Self>, TlsError> {
        let config = load(&options)?;
        Ok(Arc::new(Self {
            config: ArcSwap::from(config),
            options,
        }))
    }

    /// For one connection, with the certificates of this moment.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }

    /// Reads the files again whenever they change; what cannot be used changes nothing.
    pub async fn follow(self: Arc<Self>) {
        let mut seen = self.written_at();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = self.written_at();
            if now == seen {
                continue;
            }
            seen = now;
            match load(&self.options) {
                Ok(config) => {
                    self.config.store(config);
                    tracing::info!("the TLS certificates were read again");
                }
                Err(error) => tracing::warn!(%error, "the old TLS certificates stay in use"),
            }
        }
    }

    fn written_at(&self) -> Vec<Option<SystemTime>> {
        let Options {
            certificate,
            key,
            clients,
        } = &self.options;
        let files = [
            Some(certificate),
            Some(key),
            clients.as_ref().map(|c| &c.ca),
        ];
        let written = |path: &PathBuf| std::fs::metadata(path).and_then(|m| m.modified()).ok();
        files.into_iter().flatten().map(written).collect()
    }
}

fn load(options: &Options) -> Result<Arc<ServerConfig>, TlsError> {
    let unusable = |error: &dyn std::fmt::Display| TlsError::Unusable(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificates = certificates(&options.certificate, "the server's certificate")?;
    let key = PrivateKeyDer::from_pem_file(&options.key)
        .map_err(|error| unreadable(&options.key, &error, "the certificate's private key"))?;
    let end = first_end(&certificates);
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?;
    let builder = match &options.clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            for authority in self::certificates(&clients.ca, "the clients' authority")? {
                roots.add(authority).map_err(|error| unusable(&error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = if clients.everybody {
                verifier
            } else {
                verifier.allow_unauthenticated()
            };
            let verifier = verifier.build().map_err(|error| unusable(&error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(certificates, key)
        .map_err(|error| unusable(&error))?;
    config.alpn_protocols = vec![H2.to_vec(), HTTP1.to_vec()];
    if let Some(end) = end {
        metrics::gauge!(TLS_NOT_AFTER).set(end.as_second() as f64);
    }
    Ok(Arc::new(config))
}

fn certificates(
    path: &Path,
    wanted: &'static str,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .and_then(|found| match found.is_empty() {
            true => Err(rustls::pki_types::pem::Error::NoItemsFound),
            false => Ok(found),
        })
        .map_err(|error| unreadable(path, &error, wanted))
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display, wanted: &'static str) -> TlsError {
    TlsError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
        wanted,
    }
}
