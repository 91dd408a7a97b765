//! What a model wrote → what a reader may see, while it streams.
//!
//! Citations of passages that don't exist, or that don't support their sentence, go; so do images,
//! links that leave the site, tags that load or send something, and characters nobody can see
//! ([`Filter`]). Code is left alone. The result is the same however the text was cut into tokens: a
//! decision waits until everything it depends on has come ([`lexeme`]).

mod filter;
mod lexeme;
mod linker;
mod seam;

pub(crate) use filter::{Allowed, Filter};
pub use linker::{Link, Linker, absolute};

use super::prompt::{is_hidden, neutral_brackets};
use lexeme::{Lexeme, Place};

/// Quoted prose as text that Markdown reads nothing into: no forged citation, link, fence or tag,
/// nothing that cannot be seen. To a reader it looks the same.
pub(crate) fn as_text(prose: &str) -> String {
    let visible: String = prose.chars().filter(|c| !is_hidden(*c)).collect();
    let mut text = neutral_brackets(&visible)
        .replace("](", "］(")
        .replace("```", "ˋˋˋ");
    let mut from = 0;
    while let Some(found) = text[from..].find('<') {
        let at = from + found;
        if lexeme::opens_dropped_tag(&text[at..]) {
            text.replace_range(at..=at, "‹");
        }
        from = text.ceil_char_boundary(at + 1);
    }
    text
}

/// The passages a finished text cites, in the order they are first cited. Code is skipped.
pub(crate) fn cited(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut fence = None;
    let (mut at, mut place) = (0, Place::START);
    while at < text.len() {
        let rest = &text[at..];
        let read = match fence {
            Some(fence) => lexeme::in_fence(rest, fence, place, true),
            None => lexeme::in_prose(rest, place, true),
        };
        let Some((length, lexeme)) = read else { break };
        match lexeme {
            Lexeme::FenceOpens(opened) => fence = Some(opened),
            Lexeme::FenceCloses | Lexeme::FenceBreaks => fence = None,
            Lexeme::Citation { numbers, .. } => {
                for number in numbers {
                    if !found.contains(&number) {
                        found.push(number);
                    }
                }
            }
            _ => {}
        }
        place.advance(&rest[..length]);
        at += length;
    }
    found
}

#[cfg(test)]
mod tests;
