//! Cuts blocks into parts of a budget, at the best place there is.

use super::super::{Block, BlockKind};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

type Count<'c> = &'c (dyn Fn(&str) -> usize + Sync);

/// Blank lines between blocks; a tokenizer makes at most this of them.
const SEPARATOR_TOKENS: usize = 1;

/// Groups blocks, in order, into parts of at most `room` tokens.
pub(super) fn parts(blocks: Vec<Block>, room: usize, count: Count) -> Vec<Vec<Block>> {
    let mut parts: Vec<Vec<Block>> = Vec::new();
    let mut part: Vec<Block> = Vec::new();
    let mut used = 0;
    for block in blocks {
        for (piece, tokens) in fitting(block, room, count) {
            if !part.is_empty() && used + SEPARATOR_TOKENS + tokens > room {
                parts.push(std::mem::take(&mut part));
                used = 0;
            }
            used += tokens + if part.is_empty() { 0 } else { SEPARATOR_TOKENS };
            part.push(piece);
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// The block itself, or pieces of it that fit, each with its tokens.
fn fitting(block: Block, room: usize, count: Count) -> Vec<(Block, usize)> {
    // Counting a long text costs; one with this many bytes to a token does not exist.
    if block.text.len() <= room.saturating_mul(64) {
        let tokens = count(&block.text);
        if tokens <= room {
            return vec![(block, tokens)];
        }
    }
    let level = match block.kind {
        BlockKind::Code | BlockKind::Table => Level::Lines,
        _ => Level::Sentences,
    };
    let mut spans = Vec::new();
    divide(
        &block.text,
        0..block.text.len(),
        level,
        room,
        count,
        &mut spans,
    );
    pack(spans, room)
        .into_iter()
        .filter_map(|(span, tokens)| piece(&block, span).map(|piece| (piece, tokens)))
        .collect()
}

/// Sentences from the end of a block, for the beginning of the next part.
pub(super) fn tail(block: &Block, room: usize, count: Count) -> Option<Block> {
    if room == 0
        || matches!(
            block.kind,
            BlockKind::Code | BlockKind::Table | BlockKind::Heading
        )
    {
        return None;
    }
    // Sentences can only be found from the front; no tail is longer than this.
    let mut window = block.text.len().saturating_sub(room.saturating_mul(64));
    while !block.text.is_char_boundary(window) {
        window += 1;
    }
    let mut start = block.text.len();
    let mut used = 0;
    let sentences: Vec<(usize, &str)> = block.text[window..]
        .split_sentence_bound_indices()
        .collect();
    for (at, sentence) in sentences.into_iter().rev() {
        used += count(sentence);
        if used > room {
            break;
        }
        start = window + at;
    }
    if start == block.text.len() {
        return None;
    }
    piece(block, start..block.text.len())
}

/// A part of a block, without the white space around it.
fn piece(block: &Block, span: Range<usize>) -> Option<Block> {
    let text = &block.text[span.clone()];
    let trimmed = if block.kind == BlockKind::Code {
        text.trim_end()
    } else {
        text.trim()
    };
    if trimmed.trim().is_empty() {
        return None;
    }
    let start = span.start + (trimmed.as_ptr() as usize - text.as_ptr() as usize);
    let end = start + trimmed.len();
    Some(block.slice(start, end))
}

#[derive(Clone, Copy)]
enum Level {
    Lines,
    Sentences,
    Words,
    Characters,
}

/// Cuts `span` into spans that fit, each with its tokens; together they are the whole span.
fn divide(
    text: &str,
    span: Range<usize>,
    level: Level,
    room: usize,
    count: Count,
    out: &mut Vec<(Range<usize>, usize)>,
) {
    let part = &text[span.clone()];
    let (cuts, finer): (Vec<&str>, Level) = match level {
        Level::Lines => (part.split_inclusive('\n').collect(), Level::Words),
        Level::Sentences => (part.split_sentence_bounds().collect(), Level::Words),
        Level::Words => (
            part.split_inclusive(char::is_whitespace).collect(),
            Level::Characters,
        ),
        Level::Characters => return divide_characters(text, span, room, count, out),
    };
    let mut at = span.start;
    for cut in cuts {
        let range = at..at + cut.len();
        at = range.end;
        // As above: don't count what can't fit.
        let tokens = if cut.len() > room.saturating_mul(64) {
            usize::MAX
        } else {
            count(cut)
        };
        if tokens <= room {
            out.push((range, tokens));
        } else {
            divide(text, range, finer, room, count, out);
        }
    }
}

/// A word too long for any budget (a key, a data URL) is cut where it must be.
fn divide_characters(
    text: &str,
    span: Range<usize>,
    room: usize,
    count: Count,
    out: &mut Vec<(Range<usize>, usize)>,
) {
    let mut at = span.start;
    // Two bytes to a token is what such words come to.
    let mut length = room.saturating_mul(2).max(1);
    while at < span.end {
        let mut end = (at + length).min(span.end);
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let tokens = count(&text[at..end]);
        let one_character = text[at..end].chars().nth(1).is_none();
        if tokens <= room || one_character {
            out.push((at..end, tokens));
            at = end;
        } else {
            length = (length / 2).max(1);
        }
    }
}

/// Joins neighbours while they fit.
fn pack(spans: Vec<(Range<usize>, usize)>, room: usize) -> Vec<(Range<usize>, usize)> {
    let mut packed: Vec<(Range<usize>, usize)> = Vec::new();
    for (span, tokens) in spans {
        match packed.last_mut() {
            Some((last, used)) if last.end == span.start && *used + tokens <= room => {
                last.end = span.end;
                *used += tokens;
            }
            _ => packed.push((span, tokens)),
        }
    }
    packed
}
