//! File names and front matter → routes, by the rules of Docusaurus 3.10.
//!
//! Ported from `plugin-content-docs`, `plugin-content-blog` and `plugin-content-pages`, one file
//! each but for the pages, which are here. Routes come out percent-encoded, below the base URL,
//! beginning with one slash.

mod blog;
mod docs;

pub(in crate::corpus) use blog::{post, post_slug};
pub(in crate::corpus) use docs::{doc, doc_base_id};

use crate::corpus::front_matter::FrontMatter;
use crate::corpus::site::ContentRoot;
use crate::corpus::url_path::join;

/// The route of a Markdown file in `src/pages`.
pub(in crate::corpus) fn page(
    root: &ContentRoot,
    relative: &str,
    front: &FrontMatter,
) -> (String, Option<String>) {
    let slug = front
        .slug
        .clone()
        .filter(|s| !s.is_empty())
        .unwrap_or_else(|| {
            let (dir, file) = relative
                .rsplit_once('/')
                .map_or(("", relative), |(d, f)| (d, f));
            let name = stem(file);
            match (dir.is_empty(), name.eq_ignore_ascii_case("index")) {
                (true, true) => "/".into(),
                (false, true) => format!("/{dir}/"),
                (true, false) => format!("/{name}"),
                (false, false) => format!("/{dir}/{name}"),
            }
        });
    (join(&[&root.route, &slug]), None)
}

/// `path.basename` without the extension.
pub(in crate::corpus) fn stem(file: &str) -> &str {
    match file.rfind('.') {
        Some(at) if at > 0 => &file[..at],
        _ => file,
    }
}
