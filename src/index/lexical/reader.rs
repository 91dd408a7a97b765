//! Finds the best chunks for a question's words, and scores chunks that were found otherwise.

use super::best::{Allowed, Found, Sums, best};
use super::fields::{FIELD_WEIGHTS, FieldKind, Fields};
use super::postings::Postings;
use super::question::QuestionWords;
use super::scores::WordScores;
use super::sounds::Sounds;
use crate::index::{IndexError, Ordinal};
use std::path::Path;
use std::sync::OnceLock;
use tantivy::Searcher;

/// Chunks taken from the search by stems for each one wanted: the combined score puts them into
/// their final order, and reaches this far down at most (quality page).
const TAKEN_PER_WANTED: usize = 4;

/// The `words/` folder of a finished generation.
pub struct Reader {
    searcher: Searcher,
    fields: Fields,
    /// Of the only segment; none when nothing was ever added.
    postings: Option<ByField>,
    sums: Sums,
    /// Read when the first question needs them.
    sounds: OnceLock<Sounds>,
}

struct ByField {
    plain: Postings,
    stemmed: Postings,
    head: Postings,
}

impl ByField {
    fn of(&self, kind: FieldKind) -> &Postings {
        match kind {
            FieldKind::Plain => &self.plain,
            FieldKind::Stemmed => &self.stemmed,
            FieldKind::StemmedHead => &self.head,
        }
    }
}

impl Reader {
    pub fn open(generation: &Path) -> Result<Self, IndexError> {
        let index = tantivy::Index::open_in_dir(generation.join("words"))?;
        let (_, fields) = Fields::schema();
        let reader = index
            .reader_builder()
            .reload_policy(tantivy::ReloadPolicy::Manual)
            .try_into()?;
        let searcher = reader.searcher();
        let postings = match searcher.segment_readers() {
            [] => None,
            [segment] => Some(ByField {
                plain: Postings::open(segment, fields.plain)?,
                stemmed: Postings::open(segment, fields.stemmed)?,
                head: Postings::open(segment, fields.head)?,
            }),
            _ => return Err(IndexError::Damaged("words: more than one segment".into())),
        };
        Ok(Self {
            searcher,
            fields,
            postings,
            sums: Sums::default(),
            sounds: OnceLock::new(),
        })
    }

    pub fn len(&self) -> usize {
        self.searcher.num_docs() as usize
    }

    /// Best chunks by the combined score, best first. `allowed` is asked per chunk when given.
    ///
    /// One list per word is what makes this fast: chunks are taken by their stems alone, or by all
    /// words where a question has nothing but stop words, and then scored in every field.
    pub fn search(
        &self,
        question: &QuestionWords,
        limit: usize,
        allowed: Allowed<'_>,
    ) -> Result<Vec<(Ordinal, WordScores)>, IndexError> {
        let kind = match question.of(FieldKind::Stemmed) {
            [] => FieldKind::Plain,
            _ => FieldKind::Stemmed,
        };
        let taken = self.best(kind, question, limit * TAKEN_PER_WANTED, allowed)?;
        let taken: Vec<Ordinal> = taken.into_iter().map(|found| found.ordinal).collect();
        let scores = self.scores(question, &taken)?;
        let mut best: Vec<(Ordinal, WordScores)> = taken.into_iter().zip(scores).collect();
        let combined = |(_, scores): &(Ordinal, WordScores)| scores.combined();
        best.sort_unstable_by(|a, b| combined(b).total_cmp(&combined(a)).then(a.0.cmp(&b.0)));
        best.truncate(limit);
        Ok(best)
    }

    /// The best by one field alone.
    fn best(
        &self,
        kind: FieldKind,
        question: &QuestionWords,
        limit: usize,
        allowed: Allowed<'_>,
    ) -> Result<Vec<Found>, IndexError> {
        let Some(postings) = &self.postings else {
            return Ok(Vec::new());
        };
        let sums = (&self.sums, self.len());
        best(postings.of(kind), question.of(kind), limit, allowed, sums)
    }

    /// Scores by field of the given chunks, in their order.
    pub fn scores(
        &self,
        question: &QuestionWords,
        ordinals: &[Ordinal],
    ) -> Result<Vec<WordScores>, IndexError> {
        let mut scores = vec![WordScores::default(); ordinals.len()];
        let Some(postings) = &self.postings else {
            return Ok(scores);
        };
        let mut order: Vec<usize> = (0..ordinals.len()).collect();
        order.sort_unstable_by_key(|&at| ordinals[at]);
        // Spellings of one word stand together: each chunk holds the word once.
        let mut counted = vec![usize::MAX; ordinals.len()];
        for (kind, _) in FIELD_WEIGHTS {
            let postings = postings.of(kind);
            for asked in question.of(kind) {
                let Some(entry) = postings.entry(&asked.text, asked.weight)? else {
                    continue;
                };
                let mut list = postings.list(&entry)?;
                for &at in &order {
                    let Some(score) = list.score_in(ordinals[at]) else {
                        continue;
                    };
                    let scores = &mut scores[at];
                    match kind {
                        FieldKind::Plain => scores.plain += score,
                        FieldKind::Stemmed => {
                            scores.stemmed += score;
                            if counted[at] != asked.word {
                                counted[at] = asked.word;
                                scores.matched += asked.rarity_share;
                            }
                        }
                        FieldKind::StemmedHead => scores.head += score,
                    }
                }
            }
        }
        Ok(scores)
    }

    /// Splits and folds a question and looks its words up.
    pub fn question(&self, text: &str) -> Result<QuestionWords, IndexError> {
        let frequency = |word: &str| match &self.postings {
            Some(postings) => Ok(u64::from(postings.stemmed.holding(word)?)),
            None => Ok(0),
        };
        QuestionWords::new(text, frequency, || self.sounds(), self.len())
    }

    fn sounds(&self) -> Result<&Sounds, IndexError> {
        if let Some(sounds) = self.sounds.get() {
            return Ok(sounds);
        }
        let read = Sounds::read(&self.searcher, self.fields.plain)?;
        Ok(self.sounds.get_or_init(|| read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::lexical::{IndexedWords, Writer};

    /// Word numbers from 0, small ones far more often than large ones.
    fn skewed(seed: &mut u64) -> u64 {
        *seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let uniform = (*seed >> 11) as f64 / (1u64 << 53) as f64;
        2_000f64.powf(uniform) as u64 - 1
    }

    fn text(seed: &mut u64, words: usize) -> String {
        let words: Vec<String> = (0..words).map(|_| format!("w{}", skewed(seed))).collect();
        words.join(" ")
    }

    /// Enough for long lists in which only what is still in question is looked up.
    const CHUNKS: u32 = 12_000;

    #[test]
    fn what_is_left_out_on_the_way_would_not_have_been_among_the_best() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("words")).expect("a folder");
        let mut writer = Writer::create(folder.path()).expect("begins");
        let mut seed = 7;
        for _ in 0..CHUNKS {
            let (head, body) = (text(&mut seed, 2), text(&mut seed, 20));
            writer.add(IndexedWords::new(&head, &body)).expect("adds");
        }
        writer.finish().expect("finishes");
        let reader = Reader::open(folder.path()).expect("opens");
        let everything: Vec<Ordinal> = (0..CHUNKS).collect();
        let even = |ordinal: Ordinal| ordinal.is_multiple_of(2);
        for number in 0..40 {
            let words = 1 + number % 8;
            let question = reader.question(&text(&mut seed, words)).expect("reads");
            let asked = question.of(FieldKind::Stemmed);
            let scores = reader.scores(&question, &everything).expect("scores");
            for only_even in [false, true] {
                let allowed: Option<&(dyn Fn(Ordinal) -> bool + Sync)> =
                    if only_even { Some(&even) } else { None };
                let found = reader.best(FieldKind::Stemmed, &question, 50, allowed);
                let found: Vec<f32> = found.expect("searches").iter().map(|b| b.sum).collect();
                let mut all: Vec<f32> = everything
                    .iter()
                    .zip(&scores)
                    .filter(|(ordinal, score)| {
                        score.stemmed > 0.0 && (!only_even || even(**ordinal))
                    })
                    .map(|(_, score)| score.stemmed)
                    .collect();
                all.sort_by(|a, b| b.total_cmp(a));
                all.truncate(50);
                assert_eq!(found.len(), all.len(), "{asked:?}");
                for (found, best) in found.iter().zip(&all) {
                    assert!((found - best).abs() < 1e-3, "{asked:?}: {found} for {best}");
                }
            }
        }
    }
}
