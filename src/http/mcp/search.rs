//! The tools `search_docs` and `search`: sections, best first.

use super::super::excerpt::Sought;
use super::super::problem::{Code, Problem};
use super::super::query::checked_query;
use super::agent::{Asked, Outcome, Ran};
use crate::answer::absolute;
use crate::retrieval::Passage;
use rmcp::schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;

/// What fits an agent's attention, and what it may ask for.
const DEFAULT_LIMIT: usize = 8;
const MAX_LIMIT: usize = 50;

/// What to look for, and where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "rmcp::schemars")]
pub struct Arguments {
    /// What to look for, in full words; at most 500 characters.
    query: String,
    /// Only pages of this language, such as `en`.
    locale: Option<String>,
    /// Only pages of this version.
    version: Option<String>,
    /// Only pages below this path, such as `/docs/guides`.
    path: Option<String>,
    /// Sections at most, 1 to 50; 8 if not given.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<usize>,
}

/// What to look for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "rmcp::schemars")]
pub struct AliasArguments {
    /// What to look for, in full words; at most 500 characters.
    query: String,
}

/// The sections, best first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub struct Found {
    results: Vec<Section>,
}

/// A section that was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Section {
    /// For `fetch`.
    id: String,
    /// Page and headings.
    title: String,
    url: String,
    /// From the sentence that has a word of the query.
    text: String,
    locale: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// 0 to 1; comparable within one search only.
    relevance: f32,
}

pub async fn run_alias(asked: Asked<'_>, arguments: AliasArguments) -> Ran {
    let everywhere = Arguments {
        query: arguments.query,
        locale: None,
        version: None,
        path: None,
        limit: None,
    };
    run(asked, everywhere).await
}

pub async fn run(asked: Asked<'_>, arguments: Arguments) -> Ran {
    let query = checked_query(&arguments.query)?;
    let limit = arguments.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::new(
            Code::InvalidField,
            format!("`limit` must be from 1 to {MAX_LIMIT}."),
        ));
    }
    let server = asked.server;
    let scope = server.catalogue().scope(
        arguments.locale,
        arguments.version,
        arguments.path,
        None,
        None,
    )?;
    let found = server.search.search(&query, &scope, limit).await?;
    let (sought, root) = (Sought::of(&query), asked.root());
    let mut seen = HashSet::new();
    let results = found
        .passages
        .iter()
        // Two chunks of one long section are one result.
        .filter(|passage| seen.insert(passage.url()))
        .map(|passage| section(passage, &sought, &root))
        .collect();
    Ok(Outcome {
        text: None,
        structured: json!(Found { results }),
    })
}

fn section(passage: &Passage, sought: &Sought, root: &str) -> Section {
    let document = &passage.document;
    let mut title = vec![document.title.clone()];
    title.extend(passage.heading_path.iter().cloned());
    title.dedup();
    Section {
        id: passage.url(),
        title: title.join(" › "),
        url: absolute(root, &passage.url()),
        text: sought.excerpt(&passage.text()),
        locale: document.locale.clone(),
        version: document.version.clone(),
        relevance: passage.relevance,
    }
}
