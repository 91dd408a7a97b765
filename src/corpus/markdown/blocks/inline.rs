//! What stands within a block: words, code, line ends, HTML, and the title of a fence.

use super::headings::push_text;
use super::place::Place;
use super::{Collector, Open};
use crate::corpus::BlockKind;
use crate::corpus::block_builder::Draft;
use crate::corpus::markdown::heading_id::Piece;
use crate::corpus::place_holder::{BOX, EXPRESSION, LINE_BREAK, TAG, is_place_holder};
use pulldown_cmark::CowStr;
use std::ops::Range;

impl Collector<'_> {
    pub(super) fn text(&mut self, words: &CowStr, range: Range<usize>, place: &Place) {
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

    pub(super) fn code(&mut self, code: &str, text: &str, range: Range<usize>, place: &Place) {
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

    pub(super) fn line_break(&mut self, with: &str) {
        if matches!(self.open, Some(Open::Heading(_))) {
            // remark keeps the line end in the text, and the slug drops it.
            push_text(&mut self.pieces, "\n");
        }
        self.draft.separate(with);
    }

    pub(super) fn inline_html(&mut self, html: &str, range: &Range<usize>, place: &Place) {
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
    pub(super) fn code_title(
        &mut self,
        info: &str,
        text: &str,
        range: &Range<usize>,
        place: &Place,
    ) {
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
        self.push(draft.finish(BlockKind::Paragraph, false), 0, None);
    }
}
