//! The index's words by how they sound: `ٹیسلا` in a question finds pages that write `Tesla`.
//!
//! Only words of the other script are offered. It does not know questions.

use crate::index::IndexError;
use crate::language::{is_stop_word, likeness, skeleton, sounds};
use std::collections::HashMap;
use tantivy::Searcher;
use tantivy::schema::Field;

/// Words with fewer consonants sound like too many others (`سال` and `sell`).
const MIN_CONSONANTS: usize = 3;

/// Least likeness of two spellings of one word. Between .70 and .80 the cross-language sets change
/// by less than .015 (quality page).
const ALIKE: f32 = 0.75;

/// Words this little less alike than the best are other forms of it (`patent`, `patents`).
const AS_GOOD: f32 = 0.06;

/// Forms of one word that are searched.
const MAX_FORMS: usize = 3;

/// A word of the index in the other script.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    pub word: String,
    pub likeness: f32,
    /// How many chunks hold it.
    pub chunks: u64,
}

struct Entry {
    word: Box<str>,
    sound: Box<str>,
    chunks: u64,
}

/// All words of one field by their consonants.
#[derive(Default)]
pub struct Sounds {
    by_consonants: HashMap<String, Vec<Entry>>,
}

impl Sounds {
    /// Reads the words of `field`.
    pub fn read(searcher: &Searcher, field: Field) -> Result<Self, IndexError> {
        let mut chunks_of: HashMap<String, u64> = HashMap::new();
        for segment in searcher.segment_readers() {
            let inverted = segment.inverted_index(field)?;
            let mut terms = inverted
                .terms()
                .stream()
                .map_err(|error| IndexError::Engine(format!("words: {error}")))?;
            while let Some((term, info)) = terms.next() {
                if let Ok(word) = std::str::from_utf8(term) {
                    *chunks_of.entry(word.to_owned()).or_default() += u64::from(info.doc_freq);
                }
            }
        }
        Ok(Self::of(chunks_of))
    }

    fn of(chunks_of: HashMap<String, u64>) -> Self {
        let mut by_consonants: HashMap<String, Vec<Entry>> = HashMap::new();
        for (word, chunks) in chunks_of {
            if is_stop_word(&word) {
                continue;
            }
            for sound in sounds(&word) {
                let consonants = skeleton(&sound);
                if consonants.len() >= MIN_CONSONANTS {
                    by_consonants.entry(consonants).or_default().push(Entry {
                        word: word.as_str().into(),
                        sound: sound.into(),
                        chunks,
                    });
                }
            }
        }
        Self { by_consonants }
    }

    /// The forms of `word` in the other script, most alike first.
    pub fn other_spellings(&self, word: &str) -> Vec<Heard> {
        let mut heard: Vec<Heard> = Vec::new();
        for sound in sounds(word) {
            for entry in self
                .by_consonants
                .get(&skeleton(&sound))
                .into_iter()
                .flatten()
            {
                if entry.word.is_ascii() == word.is_ascii() {
                    continue;
                }
                let likeness = likeness(&sound, &entry.sound);
                if likeness >= ALIKE {
                    heard.push(Heard {
                        word: entry.word.to_string(),
                        likeness,
                        chunks: entry.chunks,
                    });
                }
            }
        }
        heard.sort_by(|a, b| {
            let by_likeness = b.likeness.total_cmp(&a.likeness);
            by_likeness.then_with(|| a.word.cmp(&b.word))
        });
        let best = heard.first().map_or(0.0, |h| h.likeness);
        let mut kept: Vec<Heard> = Vec::new();
        for one in heard {
            let is_form = one.likeness >= best - AS_GOOD;
            if is_form && kept.len() < MAX_FORMS && kept.iter().all(|k| k.word != one.word) {
                kept.push(one);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_offered_in_the_other_script_only() {
        let words = [("tesla", 9), ("thessaly", 1), ("ٹیسلا", 4), ("sell", 3)];
        let sounds = Sounds::of(words.map(|(w, n)| (w.to_owned(), n)).into());
        let found = |word: &str| -> Vec<String> {
            let heard = sounds.other_spellings(word);
            heard.into_iter().map(|h| h.word).collect()
        };
        assert_eq!(found("ٹیسلا"), ["tesla"]);
        assert_eq!(found("tesla"), ["ٹیسلا"]);
        assert!(found("سال").is_empty(), "two consonants are too few");
    }
}
