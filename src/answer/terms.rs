//! What a text is about, as a set of stems: the words a question and a sentence are compared by.
//!
//! An identifier counts as a whole and, for less, by its parts. It does not know passages.

use crate::language::{is_stop_word, stem, words};
use std::collections::HashSet;

/// What a match of all parts of an identifier is worth against a match of the whole.
const PARTS_WORTH: f32 = 0.6;

/// Stems of a text, parts of identifiers included.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stems(HashSet<String>);

/// One word of a question that says something of its topic.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Term {
    pub stem: String,
    /// Stems of the parts, for an identifier.
    pub parts: Vec<String>,
}

impl Stems {
    pub fn of(text: &str) -> Self {
        let stems = words(text)
            .into_iter()
            .filter(|word| !is_stop_word(&word.text))
            .map(|word| stem(&word.text).into_owned())
            .collect();
        Self(stems)
    }

    pub fn contains(&self, stem: &str) -> bool {
        self.0.contains(stem)
    }

    /// Adds another text's stems.
    pub fn add(&mut self, other: &Self) {
        self.0.extend(other.0.iter().cloned());
    }

    /// How much (0–1) of a term is here.
    pub fn holds(&self, term: &Term) -> f32 {
        if self.contains(&term.stem) {
            return 1.0;
        }
        if term.parts.is_empty() {
            return 0.0;
        }
        let found = term.parts.iter().filter(|part| self.contains(part)).count();
        PARTS_WORTH * found as f32 / term.parts.len() as f32
    }

    /// Shared stems as a share of all.
    pub fn jaccard(&self, other: &Self) -> f32 {
        let shared = self.0.intersection(&other.0).count();
        let all = self.0.len() + other.0.len() - shared;
        if all == 0 {
            0.0
        } else {
            shared as f32 / all as f32
        }
    }
}

/// The terms of a question in order, each once.
pub(crate) fn terms(text: &str) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    let mut parts: Vec<String> = Vec::new();
    for word in words(text) {
        if word.is_part {
            if !is_stop_word(&word.text) {
                parts.push(stem(&word.text).into_owned());
            }
            continue;
        }
        let term = Term {
            stem: stem(&word.text).into_owned(),
            parts: std::mem::take(&mut parts),
        };
        if !is_stop_word(&word.text) && !terms.iter().any(|t| t.stem == term.stem) {
            terms.push(term);
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_match_whole_and_for_less_by_their_parts() {
        let asked = terms("What does testMatch do?");
        assert_eq!(asked.len(), 1);
        assert!((Stems::of("set testMatch").holds(&asked[0]) - 1.0).abs() < 1e-6);
        let parts = Stems::of("matches of a test").holds(&asked[0]);
        assert!(parts > 0.5 && parts < 1.0);
    }

    #[test]
    fn words_without_topic_are_no_terms() {
        assert!(terms("what is this?").is_empty());
        assert!(terms("یہ کیا ہے؟").is_empty());
    }
}
