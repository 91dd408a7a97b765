//! Finds the best chunks for a question's words, and scores chunks that were found otherwise.

use super::fields::{FIELD_WEIGHTS, FieldKind, Fields};
use super::question::QuestionWords;
use super::scores::WordScores;
use super::sounds::Sounds;
use crate::index::{IndexError, Ordinal};
use std::path::Path;
use std::sync::OnceLock;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, EnableScoring, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, Searcher, Term};

/// The `words/` folder of a finished generation.
pub struct Reader {
    searcher: Searcher,
    fields: Fields,
    /// Where each chunk stands in tantivy's segments.
    addresses: Vec<DocAddress>,
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
        let mut addresses = vec![DocAddress::new(0, 0); searcher.num_docs() as usize];
        for (segment, reader) in searcher.segment_readers().iter().enumerate() {
            let ordinals = reader.fast_fields().u64("ordinal")?;
            for doc in reader.doc_ids_alive() {
                let ordinal = ordinals.first(doc).unwrap_or_default() as usize;
                let slot = addresses
                    .get_mut(ordinal)
                    .ok_or_else(|| IndexError::Damaged("words: ordinal out of range".into()))?;
                *slot = DocAddress::new(segment as u32, doc);
            }
        }
        Ok(Self {
            searcher,
            fields,
            addresses,
            sounds: OnceLock::new(),
        })
    }

    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Best chunks by the combined score, best first. `allowed` is asked per chunk when given.
    pub fn search(
        &self,
        question: &QuestionWords,
        limit: usize,
        allowed: Option<&(dyn Fn(Ordinal) -> bool + Sync)>,
    ) -> Result<Vec<(Ordinal, f32)>, IndexError> {
        let query = self.combined_query(question);
        let top = TopDocs::with_limit(limit.max(1)).order_by_score();
        match allowed {
            None => {
                let hits = self.searcher.search(&query, &top)?;
                self.ordinals(hits)
            }
            Some(allowed) => self.search_filtered(&query, limit, allowed),
        }
    }

    fn ordinals(&self, hits: Vec<(f32, DocAddress)>) -> Result<Vec<(Ordinal, f32)>, IndexError> {
        hits.into_iter()
            .map(|(score, address)| Ok((self.ordinal(address)?, score)))
            .collect()
    }

    fn ordinal(&self, address: DocAddress) -> Result<Ordinal, IndexError> {
        // One segment written in order: the document's id is its ordinal.
        if self.searcher.segment_readers().len() == 1 {
            return Ok(address.doc_id);
        }
        let reader = self.searcher.segment_reader(address.segment_ord);
        let ordinals = reader.fast_fields().u64("ordinal")?;
        Ok(ordinals.first(address.doc_id).unwrap_or_default() as Ordinal)
    }

    /// Visits every match and keeps the best that may be found.
    fn search_filtered(
        &self,
        query: &dyn Query,
        limit: usize,
        allowed: &(dyn Fn(Ordinal) -> bool + Sync),
    ) -> Result<Vec<(Ordinal, f32)>, IndexError> {
        let weight = query.weight(EnableScoring::enabled_from_searcher(&self.searcher))?;
        let mut best: Vec<(Ordinal, f32)> = Vec::with_capacity(limit * 2);
        let mut floor = f32::MIN;
        for (segment, reader) in self.searcher.segment_readers().iter().enumerate() {
            weight.for_each(reader, &mut |doc, score| {
                if score <= floor {
                    return;
                }
                let Ok(ordinal) = self.ordinal(DocAddress::new(segment as u32, doc)) else {
                    return;
                };
                if allowed(ordinal) {
                    best.push((ordinal, score));
                    if best.len() >= limit * 2 {
                        keep_best(&mut best, limit);
                        floor = best.last().map_or(f32::MIN, |(_, score)| *score);
                    }
                }
            })?;
        }
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
        order.sort_by_key(|&at| self.addresses[ordinals[at] as usize]);
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
        let mut scorer = None;
        for &at in order {
            let address = self.addresses[ordinals[at] as usize];
            if scorer
                .as_ref()
                .is_none_or(|(segment, _)| *segment != address.segment_ord)
            {
                let reader = self.searcher.segment_reader(address.segment_ord);
                scorer = Some((address.segment_ord, weight.scorer(reader, 1.0)?));
            }
            let Some((_, scorer)) = &mut scorer else {
                continue;
            };
            let reached = match scorer.doc() {
                doc if doc < address.doc_id => scorer.seek(address.doc_id),
                doc => doc,
            };
            if reached == address.doc_id {
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

    fn combined_query(&self, question: &QuestionWords) -> BooleanQuery {
        let mut clauses = Vec::new();
        for (kind, weight) in FIELD_WEIGHTS {
            self.push_clauses(question, kind, weight, &mut clauses);
        }
        BooleanQuery::new(clauses)
    }

    fn push_clauses(
        &self,
        question: &QuestionWords,
        kind: FieldKind,
        weight: f32,
        clauses: &mut Vec<(Occur, Box<dyn Query>)>,
    ) {
        for asked in question.of(kind) {
            let term = Term::from_field_text(self.fields.of(kind), &asked.text);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            let weight = weight * asked.weight;
            clauses.push((
                Occur::Should,
                Box::new(BoostQuery::new(Box::new(query), weight)),
            ));
        }
    }
}

fn keep_best(best: &mut Vec<(Ordinal, f32)>, limit: usize) {
    best.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    best.truncate(limit);
}
