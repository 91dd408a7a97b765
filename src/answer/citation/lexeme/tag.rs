//! Tags and comments of HTML: those that load, send, run or hide something are dropped.
//!
//! It does not know what stands around them.

use super::{Lexeme, MAX_URL_BYTES, Place, Read, one_letter};

/// Tags that load, send, run or hide something. Others (`<View>`) are text in documentation.
const DROPPED_TAGS: &[&str] = &[
    "a", "img", "script", "style", "iframe", "object", "embed", "form", "input", "button", "svg",
    "math", "video", "audio", "source", "link", "meta", "base", "picture", "frame", "frameset",
    "textarea", "template",
];

/// Schemes of addresses that are said in documentation; `<xs:element>` is none.
const WEB: &[&str] = &["http", "https", "ftp", "mailto"];

pub(super) fn tag(rest: &str, place: Place, ended: bool) -> Read<'_> {
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
    if inside.starts_with(['!', '?']) {
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
    match scheme(inside, ended)? {
        Some(name) if WEB.iter().any(|web| name.eq_ignore_ascii_case(web)) => {
            address(rest, inside, ended)
        }
        Some(_) => Some((1, Lexeme::BrokenTag)),
        // A tag that begins a block makes HTML of all that follows, code too.
        None if place.is_block_start && (name_length > 0 || inside.starts_with('/')) => {
            Some((1, Lexeme::BrokenTag))
        }
        None => one_letter(rest),
    }
}

/// `<https://…>`. Between its brackets an address goes on over letters that end one in a text.
fn address<'a>(rest: &'a str, inside: &'a str, ended: bool) -> Read<'a> {
    let end = inside.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>'));
    match end {
        Some(end) if inside[end..].starts_with('>') => Some((end + 2, Lexeme::Url(&inside[..end]))),
        None if !ended && rest.len() <= MAX_URL_BYTES => None,
        // Not closed: the address is read next, as one without brackets.
        _ => one_letter(rest),
    }
}

/// The scheme of an address in angle brackets (`<irc://…>`): in CommonMark 2 to 32 letters, digits,
/// `+`, `.` and `-` before a colon, all of which make a link. The outer `None` waits for more.
#[allow(clippy::option_option)]
fn scheme(inside: &str, ended: bool) -> Option<Option<&str>> {
    const LONGEST: usize = 32;
    let length = inside
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-'))
        .count();
    if length == inside.len() && length <= LONGEST && !ended {
        return None;
    }
    let is_scheme = (2..=LONGEST).contains(&length)
        && inside.starts_with(|c: char| c.is_ascii_alphabetic())
        && inside[length..].starts_with(':');
    Some(is_scheme.then_some(&inside[..length]))
}

/// Whether a tag that is dropped, or a comment, begins here.
pub(in super::super) fn opens_dropped_tag(rest: &str) -> bool {
    let inside = &rest[1..];
    let name = inside.strip_prefix('/').unwrap_or(inside);
    let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    inside.starts_with(['!', '?'])
        || DROPPED_TAGS.contains(&name[..length].to_ascii_lowercase().as_str())
}

fn comment(rest: &str, ended: bool) -> Read<'_> {
    const OPEN: &str = "<!--";
    if rest.len() < OPEN.len() && OPEN.starts_with(rest) && !ended {
        return None;
    }
    if !rest.starts_with(OPEN) {
        // Declarations and instructions (`<!DOCTYPE`, `<?php`) are HTML to Markdown.
        return Some((1, Lexeme::BrokenTag));
    }
    match rest.find("-->") {
        Some(at) if at <= MAX_URL_BYTES => Some((at + 3, Lexeme::Tag)),
        None if !ended && rest.len() <= MAX_URL_BYTES => None,
        _ => Some((1, Lexeme::BrokenTag)),
    }
}
