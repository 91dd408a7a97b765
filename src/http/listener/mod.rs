//! The server's loop: connections in, requests to the router.
//!
//! Whoever is slow, silent or one too many is dropped here, before a handler knows of them. Plain
//! connections speak HTTP/1.1 alone: one protocol less for a proxy in front to disagree about.

mod connections;
mod expiry;
mod patient;
pub mod tls;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use connections::Connections;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use ipnet::IpNet;
use patient::Patient;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tls::{ClientCertificate, Tls};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

/// Room for the heads of one request: cookies of a site around us included. Larger ones get 431.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Requests that one HTTP/2 connection may have open: a page's files, not an attack.
const MAX_H2_STREAMS: u32 = 128;
/// How often a silent HTTP/2 client is asked whether it is there, and how long it may think.
const H2_ASK_EVERY: Duration = Duration::from_secs(20);
/// Pause after an accept that failed for want of something (open files): there is none yet.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bounds of the loop.
#[derive(Debug, Clone)]
pub struct Options {
    /// For a request's head, also the pause before the next one, and for a TLS handshake.
    pub header_timeout: Duration,
    /// For a reader who takes nothing of what is sent.
    pub write_timeout: Duration,
    pub max_connections: usize,
    /// Whose connections are many readers'.
    pub trusted_proxies: Vec<IpNet>,
    pub tls: Option<tls::Options>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            // Ten times a slow phone's; what browsers and proxies keep open idles longer, and
            // reconnects.
            header_timeout: Duration::from_secs(10),
            // Twice the heartbeat of a stream, so that a sleeping reader is noticed by the second.
            write_timeout: Duration::from_secs(30),
            // Some 40 KB each with TLS: 160 MB when all are taken.
            max_connections: 4096,
            trusted_proxies: Vec::new(),
            tls: None,
        }
    }
}

/// Serves until `stop` resolves, then finishes what has begun.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: Options,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), tls::TlsError> {
    let tls = options.tls.clone().map(Tls::open).transpose()?;
    let connections = Connections::new(options.max_connections, options.trusted_proxies.clone());
    let finishing = GracefulShutdown::new();
    let following = tls.clone().map(|tls| tokio::spawn(tls.follow()));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(place) = connections.enter(peer.ip()) else {
            connections::turn_away(&stream, tls.is_some());
            continue;
        };
        let connection = Connection {
            router: router.clone(),
            peer,
            header_timeout: options.header_timeout,
            finishing: finishing.watcher(),
        };
        let (tls, write_timeout) = (tls.clone(), options.write_timeout);
        tokio::spawn(async move {
            connection.serve(stream, tls, write_timeout).await;
            drop(place);
        });
    }
    drop(listener);
    if let Some(following) = following {
        following.abort();
    }
    finishing.shutdown().await;
    Ok(())
}

/// One client's connection.
struct Connection {
    router: Router,
    peer: SocketAddr,
    header_timeout: Duration,
    finishing: Watcher,
}

impl Connection {
    async fn serve(self, stream: TcpStream, tls: Option<Arc<Tls>>, write_timeout: Duration) {
        // Words of an answer are sent as they come, not collected into full packets.
        let _no_worse_without = stream.set_nodelay(true);
        let stream = Patient::new(stream, write_timeout);
        let Some(tls) = tls else {
            return self.http1(stream, None).await;
        };
        let handshake = tls.acceptor().accept(stream);
        let Ok(Ok(stream)) = tokio::time::timeout(self.header_timeout, handshake).await else {
            return;
        };
        let (_, session) = stream.get_ref();
        // The verifier has let it through, so whatever is there is of our client CA.
        let certificate = session.peer_certificates().map(|_| ClientCertificate);
        if session.alpn_protocol() == Some(tls::H2) {
            self.http2(stream, certificate).await;
        } else {
            self.http1(stream, certificate).await;
        }
    }

    async fn http1(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        certificate: Option<ClientCertificate>,
    ) {
        let answering = answering(self.router, self.peer, certificate);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_timeout)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service_fn(answering));
        ended(self.finishing.watch(connection).await);
    }

    async fn http2(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        certificate: Option<ClientCertificate>,
    ) {
        let answering = answering(self.router, self.peer, certificate);
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_H2_STREAMS)
            .max_header_list_size(MAX_HEAD_BYTES as u32)
            .keep_alive_interval(H2_ASK_EVERY)
            .keep_alive_timeout(H2_ASK_EVERY)
            .serve_connection(TokioIo::new(stream), service_fn(answering));
        ended(self.finishing.watch(connection).await);
    }
}

/// Hands requests to the router, with what is known of the connection.
fn answering(
    router: Router,
    peer: SocketAddr,
    certificate: Option<ClientCertificate>,
) -> impl Fn(Request<Incoming>) -> tower::util::Oneshot<Router, Request<Body>> {
    move |request| {
        let mut request = request.map(Body::new);
        let known = request.extensions_mut();
        known.insert(ConnectInfo(peer));
        if let Some(certificate) = certificate {
            known.insert(certificate);
        }
        router.clone().oneshot(request)
    }
}

/// A client that went away or sent nonsense is its own affair; hyper has told it what it could.
fn ended(outcome: Result<(), hyper::Error>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended early");
    }
}
