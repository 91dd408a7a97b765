//! The next piece of a model's Markdown that is decided on as a whole.
//!
//! Each function returns `None` while more text could change the decision; with `ended` it always
//! decides. That is what makes the filter independent of how the text was cut.

/// Letters waited for before a bracket, a code span or a tag counts as never closed.
const MAX_SPAN_BYTES: usize = 400;
/// The same for addresses, which are longer.
const MAX_URL_BYTES: usize = 2_000;
/// More numbers than this in one pair of brackets are data, not citations.
const MAX_NUMBERS: usize = 20;

/// Tags that load, send, run or hide something. Others (`<View>`) are text in documentation.
const DROPPED_TAGS: &[&str] = &[
    "a", "img", "script", "style", "iframe", "object", "embed", "form", "input", "button", "svg",
    "math", "video", "audio", "source", "link", "meta", "base", "picture", "frame", "frameset",
    "textarea", "template",
];

/// How addresses begin, in lowercase.
const URL_OPENINGS: &[&str] = &[
    "http://",
    "https://",
    "ftp://",
    "www.",
    "mailto:",
    "javascript:",
    "vbscript:",
    "data:",
    "file://",
];

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
}

impl Place {
    pub const START: Self = Self {
        before: '\n',
        indent: Some(0),
    };

    /// Moves past what was read.
    pub fn advance(&mut self, raw: &str) {
        for letter in raw.chars() {
            self.before = letter;
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
    let run = marks.bytes().take_while(|b| *b == b'`').count();
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
        '<' => tag(rest, ended),
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
    let run = rest.bytes().take_while(|b| *b == b'`').count();
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
    let line = &after[..line_end.unwrap_or(after.len())];
    let mut at = 0;
    while let Some(found) = line[at..].find('`') {
        let start = at + found;
        let length = line[start..].bytes().take_while(|b| *b == b'`').count();
        let end = start + length;
        if start > MAX_SPAN_BYTES {
            break;
        }
        if end == after.len() && !ended {
            return None;
        }
        if length == run {
            return Some((run + end, Lexeme::Code));
        }
        at = end;
    }
    if line_end.is_none() && !ended && line.len() <= MAX_SPAN_BYTES {
        return None;
    }
    Some((run, Lexeme::Text))
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

fn bracket<'a>(rest: &'a str, spaces: &'a str, place: Place, ended: bool) -> Read<'a> {
    let (open, close) = if rest.starts_with('[') {
        ('[', ']')
    } else {
        ('【', '】')
    };
    let inside_start = open.len_utf8();
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
        if !is_index {
            let read = link.map_or(end, |(_, link_end)| link_end);
            return Some((read, Lexeme::Citation { spaces, numbers }));
        }
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
    for (at, letter) in inside.char_indices() {
        if letter == close {
            return Some(Some((&inside[..at], start + at + letter.len_utf8())));
        }
        if letter == '\n' || at >= limit {
            return Some(None);
        }
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

fn image(rest: &str, ended: bool) -> Read<'_> {
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

fn tag(rest: &str, ended: bool) -> Read<'_> {
    let inside = &rest[1..];
    let name_start = inside.strip_prefix('/').unwrap_or(inside);
    let name_length = name_start
        .bytes()
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let name_ends = name_length < name_start.len();
    if !name_ends && !ended && name_length < 16 && !inside.starts_with('!') {
        return None;
    }
    if inside.starts_with('!') {
        return comment(rest, ended);
    }
    let name = name_start[..name_length].to_ascii_lowercase();
    if DROPPED_TAGS.contains(&name.as_str()) {
        // Attributes may stand on several lines.
        return match rest.char_indices().find(|(_, c)| *c == '>') {
            Some((at, _)) if at <= MAX_URL_BYTES => Some((at + 1, Lexeme::Tag)),
            None if !ended && rest.len() <= MAX_URL_BYTES => None,
            _ => Some((1, Lexeme::BrokenTag)),
        };
    }
    // `<https://…>`: the address is read next, as one without brackets.
    one_letter(rest)
}

/// Whether a tag that is dropped, or a comment, begins here.
pub(super) fn opens_dropped_tag(rest: &str) -> bool {
    let inside = &rest[1..];
    let name = inside.strip_prefix('/').unwrap_or(inside);
    let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    inside.starts_with('!') || DROPPED_TAGS.contains(&name[..length].to_ascii_lowercase().as_str())
}

fn comment(rest: &str, ended: bool) -> Read<'_> {
    const OPEN: &str = "<!--";
    if rest.len() < OPEN.len() && OPEN.starts_with(rest) && !ended {
        return None;
    }
    if !rest.starts_with(OPEN) {
        return one_letter(rest);
    }
    match rest.find("-->") {
        Some(at) if at <= MAX_URL_BYTES => Some((at + 3, Lexeme::Tag)),
        None if !ended && rest.len() <= MAX_URL_BYTES => None,
        _ => Some((1, Lexeme::BrokenTag)),
    }
}

fn url(rest: &str, ended: bool) -> Read<'_> {
    let head = rest
        .get(..rest.floor_char_boundary(16))
        .unwrap_or(rest)
        .to_ascii_lowercase();
    let opening = URL_OPENINGS.iter().find(|o| head.starts_with(**o));
    let Some(opening) = opening else {
        let may_become = URL_OPENINGS.iter().any(|o| o.starts_with(&head));
        return if may_become && !ended {
            None
        } else {
            one_letter(rest)
        };
    };
    let end = rest
        .char_indices()
        .find(|(at, c)| {
            c.is_whitespace()
                || matches!(
                    c,
                    '<' | '>' | '"' | '`' | ')' | ']' | '[' | '(' | '{' | '}' | '|' | '۔' | '،'
                )
                || *at >= MAX_URL_BYTES
        })
        .map(|(at, _)| at);
    let end = match end {
        Some(end) => end,
        None if ended => rest.len(),
        None => return None,
    };
    let address = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
    // `data: the values`, `www.` alone: prose.
    if address.len() <= opening.trim_end_matches(':').len() {
        return one_letter(rest);
    }
    Some((address.len(), Lexeme::Url(address)))
}

/// An address of the reader's own machine: `http://localhost:3000` is what guides say.
pub(super) fn is_loopback(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && match url.host() {
                Some(url::Host::Domain(name)) => {
                    name == "localhost" || name.ends_with(".localhost")
                }
                Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
                Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
                None => false,
            }
    })
}

/// Whether the text of a link shows an address itself.
pub(super) fn looks_like_url(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("://") || lower.contains("www.") || lower.trim_start().starts_with("javascript:")
}
