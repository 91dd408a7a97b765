//! The part of an HTML page that is shown, as HTML, its headings with the ids of the document's
//! sections.
//!
//! Follows the same rules as the reader, so that a page made of a file shows what is searched. It
//! does not clean anything: that is the sanitiser's work.

use super::{hides, is_void};
use crate::corpus::Section;
use html5gum::{DefaultEmitter, Token, Tokenizer};
use std::collections::HashMap;
use std::ops::Range;

/// What stays of `html`; `sections` are those read from it.
pub(in crate::corpus) fn shown(html: &str, sections: &[Section]) -> String {
    let pieces = pieces(html);
    let ids = ids_of_headings(&pieces, sections);
    let mut out = String::with_capacity(html.len());
    for piece in &pieces {
        match ids.get(&piece.source.start) {
            Some(id) => {
                let tag = html[piece.source.clone()].trim_end_matches('>');
                out.push_str(tag);
                // Of two attributes with one name the first counts, so a heading's own id stays.
                out.push_str(&format!(r#" id="{}">"#, id.replace('"', "&quot;")));
            }
            None => out.push_str(&html[piece.source.clone()]),
        }
    }
    out
}

struct Piece {
    source: Range<usize>,
    opens_heading: bool,
}

/// Tags and text outside of what is hidden.
fn pieces(html: &str) -> Vec<Piece> {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut hidden: Option<(Vec<u8>, usize)> = None;
    let mut pieces = Vec::new();
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        let (source, opens_heading) = match token {
            Token::StartTag(tag) => {
                if let Some((outer, depth)) = &mut hidden {
                    if *outer == *tag.name && !tag.self_closing {
                        *depth += 1;
                    }
                    continue;
                }
                let name = String::from_utf8_lossy(&tag.name);
                let attribute = |key: &str| {
                    let value = &tag.attributes.get(key.as_bytes())?.value;
                    Some(String::from_utf8_lossy(value).into_owned())
                };
                if hides(&name, true, &attribute) && !tag.self_closing && !is_void(&name) {
                    hidden = Some((tag.name.to_vec(), 1));
                    continue;
                }
                let heading = matches!(&*name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
                (tag.span.start..tag.span.end, heading)
            }
            Token::EndTag(tag) => {
                if let Some((outer, depth)) = &mut hidden {
                    if *outer == *tag.name {
                        *depth -= 1;
                        if *depth == 0 {
                            hidden = None;
                        }
                    }
                    continue;
                }
                (tag.span.start..tag.span.end, false)
            }
            Token::String(text) if hidden.is_none() => (text.span.start..text.span.end, false),
            _ => continue,
        };
        pieces.push(Piece {
            source,
            opens_heading,
        });
    }
    pieces
}

/// Where a heading's tag begins → its id: the last tag in front of the section's text.
fn ids_of_headings<'s>(pieces: &[Piece], sections: &'s [Section]) -> HashMap<usize, &'s str> {
    let tags: Vec<&Range<usize>> = pieces
        .iter()
        .filter(|piece| piece.opens_heading)
        .map(|piece| &piece.source)
        .collect();
    sections
        .iter()
        .filter(|section| section.level > 0)
        .filter_map(|section| {
            let id = section.anchor.as_deref()?;
            let before = tags.partition_point(|tag| tag.end <= section.range.start);
            Some((tags[before.checked_sub(1)?].start, id))
        })
        .collect()
}
