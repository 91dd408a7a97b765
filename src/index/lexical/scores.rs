//! What the words say of one chunk.

use super::fields::{FIELD_WEIGHTS, FieldKind};
use serde::Serialize;

/// BM25 of one chunk for one question, by field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct WordScores {
    pub plain: f32,
    pub stemmed: f32,
    pub head: f32,
    /// Share (0–1) of the question's content words, weighted by rarity, that stand in the chunk.
    pub matched: f32,
}

impl WordScores {
    /// The combined score that candidates are picked by.
    pub fn combined(&self) -> f32 {
        FIELD_WEIGHTS
            .iter()
            .map(|(kind, weight)| weight * self.of(*kind))
            .sum()
    }

    fn of(&self, kind: FieldKind) -> f32 {
        match kind {
            FieldKind::Plain => self.plain,
            FieldKind::Stemmed => self.stemmed,
            FieldKind::StemmedHead => self.head,
        }
    }
}
