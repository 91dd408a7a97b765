//! A page as Markdown without what its readers never see, for programs that read Markdown.
//!
//! It keeps the page's own markup and makes no blocks.

use super::including::{MAX_INCLUDED_BYTES, spend};
use super::page::{Flavor, Reader};
use super::{comments, mask};
use crate::corpus::front_matter;
use crate::corpus::place_holder::{LINE_BREAK, is_place_holder};
use std::cell::Cell;

/// The page's Markdown with everything invisible removed, for readers that are programs.
pub(in crate::corpus) fn visible_markdown(reader: &Reader, source: &str, start: usize) -> String {
    let mut masked = mask::mask(source, start, reader.flavor == Flavor::Mdx);
    if reader.flavor == Flavor::CommonMark {
        for comment in comments::comments(&masked.text).into_iter().rev() {
            // As long as before, so that every other place stays where it is.
            let blank: String = masked.text[comment.clone()]
                .bytes()
                .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
                .collect();
            masked.text.replace_range(comment, &blank);
        }
    }
    let mut out = String::with_capacity(source.len() - start);
    let mut inserts: Vec<(usize, String)> = Vec::new();
    for extra in &masked.extras {
        inserts.push((extra.range.start, format!("**{}**\n\n", extra.text.trim())));
    }
    for picture in &masked.pictures {
        inserts.push((picture.range.start, format!("\n{}\n\n", picture.text)));
    }
    let left = Cell::new(MAX_INCLUDED_BYTES);
    for inclusion in &masked.inclusions {
        if let Some(text) = (reader.partials)(&inclusion.specifier)
            && spend(&left, text.len())
        {
            let body = front_matter::split(&text).1;
            inserts.push((
                inclusion.range.start,
                format!("\n{}\n", visible_markdown_of_partial(reader, &text, body)),
            ));
        }
    }
    inserts.sort_by_key(|(at, _)| *at);
    let mut inserts = inserts.into_iter().peekable();
    let mut blank_lines = 0;
    let mut at = start;
    for line in masked.text[start..].split_inclusive('\n') {
        while let Some((_, text)) = inserts.next_if(|(place, _)| *place < at + line.len()) {
            out.push_str(&text);
        }
        at += line.len();
        let visible: String = line
            .chars()
            .filter_map(|c| match c as u32 {
                n if n == u32::from(LINE_BREAK) => Some("<br>".to_owned()),
                n if n < 0x20 && is_place_holder(n as u8) => None,
                _ => Some(c.to_string()),
            })
            .collect();
        if visible.trim().is_empty() {
            blank_lines += 1;
            if blank_lines > 1 || out.is_empty() {
                continue;
            }
            out.push('\n');
        } else {
            blank_lines = 0;
            out.push_str(visible.trim_end());
            out.push('\n');
        }
    }
    for (_, text) in inserts {
        out.push_str(&text);
    }
    out
}

fn visible_markdown_of_partial(reader: &Reader, text: &str, start: usize) -> String {
    // One level: a partial inside a partial is rare, and a circle must end.
    let none = |_: &str| None;
    let inner = Reader {
        partials: &none,
        flavor: Flavor::Mdx,
        ..*reader
    };
    visible_markdown(&inner, text, start)
}
