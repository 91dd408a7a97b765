//! The documentation for programs that read: `llms.txt`, `llms-full.txt` and `<page>.md`, made
//! from the same index that answers.

use super::pages::Pages;
use crate::index::PassageDocument;
use std::fmt::Write as _;
use std::sync::Arc;

/// `llms.txt` or `llms-full.txt` of one locale: the default one at the root, others below theirs.
pub async fn llms(pages: &Pages<'_>, path: &str) -> Option<String> {
    let (folder, name) = path
        .strip_prefix('/')?
        .rsplit_once('/')
        .unwrap_or(("", path.strip_prefix('/')?));
    let full = match name {
        "llms.txt" => false,
        "llms-full.txt" => true,
        _ => return None,
    };
    let locale = if folder.is_empty() {
        pages.site.default_locale.as_str()
    } else {
        folder
    };
    let site = pages.site;
    let documents: Vec<&Arc<PassageDocument>> = pages
        .documents()
        .iter()
        .filter(|d| d.locale == locale && d.latest_version && !d.unlisted)
        .collect();
    if documents.is_empty() {
        return None;
    }
    let mut text = format!("# {}\n", site.title);
    if full {
        for document in documents {
            let page = pages.markdown(document).await?;
            write!(text, "\n{page}\n").expect("a string takes every write");
        }
        return Some(text);
    }
    text.push_str("\n## Pages\n\n");
    for document in documents {
        let path = &document.route;
        let base = site.base.trim_end_matches('/');
        let page = if path == "/" {
            "/index"
        } else {
            path.trim_end_matches('/')
        };
        let about = document
            .description
            .as_ref()
            .map_or_else(String::new, |about| format!(": {about}"));
        writeln!(text, "- [{}]({base}{page}.md){about}", document.title)
            .expect("a string takes every write");
    }
    Some(text)
}

/// The Markdown of the page at `<route>.md`.
pub async fn markdown(pages: &Pages<'_>, path: &str) -> Option<String> {
    let route = path.strip_suffix(".md")?;
    let route = if route == "/index" { "/" } else { route };
    pages.markdown(pages.at(route)?).await
}
