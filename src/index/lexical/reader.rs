//! Finds the best chunks for a question's words, and scores chunks that were found otherwise.

use super::fields::{FIELD_WEIGHTS, FieldKind, Fields};
use super::question::{Asked, QuestionWords};
use super::scores::WordScores;
use super::sounds::Sounds;
use crate::index::{IndexError, Ordinal};
use std::path::Path;
use std::sync::OnceLock;
use tantivy::query::{BooleanQuery, BoostQuery, EnableScoring, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Searcher, SegmentReader, Term};

/// Chunks taken from the search by stems for each one wanted: the combined score puts them into
/// their final order, and reaches this far down at most (quality page).
const TAKEN_PER_WANTED: usize = 4;

/// Entries of the lists of rare words that are read to see what the best chunks reach; some 100
/// thousand are read in a millisecond.
const RARE_POSTINGS: u64 = 8_192;

/// The `words/` folder of a finished generation.
pub struct Reader {
    searcher: Searcher,
    fields: Fields,
    /// Read when the first question needs them.
    sounds: OnceLock<Sounds>,
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
        if searcher.segment_readers().len() > 1 {
            return Err(IndexError::Damaged("words: more than one segment".into()));
        }
        Ok(Self {
            searcher,
            fields,
            sounds: OnceLock::new(),
        })
    }

    /// The only segment; none when nothing was ever added.
    fn segment(&self) -> Option<&SegmentReader> {
        self.searcher.segment_readers().first()
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
        allowed: Option<&(dyn Fn(Ordinal) -> bool + Sync)>,
    ) -> Result<Vec<(Ordinal, WordScores)>, IndexError> {
        let kind = match question.of(FieldKind::Stemmed) {
            [] => FieldKind::Plain,
            _ => FieldKind::Stemmed,
        };
        let taken: Vec<Ordinal> = self
            .best(kind, question.of(kind), limit * TAKEN_PER_WANTED, allowed)?
            .into_iter()
            .map(|(ordinal, _)| ordinal)
            .collect();
        let scores = self.scores(question, &taken)?;
        let mut best: Vec<(Ordinal, WordScores)> = taken.into_iter().zip(scores).collect();
        let combined = |(_, scores): &(Ordinal, WordScores)| scores.combined();
        best.sort_unstable_by(|a, b| combined(b).total_cmp(&combined(a)).then(a.0.cmp(&b.0)));
        best.truncate(limit);
        Ok(best)
    }

    /// The best matches that may be found, leaving out what cannot be among them.
    fn best(
        &self,
        kind: FieldKind,
        asked: &[Asked],
        limit: usize,
        allowed: Option<&(dyn Fn(Ordinal) -> bool + Sync)>,
    ) -> Result<Vec<(Ordinal, f32)>, IndexError> {
        // What the rare words alone give a chunk is the least that it has. So their best show
        // what a chunk must reach, before the long lists of the frequent words are opened.
        let rare = self.rare(kind, asked)?;
        let floor = match rare.len() {
            0 => f32::MIN,
            few if few == asked.len() => f32::MIN,
            _ => {
                let reached = self.best_from(kind, &rare, limit, allowed, f32::MIN)?;
                let last = reached.get(limit - 1).map(|(_, score)| *score);
                // Sums of the same terms in another order differ in their last bits.
                last.map_or(f32::MIN, |score| score * (1.0 - 1e-5))
            }
        };
        self.best_from(kind, asked, limit, allowed, floor)
    }

    /// The words that few chunks hold, as many as are read in no time.
    fn rare(&self, kind: FieldKind, asked: &[Asked]) -> Result<Vec<Asked>, IndexError> {
        let mut by_chunks = Vec::with_capacity(asked.len());
        for one in asked {
            let term = Term::from_field_text(self.fields.of(kind), &one.text);
            by_chunks.push((self.searcher.doc_freq(&term)?, one));
        }
        by_chunks.sort_by_key(|(chunks, _)| *chunks);
        let mut read = 0;
        let rare = by_chunks.into_iter().take_while(|(chunks, _)| {
            read += chunks;
            read <= RARE_POSTINGS
        });
        Ok(rare.map(|(_, one)| one.clone()).collect())
    }

    /// The best matches that score above `floor`.
    fn best_from(
        &self,
        kind: FieldKind,
        asked: &[Asked],
        limit: usize,
        allowed: Option<&(dyn Fn(Ordinal) -> bool + Sync)>,
        mut floor: f32,
    ) -> Result<Vec<(Ordinal, f32)>, IndexError> {
        let mut best: Vec<(Ordinal, f32)> = Vec::with_capacity(limit * 2);
        let Some(segment) = self.segment() else {
            return Ok(best);
        };
        let query = self.query(kind, asked);
        let weight = query.weight(EnableScoring::enabled_from_searcher(&self.searcher))?;
        weight.for_each_pruning(floor, segment, &mut |ordinal, score| {
            if score > floor && allowed.is_none_or(|allowed| allowed(ordinal)) {
                best.push((ordinal, score));
                if best.len() >= limit * 2 {
                    floor = keep_best(&mut best, limit);
                }
            }
            floor
        })?;
        best.sort_unstable_by(better);
        best.truncate(limit);
        Ok(best)
    }

    /// Scores by field of the given chunks, in their order.
    pub fn scores(
        &self,
        question: &QuestionWords,
        ordinals: &[Ordinal],
    ) -> Result<Vec<WordScores>, IndexError> {
        let mut scores = vec![WordScores::default(); ordinals.len()];
        let mut order: Vec<usize> = (0..ordinals.len()).collect();
        order.sort_by_key(|&at| ordinals[at]);
        // Spellings of one word stand together: each chunk holds the word once.
        let mut counted = vec![usize::MAX; ordinals.len()];
        for (kind, _) in FIELD_WEIGHTS {
            for asked in question.of(kind) {
                self.score_word(kind, &asked.text, ordinals, &order, |at, score| {
                    let score = asked.weight * score;
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
                })?;
            }
        }
        Ok(scores)
    }

    /// Tells `found` the BM25 of one word in each of the chunks that hold it.
    fn score_word(
        &self,
        kind: FieldKind,
        word: &str,
        ordinals: &[Ordinal],
        order: &[usize],
        mut found: impl FnMut(usize, f32),
    ) -> Result<(), IndexError> {
        let term = Term::from_field_text(self.fields.of(kind), word);
        let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
        let weight = query.weight(EnableScoring::enabled_from_searcher(&self.searcher))?;
        let Some(segment) = self.segment() else {
            return Ok(());
        };
        let mut scorer = weight.scorer(segment, 1.0)?;
        for &at in order {
            let reached = match scorer.doc() {
                doc if doc < ordinals[at] => scorer.seek(ordinals[at]),
                doc => doc,
            };
            if reached == ordinals[at] {
                found(at, scorer.score());
            }
        }
        Ok(())
    }

    /// Splits and folds a question and looks its words up.
    pub fn question(&self, text: &str) -> Result<QuestionWords, IndexError> {
        let frequency = |word: &str| {
            let term = Term::from_field_text(self.fields.stemmed, word);
            Ok(self.searcher.doc_freq(&term)?)
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

    /// Any of the question's words, in one field.
    fn query(&self, kind: FieldKind, asked: &[Asked]) -> BooleanQuery {
        let clause = |asked: &Asked| -> (Occur, Box<dyn Query>) {
            let term = Term::from_field_text(self.fields.of(kind), &asked.text);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            let weighed = BoostQuery::new(Box::new(query), asked.weight);
            (Occur::Should, Box::new(weighed))
        };
        BooleanQuery::new(asked.iter().map(clause).collect())
    }
}

/// Higher scores first, then chunks that come first.
fn better(a: &(Ordinal, f32), b: &(Ordinal, f32)) -> std::cmp::Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

/// Leaves the best `limit`, in no order, and tells the least score among them.
fn keep_best(best: &mut Vec<(Ordinal, f32)>, limit: usize) -> f32 {
    let (_, least, _) = best.select_nth_unstable_by(limit - 1, better);
    let least = least.1;
    best.truncate(limit);
    least
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

    /// More entries than the rare words' lists may have, so that both ways are taken.
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
                let found = reader.best(FieldKind::Stemmed, asked, 50, allowed);
                let found: Vec<f32> = found.expect("searches").iter().map(|b| b.1).collect();
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
