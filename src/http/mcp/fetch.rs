//! The tool `fetch`: a section or a page as Markdown, and how ids and addresses name one.

use super::super::Server;
use super::super::problem::{Code, Problem};
use super::super::site::Pages;
use super::agent::{Asked, Outcome, Ran};
use crate::answer::absolute;
use crate::corpus::markdown_section;
use crate::index::PassageDocument;
use percent_encoding::percent_decode_str;
use rmcp::schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// Letters of one page at most: some 25,000 tokens, a good part of an agent's window. Sections of
/// longer pages can be fetched one by one.
const MAX_LETTERS: usize = 100_000;

/// Scheme of pages' URIs, here and as resources.
pub const SCHEME: &str = "docs://";

/// Which section or page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "rmcp::schemars")]
pub struct Arguments {
    /// The id a search gave, such as `/docs/intro#install`.
    id: Option<String>,
    /// Or the address of a page or section of this site.
    url: Option<String>,
}

/// A section or a page.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub struct Page {
    id: String,
    title: String,
    /// Markdown.
    text: String,
    url: String,
    metadata: Metadata,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Metadata {
    locale: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

pub async fn run(asked: Asked<'_>, arguments: Arguments) -> Ran {
    let Some(name) = arguments.id.or(arguments.url) else {
        return Err(Problem::new(
            Code::InvalidField,
            "Give an `id` or a `url`; a search finds them.",
        ));
    };
    let read = read(asked.server, &name).await?;
    let page = Page {
        title: read.document.title.clone(),
        url: absolute(&asked.root(), &read.id),
        id: read.id,
        text: read.text,
        metadata: Metadata {
            locale: read.document.locale.clone(),
            version: read.document.version.clone(),
        },
    };
    Ok(Outcome {
        text: None,
        structured: json!(page),
    })
}

/// A page or section that was read.
pub struct Read {
    pub document: Arc<PassageDocument>,
    /// Route, with the anchor of a section.
    pub id: String,
    pub text: String,
}

/// Reads what an id, an address or a resource's URI names.
pub async fn read(server: &Server, name: &str) -> Result<Read, Problem> {
    let Some(index) = server.index() else {
        return Err(Problem::new(
            Code::NotReady,
            "The documentation is still being read; try again in a moment.",
        ));
    };
    let (paths, anchor) = named(name, &server.site.base);
    let pages = Pages::open(&server.site, index).await;
    let Some(document) = paths.iter().find_map(|path| pages.at(path)) else {
        return Err(Problem::new(
            Code::NotFound,
            format!("There is no page {name:?}; search_docs gives the ids of those there are."),
        ));
    };
    let whole = pages
        .markdown(document)
        .await
        .ok_or_else(Problem::internal)?;
    let sections = pages.sections(document).await.unwrap_or_default();
    let section = anchor
        .as_deref()
        .and_then(|anchor| Some((anchor, markdown_section(&whole, &sections, anchor)?)));
    let (id, text) = match section {
        Some((anchor, text)) => (format!("{}#{anchor}", document.route), text.to_owned()),
        None => (document.route.clone(), whole),
    };
    Ok(Read {
        document: Arc::clone(document),
        id,
        text: shortened(text),
    })
}

/// The paths that a name may mean, likeliest first, and its anchor.
fn named(name: &str, base: &str) -> (Vec<String>, Option<String>) {
    let name = name.trim();
    let below = match name.split_once("://") {
        // `docs:///intro` has no authority; some clients write `docs://intro`.
        Some(("docs", path)) => path,
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => name,
    };
    let (path, anchor) = match below.split_once('#') {
        Some((path, anchor)) => (path, Some(decoded(anchor)).filter(|a| !a.is_empty())),
        None => (below, None),
    };
    let path = path.split('?').next().unwrap_or_default();
    let path = format!("/{}", decoded(path).trim_start_matches('/'));
    let path = path.strip_suffix(".md").unwrap_or(&path).to_owned();
    let path = if path == "/index" {
        "/".to_owned()
    } else {
        path
    };
    let based = path.strip_prefix(base).map(|rest| format!("/{rest}"));
    // An address has the base path, an id has not; a page's own path may look like either.
    let paths = match (name.contains("://") && !name.starts_with(SCHEME), based) {
        (true, Some(stripped)) => vec![stripped, path],
        (false, Some(stripped)) => vec![path, stripped],
        (_, None) => vec![path],
    };
    (paths, anchor)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_LETTERS) {
        text.truncate(end);
        text.push_str("\n\n(The page goes on; fetch its sections by their ids.)\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_addresses_and_uris_name_the_same_page() {
        let first = |name: &str, base: &str| {
            let (paths, anchor) = named(name, base);
            (paths[0].clone(), anchor)
        };
        let section = ("/intro".to_owned(), Some("battery".to_owned()));
        for name in [
            "/intro#battery",
            "intro#battery",
            "docs:///intro#battery",
            "docs://intro#battery",
            "http://127.0.0.1:8080/intro#battery",
            "https://docs.example.com/intro.md#battery",
            "https://docs.example.com/intro?x=1#battery",
        ] {
            assert_eq!(first(name, "/"), section, "{name}");
        }
        assert_eq!(
            first("https://a.example/manual/intro#battery", "/manual/"),
            section
        );
        assert_eq!(first("/ur/%D8%A8", "/").0, "/ur/ب");
        assert_eq!(first("https://a.example", "/").0, "/");
    }
}
