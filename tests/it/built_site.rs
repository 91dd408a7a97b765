//! What a finished Docusaurus build says about its pages: routes, and ids of headings.

use html5gum::{Token, Tokenizer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Route below the base URL → ids of the headings inside the article, in order.
pub type Pages = BTreeMap<String, Vec<String>>;

/// Every page that was made from a document: docs, blog posts and Markdown pages.
pub fn crawl(build: &Path, base_url: &str) -> Pages {
    let mut pages = Pages::new();
    let mut folders = vec![build.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)
            .expect("the build can be read")
            .flatten()
        {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "html")
                && let Some((route, ids)) = page(
                    &std::fs::read_to_string(&path).expect("a page is text"),
                    base_url,
                )
            {
                pages.insert(route, ids);
            }
        }
    }
    pages
}

fn page(html: &str, base_url: &str) -> Option<(String, Vec<String>)> {
    let mut route = None;
    let mut is_document = false;
    let mut ids = Vec::new();
    let mut articles = 0usize;
    for Ok(token) in Tokenizer::new(html) {
        match token {
            Token::StartTag(tag) => {
                let attribute = |key: &str| {
                    tag.attributes
                        .get(key.as_bytes())
                        .map(|v| String::from_utf8_lossy(&v.value).into_owned())
                };
                match tag.name.as_slice() {
                    b"html" => {
                        let classes = attribute("class").unwrap_or_default();
                        is_document = classes
                            .split_whitespace()
                            .any(|c| matches!(c, "docs-doc-page" | "blog-post-page" | "mdx-page"));
                    }
                    b"link" if attribute("rel").as_deref() == Some("canonical") => {
                        route = attribute("href")
                    }
                    b"article" => articles += 1,
                    [b'h', b'1'..=b'6'] if articles > 0 => {
                        ids.extend(attribute("id").filter(|id| !id.is_empty()));
                    }
                    _ => {}
                }
            }
            Token::EndTag(tag) if tag.name.as_slice() == b"article" => {
                articles = articles.saturating_sub(1)
            }
            _ => {}
        }
    }
    if !is_document {
        return None;
    }
    let route = route.expect("every page has a canonical link");
    let path = route.splitn(4, '/').nth(3).unwrap_or("");
    let path = format!("/{path}");
    let below = path
        .strip_prefix(base_url.trim_end_matches('/'))
        .unwrap_or(&path);
    Some((decoded(below), ids))
}

pub fn decoded(route: &str) -> String {
    percent_encoding::percent_decode_str(route)
        .decode_utf8_lossy()
        .into_owned()
}
