//! Tags and comments of HTML: those that load, send, run or hide something are dropped.
//!
//! It does not know what stands around them.

use super::{Lexeme, MAX_URL_BYTES, Read, one_letter};

/// Tags that load, send, run or hide something. Others (`<View>`) are text in documentation.
const DROPPED_TAGS: &[&str] = &[
    "a", "img", "script", "style", "iframe", "object", "embed", "form", "input", "button", "svg",
    "math", "video", "audio", "source", "link", "meta", "base", "picture", "frame", "frameset",
    "textarea", "template",
];

pub(super) fn tag(rest: &str, ended: bool) -> Read<'_> {
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
pub(in super::super) fn opens_dropped_tag(rest: &str) -> bool {
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
