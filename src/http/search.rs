//! `GET /search`: sections while the reader types.

use super::Server;
use super::caller::Asker;
use super::excerpt::Sought;
use super::extract::Parameters;
use super::problem::{Code, Problem, ProblemBody};
use super::query::checked_query;
use crate::retrieval::{Passage, Scope};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::{IntoParams, ToSchema};

/// What a list under a search box holds, and what it can hold.
const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 50;

/// What to search for, and where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchParameters {
    /// At most 500 characters.
    q: String,
    locale: Option<String>,
    version: Option<String>,
    /// 1–50.
    #[serde(default = "default_limit")]
    #[param(default = 10, minimum = 1, maximum = 50)]
    limit: usize,
}

fn default_limit() -> usize {
    DEFAULT_LIMIT
}

/// Sections, best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchBody {
    results: Vec<SectionBody>,
}

/// A section that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Section)]
pub struct SectionBody {
    id: String,
    doc_id: String,
    /// The page's.
    title: String,
    /// The section's heading.
    section: String,
    heading_path: Vec<String>,
    /// Path below the site's base URL, with the heading's anchor.
    url: String,
    /// From the sentence that has a word of the query; at most 200 characters.
    excerpt: String,
    locale: String,
    version: Option<String>,
    /// 0–1.
    relevance_score: f32,
}

/// Finds sections.
#[utoipa::path(
    get, path = "/search", tag = "questions", params(SearchParameters),
    responses(
        (status = 200, description = "The sections", body = SearchBody),
        (status = 400, description = "A wrong parameter, or more than one credential", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "A key that does not count", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "A key that may not search", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Nothing to search for, or too much", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Busy or not ready; see Retry-After", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn sections(
    State(server): State<Server>,
    _: Asker,
    Parameters(asked): Parameters<SearchParameters>,
) -> Result<Json<SearchBody>, Problem> {
    let query = checked_query(&asked.q)?;
    if !(1..=MAX_LIMIT).contains(&asked.limit) {
        return Err(Problem::new(
            Code::InvalidParameter,
            format!("`limit` must be from 1 to {MAX_LIMIT}."),
        ));
    }
    let scope = Scope {
        locale: asked.locale,
        version: server.catalogue().version(asked.version),
        path: None,
    };
    let found = server.search.search(&query, &scope, asked.limit).await?;
    let sought = Sought::of(&query);
    let mut seen = HashSet::new();
    let results = found
        .passages
        .iter()
        // Two chunks of one long section are one result.
        .filter(|passage| seen.insert(passage.url()))
        .map(|passage| SectionBody::new(passage, &sought))
        .collect();
    Ok(Json(SearchBody { results }))
}

impl SectionBody {
    fn new(passage: &Passage, sought: &Sought) -> Self {
        Self {
            id: passage.id.clone(),
            doc_id: passage.document.id.clone(),
            title: passage.document.title.clone(),
            section: passage.heading.clone(),
            heading_path: passage.heading_path.clone(),
            url: passage.url(),
            excerpt: sought.excerpt(&passage.text()),
            locale: passage.document.locale.clone(),
            version: passage.document.version.clone(),
            relevance_score: passage.relevance,
        }
    }
}
