//! The next piece of a model's Markdown that is decided on as a whole.
//!
//! Each function returns `None` while more text could change the decision; with `ended` it always
//! decides. That is what makes the filter independent of how the text was cut.

mod address;
mod bracket;
mod tag;

pub(super) use address::{is_loopback, looks_like_url};
pub(super) use tag::opens_dropped_tag;

use address::url;
use bracket::{bracket, image};
use tag::tag;

/// Letters waited for before a bracket, a code span or a tag counts as never closed.
const MAX_SPAN_BYTES: usize = 400;
/// The same for addresses, which are longer.
const MAX_URL_BYTES: usize = 2_000;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lexeme<'a> {
    Text,
    /// A closed code span.
    Code,
    /// The line that opens a fence of so many backticks.
    FenceOpens(usize),
    InFence,
    FenceCloses,
    /// `[1]`, `[1, 2]`, `[1-3]`, `【1】`, with the spaces before it.
    Citation {
        spaces: &'a str,
        numbers: Vec<usize>,
    },
    Link {
        text: &'a str,
        target: &'a str,
    },
    Image {
        alt: &'a str,
    },
    Url(&'a str),
    Tag,
    /// The `<` of a tag that never closes.
    BrokenTag,
}

type Read<'a> = Option<(usize, Lexeme<'a>)>;

/// Where reading stands in its line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The letter before, `\n` at the start.
    pub before: char,
    /// Spaces since the line began; `None` after anything else.
    indent: Option<usize>,
    /// Whether nothing but spaces and the marks of lists and quotations came since the line began.
    is_block_start: bool,
}

impl Place {
    pub const START: Self = Self {
        before: '\n',
        indent: Some(0),
        is_block_start: true,
    };

    /// Moves past what was read.
    pub fn advance(&mut self, raw: &str) {
        for letter in raw.chars() {
            self.before = letter;
            self.is_block_start = letter == '\n'
                || (self.is_block_start
                    && (letter.is_ascii_digit() || " \t>-*+.)".contains(letter)));
            self.indent = match (letter, self.indent) {
                ('\n', _) => Some(0),
                (' ', Some(spaces)) => Some(spaces + 1),
                _ => None,
            };
        }
    }

    /// Whether a block may begin here: with four spaces it would be code or go on a paragraph.
    fn opens_line(self) -> bool {
        self.indent.is_some_and(|spaces| spaces < 4)
    }
}

/// Reads one lexeme inside a fence.
pub(super) fn in_fence(rest: &str, fence: usize, place: Place, ended: bool) -> Read<'_> {
    let line_end = rest.find('\n').map(|at| at + 1);
    if place.before != '\n' {
        return Some((line_end.unwrap_or(rest.len()), Lexeme::InFence));
    }
    let line = &rest[..line_end.unwrap_or(rest.len())];
    let marks = line.trim_start_matches(' ');
    if !marks.is_empty() && !marks.starts_with('`') {
        return Some((line.len(), Lexeme::InFence));
    }
    if line_end.is_none() && !ended && line.len() < MAX_SPAN_BYTES {
        return None;
    }
    let run = run_of_backticks(marks);
    let closes = run >= fence && marks[run..].trim().is_empty() && line.len() < MAX_SPAN_BYTES;
    let lexeme = if closes {
        Lexeme::FenceCloses
    } else {
        Lexeme::InFence
    };
    Some((line.len(), lexeme))
}

/// Reads one lexeme of prose.
pub(super) fn in_prose(rest: &str, place: Place, ended: bool) -> Read<'_> {
    let first = rest.chars().next()?;
    match first {
        '`' => code(rest, place, ended),
        ' ' | '\t' => spaces(rest, place, ended),
        '[' | '【' => bracket(rest, "", place, ended),
        '!' => image(rest, ended),
        '<' => tag(rest, place, ended),
        _ if !place.before.is_alphanumeric() && first.is_ascii_alphabetic() => url(rest, ended),
        _ => one_letter(rest),
    }
}

fn one_letter(rest: &str) -> Read<'_> {
    rest.chars().next().map(|c| (c.len_utf8(), Lexeme::Text))
}

fn code(rest: &str, place: Place, ended: bool) -> Read<'_> {
    if place.before == '\\' {
        return one_letter(rest);
    }
    let run = run_of_backticks(rest);
    if run == rest.len() && !ended {
        return None;
    }
    let after = &rest[run..];
    let line_end = after.find('\n');
    if run >= 3 && place.opens_line() {
        let info = &after[..line_end.unwrap_or(after.len())];
        if !info.contains('`') {
            return match line_end {
                _ if info.len() > MAX_SPAN_BYTES => Some((run, Lexeme::Text)),
                Some(end) => Some((run + end + 1, Lexeme::FenceOpens(run))),
                None if ended => Some((run, Lexeme::Text)),
                None => None,
            };
        }
    }
    let end = span(rest, ended)?;
    Some(end.map_or((run, Lexeme::Text), |end| (end, Lexeme::Code)))
}

/// Where the code span ends that begins here. The outer `None` waits for more; the inner one says
/// that it is never closed on this line.
#[allow(clippy::option_option)]
fn span(rest: &str, ended: bool) -> Option<Option<usize>> {
    let run = run_of_backticks(rest);
    let after = &rest[run..];
    let line_end = after.find('\n');
    let line = &after[..line_end.unwrap_or(after.len())];
    let mut at = 0;
    while let Some(found) = line[at..].find('`') {
        let start = at + found;
        let length = run_of_backticks(&line[start..]);
        let end = start + length;
        if start > MAX_SPAN_BYTES {
            break;
        }
        if end == after.len() && !ended {
            return None;
        }
        if length == run {
            return Some(Some(run + end));
        }
        at = end;
    }
    if line_end.is_none() && !ended && line.len() <= MAX_SPAN_BYTES {
        return None;
    }
    Some(None)
}

fn run_of_backticks(rest: &str) -> usize {
    rest.bytes().take_while(|b| *b == b'`').count()
}

fn spaces(rest: &str, place: Place, ended: bool) -> Read<'_> {
    let length = rest
        .bytes()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    if length == rest.len() && !ended {
        return None;
    }
    let (spaces, after) = rest.split_at(length);
    if after.starts_with(['[', '【']) {
        let mut place = place;
        place.advance(spaces);
        match bracket(after, spaces, place, ended)? {
            (read, cited @ Lexeme::Citation { .. }) => return Some((length + read, cited)),
            _ => return Some((length, Lexeme::Text)),
        }
    }
    Some((length, Lexeme::Text))
}
