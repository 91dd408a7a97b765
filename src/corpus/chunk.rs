//! Sections → chunks that fit the embedding model.
//!
//! A section is one chunk if it can be; a longer one is cut between its blocks, a block that alone
//! is too long between lines or sentences, then words. It counts with the model's own tokenizer,
//! handed in, and does not know the model.

mod cut;
mod detail;

pub use detail::details;

use super::{Block, BlockKind, Chunk, Document, Site};
use crate::language;

/// Part of the manifest of an index: raise it when the same document would be cut differently.
pub const CHUNKER_VERSION: u32 = 4;

/// What a heading may take of the breadcrumb; longer ones are shortened there, never in the text.
const MAX_CRUMB_CHARS: usize = 120;

/// How long a chunk may be. `count` is asked for breadcrumb, blank line and text together.
pub struct ChunkBudget<'c> {
    pub max_tokens: usize,
    /// Repeated from the end of the part before, where a section had to be split.
    pub overlap_tokens: usize,
    pub count: &'c (dyn Fn(&str) -> usize + Sync),
}

/// Cuts a document. Every block is in some chunk; chunks are in the order of the document.
pub fn chunk(document: &Document, site: &Site, budget: &ChunkBudget) -> Vec<Chunk> {
    chunk_under(&site.title, document, budget)
}

/// As `chunk`, for documents that belong to no site.
pub fn chunk_under(site_title: &str, document: &Document, budget: &ChunkBudget) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut waiting: Vec<Block> = Vec::new();
    for (index, section) in document.sections.iter().enumerate() {
        let mut blocks = std::mem::take(&mut waiting);
        blocks.extend(section.blocks.iter().cloned());
        if blocks.is_empty() {
            continue;
        }
        // A heading without text of its own goes with the first section under it.
        let only_headings = blocks.iter().all(|b| b.kind == BlockKind::Heading);
        let next_is_below = document
            .sections
            .get(index + 1)
            .is_some_and(|next| next.level > section.level && !next.blocks.is_empty());
        if only_headings && next_is_below {
            waiting = blocks;
            continue;
        }
        let breadcrumb = breadcrumb(site_title, document, &section.heading_path, budget);
        section_chunks(index, &breadcrumb, blocks, budget, &mut chunks);
    }
    chunks
}

fn section_chunks(
    section: usize,
    breadcrumb: &str,
    blocks: Vec<Block>,
    budget: &ChunkBudget,
    out: &mut Vec<Chunk>,
) {
    let whole: Vec<&str> = blocks.iter().map(|b| b.text.as_str()).collect();
    // A token has at least a byte or two; what is far longer is not counted in one go.
    let bytes: usize = whole.iter().map(|t| t.len() + 2).sum();
    let far_too_long = bytes > budget.max_tokens.saturating_mul(64);
    if !far_too_long
        && (budget.count)(&format!("{breadcrumb}\n\n{}", whole.join("\n\n"))) <= budget.max_tokens
    {
        out.push(finish(section, 0, breadcrumb, blocks));
        return;
    }
    let crumb = (budget.count)(&format!("{breadcrumb}\n\n"));
    let room = budget.max_tokens.saturating_sub(crumb).max(1);
    let overlap = budget.overlap_tokens.min(room / 4);
    let parts = cut::parts(blocks, room - overlap, budget.count);
    let mut previous: Option<Block> = None;
    for (part, mut blocks) in parts.into_iter().enumerate() {
        let last = blocks.last().cloned();
        if let Some(tail) = previous
            .as_ref()
            .and_then(|block| cut::tail(block, overlap, budget.count))
        {
            blocks.insert(0, tail);
        }
        out.push(finish(section, part, breadcrumb, blocks));
        previous = last;
    }
}

fn finish(section: usize, part: usize, breadcrumb: &str, mut blocks: Vec<Block>) -> Chunk {
    for block in &mut blocks {
        block.segments = Vec::new();
    }
    let start = blocks.iter().map(|b| b.range.start).min().unwrap_or(0);
    let end = blocks.iter().map(|b| b.range.end).max().unwrap_or(0);
    let mut chunk = Chunk {
        section,
        part,
        breadcrumb: breadcrumb.to_owned(),
        range: start..end,
        language: language::detect(""),
        blocks,
    };
    chunk.language = language::detect(&chunk.text());
    chunk
}

/// `site › page › heading path`, never more than a third of the budget.
fn breadcrumb(
    site_title: &str,
    document: &Document,
    path: &[String],
    budget: &ChunkBudget,
) -> String {
    let mut crumbs: Vec<String> = Vec::with_capacity(path.len() + 2);
    for crumb in [site_title, &document.title]
        .into_iter()
        .chain(path.iter().map(String::as_str))
    {
        let short: String = crumb.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = short.chars().take(MAX_CRUMB_CHARS).collect();
        if !short.is_empty() && crumbs.last() != Some(&short) {
            crumbs.push(short);
        }
    }
    loop {
        let line = crumbs.join(" › ");
        if (budget.count)(&line) * 3 <= budget.max_tokens || line.is_empty() {
            return line;
        }
        if crumbs.len() > 2 {
            // The page and the nearest heading say most.
            crumbs.remove(if crumbs.len() > 3 { 2 } else { 0 });
        } else {
            for crumb in &mut crumbs {
                let half = crumb.chars().count() / 2;
                *crumb = crumb.chars().take(half).collect();
            }
            crumbs.retain(|c| !c.is_empty());
        }
    }
}
