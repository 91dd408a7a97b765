//! The words of a question as terms of the index: their rarity, and the spellings of the other
//! script for words that the index writes otherwise.

use super::fields::FieldKind;
use super::sounds::{Heard, Sounds};
use crate::index::IndexError;
use crate::language::{Script, detect, is_stop_word, stem, words};

/// Words of a question that are searched; a pasted page would only slow the search down.
const MAX_QUESTION_WORDS: usize = 64;

/// One term that is searched.
#[derive(Debug, Clone)]
pub struct Asked {
    pub text: String,
    /// What its BM25 counts: 1, or less for a spelling in the other script.
    pub weight: f32,
    /// Its word's share of the question by rarity.
    pub rarity_share: f32,
    /// Position of its word: spellings of one word share it.
    pub word: usize,
}

/// The words of a question, as terms of the index.
pub struct QuestionWords {
    plain: Vec<Asked>,
    stemmed: Vec<Asked>,
    /// Share (0–1) of the content words that stand anywhere in the index.
    coverage: f32,
    /// One word says what is asked for, and it is a name.
    named: bool,
    /// Sum of the idf of the content words.
    idf_sum: f32,
}

/// A content word with what the index knows of it.
struct Content {
    stem: String,
    /// Chunks that hold it in any spelling.
    chunks: u64,
    spellings: Vec<Heard>,
}

impl QuestionWords {
    /// `frequency` tells how many chunks hold a stem; there are `chunks` in all.
    pub fn new<'s>(
        question: &str,
        frequency: impl Fn(&str) -> Result<u64, IndexError>,
        sounds: impl Fn() -> Result<&'s Sounds, IndexError>,
        chunks: usize,
    ) -> Result<Self, IndexError> {
        let mut plain: Vec<Asked> = Vec::new();
        let mut contents: Vec<Content> = Vec::new();
        for word in words(question).into_iter().take(MAX_QUESTION_WORDS) {
            if !is_stop_word(&word.text) {
                let stem = stem(&word.text).into_owned();
                if contents.iter().all(|known| known.stem != stem) {
                    let own = frequency(&stem)?;
                    let spellings = spellings(&word.text, &stem, own, sounds()?);
                    let others: u64 = spellings.iter().map(|heard| heard.chunks).sum();
                    contents.push(Content {
                        stem,
                        chunks: (own + others).min(chunks as u64),
                        spellings,
                    });
                }
            }
            if plain.iter().all(|known| known.text != word.text) {
                plain.push(Asked {
                    text: word.text,
                    weight: 1.0,
                    rarity_share: 0.0,
                    word: 0,
                });
            }
        }
        let idfs: Vec<f32> = contents.iter().map(|c| idf(c.chunks, chunks)).collect();
        let idf_sum: f32 = idfs.iter().sum();
        let known = contents.iter().filter(|c| c.chunks > 0).count();
        let mut stemmed: Vec<Asked> = Vec::new();
        for (at, (content, own_idf)) in contents.iter().zip(&idfs).enumerate() {
            let asked = |text: String, weight: f32| Asked {
                text,
                weight,
                rarity_share: own_idf / idf_sum.max(f32::EPSILON),
                word: at,
            };
            stemmed.push(asked(content.stem.clone(), 1.0));
            for heard in &content.spellings {
                // A spelling that only one page has must not count more than the word itself.
                let weight = heard.likeness * (own_idf / idf(heard.chunks, chunks)).min(1.0);
                plain.push(asked(heard.word.clone(), weight));
                let stem = stem(&heard.word).into_owned();
                if stemmed.iter().all(|known| known.text != stem) {
                    stemmed.push(asked(stem, weight));
                }
            }
        }
        Ok(Self {
            plain,
            stemmed,
            coverage: known as f32 / contents.len().max(1) as f32,
            named: asks_for_a_name(question),
            idf_sum,
        })
    }

    /// Whether all that is asked for is one name.
    pub fn asks_for_a_name(&self) -> bool {
        self.named
    }

    pub fn coverage(&self) -> f32 {
        self.coverage
    }

    /// Sum of the idf of the content words.
    pub fn rarity(&self) -> f32 {
        self.idf_sum
    }

    /// Largest BM25 that any text could have in one field: each word gives at most
    /// idf × (k1 + 1), the limit for many occurrences (Robertson & Zaragoza 2009, §3.3).
    pub fn maximum(&self) -> f32 {
        const K1_PLUS_ONE: f32 = 2.2;
        K1_PLUS_ONE * self.idf_sum
    }

    pub(super) fn of(&self, kind: FieldKind) -> &[Asked] {
        match kind {
            FieldKind::Plain => &self.plain,
            _ => &self.stemmed,
        }
    }
}

/// Whether one word says what is asked for, and is written as a name: `--strict`, `testMatch`, SLAM,
/// and in Urdu any word in Latin letters.
fn asks_for_a_name(question: &str) -> bool {
    let all = words(question);
    let mut content = all
        .iter()
        .filter(|word| !word.is_part && !is_stop_word(&word.text));
    let (Some(word), None) = (content.next(), content.next()) else {
        return false;
    };
    let (before, name) = (&question[..word.start], &question[word.start..word.end]);
    let is_latin = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let is_flag = before.ends_with('-') || before.ends_with('@');
    let looks_made = name
        .chars()
        .skip(1)
        .any(|c| c.is_ascii_uppercase() || "_.".contains(c));
    let stands_out = detect(question).script == Script::Arabic;
    is_latin && (is_flag || looks_made || stands_out)
}

/// How the index spells `word` in the other script, where that is how it usually does.
fn spellings(text: &str, stem: &str, own: u64, sounds: &Sounds) -> Vec<Heard> {
    let mut heard = sounds.other_spellings(text);
    if heard.is_empty() && stem != text {
        heard = sounds.other_spellings(stem);
    }
    let others: u64 = heard.iter().map(|one| one.chunks).sum();
    if others > own { heard } else { Vec::new() }
}

/// Inverse document frequency in the form of Lucene's BM25.
fn idf(holding: u64, chunks: usize) -> f32 {
    let (n, all) = (holding as f32, chunks as f32);
    (1.0 + (all - n + 0.5).max(0.0) / (n + 0.5)).ln()
}

#[cfg(test)]
mod tests {
    use super::asks_for_a_name;

    #[test]
    fn questions_that_ask_for_one_name_are_told_from_others() {
        for (question, named) in [
            ("What does --strict do?", true),
            ("testPathIgnorePatterns", true),
            ("What is SLAM?", true),
            ("SLAM کیا کرتا ہے؟", true),
            ("jest کیا ہے؟", true),
            ("What is testing?", false),
            ("What does the arm do in SLAM?", false),
            ("بازو کیا ہے؟", false),
            ("", false),
        ] {
            assert_eq!(asks_for_a_name(question), named, "{question}");
        }
    }
}
