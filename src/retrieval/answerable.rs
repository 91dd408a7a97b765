//! Whether the documentation holds an answer at all: a probability from several weak signals.
//!
//! No cosine is low enough by itself to say no (the model's cosines all lie in .75–.90), and no
//! word score high enough to say yes. So the best cosine is measured twice: against what this
//! documentation gives to questions that it has no answer to, and against what the question gives
//! to any of its chunks. Together with the words that tells a question on the subject from others.

use super::fusion::Fused;
use crate::index::{Calibration, Candidates, Level};
use crate::language::{Language, Script};
use serde::Serialize;

/// Probability from which a question is answered.
pub const THRESHOLD: f32 = 0.5;

/// What is known about a question's best candidates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Signals {
    /// The largest cosine; `None` without vectors.
    pub cosine: Option<f32>,
    /// How far it lies above that of questions without an answer in the question's language.
    pub above_noise: f32,
    /// How far it lies above the question's cosine to any chunk.
    pub above_usual: f32,
    /// Best score of the content words relative to the largest that any text could have (0–1).
    pub words: f32,
    /// Largest share (0–1) of the question, by rarity, that one section holds.
    pub matched: f32,
    /// How much one section says of the question (0–1): the rarity of the words it holds, in words
    /// that stand in one chunk only. One common word is held by many sections.
    pub evidence: f32,
    /// Share (0–1) of the two arms' best five sections that both have.
    pub agreement: f32,
    /// Share (0–1) of the question's content words that the documentation knows.
    pub coverage: f32,
    /// The nearest section is in another script than the question: that words are missing there
    /// says little.
    pub across_scripts: bool,
}

/// Logistic weights, by the fields' names, and the constant.
struct Weights {
    above_noise: f32,
    above_usual: f32,
    words: f32,
    matched: f32,
    evidence: f32,
    agreement: f32,
    coverage: f32,
    across_scripts: f32,
    constant: f32,
}

/// Fitted on the development sets and on sites of 6, 15 and 40 of their pages: each corpus' own
/// questions against those of other subjects and against nonsense, all kinds weighing the same.
/// Without the family of sets that it is tried on, the AUC is .932–.999 (quality page). The constant
/// places one half where 97 of 100 questions of other subjects are refused.
const WITH_VECTORS: Weights = Weights {
    above_noise: 8.0,
    above_usual: 89.3,
    words: 0.0,
    matched: 3.0,
    evidence: 3.95,
    agreement: 3.1,
    coverage: 0.0,
    across_scripts: 1.8,
    constant: -8.15,
};

/// Before there are vectors: half of the question's rarity must stand in one section.
const WORDS_ONLY: Weights = Weights {
    above_noise: 0.0,
    above_usual: 0.0,
    words: 4.0,
    matched: 6.0,
    evidence: 0.0,
    agreement: 0.0,
    coverage: 2.0,
    across_scripts: 0.0,
    constant: -5.0,
};

/// What the development sets' corpora give to noise, for an index that was not measured.
const USUAL_LEVEL: Level = Level {
    best: 0.80,
    usual: 0.745,
};

/// A question's usual cosine is taken for as sure as that of noise when it comes from this many
/// chunks: a few pages on one subject are all near to a question on it.
const SURE_CHUNKS: f32 = 32.0;

/// A question's usual cosine counts up to this far below what noise reaches at best: in a small
/// documentation on one subject every chunk is near to a question on it.
const BELOW_NOISE: f32 = 0.005;

/// How many of the best sections are looked at.
const LOOKED_AT: usize = 10;

/// Ranks of each arm that are compared.
const COMPARED_RANKS: usize = 5;

/// So many rare words in one section are as much evidence as there can be.
const ENOUGH_RARE_WORDS: f32 = 4.0;

impl Signals {
    pub fn of(
        question: Language,
        candidates: &Candidates,
        fused: &[Fused],
        chunks: usize,
        calibration: Option<&Calibration>,
    ) -> Self {
        let found = &candidates.found;
        let nearest = found
            .iter()
            .filter(|c| c.cosine.is_some())
            .max_by(|a, b| a.cosine.unwrap_or(0.0).total_cmp(&b.cosine.unwrap_or(0.0)));
        let cosine = nearest.and_then(|c| c.cosine);
        let script = nearest.map_or(Script::None, |c| c.language.script);
        let noise = calibration.map_or(USUAL_LEVEL, |c| c.level(question, script));
        let sampled = candidates.usual.chunks as f32;
        let usual =
            (sampled * candidates.usual.mean + SURE_CHUNKS * noise.usual) / (sampled + SURE_CHUNKS);
        let above = |level: f32| cosine.map_or(0.0, |cosine| cosine - level);
        // Not the words as written: those that say nothing of a topic count there too.
        let best_words = found.iter().map(|c| c.words.stemmed).fold(0.0, f32::max);
        let top = || fused.iter().take(LOOKED_AT).map(|f| &f.candidate);
        let matched = top().map(|c| c.words.matched).fold(0.0, f32::max);
        let rarest = (1.0 + chunks as f32).ln().max(1.0);
        let is_best = |rank: Option<usize>| rank.is_some_and(|rank| rank <= COMPARED_RANKS);
        let agreed = top().filter(|c| is_best(c.words_rank) && is_best(c.vector_rank));
        Self {
            cosine,
            above_noise: above(noise.best),
            above_usual: above(usual.min(noise.best - BELOW_NOISE)),
            words: (best_words / candidates.words_maximum.max(1.0)).min(1.0),
            matched,
            evidence: (matched * candidates.rarity / rarest / ENOUGH_RARE_WORDS).min(1.0),
            agreement: agreed.count() as f32 / COMPARED_RANKS as f32,
            coverage: candidates.coverage,
            across_scripts: script != question.script
                && script != Script::None
                && question.script != Script::None,
        }
    }

    /// Probability (0–1) that the documentation answers the question.
    pub fn probability(&self) -> f32 {
        let w = match self.cosine {
            Some(_) => WITH_VECTORS,
            None => WORDS_ONLY,
        };
        let sum = w.constant
            + w.above_noise * self.above_noise
            + w.above_usual * self.above_usual
            + w.words * self.words
            + w.matched * self.matched
            + w.evidence * self.evidence
            + w.agreement * self.agreement
            + w.coverage * self.coverage
            + w.across_scripts * f32::from(u8::from(self.across_scripts));
        1.0 / (1.0 + (-sum).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{Candidate, WordScores};
    use crate::retrieval::fuse;

    #[test]
    fn without_vectors_the_words_decide() {
        let of = |matched: f32| Signals {
            cosine: None,
            above_noise: 0.0,
            above_usual: 0.0,
            words: matched / 2.0,
            matched,
            evidence: matched,
            agreement: 0.0,
            coverage: matched,
            across_scripts: false,
        };
        assert!(of(0.9).probability() > THRESHOLD);
        assert!(of(0.2).probability() < THRESHOLD);
    }

    #[test]
    fn a_section_that_holds_one_common_word_says_less_than_one_that_holds_a_rare_one() {
        let found = |rarity: f32| {
            let words = WordScores {
                stemmed: rarity,
                matched: 1.0,
                ..WordScores::default()
            };
            let candidates = Candidates {
                found: vec![Candidate {
                    ordinal: 0,
                    document: 0,
                    section: 0,
                    language: Language::NONE,
                    words,
                    cosine: Some(0.5),
                    detail: None,
                    words_rank: Some(1),
                    vector_rank: Some(1),
                }],
                rarity,
                words_maximum: 2.2 * rarity,
                ..Candidates::default()
            };
            Signals::of(Language::NONE, &candidates, &fuse(&candidates), 100, None)
        };
        assert!(found(0.5).probability() < found(4.0).probability());
        assert_eq!(found(4.0).agreement, 0.2);
    }

    #[test]
    fn nothing_found_is_no_answer() {
        let nothing = Candidates::default();
        let signals = Signals::of(Language::NONE, &nothing, &fuse(&nothing), 0, None);
        assert!(signals.probability() < THRESHOLD);
    }
}
