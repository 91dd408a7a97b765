//! Carries traces and error reports out of this process, on a thread of its own.
//!
//! Whoever writes them must never wait for the network, and a receiver that is away must cost no
//! more than one line in the log. It does not know what it carries.

use crate::outbound::{self, cause};
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
        let client = outbound::client_for(receiver)?.timeout(TIMEOUT);
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
