//! A file's text → blocks, and what else the text says of its page.
//!
//! Chooses between the readers of Markdown, HTML and plain text. It does not cut sections.

use super::markdown::{Flavor, Page, Reader};
use super::partial::partial;
use super::site::{RootKind, Site, SiteKind, SourceFile};
use super::source::{Format, Source};
use super::{html, plain_text};
use std::cell::RefCell;

/// What a file's text says, before it is cut into sections.
pub(super) struct Content {
    pub page: Page,
    pub title: Option<String>,
    pub description: Option<String>,
    pub keywords: Vec<String>,
}

impl Source {
    /// `depends_on` is told the bytes of every other file the page is made of.
    pub(super) fn content(
        &self,
        site: &Site,
        file: &SourceFile,
        depends_on: &mut dyn FnMut(&[u8]),
    ) -> Content {
        match self.format {
            Format::Markdown(_) => {
                let depends_on = RefCell::new(depends_on);
                let partials = |specifier: &str| {
                    // Also where there is none: it may come.
                    let text = partial(site, file, specifier);
                    (*depends_on.borrow_mut())(text.as_deref().unwrap_or_default().as_bytes());
                    text
                };
                let page = self
                    .reader(site, file, &partials)
                    .read(&self.text, self.start);
                let title = page.content_title.clone();
                Content {
                    page,
                    title,
                    description: None,
                    keywords: Vec::new(),
                }
            }
            Format::Html => {
                let (mut blocks, meta) = html::page(&self.text);
                if site.makes_pages {
                    html::give_ids(&mut blocks);
                }
                let heading = blocks
                    .iter()
                    .find(|raw| raw.level == 1)
                    .map(|raw| raw.block.text.clone());
                let page = Page {
                    blocks,
                    ..Page::default()
                };
                Content {
                    page,
                    title: meta.title.or(heading),
                    description: meta.description,
                    keywords: meta.keywords,
                }
            }
            Format::Text => {
                let page = Page {
                    blocks: plain_text::read(&self.text),
                    ..Page::default()
                };
                Content {
                    page,
                    title: None,
                    description: None,
                    keywords: Vec::new(),
                }
            }
        }
    }

    pub(super) fn reader<'p>(
        &self,
        site: &Site,
        file: &SourceFile,
        partials: &'p dyn Fn(&str) -> Option<String>,
    ) -> Reader<'p> {
        Reader {
            flavor: if let Format::Markdown(flavor) = self.format {
                flavor
            } else {
                Flavor::CommonMark
            },
            keep_case: site.anchors_keep_case,
            drop_title: file.root.kind == RootKind::Blog,
            title_ids: site.kind == SiteKind::Plain,
            comment_ids: site.comment_ids,
            partials,
        }
    }
}
