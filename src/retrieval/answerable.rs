//! Whether the documentation holds an answer at all: a probability from several weak signals.
//!
//! No cosine is low enough by itself to say no (the model's cosines all lie in .75–.90), and no
//! word score high enough to say yes. So the best cosine is measured twice: against what this
//! documentation gives to questions that it has no answer to, and against what the question gives
//! to any of its chunks. Together with the words that tells a question on the subject from others.

use super::fusion::{Fused, nearness};
use crate::index::{Calibration, Candidates, Level};
use crate::language::{Language, Script};
use serde::Serialize;

/// Probability from which a question is answered.
pub const THRESHOLD: f32 = 0.5;

/// What is known about a question's best candidates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Signals {
    /// The largest cosine; `None` without vectors.
    pub cosine: Option<f32>,
    /// How far it lies above the question's cosine to any chunk.
    pub above_usual: f32,
    /// The same of the largest nearness, in which a section's nearest part counts as much as the
    /// whole: an answer mostly stands in one place.
    pub nearness_above_usual: f32,
    /// Best score of the content words relative to the largest that any text could have (0–1).
    pub words: f32,
    /// Largest share (0–1) of the question, by rarity, that one section holds.
    pub matched: f32,
    /// How much one section says of the question (0–1): the rarity of the words it holds, in words
    /// that stand in one chunk only. One common word is held by many sections.
    pub evidence: f32,
    /// How much one section's headings say of the question (0–1), relative to one rare word.
    pub headed: f32,
    /// Share (0–1) of the two arms' best five sections that both have.
    pub agreement: f32,
    /// Share (0–1) of the question's content words that the documentation knows.
    pub coverage: f32,
    /// The question asks for one name: a flag, an identifier, an abbreviation.
    pub named: bool,
    /// The nearest section is in another script than the question: that words are missing there
    /// says little.
    pub across_scripts: bool,
}

/// Logistic weights, by the fields' names, and the constant.
struct Weights {
    above_usual: f32,
    nearness_above_usual: f32,
    /// Added to the one before where question and section differ in script.
    nearness_across: f32,
    words: f32,
    matched: f32,
    evidence: f32,
    headed: f32,
    /// Added to the one before where question and section differ in script.
    headed_across: f32,
    agreement: f32,
    coverage: f32,
    constant: f32,
}

/// Learned by benches/abstention/fit.py on the development sets and on sites of 6, 15 and 40 of their
/// pages: each corpus' own questions, and terms asked for by name, against those of other subjects
/// and against nonsense, all kinds weighing the same. Without the family of sets that it is tried
/// on, the AUC is .932–.9998; on our own handbook, which it was not learned from, .960 (quality
/// page).
const WITH_VECTORS: Weights = Weights {
    above_usual: 38.23,
    nearness_above_usual: 38.71,
    nearness_across: 43.80,
    words: 0.0,
    matched: 3.32,
    evidence: 3.90,
    headed: 1.81,
    headed_across: -4.87,
    agreement: 3.90,
    coverage: 0.0,
    constant: -8.78,
};

/// Before there are vectors: half of the question's rarity must stand in one section.
const WORDS_ONLY: Weights = Weights {
    above_usual: 0.0,
    nearness_above_usual: 0.0,
    nearness_across: 0.0,
    words: 4.0,
    matched: 6.0,
    evidence: 0.0,
    headed: 0.0,
    headed_across: 0.0,
    agreement: 0.0,
    coverage: 2.0,
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

/// What BM25 gives to one word at most, in units of its idf (k1 + 1).
const MOST_OF_ONE_WORD: f32 = 2.2;

/// A section that holds the whole question, but for rounding.
const WHOLE: f32 = 0.99;

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
        let usual = usual.min(noise.best - BELOW_NOISE);
        let above_usual = |near: Option<f32>| near.map_or(0.0, |near| near - usual);
        let in_part = found.iter().filter_map(nearness).reduce(f32::max);
        let best_head = found.iter().map(|c| c.words.head).fold(0.0, f32::max);
        // Not the words as written: those that say nothing of a topic count there too.
        let best_words = found.iter().map(|c| c.words.stemmed).fold(0.0, f32::max);
        let top = || fused.iter().take(LOOKED_AT).map(|f| &f.candidate);
        let matched = top().map(|c| c.words.matched).fold(0.0, f32::max);
        let rarest = (1.0 + chunks as f32).ln().max(1.0);
        let is_best = |rank: Option<usize>| rank.is_some_and(|rank| rank <= COMPARED_RANKS);
        let agreed = top().filter(|c| is_best(c.words_rank) && is_best(c.vector_rank));
        Self {
            cosine,
            above_usual: above_usual(cosine),
            nearness_above_usual: above_usual(in_part),
            words: (best_words / candidates.words_maximum.max(1.0)).min(1.0),
            matched,
            evidence: (matched * candidates.rarity / rarest / ENOUGH_RARE_WORDS).min(1.0),
            headed: (best_head / (MOST_OF_ONE_WORD * rarest)).min(1.0),
            agreement: agreed.count() as f32 / COMPARED_RANKS as f32,
            coverage: candidates.coverage,
            named: candidates.named,
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
        let across = f32::from(u8::from(self.across_scripts));
        let sum = w.constant
            + w.above_usual * self.above_usual
            + (w.nearness_above_usual + w.nearness_across * across) * self.nearness_above_usual
            + w.words * self.words
            + w.matched * self.matched
            + w.evidence * self.evidence
            + (w.headed + w.headed_across * across) * self.headed
            + w.agreement * self.agreement
            + w.coverage * self.coverage;
        let probability = 1.0 / (1.0 + (-sum).exp());
        // A name says nothing to the model that it has not met, and everything to who wrote it down.
        match self.named && self.matched >= WHOLE {
            true => probability.max(THRESHOLD),
            false => probability,
        }
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
            words: matched / 2.0,
            matched,
            evidence: matched,
            agreement: 0.0,
            coverage: matched,
            across_scripts: false,
            ..Signals::default()
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
    fn a_name_that_stands_in_a_section_is_answered_however_far_its_meaning_lies() {
        let of = |named: bool, matched: f32| Signals {
            cosine: Some(0.4),
            matched,
            named,
            ..Signals::default()
        };
        assert!(of(true, 1.0).probability() >= THRESHOLD);
        assert!(of(true, 0.5).probability() < THRESHOLD);
        assert!(of(false, 1.0).probability() < THRESHOLD);
    }

    #[test]
    fn nothing_found_is_no_answer() {
        let nothing = Candidates::default();
        let signals = Signals::of(Language::NONE, &nothing, &fuse(&nothing), 0, None);
        assert!(signals.probability() < THRESHOLD);
    }
}
