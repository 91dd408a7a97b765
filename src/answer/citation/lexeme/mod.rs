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
    /// The line that opens a fence.
    FenceOpens(Fence),
    InFence,
    FenceCloses,
    /// Nothing: the next line stands further left than the fence, and ends the list it is in.
    FenceBreaks,
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

/// A fence that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fence {
    /// `` ` `` or `~`.
    mark: char,
    length: usize,
    /// Letters before it on its line: spaces, and the marks of lists.
    indent: usize,
}

impl Fence {
    /// The line that closes it, without its end, wherever the model wrote it.
    pub fn closing(self) -> String {
        " ".repeat(self.indent) + &String::from(self.mark).repeat(self.length)
    }
}

type Read<'a> = Option<(usize, Lexeme<'a>)>;

/// Where reading stands in its line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The letter before, `\n` at the start.
    pub before: char,
    /// Letters since the line began.
    column: usize,
    start: Start,
    /// Whether a list's mark came since the line began.
    is_item: bool,
    /// Whether nothing but spaces and the marks of lists and quotations came since the line began.
    is_block_start: bool,
}

/// How far the beginning of a line has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Only spaces since the line or its last list mark began.
    Spaces,
    /// Digits that a full stop or a bracket makes a list's mark.
    Digits,
    /// A list's mark, if a space follows.
    Mark,
    Over,
}

impl Place {
    pub const START: Self = Self {
        before: '\n',
        column: 0,
        start: Start::Spaces,
        is_item: false,
        is_block_start: true,
    };

    /// Moves past what was read.
    pub fn advance(&mut self, raw: &str) {
        for letter in raw.chars() {
            if letter == '\n' {
                *self = Self::START;
                continue;
            }
            self.before = letter;
            self.column += 1;
            self.start = match (self.start, letter) {
                (Start::Spaces | Start::Mark, ' ') => Start::Spaces,
                (Start::Spaces, '-' | '*' | '+') | (Start::Digits, '.' | ')') => Start::Mark,
                (Start::Spaces | Start::Digits, '0'..='9') => Start::Digits,
                _ => Start::Over,
            };
            self.is_item |= self.start == Start::Mark;
            self.is_block_start &= letter.is_ascii_digit() || " \t>-*+.)".contains(letter);
        }
    }

    /// Whether a fence may begin here: at the beginning of a line or of a list's item.
    fn opens_fence(self) -> bool {
        self.start == Start::Spaces
    }

    /// Whether a definition may begin here: with four spaces it would be code or go on a paragraph.
    fn opens_line(self) -> bool {
        self.opens_fence() && !self.is_item && self.column < 4
    }
}

/// Reads one lexeme inside a fence.
pub(super) fn in_fence(rest: &str, fence: Fence, place: Place, ended: bool) -> Read<'_> {
    let line_end = rest.find('\n').map(|at| at + 1);
    if place.before != '\n' {
        return Some((line_end.unwrap_or(rest.len()), Lexeme::InFence));
    }
    let line = &rest[..line_end.unwrap_or(rest.len())];
    let marks = line.trim_start_matches(' ');
    let whole = line_end.is_some() || ended || line.len() >= MAX_SPAN_BYTES;
    if marks.starts_with(fence.mark) || marks.is_empty() {
        if !whole {
            return None;
        }
        let run = run_of(fence.mark, marks);
        if run >= fence.length && marks[run..].trim().is_empty() && line.len() < MAX_SPAN_BYTES {
            return Some((line.len(), Lexeme::FenceCloses));
        }
    }
    let is_blank = marks.trim().is_empty();
    if !is_blank && line.len() - marks.len() < fence.indent {
        return Some((0, Lexeme::FenceBreaks));
    }
    Some((line.len(), Lexeme::InFence))
}

/// Reads one lexeme of prose.
pub(super) fn in_prose(rest: &str, place: Place, ended: bool) -> Read<'_> {
    let first = rest.chars().next()?;
    match first {
        '`' => code(rest, place, ended),
        '~' => tildes(rest, place, ended),
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
    let run = run_of('`', rest);
    if run == rest.len() && !ended {
        return None;
    }
    if run >= 3 && place.opens_fence() {
        let line = rest.split_once('\n').map_or(rest, |(line, _)| line);
        if !line[run..].contains('`') {
            return opening('`', run, rest, place, ended);
        }
    }
    let end = span(rest, ended)?;
    Some(end.map_or((run, Lexeme::Text), |end| (end, Lexeme::Code)))
}

/// Three or more of them are a fence too.
fn tildes(rest: &str, place: Place, ended: bool) -> Read<'_> {
    let run = run_of('~', rest);
    if run == rest.len() && !ended {
        return None;
    }
    if run >= 3 && place.opens_fence() {
        return opening('~', run, rest, place, ended);
    }
    Some((run, Lexeme::Text))
}

/// The line that opens a fence; it is one only when it has ended.
fn opening(mark: char, length: usize, rest: &str, place: Place, ended: bool) -> Read<'_> {
    let fence = Fence {
        mark,
        length,
        indent: place.column,
    };
    match rest.find('\n') {
        Some(end) if end <= length + MAX_SPAN_BYTES => Some((end + 1, Lexeme::FenceOpens(fence))),
        None if !ended && rest.len() <= length + MAX_SPAN_BYTES => None,
        _ => Some((length, Lexeme::Text)),
    }
}

/// Where the code span ends that begins here. The outer `None` waits for more; the inner one says
/// that it is never closed on this line.
#[allow(clippy::option_option)]
fn span(rest: &str, ended: bool) -> Option<Option<usize>> {
    let run = run_of('`', rest);
    let after = &rest[run..];
    let line_end = after.find('\n');
    let line = &after[..line_end.unwrap_or(after.len())];
    let mut at = 0;
    while let Some(found) = line[at..].find('`') {
        let start = at + found;
        let length = run_of('`', &line[start..]);
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

fn run_of(mark: char, rest: &str) -> usize {
    rest.chars().take_while(|letter| *letter == mark).count()
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
