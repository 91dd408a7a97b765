//! What a reader never sees, blanked out of a page without moving a byte.
//!
//! CommonMark's parser knows nothing of MDX. So front matter, import and export lines, JSX tags,
//! `{expressions}`, comments and `:::` fences are replaced by place holders of the same length,
//! and the parser's offsets stay true for the source. This file goes from line to line; what stands
//! within one is in `inline` and `tags`. It does not know headings or sections.

mod code_span;
mod inline;
mod line;
mod tags;

use super::directive;
use super::script::{self, Effort};
use code_span::CodeSearches;
use line::{Fence, closes_fence, container, is_blank, opens_fence};
use std::collections::HashMap;
use std::ops::Range;

/// Text a reader sees although it stands in a tag or behind a `:::`.
#[derive(Debug)]
pub(super) struct Extra {
    pub range: Range<usize>,
    pub text: String,
}

/// `<h2 id="x">…</h2>` in MDX.
#[derive(Debug)]
pub(super) struct TagHeading {
    pub range: Range<usize>,
    pub level: u8,
    pub id: Option<String>,
}

/// `<Partial />`, imported from another Markdown file.
#[derive(Debug)]
pub(super) struct Inclusion {
    pub range: Range<usize>,
    pub specifier: String,
}

#[derive(Debug, Default)]
pub(super) struct Masked {
    /// As long as the source, byte for byte.
    pub text: String,
    pub extras: Vec<Extra>,
    pub tag_headings: Vec<TagHeading>,
    pub inclusions: Vec<Inclusion>,
    /// `<img>` as Markdown, for pages made from the text.
    pub pictures: Vec<Extra>,
}

pub(super) fn mask(source: &str, text_start: usize, mdx: bool) -> Masked {
    let mut masker = Masker {
        source,
        bytes: source.as_bytes(),
        out: source.as_bytes().to_vec(),
        effort: Effort::for_page(source.len()),
        mdx,
        found: Masked::default(),
        imports: HashMap::new(),
        open_headings: Vec::new(),
        open_directives: 0,
        code_searches: CodeSearches::default(),
    };
    masker.blank(0..text_start);
    masker.run(text_start);
    let Masker { out, mut found, .. } = masker;
    found.tag_headings.sort_by_key(|tag| tag.range.start);
    found.text = String::from_utf8(out).unwrap_or_else(|e| {
        // Only whole characters are replaced; should that ever fail, losing letters beats losing
        // the page.
        String::from_utf8_lossy(e.as_bytes()).into_owned()
    });
    if found.text.len() != source.len() {
        found.text.clear();
    }
    found
}

struct Masker<'s> {
    source: &'s str,
    bytes: &'s [u8],
    out: Vec<u8>,
    effort: Effort,
    mdx: bool,
    found: Masked,
    /// Name → specifier of imported Markdown files.
    imports: HashMap<String, String>,
    open_headings: Vec<(u8, usize, Option<String>)>,
    open_directives: usize,
    code_searches: CodeSearches,
}

impl<'s> Masker<'s> {
    fn run(&mut self, start: usize) {
        let mut at = start;
        let mut fence: Option<Fence> = None;
        let mut in_paragraph = false;
        while at < self.bytes.len() {
            let line_end = script::line_end(self.bytes, at);
            let (content, quoted, listed) = container(&self.bytes[at..line_end]);
            let content = at + content;
            let line = &self.bytes[content..line_end];
            if let Some(open) = &fence {
                if (open.quoted && !quoted) || closes_fence(line, open) {
                    fence = None;
                }
                at = line_end + 1;
                in_paragraph = false;
                continue;
            }
            if let Some(mut opened) = opens_fence(line) {
                opened.quoted = quoted;
                fence = Some(opened);
                at = line_end + 1;
                in_paragraph = false;
                continue;
            }
            if self.mdx
                && !in_paragraph
                && content == at
                && (line.starts_with(b"import") || line.starts_with(b"export"))
                && let Some(end) = script::module_block_end(self.bytes, at)
            {
                self.imports
                    .extend(script::markdown_imports(&self.source[at..end]));
                self.blank(at..end);
                at = end;
                continue;
            }
            if line.starts_with(b":::") && self.directive(content, line_end) {
                at = line_end + 1;
                in_paragraph = false;
                continue;
            }
            if self.mdx {
                let (next, text) = self.inline(content, listed);
                in_paragraph = text && !line.starts_with(b"#") && !is_blank(line);
                at = next;
            } else {
                in_paragraph = !is_blank(line) && !line.starts_with(b"#");
                at = line_end + 1;
            }
        }
    }

    /// A `:::` line: opens or closes an admonition. Its title is visible.
    fn directive(&mut self, start: usize, line_end: usize) -> bool {
        match directive::read(&self.source[start..line_end]) {
            Some(directive::Line::Open { title }) => {
                self.open_directives += 1;
                if let Some(title) = title {
                    let range = start + title.start..start + title.end;
                    let text = self.source[range.clone()].to_owned();
                    self.found.extras.push(Extra { range, text });
                }
            }
            Some(directive::Line::Close) if self.open_directives > 0 => self.open_directives -= 1,
            _ => return false,
        }
        self.blank(start..line_end);
        true
    }

    fn blank(&mut self, range: Range<usize>) {
        self.fill(range, b' ', b' ');
    }

    fn fill(&mut self, range: Range<usize>, first: u8, rest: u8) {
        let mut next = first;
        for b in &mut self.out[range] {
            if !matches!(*b, b'\n' | b'\r') {
                *b = next;
                next = rest;
            }
        }
    }
}
