//! Addresses that stand in the text by themselves.
//!
//! It does not know which of them may stay.

use super::{Lexeme, MAX_URL_BYTES, Read, one_letter};

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

pub(super) fn url(rest: &str, ended: bool) -> Read<'_> {
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
    // `http://127.0.0.1(@elsewhere`: what a browser takes for the host comes after the bracket.
    let run = rest.find(|c: char| c.is_whitespace() || c == '<' || c == '>');
    let run = match run {
        None if !ended && rest.len() <= MAX_URL_BYTES => return None,
        run => run.unwrap_or(rest.len()),
    };
    if end < run && rest[end..run].contains(['@', '\\']) {
        return Some((run, Lexeme::Url(&rest[..run])));
    }
    let address = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
    // `data: the values`, `www.` alone: prose.
    if address.len() <= opening.trim_end_matches(':').len() {
        return one_letter(rest);
    }
    Some((address.len(), Lexeme::Url(address)))
}

/// An address of the reader's own machine: `http://localhost:3000` is what guides say.
pub(in super::super) fn is_loopback(address: &str) -> bool {
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
pub(in super::super) fn looks_like_url(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("://") || lower.contains("www.") || lower.trim_start().starts_with("javascript:")
}
