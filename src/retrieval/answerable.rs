//! Whether the documentation holds an answer at all: a probability from several weak signals.
//!
//! No cosine is low enough by itself to say no (the model's cosines all lie in .75–.90), and no
//! word score high enough to say yes. So the best cosine is measured twice: against what this
//! documentation gives to questions that it has no answer to, and against what the question gives
//! to any of its chunks. Together with the words that tells a question on the subject from others.

use super::fusion::Fused;
use crate::index::{Calibration, Candidate, Candidates, Level};
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
    /// Best word score relative to the largest that any text could have.
    pub words: f32,
    /// Largest share (0–1) of the question, by rarity, that one section holds.
    pub matched: f32,
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
    coverage: f32,
    across_scripts: f32,
    constant: f32,
}

/// Fitted on the development sets: each set's own questions against those of other subjects, all
/// pairs weighing the same. The last two place one half where 97 of 100 questions of other
/// subjects are refused, within a script and across (quality page).
const WITH_VECTORS: Weights = Weights {
    above_noise: 40.5,
    above_usual: 80.5,
    words: 7.86,
    matched: 1.05,
    coverage: 0.0,
    across_scripts: 1.25,
    constant: -7.60,
};

/// Before there are vectors: half of the question's rarity must stand in one section.
const WORDS_ONLY: Weights = Weights {
    above_noise: 0.0,
    above_usual: 0.0,
    words: 4.0,
    matched: 6.0,
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

impl Signals {
    pub fn of(
        question: Language,
        candidates: &Candidates,
        fused: &[Fused],
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
        let word_score = |c: &Candidate| (c.words.plain + c.words.stemmed) / 2.0;
        let best_words = found.iter().map(word_score).fold(0.0, f32::max);
        let top = fused.iter().take(LOOKED_AT).map(|f| &f.candidate);
        Self {
            cosine,
            above_noise: above(noise.best),
            above_usual: above(usual.min(noise.best - BELOW_NOISE)),
            words: best_words / candidates.words_maximum.max(1.0),
            matched: top.map(|c| c.words.matched).fold(0.0, f32::max),
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
            + w.coverage * self.coverage
            + w.across_scripts * f32::from(u8::from(self.across_scripts));
        1.0 / (1.0 + (-sum).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::fuse;

    #[test]
    fn without_vectors_the_words_decide() {
        let of = |matched: f32| Signals {
            cosine: None,
            above_noise: 0.0,
            above_usual: 0.0,
            words: matched / 2.0,
            matched,
            coverage: matched,
            across_scripts: false,
        };
        assert!(of(0.9).probability() > THRESHOLD);
        assert!(of(0.2).probability() < THRESHOLD);
    }

    #[test]
    fn nothing_found_is_no_answer() {
        let nothing = Candidates::default();
        let signals = Signals::of(Language::NONE, &nothing, &fuse(&nothing), None);
        assert!(signals.probability() < THRESHOLD);
    }
}
