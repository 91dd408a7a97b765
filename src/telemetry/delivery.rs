//! Carries traces and error reports out of this process, on a thread of its own.
//!
//! Whoever writes them must never wait for the network, and a receiver that is away must cost no
//! more than one line in the log. It does not know what it carries.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode, Url};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

/// For one parcel: what takes longer is lost, as it would be if the receiver were away.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A client for one receiver.
#[derive(Debug)]
pub(super) struct Delivery {
    /// What is carried, for the log.
    what: &'static str,
    client: Client,
    /// Taken when dropped: a runtime must not be waited for inside another one.
    runtime: Option<Runtime>,
    is_failing: AtomicBool,
}

/// What the receiver said.
pub(super) struct Receipt {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Delivery {
    /// Prepares the connection; nothing is sent yet.
    pub fn start(what: &'static str, receiver: &Url) -> Result<Self, String> {
        let mut client = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .timeout(TIMEOUT)
            // Its key goes to no other address than the one it was given for.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("rag-chatbot/", env!("CARGO_PKG_VERSION")));
        if is_loopback(receiver) {
            // A collector on this machine is never behind the proxy that the environment names.
            client = client.no_proxy();
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(what)
            .enable_all()
            .build()
            .map_err(|error| format!("no thread for {what} can be started: {error}"))?;
        Ok(Self {
            what,
            client: client
                .build()
                .map_err(|error| format!("no client for {what} can be built: {error}"))?,
            runtime: Some(runtime),
            is_failing: AtomicBool::new(false),
        })
    }

    /// Runs `work` on the thread.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        let runtime = self.runtime.as_ref();
        runtime.expect("it is taken by `drop` alone").spawn(work)
    }

    /// A request to build a parcel on; to be sent within [`Delivery::spawn`].
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sends one parcel. Must be polled within [`Delivery::spawn`].
    pub async fn send(&self, parcel: reqwest::RequestBuilder) -> Result<Receipt, String> {
        let sent = receipt(parcel).await;
        match &sent {
            Ok(receipt) if receipt.status.is_success() => self.arrived(),
            Ok(receipt) => self.lost(&format!("status {}", receipt.status.as_u16())),
            Err(reason) => self.lost(reason),
        }
        sent
    }

    fn arrived(&self) {
        if self.is_failing.swap(false, Ordering::Relaxed) {
            tracing::info!(what = self.what, "the receiver takes them again");
        }
    }

    /// Said once, not for each parcel.
    fn lost(&self, reason: &str) {
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(what = self.what, reason, "the receiver does not take them");
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn receipt(parcel: reqwest::RequestBuilder) -> Result<Receipt, String> {
    // Without the address, which may hold a key.
    let reason = |error: reqwest::Error| cause(&error.without_url());
    let response = parcel.send().await.map_err(reason)?;
    Ok(Receipt {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.bytes().await.map_err(reason)?,
    })
}

/// The innermost cause, which is the one that says something ("connection refused").
fn cause(error: &reqwest::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    source.to_string()
}

fn tls() -> Result<rustls::ClientConfig, String> {
    // Roots from the binary: a slim container has none of its own.
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = rustls::crypto::ring::default_provider();
    let config = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
