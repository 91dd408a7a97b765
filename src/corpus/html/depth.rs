//! HTML with its nesting bounded: parsers and browsers take quadratic time, or more, for elements
//! within elements many thousand deep, which no page needs and anyone can write.

use super::is_void;
use html5gum::{DefaultEmitter, Token, Tokenizer};
use std::borrow::Cow;
use std::collections::HashMap;

/// Elements deeper than this lose their tags and keep their text. Browsers stop at 512.
const MAX_DEPTH: usize = 128;

/// `html`, its tags left out where they nest too deeply.
pub(in crate::corpus) fn bounded(html: &str) -> Cow<'_, str> {
    // Whatever is left open counts as open: too strict for sloppy pages, whose depth stays the same
    // to the reader.
    if html.bytes().filter(|b| *b == b'<').count() <= MAX_DEPTH {
        return Cow::Borrowed(html);
    }
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut out = String::with_capacity(html.len());
    // Open elements by name, and how many were left out.
    let mut open: Vec<Vec<u8>> = Vec::new();
    let mut dropped: HashMap<Vec<u8>, usize> = HashMap::new();
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => {
                let name = tag.name.to_vec();
                let closes_itself = tag.self_closing || is_void(&String::from_utf8_lossy(&name));
                // A paragraph or an item ends the one before, whether or not that is written.
                if open.last() == Some(&name) && ends_its_like(&name) {
                    open.pop();
                }
                if open.len() >= MAX_DEPTH && !closes_itself {
                    *dropped.entry(name).or_default() += 1;
                    continue;
                }
                out.push_str(&html[tag.span.start..tag.span.end]);
                if !closes_itself {
                    open.push(name);
                }
            }
            Token::EndTag(tag) => {
                let name = tag.name.to_vec();
                if let Some(count) = dropped.get_mut(&name).filter(|count| **count > 0) {
                    *count -= 1;
                    continue;
                }
                if let Some(at) = open.iter().rposition(|opened| *opened == name) {
                    open.truncate(at);
                }
                out.push_str(&html[tag.span.start..tag.span.end]);
            }
            Token::String(text) => out.push_str(&html[text.span.start..text.span.end]),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    Cow::Owned(out)
}

fn ends_its_like(name: &[u8]) -> bool {
    matches!(
        name,
        b"p" | b"li" | b"dt" | b"dd" | b"tr" | b"td" | b"th" | b"option"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_too_deep_keeps_its_text_and_the_rest_its_tags() {
        let deep = |n: usize| format!("{}raven{}", "<div>".repeat(n), "</div>".repeat(n));
        let text = format!("{}<p id=\"after\">next</p>", deep(100_000));
        let found = bounded(&text);
        assert_eq!(
            found,
            format!("{}<p id=\"after\">next</p>", deep(MAX_DEPTH))
        );
    }

    #[test]
    fn a_long_flat_page_stays_as_it_is() {
        let flat = "<p>one<br>two<ul><li>a<li>b</ul>".repeat(500);
        assert_eq!(bounded(&flat), flat);
    }
}
