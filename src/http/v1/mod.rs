//! `/v1`: the protocol of OpenAI's SDKs, spoken so that they work unchanged.
//!
//! Shapes and refusals are theirs; what an answer is comes from `answer`, as for `/query`, and who
//! may ask in `caller`, as everywhere.

mod chat;
mod chunks;
mod embeddings;
mod messages;
mod models;
mod profile;
mod refusal;

pub use refusal::reshape;

use super::Server;
use super::problem::{Code, Problem};
use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A conversation of a thousand long turns, or some 2,000 passages to embed.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// The endpoints, described.
pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(chat::complete))
        .routes(routes!(models::list))
        .routes(routes!(models::retrieve))
        .routes(routes!(embeddings::embed))
        .route("/v1/{*path}", axum::routing::any(nothing_here))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

async fn nothing_here(uri: Uri) -> Problem {
    Problem::new(
        Code::NotFound,
        format!(
            "{} does not exist here: there are /v1/chat/completions, /v1/models and /v1/embeddings.",
            uri.path()
        ),
    )
}
