//! `serve`: the site, the widget and the API, until told to stop.

use super::progress;
use crate::app::{self, App};
use crate::config::Config;
use crate::guard::audit::{Action, Doer};
use crate::http;
use anyhow::Context;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// An answer takes seconds; whatever still runs after this is cut. Below Kubernetes' 30 s.
const FINISHING: Duration = Duration::from_secs(25);

pub async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    // First, so that a port in use is said at once and not after reading everything.
    let listener = bind(config.listen).await?;
    let address = listener.local_addr()?;
    let figures_listener = match config.metrics_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let app = App::open(config).await?;
    show_first_key(&app).await?;
    // Which settings were in force when, without telling them.
    let settings = blake3::hash(config.printed().as_bytes()).to_hex();
    app.audit()
        .note(nobody("server"), Action::Start, &settings, "done")
        .await;
    app.start_indexing(config.watch);
    app.start_backups();
    app.start_looking();
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    tracing::info!("open {scheme}://{address}{}", app.base());
    let follower = tokio::spawn(progress::follow(Arc::clone(app.library())));

    let (stop, stopped) = watch::channel(false);
    let figures = figures_listener.map(|listener| {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "figures alone are served at /metrics");
        }
        let router = app.figures_router();
        let never = std::future::pending();
        tokio::spawn(http::serve(
            listener,
            router,
            app::figures_listener_options(),
            never,
        ))
    });
    let mut serving = tokio::spawn(http::serve(
        listener,
        app.router(),
        app::listener_options(config),
        {
            let mut stopped = stopped.clone();
            async move {
                // An error means that the sender is gone, which is a reason to stop, too.
                let _told_or_gone = stopped.wait_for(|stop| *stop).await;
            }
        },
    ));
    tokio::select! {
        ended = &mut serving => ended??,
        signal = stop_signal() => {
            tracing::info!(signal, "finishing what has begun");
            app.hang_up();
            let _the_server_listens = stop.send(true);
            if tokio::time::timeout(FINISHING, &mut serving).await.is_err() {
                tracing::warn!("some requests were cut off");
            }
        }
    }
    app.stop();
    if let Some(figures) = figures {
        figures.abort();
    }
    follower.abort();
    Ok(ExitCode::SUCCESS)
}

/// Somebody who sends no requests.
pub(super) fn nobody(who: &str) -> Doer {
    Doer {
        who: who.to_owned(),
        address: None,
        request_id: String::new(),
    }
}

/// Whoever sees the first start can manage the server from then on. Not through the log: that is
/// kept, and this must not be.
async fn show_first_key(app: &App) -> anyhow::Result<()> {
    if let Some(first) = app.keys().issue_first().await? {
        eprintln!(
            "The first admin key, shown this once (more: rag-chatbot key --help):\n\n    {}\n",
            first.token.expose()
        );
    }
    Ok(())
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {} is in use by another process; stop it or choose another with --listen {}:PORT",
            address.port(),
            address.ip(),
        ),
        std::io::ErrorKind::PermissionDenied => anyhow::anyhow!(
            "port {} needs more rights than this process has; choose one over 1023 with --listen",
            address.port(),
        ),
        std::io::ErrorKind::AddrNotAvailable => {
            anyhow::anyhow!("this machine has no address {}; choose another with --listen", address.ip())
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen at {address}")),
    })
}

async fn stop_signal() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()).context("no signals") {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => "SIGTERM",
        _ = tokio::signal::ctrl_c() => "SIGINT",
    }
}
