//! Whether the documentation holds an answer at all: a probability from several weak signals.
//!
//! No cosine is low enough by itself to say no (the model's cosines all lie in .75–.90), and no
//! word score high enough to say yes. Together they tell a question on the subject from any other.

use super::fusion::Fused;
use crate::index::Candidates;
use serde::Serialize;
use std::collections::HashSet;

/// Probability from which a question is answered.
pub const THRESHOLD: f32 = 0.5;

/// What is known about a question's best candidates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Signals {
    /// Largest cosine; 0 without vectors.
    pub cosine: f32,
    /// Share (0–1) of the question's content words that the documentation knows.
    pub coverage: f32,
    /// Best combined word score relative to the largest that any text could have.
    pub words: f32,
    /// Share (0–1) of the two arms' first five that they have in common.
    pub agreement: f32,
}

/// Logistic weights, in the order of the fields, and the constant.
struct Weights {
    cosine: f32,
    coverage: f32,
    words: f32,
    agreement: f32,
    constant: f32,
}

const WITH_VECTORS: Weights = Weights {
    cosine: 60.0,
    coverage: 1.5,
    words: 3.0,
    agreement: 1.5,
    constant: -51.5,
};

const WORDS_ONLY: Weights = Weights {
    cosine: 0.0,
    coverage: 4.0,
    words: 6.0,
    agreement: 0.0,
    constant: -4.0,
};

impl Signals {
    pub fn of(candidates: &Candidates, fused: &[Fused]) -> Self {
        let found = &candidates.found;
        let first_five =
            |rank: fn(&crate::index::Candidate) -> Option<usize>| -> HashSet<(u32, u32)> {
                found
                    .iter()
                    .filter(|c| rank(c).is_some_and(|r| r <= 5))
                    .map(|c| (c.document, c.section))
                    .collect()
            };
        let by_words = first_five(|c| c.words_rank);
        let by_vector = first_five(|c| c.vector_rank);
        let shared = by_words.intersection(&by_vector).count();
        let best_words = found
            .iter()
            .map(|c| (c.words.plain + c.words.stemmed) / 2.0);
        Self {
            cosine: fused
                .iter()
                .filter_map(|f| f.candidate.cosine)
                .fold(0.0, f32::max),
            coverage: candidates.coverage,
            words: best_words.fold(0.0, f32::max) / candidates.words_maximum.max(1.0),
            agreement: shared as f32 / by_vector.len().clamp(1, 5) as f32,
        }
    }

    /// Probability (0–1) that the documentation answers the question.
    pub fn probability(&self) -> f32 {
        let w = if self.cosine > 0.0 {
            WITH_VECTORS
        } else {
            WORDS_ONLY
        };
        let sum = w.constant
            + w.cosine * self.cosine
            + w.coverage * self.coverage
            + w.words * self.words
            + w.agreement * self.agreement;
        1.0 / (1.0 + (-sum).exp())
    }
}
