//! `POST /ingest`: a chapter from somewhere else than the folder, from whoever holds the key.

use super::Server;
use super::audit::note;
use super::caller::Writer;
use super::extract::Body;
use super::problem::{BodyRefusals, Code, KeyRefusals, Problem};
use super::request_id;
use crate::guard::audit::Action;
use crate::ingest::{IngestError, Pushed};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The contract's limit on a chapter.
const MAX_CONTENT_BYTES: usize = 1_000_000;
/// A title or a version's name is a line.
const MAX_NAME: usize = 200;

/// A chapter to index.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IngestBody {
    chapter: String,
    #[serde(default = "introduction")]
    #[schema(default = "Introduction")]
    section: String,
    /// Markdown, at most 1 MB.
    content: String,
    book_version: String,
}

fn introduction() -> String {
    "Introduction".to_owned()
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ingested)]
pub struct IngestedBody {
    /// It is in the index now.
    ingested: bool,
    /// It had been there, word for word.
    skipped: bool,
    /// Vectors that the index has more than before.
    vectors_stored: usize,
    /// Chunks in the whole index.
    total_chunks: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Adds a chapter to the index.
#[utoipa::path(
    post, path = "/ingest", tag = "documents", request_body = IngestBody, security(("key" = ["write:documents"])),
    responses(
        (status = 200, description = "What became of it", body = IngestedBody),
        BodyRefusals,
        KeyRefusals,
    )
)]
pub async fn add(
    State(server): State<Server>,
    Writer(caller): Writer,
    Body(body): Body<IngestBody>,
) -> Result<Json<IngestedBody>, Problem> {
    if body.content.len() > MAX_CONTENT_BYTES {
        return Err(Problem::new(
            Code::ContentTooLarge,
            "A chapter has at most 1 MB.",
        ));
    }
    for (name, value) in [
        ("chapter", &body.chapter),
        ("section", &body.section),
        ("book_version", &body.book_version),
        ("content", &body.content),
    ] {
        let too_long = name != "content" && value.chars().count() > MAX_NAME;
        if value.trim().is_empty() || too_long {
            return Err(Problem::new(
                Code::InvalidField,
                format!(
                    "`{name}` must not be empty, and a name has at most {MAX_NAME} characters."
                ),
            ));
        }
    }
    let document = Pushed {
        chapter: body.chapter,
        section: body.section,
        content: body.content,
        book_version: body.book_version,
    };
    let object = format!("{}/{}", document.chapter, document.section);
    let before = counts(&server).0;
    let library = Arc::clone(&server.library);
    // Embedding takes as long as it takes: off the async threads.
    let added = tokio::task::spawn_blocking(move || library.push(&document))
        .await
        .expect("adding a document does not panic")
        .map_err(failed);
    let result = added
        .as_ref()
        .map_or_else(|problem| problem.code().name(), |_| "done");
    note(&server, &caller, Action::DocumentAdd, &object, result).await;
    let added = added?;
    let (vectors, total_chunks) = counts(&server);
    Ok(Json(IngestedBody {
        ingested: added,
        skipped: !added,
        vectors_stored: vectors.saturating_sub(before),
        total_chunks,
        error: None,
    }))
}

/// Vectors and chunks in the living index.
fn counts(server: &Server) -> (usize, usize) {
    server.index().map_or((0, 0), |index| {
        let summary = index.summary();
        (summary.vectors, summary.chunks)
    })
}

fn failed(error: IngestError) -> Problem {
    if let IngestError::Refused(reason) = error {
        return Problem::new(Code::InvalidField, reason);
    }
    tracing::error!(%error, request_id = request_id::current(), "a document could not be added");
    Problem::internal()
}
