//! One JSX tag: where it ends, what it is called, and which of its attributes a reader sees.

use super::script::{self, Effort};
use std::ops::Range;

/// A tag longer than this is taken for text. Real ones with big props have a few kilobytes.
const MAX_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Tag {
    pub range: Range<usize>,
    pub name: Range<usize>,
    pub closing: bool,
    pub self_closing: bool,
    /// `(name, value without quotes)` of the attributes given as plain strings.
    pub strings: Vec<(Range<usize>, Range<usize>)>,
    /// By its attributes a reader sees nothing of the element.
    pub hides: bool,
}

impl Tag {
    pub(super) fn string<'s>(
        &self,
        source: &'s str,
        name: &str,
    ) -> Option<(&'s str, Range<usize>)> {
        self.strings
            .iter()
            .find(|(key, _)| &source[key.clone()] == name)
            .map(|(_, value)| (&source[value.clone()], value.clone()))
    }
}

/// Reads the tag that begins with `<` at `start`, if it is one.
pub(super) fn read(source: &[u8], start: usize, effort: &Effort) -> Option<Tag> {
    let end = source.len().min(start + MAX_BYTES);
    let mut i = start + 1;
    let closing = source.get(i) == Some(&b'/');
    if closing {
        i = skip_space(source, i + 1, end, effort);
    }
    let name_start = i;
    if i < end && is_name_start(source[i]) {
        while i < end && is_name_part(source[i]) {
            i += 1;
        }
        // `<https://…>` and `<a@b.c>` are links, not tags.
        if matches!(source.get(i), Some(b'/')) && source.get(i + 1) == Some(&b'/') {
            return None;
        }
    }
    let name = name_start..i;
    let mut strings = Vec::new();
    let mut hides = false;
    loop {
        let before = i;
        i = skip_space(source, i, end, effort);
        if i >= end {
            return None;
        }
        let spaced = i > before;
        match source[i] {
            b'>' => {
                return Some(Tag {
                    range: start..i + 1,
                    name,
                    closing,
                    self_closing: false,
                    strings,
                    hides,
                });
            }
            b'/' => {
                let close = skip_space(source, i + 1, end, effort);
                if source.get(close) != Some(&b'>') {
                    return None;
                }
                return Some(Tag {
                    range: start..close + 1,
                    name,
                    closing,
                    self_closing: true,
                    strings,
                    hides,
                });
            }
            b'{' if !name.is_empty() => {
                i = script::balanced(source, i, effort).filter(|n| *n <= end)?
            }
            b if !name.is_empty() && spaced && is_name_start(b) => {
                let key_start = i;
                while i < end && (is_name_part(source[i])) {
                    i += 1;
                }
                let key = key_start..i;
                let equals = skip_space(source, i, end, effort);
                if source.get(equals) != Some(&b'=') {
                    hides |= &source[key] == b"hidden";
                    continue;
                }
                i = skip_space(source, equals + 1, end, effort);
                match source.get(i)? {
                    quote @ (b'"' | b'\'') => {
                        let close = script::find_within(source, i + 1, end, &[*quote], effort)?;
                        strings.push((key, i + 1..close));
                        i = close + 1;
                    }
                    b'{' => {
                        let value_start = i;
                        i = script::balanced(source, i, effort).filter(|n| *n <= end)?;
                        hides |= hides_by(&source[key], &source[value_start..i]);
                    }
                    // HTML in Markdown allows bare values; JSX does not, but reading on does no harm.
                    b if b.is_ascii_alphanumeric() => {
                        let value_start = i;
                        while i < end && (source[i].is_ascii_alphanumeric() || source[i] == b'%') {
                            i += 1;
                        }
                        strings.push((key, value_start..i));
                    }
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

/// `style={{display: 'none'}}` and `hidden={true}`.
fn hides_by(key: &[u8], expression: &[u8]) -> bool {
    let told: Vec<u8> = expression
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`' | b'{' | b'}'))
        .collect();
    match key {
        b"hidden" => told == b"true",
        b"style" => told.split(|b| *b == b',').any(|declaration| {
            declaration == b"display:none" || declaration == b"visibility:hidden"
        }),
        _ => false,
    }
}

/// Whitespace and comments between attributes.
fn skip_space(source: &[u8], mut i: usize, end: usize, effort: &Effort) -> usize {
    loop {
        while i < end && source[i].is_ascii_whitespace() {
            i += 1;
        }
        if source[i..].starts_with(b"/*") {
            match script::find_within(source, i + 2, end, b"*/", effort) {
                Some(close) => i = close + 2,
                None => return i,
            }
        } else {
            return i;
        }
    }
}

fn is_name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b == b'$'
}

fn is_name_part(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'-' | b'.' | b':')
}
