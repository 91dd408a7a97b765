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
    ) -> Result<Vec<(Ordinal, f32)>, IndexError> {
        let kind = match question.of(FieldKind::Stemmed) {
            [] => FieldKind::Plain,
            _ => FieldKind::Stemmed,
        };
        let query = self.query(question, kind);
        let taken: Vec<Ordinal> = self
            .best(&query, limit * TAKEN_PER_WANTED, allowed)?
            .into_iter()
            .map(|(ordinal, _)| ordinal)
            .collect();
        let scores = self.scores(question, &taken)?;
        let combined = scores.iter().map(WordScores::combined);
        let mut best: Vec<(Ordinal, f32)> = taken.into_iter().zip(combined).collect();
        keep_best(&mut best, limit);
        Ok(best)
    }

    /// The best matches that may be found, leaving out what cannot be among them.
    fn best(
        &self,
        query: &dyn Query,
        limit: usize,
        allowed: Option<&(dyn Fn(Ordinal) -> bool + Sync)>,
    ) -> Result<Vec<(Ordinal, f32)>, IndexError> {
        let mut best: Vec<(Ordinal, f32)> = Vec::with_capacity(limit * 2);
        let Some(segment) = self.segment() else {
            return Ok(best);
        };
        let weight = query.weight(EnableScoring::enabled_from_searcher(&self.searcher))?;
        let mut floor = f32::MIN;
        weight.for_each_pruning(floor, segment, &mut |ordinal, score| {
            if score > floor && allowed.is_none_or(|allowed| allowed(ordinal)) {
                best.push((ordinal, score));
                if best.len() >= limit * 2 {
                    keep_best(&mut best, limit);
                    floor = best.last().map_or(f32::MIN, |(_, score)| *score);
                }
            }
            floor
        })?;
        keep_best(&mut best, limit);
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
    fn query(&self, question: &QuestionWords, kind: FieldKind) -> BooleanQuery {
        let clause = |asked: &Asked| -> (Occur, Box<dyn Query>) {
            let term = Term::from_field_text(self.fields.of(kind), &asked.text);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            let weighed = BoostQuery::new(Box::new(query), asked.weight);
            (Occur::Should, Box::new(weighed))
        };
        BooleanQuery::new(question.of(kind).iter().map(clause).collect())
    }
}

fn keep_best(best: &mut Vec<(Ordinal, f32)>, limit: usize) {
    best.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    best.truncate(limit);
}
