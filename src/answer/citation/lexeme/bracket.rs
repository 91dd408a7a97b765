//! What stands in square brackets: citations, links, images.
//!
//! It does not know which of them may stay.

use super::{Lexeme, MAX_SPAN_BYTES, MAX_URL_BYTES, Place, Read, one_letter, run_of, span};

/// More numbers than this in one pair of brackets are data, not citations.
const MAX_NUMBERS: usize = 20;

pub(super) fn bracket<'a>(rest: &'a str, spaces: &'a str, place: Place, ended: bool) -> Read<'a> {
    let (open, close) = if rest.starts_with('[') {
        ('[', ']')
    } else {
        ('【', '】')
    };
    let inside_start = open.len_utf8();
    if let Some(read) = linked(rest, spaces, ended)? {
        return Some(read);
    }
    let Some((inside, end)) = until(rest, inside_start, close, MAX_SPAN_BYTES, ended)? else {
        return Some((inside_start, Lexeme::Text));
    };
    let after = &rest[end..];
    if after.is_empty() && !ended {
        return None;
    }
    // `[name]: //elsewhere` would give an address to every `[name]` of the answer.
    if after.starts_with(':') && place.opens_line() {
        return Some((end + 1, Lexeme::Tag));
    }
    let is_link = open == '[' && after.starts_with('(');
    let link = if is_link {
        until(rest, end + 1, ')', MAX_URL_BYTES, ended)?
    } else {
        None
    };
    if let Some(numbers) = numbers(inside) {
        // `list[0]`: an index, not a citation.
        let is_index = numbers == [0]
            && spaces.is_empty()
            && (place.before.is_ascii_alphanumeric() || matches!(place.before, '_' | ')' | ']'));
        if is_index {
            return Some((inside_start, Lexeme::Text));
        }
        let read = link.map_or(end, |(_, link_end)| link_end);
        return Some((read, Lexeme::Citation { spaces, numbers }));
    }
    match link {
        Some((target, link_end)) => {
            let target = target.split_whitespace().next().unwrap_or_default();
            let target = target.trim_matches(['<', '>']);
            Some((
                link_end,
                Lexeme::Link {
                    text: inside,
                    target,
                },
            ))
        }
        None => Some((inside_start, Lexeme::Text)),
    }
}

/// `[[1]](address)` and `[[1]]`: a citation that the model made a link of itself.
#[allow(clippy::option_option)]
fn linked<'a>(rest: &'a str, spaces: &'a str, ended: bool) -> Option<Option<(usize, Lexeme<'a>)>> {
    if rest == "[" && !ended {
        return None;
    }
    if !rest.starts_with("[[") {
        return Some(None);
    }
    let Some((inside, end)) = until(rest, 2, ']', MAX_SPAN_BYTES, ended)? else {
        return Some(None);
    };
    let Some(numbers) = numbers(inside) else {
        return Some(None);
    };
    let after = &rest[end..];
    if matches!(after, "" | "]") && !ended {
        return None;
    }
    if !after.starts_with(']') {
        return Some(None);
    }
    let link = if after.starts_with("](") {
        until(rest, end + 2, ')', MAX_URL_BYTES, ended)?
    } else {
        None
    };
    let read = link.map_or(end + 1, |(_, link_end)| link_end);
    Some(Some((read, Lexeme::Citation { spaces, numbers })))
}

/// The text from `start` to `close`, and where it ends. The outer `None` waits for more; the inner
/// one says that it is never closed on this line.
#[allow(clippy::option_option)]
fn until(
    rest: &str,
    start: usize,
    close: char,
    limit: usize,
    ended: bool,
) -> Option<Option<(&str, usize)>> {
    let inside = &rest[start..];
    let mut at = 0;
    while let Some(letter) = inside[at..].chars().next() {
        if letter == close {
            return Some(Some((&inside[..at], start + at + letter.len_utf8())));
        }
        if letter == '\n' || at >= limit {
            return Some(None);
        }
        at += match letter {
            // Code binds tighter than brackets; the targets of links know no code.
            '`' if close != ')' => {
                span(&inside[at..], ended)?.unwrap_or_else(|| run_of('`', &inside[at..]))
            }
            _ => letter.len_utf8(),
        };
    }
    if ended { Some(None) } else { None }
}

/// `1`, `1, 2`, `1-3`, `^1`, `passage 2`, `1†source`: what models write for citations.
fn numbers(inside: &str) -> Option<Vec<usize>> {
    let inside = inside.split('†').next().unwrap_or_default().trim();
    let lower = inside.to_lowercase();
    let inside = ["passages", "passage", "sources", "source", "n="]
        .iter()
        .find_map(|word| lower.strip_prefix(word))
        .unwrap_or(&lower)
        .trim();
    let mut numbers = Vec::new();
    for part in inside.split([',', ';', '،']) {
        let part = part.trim().trim_start_matches(['^', '#']);
        let mut ends = part.splitn(2, ['-', '–']).map(|end| number(end.trim()));
        let first = ends.next()??;
        match ends.next() {
            None => numbers.push(first),
            Some(last) => {
                let last = last?;
                if last < first || last - first >= MAX_NUMBERS {
                    return None;
                }
                numbers.extend(first..=last);
            }
        }
    }
    (!numbers.is_empty() && numbers.len() <= MAX_NUMBERS).then_some(numbers)
}

/// A number in European, Arabic or Urdu digits.
fn number(text: &str) -> Option<usize> {
    if text.is_empty() || text.chars().count() > 6 {
        return None;
    }
    text.chars().try_fold(0, |sum, c| {
        let digit = match c {
            '0'..='9' => c as usize - '0' as usize,
            '٠'..='٩' => c as usize - '٠' as usize,
            '۰'..='۹' => c as usize - '۰' as usize,
            _ => return None,
        };
        Some(sum * 10 + digit)
    })
}

pub(super) fn image(rest: &str, ended: bool) -> Read<'_> {
    let after = &rest[1..];
    if after.is_empty() && !ended {
        return None;
    }
    if !after.starts_with('[') {
        return one_letter(rest);
    }
    let Some((alt, end)) = until(rest, 2, ']', MAX_SPAN_BYTES, ended)? else {
        return one_letter(rest);
    };
    if rest[end..].is_empty() && !ended {
        return None;
    }
    if !rest[end..].starts_with('(') {
        return one_letter(rest);
    }
    match until(rest, end + 1, ')', MAX_URL_BYTES, ended)? {
        Some((_, image_end)) => Some((image_end, Lexeme::Image { alt })),
        None => one_letter(rest),
    }
}
