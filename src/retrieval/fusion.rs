//! One order out of two arms: words and vectors, each with its own scale, fused per question.
//!
//! Raw cosines of the model lie in .75–.90 and BM25 has no upper bound, so each arm is scaled to
//! [0, 1] over its own best before they are added. How much the words are heard depends on how
//! many of the question's words the documentation knows at all: across languages that is none,
//! and they are silent; where Urdu text is mixed with Latin terms it is some.

use crate::index::{Candidate, Candidates};
use std::collections::HashMap;

/// Weight of the headings' words beside the text's.
const HEAD_WEIGHT: f32 = 0.2;

/// A candidate with its fused score.
#[derive(Debug, Clone)]
pub struct Fused {
    pub candidate: Candidate,
    pub score: f32,
}

/// Best first, one candidate per section: the best chunk of it.
pub fn fuse(candidates: &Candidates) -> Vec<Fused> {
    let found = &candidates.found;
    let vectors = Scale::over(
        found
            .iter()
            .filter_map(|c| c.cosine.filter(|_| c.vector_rank.is_some())),
    );
    let body = |c: &Candidate| (c.words.plain + c.words.stemmed) / 2.0;
    let by_words = || found.iter().filter(|c| c.words_rank.is_some());
    let words = Scale::over(by_words().map(body)).from_zero();
    let heads = Scale::over(by_words().map(|c| c.words.head)).from_zero();
    let mut fused: Vec<Fused> = found
        .iter()
        .map(|candidate| {
            let by_vector = candidate.cosine.map_or(0.0, |cosine| vectors.of(cosine));
            let by_words = words.of(body(candidate)) + HEAD_WEIGHT * heads.of(candidate.words.head);
            Fused {
                score: by_vector + candidates.coverage * by_words,
                candidate: candidate.clone(),
            }
        })
        .collect();
    fused.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.candidate.ordinal.cmp(&b.candidate.ordinal))
    });
    best_of_each_section(fused)
}

fn best_of_each_section(fused: Vec<Fused>) -> Vec<Fused> {
    let mut seen: HashMap<(u32, u32), ()> = HashMap::new();
    fused
        .into_iter()
        .filter(|f| {
            let section = (f.candidate.document, f.candidate.section);
            seen.insert(section, ()).is_none()
        })
        .collect()
}

/// Maps an arm's scores to [0, 1].
struct Scale {
    low: f32,
    high: f32,
}

impl Scale {
    fn over(scores: impl Iterator<Item = f32>) -> Self {
        let (low, high) = scores.fold((f32::MAX, f32::MIN), |(low, high), s| {
            (low.min(s), high.max(s))
        });
        Self { low, high }
    }

    /// Keeps a score of zero at zero: an absent word is absent, not merely last.
    fn from_zero(self) -> Self {
        Self { low: 0.0, ..self }
    }

    fn of(&self, score: f32) -> f32 {
        if self.high <= self.low {
            return if self.high > 0.0 && score >= self.high {
                1.0
            } else {
                0.0
            };
        }
        ((score - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::WordScores;
    use crate::language::Language;

    fn candidate(ordinal: u32, cosine: f32, words: f32) -> Candidate {
        Candidate {
            ordinal,
            document: ordinal,
            section: 0,
            language: Language::NONE,
            words: WordScores {
                plain: words,
                stemmed: words,
                head: 0.0,
                matched: 0.0,
            },
            cosine: Some(cosine),
            words_rank: (words > 0.0).then_some(1),
            vector_rank: Some(1),
        }
    }

    #[test]
    fn words_that_the_documentation_does_not_know_do_not_vote() {
        let found = vec![candidate(0, 0.80, 9.0), candidate(1, 0.90, 0.0)];
        let silent = Candidates {
            found: found.clone(),
            coverage: 0.0,
            ..Default::default()
        };
        assert_eq!(fuse(&silent)[0].candidate.ordinal, 1);
        let heard = Candidates {
            found,
            coverage: 1.0,
            ..Default::default()
        };
        assert_eq!(fuse(&heard)[0].score, fuse(&heard)[1].score);
    }

    #[test]
    fn a_section_is_found_once() {
        let mut twin = candidate(1, 0.85, 1.0);
        twin.document = 0;
        let found = vec![candidate(0, 0.80, 1.0), twin];
        let fused = fuse(&Candidates {
            found,
            coverage: 1.0,
            ..Default::default()
        });
        assert_eq!(fused.len(), 1);
        assert_eq!(fused[0].candidate.ordinal, 1);
    }
}
