//! `GET /metrics`: the figures, to who is near or has an admin key, or at a port of their own.

use super::Server;
use super::caller::Watcher;
use crate::ingest::Phase;
use crate::telemetry::{metrics as names, process};
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics::gauge;

/// Figures in Prometheus' text format.
#[utoipa::path(
    get, path = "/metrics", tag = "operation", security((), ("key" = ["admin"])),
    responses(
        (status = 200, description = "The metrics", body = String, content_type = "text/plain"),
        super::problem::KeyRefusals,
    )
)]
pub async fn metrics(State(server): State<Server>, _: Watcher) -> Response {
    show(&server).await
}

/// The figures alone, for a port that only those who watch can reach.
pub fn router(server: Server) -> Router {
    let everybody = async |State(server): State<Server>| show(&server).await;
    Router::new()
        .route("/metrics", get(everybody))
        .with_state(server)
}

async fn show(server: &Server) -> Response {
    measure(server).await;
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, server.figures.render()).into_response()
}

/// Reads what is not counted as it happens: sizes, queues, what the process uses.
pub async fn measure(server: &Server) {
    match server.store.sessions.count_active().await {
        Ok(active) => gauge!(names::ACTIVE_SESSIONS).set(active as f64),
        Err(error) => tracing::warn!(%error, "active sessions could not be counted"),
    }
    measure_index(server);
    measure_queues(server);
    if let Some(budget) = &server.budget {
        budget.measure();
    }
    let state = server.options.state.clone();
    let measured = tokio::task::spawn_blocking(move || process::measure(&state));
    measured
        .await
        .expect("reading the system's figures does not panic");
}

fn measure_index(server: &Server) {
    if let Some(index) = server.index() {
        let summary = index.summary();
        gauge!(names::DOCUMENTS).set(summary.documents as f64);
        gauge!(names::CHUNKS).set(summary.chunks as f64);
        gauge!(names::CHUNKS_EMBEDDED).set(summary.vectors as f64);
        gauge!(names::INDEX_GENERATION).set(summary.built_at.as_second() as f64);
    }
    let progress = server.library.progress().borrow().clone();
    for (phase, name) in [
        (Phase::Starting, "starting"),
        (Phase::Reading, "reading"),
        (Phase::Embedding, "embedding"),
        (Phase::Ready, "ready"),
        (Phase::Failed, "failed"),
    ] {
        let is_now = progress.phase == phase;
        gauge!(names::INDEX_PHASE, "phase" => name).set(f64::from(u8::from(is_now)));
    }
    let done = match progress.chunks_total {
        0 => f64::from(u8::from(progress.phase == Phase::Ready)),
        total => progress.chunks_embedded as f64 / total as f64,
    };
    gauge!(names::INDEX_PROGRESS).set(done);
    gauge!(names::INDEX_WARNINGS).set(progress.warnings as f64);
}

fn measure_queues(server: &Server) {
    let ([queries, passages], texts) = server.embeddings.lengths();
    let (answers, most_answers) = server.answerer.waiting();
    let database = server.store.state.figures();
    for (queue, waiting, capacity) in [
        ("embedding_queries", queries, texts),
        ("embedding_passages", passages, texts),
        ("generations", answers, most_answers),
        (
            "database_writes",
            database.writes_waiting,
            database.writes_capacity,
        ),
    ] {
        gauge!(names::QUEUE_LENGTH, "queue" => queue).set(waiting as f64);
        gauge!(names::QUEUE_CAPACITY, "queue" => queue).set(capacity as f64);
    }
    let free = server.streams.available_permits();
    let streams = server.options.max_streams.saturating_sub(free);
    gauge!(names::STREAMS_OPEN).set(streams as f64);
    gauge!(names::DATABASE_SIZE).set(database.size_bytes as f64);
    gauge!(names::DATABASE_WAL_SIZE).set(database.wal_bytes as f64);
}
