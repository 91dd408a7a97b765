//! Whether the process lives, and whether it can serve.

use super::Server;
use super::problem::{Code, Problem, ProblemBody};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What this installation is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthBody {
    /// `healthy`.
    status: &'static str,
    #[schema(format = DateTime, value_type = String)]
    timestamp: Timestamp,
    version: &'static str,
    environment: String,
}

/// Alive, or ready.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusBody {
    /// `alive` or `ready`.
    status: &'static str,
}

/// What is served, and what is still being done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Readiness)]
pub struct ReadyBody {
    /// `ready`.
    status: &'static str,
    /// Documents in the served index.
    documents: usize,
    /// Chunks in the served index.
    chunks: usize,
    /// Chunks that can be found by meaning; until all are, words alone answer.
    chunks_embedded: usize,
    /// The served generation of the index.
    generation: String,
}

/// Says that this installation works, and what it is.
#[utoipa::path(get, path = "/health", tag = "operation", responses((status = 200, description = "It is healthy", body = HealthBody)))]
pub async fn health(State(server): State<Server>) -> Json<HealthBody> {
    Json(HealthBody {
        status: "healthy",
        timestamp: Timestamp::now(),
        version: env!("CARGO_PKG_VERSION"),
        environment: server.options.environment.clone(),
    })
}

/// Says that the process lives.
#[utoipa::path(get, path = "/livez", tag = "operation", responses((status = 200, description = "It is alive", body = StatusBody)))]
pub async fn live() -> Json<StatusBody> {
    Json(StatusBody { status: "alive" })
}

/// Says whether questions can be answered: the index is loaded, the chat database reachable.
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses(
        (status = 200, description = "It is ready", body = ReadyBody),
        (status = 503, description = "Not yet; see Retry-After", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn ready(State(server): State<Server>) -> Result<Json<ReadyBody>, Problem> {
    let Some(index) = server.index() else {
        let detail = "The documentation is being read for the first time.";
        return Err(Problem::new(Code::NotReady, detail).retry_after(1));
    };
    server
        .store
        .sessions
        .count_active()
        .await
        .map_err(|error| {
            tracing::warn!(%error, "not ready: the chat database cannot be read");
            Problem::new(Code::NotReady, "The chat database cannot be reached.").retry_after(5)
        })?;
    let summary = index.summary();
    Ok(Json(ReadyBody {
        status: "ready",
        documents: summary.documents,
        chunks: summary.chunks,
        chunks_embedded: summary.vectors,
        generation: summary.generation.clone(),
    }))
}
