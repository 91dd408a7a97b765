//! The parser's events → blocks of visible text.
//!
//! This file follows the parser from block to block; what a line holds is in `inline`, what makes a
//! heading in `headings`. It does not know sections.

mod extras;
mod headings;
mod inline;
mod place;

use super::heading_id::{Piece, Slugger};
use super::mask::Masked;
use super::page::{Flavor, Page, Reader};
use crate::corpus::block_builder::{Draft, RawBlock};
use crate::corpus::html::HtmlReader;
use crate::corpus::{Block, BlockKind};
use place::Place;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// In MDX nothing is code because of its indentation; such text is read again without it. Pages go
/// two or three components deep.
const MAX_INDENT_DEPTH: usize = 8;

/// The Markdown that Docusaurus reads, as far as the parser knows it.
pub(in crate::corpus) fn parser_options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
}

pub(super) fn read(reader: &Reader, source: &str, masked: &Masked) -> Page {
    let mut collector = Collector {
        reader,
        source,
        masked,
        page: Page::default(),
        slugger: Slugger::new(reader.keep_case),
        html: HtmlReader::default(),
        draft: Draft::default(),
        open: None,
        pieces: Vec::new(),
        quotes: 0,
        items: 0,
        lists: Vec::new(),
        number: None,
        headings_seen: 0,
        rule_seen: false,
    };
    collector.read(&masked.text, &Place::Same, 0);
    let mut page = collector.page;
    extras::merge(&mut page.blocks, masked);
    page
}

struct Collector<'c> {
    reader: &'c Reader<'c>,
    source: &'c str,
    masked: &'c Masked,
    page: Page,
    slugger: Slugger,
    html: HtmlReader,
    draft: Draft,
    open: Option<Open>,
    pieces: Vec<Piece>,
    quotes: usize,
    items: usize,
    /// The lists that are open, each with the number of its next item if it counts.
    lists: Vec<Option<u64>>,
    /// The number of the item that has begun, until its first text is written.
    number: Option<u64>,
    headings_seen: usize,
    rule_seen: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Flow,
    Heading(u8),
    Table,
    Code,
}

impl Collector<'_> {
    fn read(&mut self, text: &str, place: &Place, depth: usize) {
        let mut events = Parser::new_ext(text, parser_options()).into_offset_iter();
        while let Some((event, range)) = events.next() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Indented))
                    if self.reader.flavor == Flavor::Mdx && depth < MAX_INDENT_DEPTH =>
                {
                    self.flush();
                    let (inner, lines) = gather(&mut events);
                    self.read(&inner, &Place::Lines(place, lines), depth + 1);
                }
                Event::Start(Tag::HtmlBlock) => {
                    self.flush();
                    let (html, lines) = gather(&mut events);
                    let lines = Place::Lines(place, lines);
                    self.html
                        .read(&html, &|at| lines.source(at), &mut self.page.blocks);
                    self.html.flush(&mut self.page.blocks);
                }
                Event::Start(tag) => self.opened(&tag, range, text, place),
                Event::End(tag) => self.closed(tag),
                Event::Text(words) => self.text(&words, range, place),
                Event::Code(code) => self.code(&code, text, range, place),
                Event::SoftBreak => self.line_break(" "),
                Event::HardBreak => self.line_break("\n"),
                Event::InlineHtml(html) | Event::Html(html) => {
                    self.inline_html(&html, &range, place)
                }
                Event::Rule => {
                    self.flush();
                    self.rule_seen = true;
                }
                Event::FootnoteReference(_)
                | Event::TaskListMarker(_)
                | Event::InlineMath(_)
                | Event::DisplayMath(_) => {}
            }
        }
        self.flush();
    }

    fn opened(&mut self, tag: &Tag, range: Range<usize>, text: &str, place: &Place) {
        match tag {
            Tag::Paragraph => {
                self.flush();
                self.open = Some(Open::Flow);
                self.draft.cover(place.range(trim_end(text, range)));
            }
            Tag::Heading { level, .. } => {
                self.flush();
                self.open = Some(Open::Heading(*level as u8));
                self.draft.cover(place.range(trim_end(text, range)));
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.quotes += 1;
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                if let CodeBlockKind::Fenced(info) = kind {
                    self.code_title(info, text, &range, place);
                }
                // The fence itself is not text, and its title is a block of its own.
                self.open = Some(Open::Code);
            }
            Tag::Table(_) => {
                self.flush();
                self.open = Some(Open::Table);
                self.draft.cover(place.range(trim_end(text, range)));
            }
            Tag::TableHead | Tag::TableRow => {
                self.draft.separate("\n");
                self.pieces.clear();
            }
            Tag::TableCell => {
                if !self.pieces.is_empty() {
                    self.draft.separate(" | ");
                }
                // Marks that the row has begun; headings alone use the pieces otherwise.
                self.pieces.push(Piece::Text(String::new()));
            }
            Tag::Item => {
                self.flush();
                self.items += 1;
                self.number = self.lists.last_mut().and_then(|next| {
                    let number = *next;
                    *next = number.map(|n| n + 1);
                    number
                });
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(*first);
            }
            Tag::FootnoteDefinition(_) => {
                self.flush();
                self.page.has_footnotes = true;
            }
            _ => {}
        }
    }

    fn closed(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::CodeBlock
            | TagEnd::Table
            | TagEnd::FootnoteDefinition => self.flush(),
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.flush();
                self.items = self.items.saturating_sub(1);
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.quotes = self.quotes.saturating_sub(1);
            }
            _ => {}
        }
    }

    /// Ends the block that is being written.
    fn flush(&mut self) {
        let draft = std::mem::take(&mut self.draft);
        let mut pieces = std::mem::take(&mut self.pieces);
        match self.open.take() {
            Some(Open::Heading(level)) => self.heading(level, draft, &mut pieces),
            Some(Open::Code) => self.push(draft.finish(BlockKind::Code, true), 0, None),
            Some(Open::Table) => self.push(draft.finish(BlockKind::Table, false), 0, None),
            Some(Open::Flow) | None => {
                let kind = match (self.items, self.quotes) {
                    (0, 0) => BlockKind::Paragraph,
                    (0, _) => BlockKind::Quote,
                    _ => BlockKind::ListItem,
                };
                let mut block = draft.finish(kind, false);
                if let Some(item) = block.as_mut().filter(|b| b.kind == BlockKind::ListItem) {
                    item.number = self.number.take();
                }
                match block.as_ref().and_then(|block| self.tag_heading(block)) {
                    Some((level, id)) => {
                        let block = block.map(|b| Block {
                            kind: BlockKind::Heading,
                            ..b
                        });
                        self.push(block, level, id);
                    }
                    None => self.push(block, 0, None),
                }
            }
        }
    }

    fn push(&mut self, block: Option<Block>, level: u8, id: Option<String>) {
        if let Some(block) = block {
            self.page.blocks.push(RawBlock { block, level, id });
        }
    }
}

/// The lines of a block up to its end, as one text, and where each stands: offset in that text,
/// offset in the text being parsed.
fn gather<'e>(
    events: &mut impl Iterator<Item = (Event<'e>, Range<usize>)>,
) -> (String, Vec<(usize, usize)>) {
    let mut text = String::new();
    let mut lines = Vec::new();
    for (event, range) in events {
        let (Event::Text(line) | Event::Html(line)) = event else {
            break;
        };
        lines.push((text.len(), range.start));
        text.push_str(&line);
    }
    (text, lines)
}

fn trim_end(text: &str, range: Range<usize>) -> Range<usize> {
    let length = text[range.clone()].trim_end().len();
    range.start..range.start + length
}
