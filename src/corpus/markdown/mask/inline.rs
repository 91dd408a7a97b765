//! Tags, expressions and comments within a line, masked up to the line they end on.

use super::Masker;
use super::tags::BOXES;
use crate::corpus::markdown::{script, tag};
use crate::corpus::place_holder::{BOX, EXPRESSION, LINE_BREAK, TAG};
use std::ops::Range;

impl Masker<'_> {
    /// Masks tags, expressions and comments from `content` to the end of the line they end on.
    /// Returns the start of the next line, and whether there was text besides.
    pub(super) fn inline(&mut self, content: usize, listed: bool) -> (usize, bool) {
        let mut i = content;
        let mut text = false;
        let mut masked: Vec<(Range<usize>, u8, u8)> = Vec::new();
        while i < self.bytes.len() {
            match self.bytes[i] {
                b'\n' => break,
                b'\\' => {
                    text = true;
                    i += 1;
                    // The escaped character is text; a line end stays a line end.
                    if i < self.bytes.len() && self.bytes[i].is_ascii_punctuation() {
                        i += 1;
                    }
                }
                b'`' => {
                    text = true;
                    i = self.code_searches.skip(self.bytes, i);
                }
                b'<' if self.bytes[i..].starts_with(b"<!--") => {
                    // Never closed: HTML hides the rest of the page, and so do we.
                    let end = self
                        .find(i + 4, b"-->")
                        .map_or(self.bytes.len(), |close| close + 3);
                    masked.push((i..end, TAG, TAG));
                    i = end;
                }
                b'<' => match tag::read(self.bytes, i, &self.effort) {
                    Some(tag) => {
                        let end = self.tag(&tag);
                        let name = &self.source[tag.name.clone()];
                        let first = match name {
                            "br" => LINE_BREAK,
                            _ if BOXES.contains(&name) => BOX,
                            _ => TAG,
                        };
                        masked.push((i..end, first, TAG));
                        i = end;
                    }
                    None => {
                        text = true;
                        i += 1;
                    }
                },
                b'{' if self.bytes.get(i + 1) != Some(&b'#') => match self.expression_end(i) {
                    Some(end) => {
                        match literal(&self.source[i..end]) {
                            Some(inner) => {
                                text = true;
                                masked.push((i..i + inner.start, EXPRESSION, EXPRESSION));
                                masked.push((i + inner.end..end, EXPRESSION, EXPRESSION));
                            }
                            None => masked.push((i..end, EXPRESSION, EXPRESSION)),
                        }
                        i = end;
                    }
                    None => {
                        text = true;
                        i += 1;
                    }
                },
                b => {
                    text |= !b.is_ascii_whitespace();
                    i += 1;
                }
            }
        }
        let alone = !text && !listed;
        for (range, first, rest) in masked {
            if alone {
                self.blank(range);
            } else {
                self.fill(range, first, rest);
            }
        }
        ((i + 1).min(self.bytes.len().max(i)), text)
    }

    /// Where the expression or comment that opens with the brace at `start` ends.
    fn expression_end(&self, start: usize) -> Option<usize> {
        if self.bytes[start + 1..].starts_with(b"/*") {
            let comment = self.find(start + 3, b"*/")?;
            self.find(comment + 2, b"}").map(|n| n + 1)
        } else {
            script::balanced(self.bytes, start, &self.effort)
        }
    }

    /// The first `needle` from `from` on, as long as there is effort left for looking.
    pub(super) fn find(&self, from: usize, needle: &[u8]) -> Option<usize> {
        script::find_within(self.bytes, from, self.bytes.len(), needle, &self.effort)
    }
}

/// `{'text'}`: what is between the quotes is on the page, when it holds nothing Markdown would read.
fn literal(expression: &str) -> Option<Range<usize>> {
    let inner = &expression[1..expression.len() - 1];
    let trimmed = inner.trim();
    let quote = trimmed.chars().next()?;
    if !matches!(quote, '"' | '\'' | '`') || trimmed.len() < 3 || !trimmed.ends_with(quote) {
        return None;
    }
    let text = &trimmed[1..trimmed.len() - 1];
    let plain = |c: char| {
        c.is_alphanumeric()
            || matches!(c, ' ' | '.' | ',' | '-' | ':' | ';' | '(' | ')' | '/' | '?')
    };
    if !text.chars().all(plain) || !text.chars().any(char::is_alphanumeric) {
        return None;
    }
    let start = expression.find(quote)? + 1;
    Some(start..start + text.len())
}
