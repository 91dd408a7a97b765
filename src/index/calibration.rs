//! What an index gives to questions that it has no answer to: the measure that makes cosines mean
//! the same in every corpus and across scripts. It does not know what is decided by it.

use super::Ordinal;
use super::vector::{Exact, dot_f32, is_of_read_text};
use crate::language::{Language, Script};
use serde::{Deserialize, Serialize};

/// Chunks that a question's usual cosine is taken from: with 256 of 2,000 it lies within .003 of
/// the mean over all.
const SAMPLED: usize = 256;

/// How much of what all questions have in common is taken off. One figure for all sets; between .3
/// and .5 most gain, across scripts most (ablation page).
const COMMON_SHARE: f32 = 0.4;

/// Cosines of questions without an answer, by the question's language; measured when the index
/// was built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub english: Noise,
    pub urdu: Noise,
}

/// The same by the script of the pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// The mean of the questions' vectors: what any question in this language is near to.
    pub common: Vec<f32>,
    pub latin: Level,
    pub other: Level,
}

/// Means over such questions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Of the best cosine.
    pub best: f32,
    /// Of the cosine to any chunk.
    pub usual: f32,
}

/// A question's cosine to chunks spread evenly over those in one script.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usual {
    pub mean: f32,
    /// How many chunks it was taken from.
    pub chunks: usize,
}

/// Chunks spread evenly over the index, by script: short and general questions are near to all.
#[derive(Debug, Default)]
pub struct Sample {
    latin: Vec<Ordinal>,
    other: Vec<Ordinal>,
}

impl Noise {
    /// The question's vector less a part of what it has in common with any other: a page that is
    /// near to every question is no answer because of that.
    pub fn centred(&self, mut question: Vec<f32>) -> Vec<f32> {
        for (value, common) in question.iter_mut().zip(&self.common) {
            *value -= COMMON_SHARE * common;
        }
        question
    }
}

impl Calibration {
    /// The same for a question in this language; one that was not measured is left as it is.
    pub fn centred(&self, language: Language, question: Vec<f32>) -> Vec<f32> {
        match language.script {
            Script::Latin | Script::None => self.english.centred(question),
            Script::Arabic => self.urdu.centred(question),
            _ => question,
        }
    }

    /// What questions in this language give over pages in this script. A language that was not
    /// measured is as foreign to the pages as the farther of the measured ones.
    pub fn level(&self, question: Language, page: Script) -> Level {
        let over = |noise: &Noise| match is_latin(page) {
            true => noise.latin,
            false => noise.other,
        };
        let (english, urdu) = (over(&self.english), over(&self.urdu));
        match question.script {
            Script::Latin | Script::None => english,
            Script::Arabic => urdu,
            _ if english.best < urdu.best => english,
            _ => urdu,
        }
    }
}

impl Sample {
    /// From the language of every chunk, in their order.
    pub fn of(languages: impl Iterator<Item = Language>) -> Self {
        let (mut latin, mut other) = (Vec::new(), Vec::new());
        for (ordinal, language) in languages.enumerate() {
            match is_latin(language.script) {
                true => latin.push(ordinal as Ordinal),
                false => other.push(ordinal as Ordinal),
            }
        }
        let spread = |all: Vec<Ordinal>| -> Vec<Ordinal> {
            let taken = all.len().min(SAMPLED);
            (0..taken).map(|n| all[n * all.len() / taken]).collect()
        };
        Self {
            latin: spread(latin),
            other: spread(other),
        }
    }

    /// The cosine of `vector` to the sample in the script of `page`.
    pub fn usual(&self, rows: &Exact, vector: &[f32], page: Script) -> Usual {
        let taken = match is_latin(page) {
            true => &self.latin,
            false => &self.other,
        };
        let cosines: Vec<f32> = taken
            .iter()
            .map(|&row| dot_f32(vector, rows.row(row)))
            .filter(|cosine| is_of_read_text(*cosine))
            .collect();
        Usual {
            mean: cosines.iter().sum::<f32>() / cosines.len().max(1) as f32,
            chunks: cosines.len(),
        }
    }
}

/// The two groups of scripts that are told apart; text without letters is as good as Latin.
pub fn is_latin(script: Script) -> bool {
    matches!(script, Script::Latin | Script::None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::detect;

    #[test]
    fn a_language_that_was_not_measured_is_foreign() {
        let level = |best: f32| Level { best, usual: 0.7 };
        let measured = Calibration {
            english: Noise {
                common: Vec::new(),
                latin: level(0.80),
                other: level(0.77),
            },
            urdu: Noise {
                common: vec![1.0, 0.0],
                latin: level(0.76),
                other: level(0.82),
            },
        };
        let best = |text: &str, page| measured.level(detect(text), page).best;
        assert_eq!(best("How long?", Script::Latin), 0.80);
        assert_eq!(best("کتنی دیر؟", Script::Latin), 0.76);
        assert_eq!(best("کتنی دیر؟", Script::Arabic), 0.82);
        assert_eq!(best("कितनी देर?", Script::Latin), 0.76);
        assert_eq!(best("कितनी देर?", Script::Arabic), 0.77);
        let centred = |text: &str| measured.centred(detect(text), vec![0.6, 0.8]);
        assert_eq!(centred("کتنی دیر؟"), [0.6 - COMMON_SHARE, 0.8]);
        assert_eq!(centred("कितनी देर?"), [0.6, 0.8]);
    }

    #[test]
    fn the_sample_is_spread_over_the_chunks_of_each_script() {
        let urdu = detect("کتنی دیر؟");
        let english = detect("How long?");
        let sample = Sample::of((0..2000).map(|n| if n % 4 == 0 { urdu } else { english }));
        assert_eq!((sample.latin.len(), sample.other.len()), (256, 256));
        assert!(sample.other.iter().all(|n| n % 4 == 0));
        assert!(sample.latin.last().is_some_and(|last| *last > 1900));
    }
}
