//! The parser's events → blocks of visible text.

use super::heading_id::{Piece, Slugger};
use super::mask::{self, Masked};
use super::page::{Flavor, Page, Reader};
use crate::corpus::block_builder::{Draft, RawBlock};
use crate::corpus::html::HtmlReader;
use crate::corpus::place_holder::{BOX, EXPRESSION, LINE_BREAK, TAG, is_place_holder};
use crate::corpus::{Block, BlockKind};
use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// In MDX nothing is code because of its indentation; such text is read again without it. Pages go
/// two or three components deep.
const MAX_INDENT_DEPTH: usize = 8;

pub(super) fn options() -> Options {
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
        headings_seen: 0,
        rule_seen: false,
    };
    collector.read(&masked.text, &Place::Same, 0);
    let mut page = collector.page;
    merge_extras(&mut page.blocks, masked);
    page
}

/// Where the text being parsed stands in the source.
enum Place<'p> {
    Same,
    /// Lines whose indentation was taken away: offset in the text, offset in the outer text.
    Lines(&'p Place<'p>, Vec<(usize, usize)>),
}

impl Place<'_> {
    fn source(&self, offset: usize) -> usize {
        match self {
            Self::Same => offset,
            Self::Lines(outer, lines) => {
                let next = lines.partition_point(|(at, _)| *at <= offset);
                let (at, outer_at) = next.checked_sub(1).map_or((0, 0), |i| lines[i]);
                outer.source(outer_at + (offset - at))
            }
        }
    }

    fn range(&self, range: Range<usize>) -> Range<usize> {
        let start = self.source(range.start);
        // The end is looked up from the last byte: the next line may be somewhere else.
        let end = if range.end > range.start {
            self.source(range.end - 1) + 1
        } else {
            start
        };
        start..end
    }
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
        let mut events = Parser::new_ext(text, options()).into_offset_iter();
        while let Some((event, range)) = events.next() {
            match event {
                Event::Start(tag) => match tag {
                    Tag::Paragraph => {
                        self.flush();
                        self.open = Some(Open::Flow);
                        self.draft.cover(place.range(trim_end(text, range)));
                    }
                    Tag::Heading { level, .. } => {
                        self.flush();
                        self.open = Some(Open::Heading(level as u8));
                        self.draft.cover(place.range(trim_end(text, range)));
                    }
                    Tag::BlockQuote(_) => {
                        self.flush();
                        self.quotes += 1;
                    }
                    Tag::CodeBlock(CodeBlockKind::Indented)
                        if self.reader.flavor == Flavor::Mdx && depth < MAX_INDENT_DEPTH =>
                    {
                        self.flush();
                        let mut inner = String::new();
                        let mut lines = Vec::new();
                        for (event, range) in events.by_ref() {
                            match event {
                                Event::Text(line) => {
                                    lines.push((inner.len(), range.start));
                                    inner.push_str(&line);
                                }
                                _ => break,
                            }
                        }
                        self.read(&inner, &Place::Lines(place, lines), depth + 1);
                    }
                    Tag::CodeBlock(kind) => {
                        self.flush();
                        if let CodeBlockKind::Fenced(info) = &kind {
                            self.code_title(info, text, &range, place);
                        }
                        // The fence itself is not text, and its title is a block of its own.
                        self.open = Some(Open::Code);
                    }
                    Tag::HtmlBlock => {
                        self.flush();
                        let mut html = String::new();
                        let mut lines = Vec::new();
                        for (event, range) in events.by_ref() {
                            match event {
                                Event::Html(line) | Event::Text(line) => {
                                    lines.push((html.len(), range.start));
                                    html.push_str(&line);
                                }
                                _ => break,
                            }
                        }
                        let lines = Place::Lines(place, lines);
                        self.html
                            .read(&html, &|at| lines.source(at), &mut self.page.blocks);
                        self.html.flush(&mut self.page.blocks);
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
                    }
                    Tag::List(_) => self.flush(),
                    Tag::FootnoteDefinition(_) => {
                        self.flush();
                        self.page.has_footnotes = true;
                    }
                    _ => {}
                },
                Event::End(tag) => match tag {
                    TagEnd::Paragraph
                    | TagEnd::Heading(_)
                    | TagEnd::CodeBlock
                    | TagEnd::Table
                    | TagEnd::List(_)
                    | TagEnd::FootnoteDefinition => self.flush(),
                    TagEnd::Item => {
                        self.flush();
                        self.items = self.items.saturating_sub(1);
                    }
                    TagEnd::BlockQuote(_) => {
                        self.flush();
                        self.quotes = self.quotes.saturating_sub(1);
                    }
                    _ => {}
                },
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

    fn text(&mut self, words: &CowStr, range: Range<usize>, place: &Place) {
        if self.html.is_hidden() {
            return;
        }
        let heading = matches!(self.open, Some(Open::Heading(_)));
        if !words.bytes().any(is_place_holder) {
            if heading {
                push_text(&mut self.pieces, words);
            }
            self.draft.push(words, place.range(range));
            return;
        }
        // Place holders are as long as what they stand for, so offsets hold within the event.
        let bytes = words.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            let run_start = i;
            if is_place_holder(bytes[i]) {
                match bytes[i] {
                    LINE_BREAK => self.draft.separate("\n"),
                    BOX => self.draft.separate(" "),
                    _ => {}
                }
                let first = bytes[i];
                let rest = if first == EXPRESSION { EXPRESSION } else { TAG };
                i += 1;
                while i < bytes.len() && bytes[i] == rest {
                    i += 1;
                }
                if heading && first == EXPRESSION {
                    let source = place.range(range.start + run_start..range.start + i);
                    let value = self.source.get(source).unwrap_or("");
                    let value = value.strip_prefix('{').unwrap_or(value);
                    let value = value.strip_suffix('}').unwrap_or(value);
                    self.pieces.push(Piece::Expression(value.to_owned()));
                }
            } else {
                while i < bytes.len() && !is_place_holder(bytes[i]) {
                    i += 1;
                }
                let part = &words[run_start..i];
                if heading {
                    push_text(&mut self.pieces, part);
                }
                self.draft
                    .push(part, place.range(range.start + run_start..range.start + i));
            }
        }
    }

    fn code(&mut self, code: &str, text: &str, range: Range<usize>, place: &Place) {
        if self.html.is_hidden() {
            return;
        }
        if matches!(self.open, Some(Open::Heading(_))) {
            self.pieces.push(Piece::Code(code.to_owned()));
        }
        let inner = text[range.clone()]
            .find(code)
            .map(|at| range.start + at..range.start + at + code.len());
        self.draft.push(code, place.range(inner.unwrap_or(range)));
    }

    fn line_break(&mut self, with: &str) {
        if matches!(self.open, Some(Open::Heading(_))) {
            // remark keeps the line end in the text, and the slug drops it.
            push_text(&mut self.pieces, "\n");
        }
        self.draft.separate(with);
    }

    fn inline_html(&mut self, html: &str, range: &Range<usize>, place: &Place) {
        let removed = html.starts_with("<!--") && !self.reader.comment_ids;
        if matches!(self.open, Some(Open::Heading(_))) && !removed {
            self.pieces.push(Piece::Html(html.to_owned()));
        }
        if html.starts_with("<br") {
            self.draft.separate("\n");
        }
        let mut none = Vec::new();
        let start = place.source(range.start);
        self.html.read(html, &|at| start + at, &mut none);
    }

    /// `title="…"` of a fence is shown above it.
    fn code_title(&mut self, info: &str, text: &str, range: &Range<usize>, place: &Place) {
        let Some(at) = info.find("title=") else {
            return;
        };
        let rest = &info[at + 6..];
        let Some(quote) = rest.chars().next().filter(|q| matches!(q, '"' | '\'')) else {
            return;
        };
        let Some(title) = rest[1..]
            .split(quote)
            .next()
            .filter(|t| !t.trim().is_empty())
        else {
            return;
        };
        let Some(found) = text[range.clone()].find(title) else {
            return;
        };
        let start = range.start + found;
        let mut draft = Draft::default();
        draft.push(title, place.range(start..start + title.len()));
        if let Some(block) = draft.finish(BlockKind::Paragraph, false) {
            self.page.blocks.push(RawBlock {
                block,
                level: 0,
                id: None,
            });
        }
    }

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
                let block = draft.finish(kind, false);
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

    fn heading(&mut self, level: u8, draft: Draft, pieces: &mut Vec<Piece>) {
        self.headings_seen += 1;
        let is_title = level == 1 && self.headings_seen == 1 && !self.rule_seen;
        let range = draft.range();
        let block = draft.finish(BlockKind::Heading, false);
        if is_title {
            self.page.content_title = block.as_ref().map(|b| b.text.clone());
        }
        if is_title && self.reader.drop_title {
            self.push(block, level, None);
            return;
        }
        without_text_directives(pieces);
        let before: usize = visible_length(pieces);
        let id = self.slugger.id(pieces);
        let removed = before - visible_length(pieces);
        // A heading of an expression alone has an id, but no text that could be known here.
        let block = block.map(|b| shorten(b, removed)).or_else(|| {
            let kind = BlockKind::Heading;
            (!id.is_empty()).then(|| Block::new(kind, "", range.unwrap_or_default()))
        });
        if is_title {
            self.page.content_title = block.as_ref().map(|b| b.text.clone());
        }
        let has_id = (level > 1 || (self.reader.title_ids && !is_title)) && !id.is_empty();
        self.push(block, level, has_id.then_some(id));
    }

    /// Whether a block is the text of an `<h2>` tag.
    fn tag_heading(&self, block: &Block) -> Option<(u8, Option<String>)> {
        let tags = &self.masked.tag_headings;
        let next = tags.partition_point(|tag| tag.range.start <= block.range.start);
        tags.get(next.checked_sub(1)?)
            .filter(|tag| block.range.end <= tag.range.end)
            .map(|tag| (tag.level, tag.id.clone().filter(|id| !id.is_empty())))
    }

    fn push(&mut self, block: Option<Block>, level: u8, id: Option<String>) {
        if let Some(block) = block {
            self.page.blocks.push(RawBlock { block, level, id });
        }
    }
}

/// Removes an explicit id from the end of a heading's text.
fn shorten(mut block: Block, removed: usize) -> Block {
    if removed > 0 && removed < block.text.len() {
        let mut length = block.text.len() - removed;
        while !block.text.is_char_boundary(length) {
            length -= 1;
        }
        block.text.truncate(length);
        block.text.truncate(block.text.trim_end().len());
        let length = block.text.len();
        block.segments.retain(|s| s.text < length);
    }
    block
}

fn visible_length(pieces: &[Piece]) -> usize {
    pieces
        .iter()
        .map(|p| {
            if let Piece::Text(t) | Piece::Code(t) = p {
                t.len()
            } else {
                0
            }
        })
        .sum()
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if let Some(Piece::Text(last)) = pieces.last_mut() {
        last.push_str(text);
    } else {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

/// remark-directive takes `:name` in running text for a directive, which has no text of its own.
fn without_text_directives(pieces: &mut [Piece]) {
    for piece in pieces {
        let Piece::Text(text) = piece else { continue };
        if !text.contains(':') {
            continue;
        }
        let bytes = text.as_bytes();
        let mut kept = String::with_capacity(text.len());
        let mut i = 0;
        while i < bytes.len() {
            if bytes[i] == b':' && (i == 0 || bytes[i - 1] != b':') {
                let name = bytes[i + 1..]
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
                    .count();
                let end = i + 1 + name;
                let begins = name > 0 && bytes[i + 1].is_ascii_alphabetic();
                let ends = name > 0
                    && !matches!(bytes[end - 1], b'-' | b'_')
                    && bytes.get(end) != Some(&b':');
                if begins && ends {
                    i = end;
                    continue;
                }
            }
            let length = text[i..].chars().next().map_or(1, char::len_utf8);
            kept.push_str(&text[i..i + length]);
            i += length;
        }
        *text = kept;
    }
}

fn trim_end(text: &str, range: Range<usize>) -> Range<usize> {
    let length = text[range.clone()].trim_end().len();
    range.start..range.start + length
}

/// Titles of admonitions and labels of tabs, at their places among the blocks.
fn merge_extras(blocks: &mut Vec<RawBlock>, masked: &Masked) {
    if masked.extras.is_empty() {
        return;
    }
    let mut merged = Vec::with_capacity(blocks.len() + masked.extras.len());
    let mut extras = masked.extras.iter().peekable();
    for raw in blocks.drain(..) {
        while let Some(extra) = extras.next_if(|e| e.range.start < raw.block.range.start) {
            merged.extend(extra_block(extra));
        }
        merged.push(raw);
    }
    merged.extend(extras.filter_map(extra_block));
    *blocks = merged;
}

fn extra_block(extra: &mask::Extra) -> Option<RawBlock> {
    let mut draft = Draft::default();
    for (event, range) in Parser::new_ext(&extra.text, Options::empty()).into_offset_iter() {
        if let Event::Text(words) | Event::Code(words) = event {
            draft.push(
                &words,
                extra.range.start + range.start..extra.range.start + range.end,
            );
        }
    }
    draft.cover(extra.range.clone());
    draft
        .finish(BlockKind::Paragraph, false)
        .map(|block| RawBlock {
            block,
            level: 0,
            id: None,
        })
}
