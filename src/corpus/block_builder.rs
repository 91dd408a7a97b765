//! Collects visible text into blocks, keeping track of where each run of it stands in the source.
//!
//! Used by the readers of Markdown, HTML and plain text; it knows none of these formats.

use super::place_holder::is_place_holder;
use super::{Block, BlockKind, Segment};
use std::ops::Range;

/// A block, and what it is when it is a heading.
#[derive(Debug, Clone)]
pub(super) struct RawBlock {
    pub block: Block,
    /// 1–6 for headings, else 0.
    pub level: u8,
    /// Id of the heading in the page.
    pub id: Option<String>,
}

/// The block being written.
#[derive(Debug, Default)]
pub(super) struct Draft {
    text: String,
    segments: Vec<Segment>,
    range: Option<Range<usize>>,
}

impl Draft {
    /// Text that stands in the source letter by letter, or that `source` became.
    pub(super) fn push(&mut self, text: &str, source: Range<usize>) {
        if text.is_empty() {
            return;
        }
        let identity = text.len() == source.len();
        // Place holders of the Markdown mask can reach code and HTML; they are nobody's text.
        if text.bytes().any(is_place_holder) {
            let mut at = 0;
            for part in text.split_inclusive(|c: char| c.is_ascii() && is_place_holder(c as u8)) {
                let words =
                    part.trim_end_matches(|c: char| c.is_ascii() && is_place_holder(c as u8));
                let place = if identity {
                    source.start + at..source.start + at + words.len()
                } else {
                    source.clone()
                };
                self.push(words, place);
                at += part.len();
            }
            return;
        }
        match self.segments.last() {
            // Goes on where the last run ended.
            Some(last)
                if identity
                    && last.end == source.start
                    && last.end - last.start == self.text.len() - last.text =>
            {
                if let Some(last) = self.segments.last_mut() {
                    last.end = source.end;
                }
            }
            _ => self.segments.push(Segment {
                text: self.text.len(),
                start: source.start,
                end: source.end,
            }),
        }
        self.text.push_str(text);
        self.cover(source);
    }

    /// White space or a separator that has no place of its own in the source.
    pub(super) fn separate(&mut self, with: &str) {
        if self.text.is_empty() || (with == " " && self.text.ends_with(char::is_whitespace)) {
            return;
        }
        let at = self.segments.last().map_or(0, |s| s.end);
        self.segments.push(Segment {
            text: self.text.len(),
            start: at,
            end: at,
        });
        self.text.push_str(with);
    }

    /// Widens the range of the source the block came from.
    pub(super) fn cover(&mut self, source: Range<usize>) {
        match &mut self.range {
            Some(range) => {
                range.start = range.start.min(source.start);
                range.end = range.end.max(source.end);
            }
            None => self.range = Some(source),
        }
    }

    /// Bytes of the source covered so far.
    pub(super) fn range(&self) -> Option<Range<usize>> {
        self.range.clone()
    }

    /// The finished block; `None` when there is nothing to read in it.
    pub(super) fn finish(self, kind: BlockKind, keep_indent: bool) -> Option<Block> {
        let range = self.range?;
        let trimmed = if keep_indent {
            self.text.trim_end().trim_start_matches(['\n', '\r'])
        } else {
            self.text.trim()
        };
        if trimmed.is_empty() {
            return None;
        }
        let lead = trimmed.as_ptr() as usize - self.text.as_ptr() as usize;
        let text = trimmed.to_owned();
        let segments = cut(&self.segments, self.text.len(), lead, text.len());
        Some(Block {
            kind,
            text,
            number: None,
            range,
            segments,
        })
    }
}

/// Segments of the `length` bytes from `lead` on, of a text of `total` bytes.
fn cut(segments: &[Segment], total: usize, lead: usize, length: usize) -> Vec<Segment> {
    let mut cut: Vec<Segment> = Vec::new();
    for (i, segment) in segments.iter().enumerate() {
        let text_end = segments.get(i + 1).map_or(total, |next| next.text);
        if text_end <= lead || segment.text >= lead + length {
            continue;
        }
        let text = segment.text.saturating_sub(lead);
        let (mut start, mut end) = (segment.start, segment.end);
        // A run that stands in the source letter by letter shrinks with the text.
        if text_end - segment.text == end - start {
            start += lead.saturating_sub(segment.text);
            end -= text_end.saturating_sub(lead + length);
        }
        cut.push(Segment { text, start, end });
    }
    cut
}

impl Block {
    /// The part `from..to` of the text as a block of its own.
    pub(super) fn slice(&self, from: usize, to: usize) -> Self {
        Self {
            kind: self.kind,
            text: self.text[from..to].to_owned(),
            number: self.number.filter(|_| from == 0),
            range: self.source_of(from, to),
            segments: cut(&self.segments, self.text.len(), from, to - from),
        }
    }

    /// Bytes of the source the part `from..to` of this block's text came from.
    fn source_of(&self, from: usize, to: usize) -> Range<usize> {
        if self.segments.is_empty() || (from == 0 && to == self.text.len()) {
            return self.range.clone();
        }
        let start = if from == 0 {
            self.range.start
        } else {
            self.source_at(from, false)
        };
        let end = if to == self.text.len() {
            self.range.end
        } else {
            self.source_at(to, true)
        };
        start..end.max(start)
    }

    /// `ending`: whether the offset ends a part, so that a run that can't be divided belongs to it.
    fn source_at(&self, offset: usize, ending: bool) -> usize {
        let probe = if ending {
            offset.saturating_sub(1)
        } else {
            offset
        };
        let next = self.segments.partition_point(|s| s.text <= probe);
        let Some(segment) = next.checked_sub(1).map(|i| self.segments[i]) else {
            return self.range.start;
        };
        let text_end = self.segments.get(next).map_or(self.text.len(), |s| s.text);
        let identity = text_end - segment.text == segment.end - segment.start;
        match (identity, ending) {
            (true, _) => segment.start + (offset - segment.text).min(segment.end - segment.start),
            (false, true) => segment.end,
            (false, false) => segment.start,
        }
    }
}
