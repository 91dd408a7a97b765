//! One field of the word index: the lists of its words, and what BM25 makes of an entry.
//!
//! tantivy keeps the lists; here they are read a block at a time, because its own scorers weigh
//! every word anew for each question and field. It does not know questions.

use crate::index::{IndexError, Ordinal};
use std::sync::Arc;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{InvertedIndexReader, SegmentReader, TantivyError, Term};

/// Saturation by occurrences and by length, as everybody has them (Robertson & Zaragoza 2009).
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// A field of the only segment.
pub(super) struct Postings {
    field: Field,
    lists: Arc<InvertedIndexReader>,
    lengths: FieldNormReader,
    /// What is added to the occurrences below the line, by the code of a chunk's length.
    saturation: Box<[f32; 256]>,
    chunks: Ordinal,
}

/// A word as it stands in the field.
pub(super) struct Entry {
    term: TermInfo,
    /// What one chunk can get for it at most, however often it says it.
    pub most: f32,
}

/// A word's list, read from the first chunk to the last.
pub(super) struct List<'p> {
    postings: &'p Postings,
    blocks: BlockSegmentPostings,
    most: f32,
}

impl Postings {
    pub fn open(segment: &SegmentReader, field: Field) -> Result<Self, IndexError> {
        let lists = segment.inverted_index(field)?;
        let chunks = segment.max_doc();
        let average = lists.total_num_tokens() as f32 / chunks as f32;
        let mut saturation = Box::new([0.0; 256]);
        for (code, saturation) in (0u8..=255).zip(saturation.iter_mut()) {
            let length = FieldNormReader::id_to_fieldnorm(code) as f32;
            *saturation = K1 * (1.0 - B + B * length / average);
        }
        Ok(Self {
            field,
            lengths: segment.get_fieldnorms_reader(field)?,
            lists,
            saturation,
            chunks,
        })
    }

    /// How many chunks hold `word`.
    pub fn holding(&self, word: &str) -> Result<u32, IndexError> {
        Ok(self.term(word)?.map_or(0, |term| term.doc_freq))
    }

    /// `None` for a word that no chunk holds. `weight` is what its BM25 counts.
    pub fn entry(&self, word: &str, weight: f32) -> Result<Option<Entry>, IndexError> {
        Ok(self.term(word)?.map(|term| Entry {
            most: weight * self.idf(term.doc_freq) * (1.0 + K1),
            term,
        }))
    }

    pub fn list(&self, entry: &Entry) -> Result<List<'_>, IndexError> {
        let option = IndexRecordOption::WithFreqs;
        let blocks = self
            .lists
            .read_block_postings_from_terminfo(&entry.term, option)
            .map_err(TantivyError::from)?;
        Ok(List {
            postings: self,
            blocks,
            most: entry.most,
        })
    }

    fn term(&self, word: &str) -> Result<Option<TermInfo>, IndexError> {
        let term = Term::from_field_text(self.field, word);
        Ok(self
            .lists
            .get_term_info(&term)
            .map_err(TantivyError::from)?)
    }

    fn idf(&self, holding: u32) -> f32 {
        let rest = (self.chunks - holding) as f32;
        (1.0 + (rest + 0.5) / (holding as f32 + 0.5)).ln()
    }
}

impl Entry {
    /// How many chunks hold it.
    pub fn holding(&self) -> u32 {
        self.term.doc_freq
    }
}

impl List<'_> {
    /// Adds to each chunk's sum what the word gives it.
    pub fn add_to(mut self, sums: &mut [f32]) {
        loop {
            let chunks = self.blocks.docs();
            if chunks.is_empty() {
                return;
            }
            for (&chunk, &occurrences) in chunks.iter().zip(self.blocks.freqs()) {
                sums[chunk as usize] += self.score(chunk, occurrences);
            }
            self.blocks.advance();
        }
    }

    /// What the word gives a chunk; `None` where it does not stand. To be asked in ascending order.
    pub fn score_in(&mut self, chunk: Ordinal) -> Option<f32> {
        let at = self.blocks.seek(chunk);
        (self.blocks.doc(at) == chunk).then(|| self.score(chunk, self.blocks.freq(at)))
    }

    fn score(&self, chunk: Ordinal, occurrences: u32) -> f32 {
        let length = self.postings.lengths.fieldnorm_id(chunk);
        let occurrences = occurrences as f32;
        let saturation = self.postings.saturation[usize::from(length)];
        self.most * (occurrences / (occurrences + saturation))
    }
}
