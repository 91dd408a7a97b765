//! Headings: the page's title, ids, and the text left when an explicit id is taken out of it.

use super::Collector;
use crate::corpus::block_builder::Draft;
use crate::corpus::markdown::heading_id::Piece;
use crate::corpus::{Block, BlockKind};

impl Collector<'_> {
    pub(super) fn heading(&mut self, level: u8, draft: Draft, pieces: &mut Vec<Piece>) {
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
    pub(super) fn tag_heading(&self, block: &Block) -> Option<(u8, Option<String>)> {
        let tags = &self.masked.tag_headings;
        let next = tags.partition_point(|tag| tag.range.start <= block.range.start);
        tags.get(next.checked_sub(1)?)
            .filter(|tag| block.range.end <= tag.range.end)
            .map(|tag| (tag.level, tag.id.clone().filter(|id| !id.is_empty())))
    }
}

/// Text in a heading; runs of it are one piece, as in remark.
pub(super) fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if let Some(Piece::Text(last)) = pieces.last_mut() {
        last.push_str(text);
    } else {
        pieces.push(Piece::Text(text.to_owned()));
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

/// Bytes of the text a reader sees, without white space at its end, which no block keeps either.
fn visible_length(pieces: &[Piece]) -> usize {
    let texts = pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) | Piece::Code(text) => Some(text.as_str()),
        Piece::Expression(_) | Piece::Html(_) => None,
    });
    texts.collect::<String>().trim_end().len()
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
