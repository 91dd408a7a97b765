//! Whether the documentation holds an answer at all: a probability from several weak signals.
//!
//! No cosine is low enough by itself to say no (the model's cosines all lie in .75–.90), and no
//! word score high enough to say yes. Together they tell a question on the subject from any other.

use super::fusion::Fused;
use crate::index::Candidates;
use crate::language::{Language, Script};
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
    /// Best word score relative to the largest that any text could have.
    pub words: f32,
    /// Share (0–1) of the two arms' first five that they have in common.
    pub agreement: f32,
    /// Largest share (0–1) of the question, by rarity, that one section holds.
    pub matched: f32,
    /// The best section is written in another script than the question: words can't agree.
    pub across_scripts: bool,
}

/// Logistic weights, in the order of the fields, and the constant.
struct Weights {
    cosine: f32,
    coverage: f32,
    words: f32,
    agreement: f32,
    matched: f32,
    constant: f32,
}

/// Fitted on the development sets: each set's own questions against those of other subjects, all
/// pairs weighing the same (quality page).
const WITHIN_SCRIPT: Weights = Weights {
    cosine: 105.27,
    coverage: -2.42,
    words: 6.29,
    agreement: 5.23,
    matched: 6.36,
    constant: -90.75,
};

/// Across scripts the cosine speaks alone; one half at .81, between what the development sets'
/// answerable questions and those of other subjects reach.
const ACROSS_SCRIPTS: Weights = Weights {
    cosine: 136.5,
    coverage: 0.0,
    words: 0.0,
    agreement: 0.0,
    matched: 0.0,
    constant: -110.6,
};

/// Before there are vectors: half of the question's rarity must stand in one section.
const WORDS_ONLY: Weights = Weights {
    cosine: 0.0,
    coverage: 2.0,
    words: 4.0,
    agreement: 0.0,
    matched: 6.0,
    constant: -5.0,
};

/// Less than this share of the question in one section counts as no common word.
const NO_COMMON_WORDS: f32 = 0.2;

/// How many of the best sections are looked at.
const LOOKED_AT: usize = 10;

impl Signals {
    pub fn of(question: Language, candidates: &Candidates, fused: &[Fused]) -> Self {
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
        let top = || fused.iter().take(LOOKED_AT).map(|f| &f.candidate);
        let matched = top().map(|c| c.words.matched).fold(0.0, f32::max);
        let script = fused
            .first()
            .map_or(Script::None, |f| f.candidate.language.script);
        Self {
            matched,
            across_scripts: matched < NO_COMMON_WORDS
                && script != question.script
                && script != Script::None
                && question.script != Script::None,
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
        let w = match self {
            Self { cosine: 0.0, .. } => WORDS_ONLY,
            Self {
                across_scripts: true,
                ..
            } => ACROSS_SCRIPTS,
            _ => WITHIN_SCRIPT,
        };
        let sum = w.constant
            + w.cosine * self.cosine
            + w.coverage * self.coverage
            + w.words * self.words
            + w.agreement * self.agreement
            + w.matched * self.matched;
        1.0 / (1.0 + (-sum).exp())
    }
}
