//! The part of a found section that shows why it was found. Knows texts and words, no passages.

use crate::language::{is_stop_word, stem, words};
use std::collections::HashSet;
use unicode_segmentation::UnicodeSegmentation;

/// Characters of an excerpt at most: the contract's length, three lines in the widget.
const LENGTH: usize = 200;

/// Bytes that may stand before the first word that was asked for; a sentence longer than this
/// before it is entered in the middle.
const LEAD: usize = 100;

/// What of a question an excerpt is chosen by: its content words, stemmed.
pub struct Sought(HashSet<String>);

impl Sought {
    pub fn of(question: &str) -> Self {
        let words = words(question).into_iter();
        let content = words.filter(|word| !is_stop_word(&word.text));
        Self(content.map(|word| stem(&word.text).into_owned()).collect())
    }

    /// The sentence of `text` that first has a sought word, and what follows it; the beginning
    /// where none has. No half words at either end.
    pub fn excerpt(&self, text: &str) -> String {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.chars().nth(LENGTH).is_none() {
            return text;
        }
        let hit = words(&text)
            .into_iter()
            .find(|word| self.0.contains(&*stem(&word.text)))
            .map_or(0, |word| word.start);
        let sentences = text.split_sentence_bound_indices().map(|(at, _)| at);
        let start = sentences.take_while(|at| *at <= hit).last().unwrap_or(0);
        if hit - start <= LEAD {
            return cut(&text[start..]);
        }
        let near = text.floor_char_boundary(hit - LEAD);
        let after_space = text[near..hit].find(' ').map_or(hit, |at| near + at + 1);
        format!("…{}", cut(&text[after_space..]))
    }
}

fn cut(text: &str) -> String {
    if text.chars().nth(LENGTH).is_none() {
        return text.to_owned();
    }
    // Room for the ellipses at both ends.
    let cut: String = text.chars().take(LENGTH - 2).collect();
    let whole = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(whole, _)| whole);
    format!("{whole}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_begins_with_the_sentence_that_was_looked_for() {
        let text = format!(
            "{} The battery charges overnight. Then it drives.",
            "A filler. ".repeat(40)
        );
        let found = Sought::of("charging the battery").excerpt(&text);
        assert_eq!(found, "The battery charges overnight. Then it drives.");
        assert!(
            Sought::of("unrelated")
                .excerpt(&text)
                .starts_with("A filler. A filler.")
        );
    }

    #[test]
    fn a_short_text_is_shown_whole() {
        assert_eq!(Sought::of("b").excerpt("a\n b   c"), "a b c");
    }

    #[test]
    fn a_sentence_without_end_is_entered_near_the_word() {
        let text = format!("{} نیویگیشن {}", "لفظ ".repeat(200), "اور ".repeat(200));
        let found = Sought::of("نیویگیشن").excerpt(&text);
        assert!(found.starts_with('…') && found.ends_with('…'));
        assert!(found.contains("نیویگیشن") && found.chars().count() <= LENGTH);
    }
}
