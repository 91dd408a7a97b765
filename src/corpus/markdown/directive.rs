//! `:::` lines: where an admonition begins and ends, and its title.

use std::ops::Range;

/// Docusaurus' own admonitions; only these may have a title without brackets.
const KEYWORDS: [&str; 9] = [
    "secondary",
    "info",
    "success",
    "danger",
    "note",
    "tip",
    "warning",
    "important",
    "caution",
];

pub(super) enum Line {
    Open { title: Option<Range<usize>> },
    Close,
}

/// Reads a line that begins with `:::`; ranges are relative to it.
pub(super) fn read(line: &str) -> Option<Line> {
    let line = line.trim_end();
    let name_start = line.bytes().take_while(|b| *b == b':').count();
    let rest = &line[name_start..];
    if rest.is_empty() {
        return Some(Line::Close);
    }
    let name_length = rest
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        .count();
    if !rest.as_bytes()[0].is_ascii_alphabetic() {
        return None;
    }
    let name = &rest[..name_length];
    let label_start = name_start + name_length;
    let label = &line[label_start..];
    if label.is_empty() {
        return Some(Line::Open { title: None });
    }
    if let Some(inner) = label.strip_prefix('[') {
        let close = inner.rfind(']')?;
        let title = label_start + 1..label_start + 1 + close;
        return Some(Line::Open {
            title: (close > 0).then_some(title),
        });
    }
    if label.starts_with('{') {
        let title = label.find("title=\"").and_then(|n| {
            let start = label_start + n + 7;
            line[start..].find('"').map(|length| start..start + length)
        });
        return Some(Line::Open { title });
    }
    let title = label.trim_start();
    if KEYWORDS.contains(&name) && title.len() < label.len() {
        return Some(Line::Open {
            title: Some(line.len() - title.len()..line.len()),
        });
    }
    None
}
