//! Markdown and MDX pages → blocks with heading ids.
//!
//! Masks what a reader never sees, lets a CommonMark parser read the rest, and gives headings the
//! ids Docusaurus gives them. It does not know files, routes or sections.

mod blocks;
mod comments;
mod directive;
mod heading_id;
mod mask;
mod script;
mod slug_table;
mod tag;

pub(super) use mask::is_place_holder;

use super::block_builder::RawBlock;
use std::cell::Cell;

/// Partials may hold partials; the sites we know go two deep.
const MAX_PARTIAL_DEPTH: usize = 4;

/// What partials may add to one page, so that a few files can't multiply into gigabytes.
const MAX_INCLUDED_BYTES: usize = 8 * 1024 * 1024;

/// What including costs besides the text, which bounds the number of empty partials too.
const INCLUSION_BYTES: usize = 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavor {
    CommonMark,
    Mdx,
}

/// Finds the text of an imported partial; `None` when it can't be read.
pub(super) type Partials<'a> = dyn Fn(&str) -> Option<String> + 'a;

pub(super) struct Reader<'a> {
    pub flavor: Flavor,
    pub keep_case: bool,
    /// Blog posts: the content title is shown by the theme and takes no part in counting ids.
    pub drop_title: bool,
    /// Whether headings of level 1 have ids too (they have none in Docusaurus).
    pub title_ids: bool,
    /// Whether `<!-- #id -->` gives a heading its id.
    pub comment_ids: bool,
    pub partials: &'a Partials<'a>,
}

#[derive(Debug, Default)]
pub(super) struct Page {
    pub blocks: Vec<RawBlock>,
    /// Text of the heading that is the page's title.
    pub content_title: Option<String>,
    /// Footnotes are gathered under a heading of their own at the end of the page.
    pub has_footnotes: bool,
}

impl Reader<'_> {
    /// Reads `source` from `start` on (the front matter ends there); offsets are those of `source`.
    pub(super) fn read(&self, source: &str, start: usize) -> Page {
        self.read_at_depth(source, start, 0, &Cell::new(MAX_INCLUDED_BYTES))
    }

    fn read_at_depth(&self, source: &str, start: usize, depth: usize, left: &Cell<usize>) -> Page {
        let masked = mask::mask(source, start, self.flavor == Flavor::Mdx);
        let mut page = blocks::read(self, source, &masked);
        if depth < MAX_PARTIAL_DEPTH {
            for inclusion in masked.inclusions.iter().rev() {
                let Some(text) = (self.partials)(&inclusion.specifier) else {
                    continue;
                };
                if !spend(left, text.len()) {
                    break;
                }
                let body = super::front_matter::split(&text).1;
                let partial = Reader {
                    drop_title: false,
                    flavor: Flavor::Mdx,
                    ..*self
                };
                let mut included = partial.read_at_depth(&text, body, depth + 1, left);
                for raw in &mut included.blocks {
                    // Text of another file stands where its tag stands.
                    raw.block.range = inclusion.range.clone();
                    raw.block.segments.clear();
                }
                page.has_footnotes |= included.has_footnotes;
                let at = page
                    .blocks
                    .partition_point(|raw| raw.block.range.start < inclusion.range.start);
                page.blocks.splice(at..at, included.blocks);
            }
        }
        page
    }
}

fn spend(left: &Cell<usize>, bytes: usize) -> bool {
    let rest = left.get().checked_sub(bytes + INCLUSION_BYTES);
    left.set(rest.unwrap_or(0));
    rest.is_some()
}

/// The page's Markdown with everything invisible removed, for readers that are programs.
pub(super) fn visible_markdown(reader: &Reader, source: &str, start: usize) -> String {
    let mut masked = mask::mask(source, start, reader.flavor == Flavor::Mdx);
    if reader.flavor == Flavor::CommonMark {
        for comment in comments::comments(&masked.text).into_iter().rev() {
            // As long as before, so that every other place stays where it is.
            let blank: String = masked.text[comment.clone()]
                .bytes()
                .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
                .collect();
            masked.text.replace_range(comment, &blank);
        }
    }
    let mut out = String::with_capacity(source.len() - start);
    let mut inserts: Vec<(usize, String)> = Vec::new();
    for extra in &masked.extras {
        inserts.push((extra.range.start, format!("**{}**\n\n", extra.text.trim())));
    }
    let left = Cell::new(MAX_INCLUDED_BYTES);
    for inclusion in &masked.inclusions {
        if let Some(text) = (reader.partials)(&inclusion.specifier)
            && spend(&left, text.len())
        {
            let body = super::front_matter::split(&text).1;
            inserts.push((
                inclusion.range.start,
                format!("\n{}\n", visible_markdown_of_partial(reader, &text, body)),
            ));
        }
    }
    inserts.sort_by_key(|(at, _)| *at);
    let mut inserts = inserts.into_iter().peekable();
    let mut blank_lines = 0;
    let mut at = start;
    for line in masked.text[start..].split_inclusive('\n') {
        while let Some((_, text)) = inserts.next_if(|(place, _)| *place < at + line.len()) {
            out.push_str(&text);
        }
        at += line.len();
        let visible: String = line
            .chars()
            .filter_map(|c| match c as u32 {
                n if n == u32::from(mask::LINE_BREAK) => Some("<br>".to_owned()),
                n if n < 0x20 && mask::is_place_holder(n as u8) => None,
                _ => Some(c.to_string()),
            })
            .collect();
        if visible.trim().is_empty() {
            blank_lines += 1;
            if blank_lines > 1 || out.is_empty() {
                continue;
            }
            out.push('\n');
        } else {
            blank_lines = 0;
            out.push_str(visible.trim_end());
            out.push('\n');
        }
    }
    for (_, text) in inserts {
        out.push_str(&text);
    }
    out
}

fn visible_markdown_of_partial(reader: &Reader, text: &str, start: usize) -> String {
    // One level: a partial inside a partial is rare, and a circle must end.
    let none = |_: &str| None;
    let inner = Reader {
        partials: &none,
        flavor: Flavor::Mdx,
        ..*reader
    };
    visible_markdown(&inner, text, start)
}
