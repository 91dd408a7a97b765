//! What documentation is: a folder read as documents, sections and chunks.
//!
//! The plain types here are the ones every higher layer speaks. How files are found and how
//! Markdown, MDX, HTML and Docusaurus projects are understood is in the children. This module
//! does not know embeddings, indexes or HTTP.

mod address;
mod block_builder;
mod chunk;
mod content;
mod decode;
mod discover;
mod docusaurus;
mod files;
mod front_matter;
mod html;
mod link;
mod markdown;
mod markdown_section;
mod partial;
mod place_holder;
mod plain_text;
mod read;
mod render;
mod route;
mod sections;
mod site;
mod source;
mod url_path;

pub use chunk::{CHUNKER_VERSION, ChunkBudget, chunk, chunk_under, details};
pub use discover::discover;
pub use markdown_section::markdown_section;
pub use read::{Reading, read, read_markdown};
pub use render::{document_html, document_markdown};
pub use route::RouteTable;
pub use site::{
    Corpus, CorpusError, DEFAULT_MAX_FILE_BYTES, MarkdownFormat, Options, Site, SiteKind,
    SourceFile, Version,
};

use crate::language::Language;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// One page of documentation in one locale and version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Stable key: the path of the source file relative to the data folder, `/`-separated.
    pub id: String,
    pub title: String,
    pub description: Option<String>,
    pub keywords: Vec<String>,
    pub sidebar_label: Option<String>,
    /// URL path of the page below the site's base URL, starting with `/` (`/docs/intro`).
    pub route: String,
    /// Locale of the page's route (`en`, `ur`); the site's default locale for a plain folder.
    pub locale: String,
    /// Version name for versioned docs (`current`, `29.7`); `None` where the site has no versions.
    pub version: Option<String>,
    /// True when this is the version readers get when they name none.
    pub latest_version: bool,
    /// Not listed and not searchable, but reachable by its link (Docusaurus `unlisted`).
    pub unlisted: bool,
    pub sections: Vec<Section>,
    /// BLAKE3 of the source bytes and of everything else the page depends on, hex.
    pub hash: String,
}

/// A heading and the text under it up to the next heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Id of the heading in the built page; `None` for the text before the first heading and for
    /// the page's own title.
    pub anchor: Option<String>,
    /// The heading as a reader sees it; the page's title where `anchor` is `None`.
    pub heading: String,
    /// 1–6; 0 for the text before the first heading.
    pub level: u8,
    /// Headings from the page's top down to this one, without the page's title.
    pub heading_path: Vec<String>,
    pub blocks: Vec<Block>,
    /// Bytes of the source from this heading to the next.
    pub range: Range<usize>,
}

/// A piece of visible text that is never cut without need: a paragraph, a fence, a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub kind: BlockKind,
    /// The text as a reader sees it, markup removed.
    pub text: String,
    /// The number of a list's item, where the list counts: steps are nothing without their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Bytes of the source this text came from.
    pub range: Range<usize>,
    /// Where each run of the text stands in the source; empty where it is not known any more (it
    /// is needed for cutting long blocks only, and is not stored).
    #[serde(skip)]
    pub segments: Vec<Segment>,
}

/// A run of a block's text that stands in the source letter by letter, or (an entity, an escape)
/// that one piece of the source became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Offset in the block's text; the run goes up to the next segment.
    pub text: usize,
    /// Bytes of the source.
    pub start: usize,
    pub end: usize,
}

impl Block {
    pub fn new(kind: BlockKind, text: impl Into<String>, range: Range<usize>) -> Self {
        Self {
            kind,
            text: text.into(),
            number: None,
            range,
            segments: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    Heading,
    Paragraph,
    ListItem,
    Quote,
    Table,
    Code,
}

/// A section, or a part of a long one, small enough for the embedding model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// Position of the section in its document.
    pub section: usize,
    /// Position of the chunk within its section, from 0.
    pub part: usize,
    /// `site › page › heading path`, in front of the text for both embedding and words.
    pub breadcrumb: String,
    pub blocks: Vec<Block>,
    /// Bytes of the source this chunk covers.
    pub range: Range<usize>,
    pub language: Language,
}

impl Chunk {
    /// The visible text, blocks separated by blank lines.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self.blocks.iter().map(|b| b.text.as_str()).collect();
        texts.join("\n\n")
    }
}

/// Something in the data folder that could not be read, or only in part. Never fatal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Path relative to the data folder, made printable.
    pub path: String,
    pub reason: String,
}
