//! One file → one document.
//!
//! Re-entrant: files can be read on as many threads as there are. Whatever is wrong with a file
//! ends as a warning; what can be read of it is kept.

use super::markdown::{Flavor, Reader};
use super::site::{Site, SourceFile};
use super::source::Source;
use super::{Document, Warning, address, sections, url_path};

/// What became of a file.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// `None` for drafts, and for files that could not be read at all.
    pub document: Option<Document>,
    pub warnings: Vec<Warning>,
    /// Nothing but this file, its place and the site's settings went into the document.
    pub stands_alone: bool,
}

/// Reads a file found by `discover`.
pub fn read(site: &Site, file: &SourceFile) -> Reading {
    let source = match Source::open(site, file) {
        Ok(source) => source,
        Err(reason) => {
            let warning = Warning {
                path: file.id.clone(),
                reason,
            };
            return Reading {
                warnings: vec![warning],
                ..Reading::default()
            };
        }
    };
    let mut problems = source.problems.clone();
    if source.front.draft {
        return Reading {
            warnings: warnings(file, problems),
            ..Reading::default()
        };
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(source.hash.as_bytes());
    let mut stands_alone = true;
    let content = source.content(site, file, &mut |bytes| {
        stands_alone = false;
        hasher.update(bytes);
    });
    let (route, problem) = address::route(site, file, &source.front);
    problems.extend(problem);

    let front = &source.front;
    let title = front
        .title
        .clone()
        .filter(|t| !t.trim().is_empty())
        .or_else(|| content.title.clone())
        .unwrap_or_else(|| address::fallback_title(file, front));
    let sections = sections::build(
        content.page.blocks,
        &title,
        source.start,
        source.text.len(),
        content.page.has_footnotes,
    );
    for part in [
        &route,
        &title,
        &file.locale,
        file.version.as_deref().unwrap_or(""),
        &site.title,
    ] {
        hasher.update(&[0]);
        hasher.update(part.as_bytes());
    }
    hasher.update(&[0, u8::from(file.latest_version), u8::from(site.makes_pages)]);
    let document = Document {
        id: file.id.clone(),
        title,
        description: front.description.clone().or(content.description),
        keywords: if front.keywords.is_empty() {
            content.keywords
        } else {
            front.keywords.clone()
        },
        sidebar_label: front.sidebar_label.clone(),
        route,
        locale: file.locale.clone(),
        version: file.version.clone(),
        latest_version: file.latest_version,
        unlisted: front.unlisted,
        sections,
        hash: hasher.finalize().to_hex().to_string(),
    };
    Reading {
        document: Some(document),
        warnings: warnings(file, problems),
        stands_alone,
    }
}

/// Sections of a text that belongs to no site, for measuring and for documents given over HTTP.
pub fn read_markdown(title: &str, text: &str) -> Document {
    let reader = Reader {
        flavor: Flavor::CommonMark,
        keep_case: false,
        drop_title: false,
        title_ids: true,
        comment_ids: true,
        partials: &|_| None,
    };
    let page = reader.read(text, 0);
    let sections = sections::build(page.blocks, title, 0, text.len(), page.has_footnotes);
    Document {
        id: title.to_owned(),
        title: title.to_owned(),
        description: None,
        keywords: Vec::new(),
        sidebar_label: None,
        route: url_path::join(&[title]),
        locale: "en".into(),
        version: None,
        latest_version: true,
        unlisted: false,
        sections,
        hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
    }
}

fn warnings(file: &SourceFile, problems: Vec<String>) -> Vec<Warning> {
    problems
        .into_iter()
        .map(|reason| Warning {
            path: file.id.clone(),
            reason,
        })
        .collect()
}
