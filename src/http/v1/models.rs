//! `GET /v1/models`: the profiles that answer, and the encoder that embeds.

use super::embeddings;
use super::profile;
use super::refusal::{Refusal, RefusalBody};
use crate::http::Server;
use crate::http::caller::Asker;
use crate::http::extract::Segment;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// A list, as OpenAI writes lists.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiModelList)]
pub struct ListBody {
    /// `list`.
    object: &'static str,
    data: Vec<ModelBody>,
}

/// A model that can be asked for by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiModel)]
pub struct ModelBody {
    id: String,
    /// `model`.
    object: &'static str,
    /// Unix time: when the index was built.
    created: i64,
    owned_by: &'static str,
}

/// Lists what can be asked.
#[utoipa::path(
    get, path = "/v1/models", operation_id = "list_models", tag = "openai",
    responses(
        (status = 200, description = "The models", body = ListBody),
        (status = 400, description = "More than one credential", body = RefusalBody),
        (status = 401, description = "An unknown key", body = RefusalBody),
        (status = 403, description = "A key that may not ask", body = RefusalBody),
    )
)]
pub async fn list(State(server): State<Server>, _: Asker) -> Json<ListBody> {
    Json(ListBody {
        object: "list",
        data: all(&server),
    })
}

/// One of them.
#[utoipa::path(
    get, path = "/v1/models/{id}", operation_id = "retrieve_model", tag = "openai", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The model", body = ModelBody),
        (status = 400, description = "An id that cannot be read", body = RefusalBody),
        (status = 401, description = "An unknown key", body = RefusalBody),
        (status = 403, description = "A key that may not ask", body = RefusalBody),
        (status = 404, description = "No such model", body = RefusalBody),
    )
)]
pub async fn retrieve(
    State(server): State<Server>,
    _: Asker,
    Segment(id): Segment,
) -> Result<Json<ModelBody>, Refusal> {
    let mut models = all(&server).into_iter();
    let found = models.find(|model| model.id == id);
    found.map(Json).ok_or_else(|| Refusal::no_such_model(&id))
}

fn all(server: &Server) -> Vec<ModelBody> {
    let built = server.index().map(|index| index.summary().built_at);
    let created = built.map_or(0, jiff::Timestamp::as_second);
    let profiles = profile::all(server).into_iter().map(|profile| profile.name);
    profiles
        .chain(embeddings::names(server))
        .map(|id| ModelBody {
            id,
            object: "model",
            created,
            owned_by: "rag-chatbot",
        })
        .collect()
}
