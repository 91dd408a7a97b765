//! `GET /openapi.json`: the description of the endpoints, gathered from the handlers themselves.

use axum::Json;
use axum::extract::Extension;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi as Describe};

/// The frame of the description; paths and shapes come from the handlers.
#[derive(Describe)]
#[openapi(
    info(
        title = "rag-chatbot",
        description = "Ask documentation and get cited answers. Every response carries X-Request-Id; \
            errors are problem documents (RFC 9457) with a stable `code`, and OpenAI's under /v1/.",
    ),
    tags(
        (name = "questions", description = "Asking and searching"),
        (name = "openai", description = "The same for programs that speak to OpenAI; errors have OpenAI's shape"),
        (name = "conversations", description = "What was asked before"),
        (name = "documents", description = "Adding documents"),
        (name = "keys", description = "Managing the keys of programs"),
        (name = "operation", description = "For those who run it"),
    ),
    modifiers(&Keys),
)]
pub struct Description;

struct Keys;

impl Modify for Keys {
    fn modify(&self, openapi: &mut OpenApi) {
        let key = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A key `rk_…` with the scope that the endpoint names."))
            .build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("key", SecurityScheme::Http(key));
    }
}

/// Describes these endpoints.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operation",
    responses((status = 200, description = "This description", body = Object))
)]
pub async fn describe(Extension(description): Extension<Arc<OpenApi>>) -> Json<OpenApi> {
    Json(OpenApi::clone(&description))
}
