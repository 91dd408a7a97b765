//! One order out of two arms: words and vectors, each with its own scale, fused per question.
//!
//! Raw cosines of the model lie in .75–.90, so a candidate is judged by how far it lies behind the
//! question's best; BM25 has no upper bound, so it is scaled to [0, 1] over the question's own
//! best. How much the words are heard depends on how many of the question's words the
//! documentation knows at all (across languages that is none, and they are silent; where Urdu text
//! is mixed with Latin terms it is some) and on how much of the question, by rarity, the candidate
//! itself holds. The constants are one choice for all development sets (quality page).

use crate::index::{Candidate, Candidates};
use std::collections::HashMap;

/// A cosine this far behind the best counts as much as all the words.
const COSINE_SPAN: f32 = 0.07;

/// How much a candidate's nearest part counts beside the whole: of a long section a question mostly
/// asks for one thing.
const DETAIL_SHARE: f32 = 0.5;

/// Share of the stemmed text in the words' score; the rest is the text as written.
const STEMMED_SHARE: f32 = 0.6;

/// Weight of the headings' words beside the text's.
const HEAD_WEIGHT: f32 = 0.3;

/// Weight of the share of the question that the candidate holds.
const MATCHED_WEIGHT: f32 = 0.5;

/// A candidate with its fused score.
#[derive(Debug, Clone)]
pub struct Fused {
    pub candidate: Candidate,
    pub score: f32,
}

/// Best first, one candidate per section: the best chunk of it.
pub fn fuse(candidates: &Candidates) -> Vec<Fused> {
    let found = &candidates.found;
    let best_cosine = found.iter().filter_map(nearness).fold(f32::MIN, f32::max);
    let by_words = || found.iter().filter(|c| c.words_rank.is_some());
    let best_text = by_words().map(text_score).fold(0.0, f32::max);
    let best_head = by_words().map(|c| c.words.head).fold(0.0, f32::max);
    let mut fused: Vec<Fused> = found
        .iter()
        .map(|candidate| {
            let by_vector = match nearness(candidate) {
                Some(nearness) => 1.0 - (best_cosine - nearness) / COSINE_SPAN,
                None => 0.0,
            };
            let matched = candidate.words.matched;
            let by_words = share(text_score(candidate), best_text) * matched.sqrt()
                + HEAD_WEIGHT * share(candidate.words.head, best_head)
                + MATCHED_WEIGHT * matched;
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

/// Between the cosine of the whole and that of its nearest part.
pub(super) fn nearness(candidate: &Candidate) -> Option<f32> {
    let cosine = candidate.cosine?;
    let part = candidate.detail.unwrap_or(cosine);
    Some(cosine + DETAIL_SHARE * (part - cosine))
}

fn text_score(candidate: &Candidate) -> f32 {
    let words = &candidate.words;
    STEMMED_SHARE * words.stemmed + (1.0 - STEMMED_SHARE) * words.plain
}

/// `score` as a share (0–1) of the best; 0 where nothing was found.
fn share(score: f32, best: f32) -> f32 {
    if best > 0.0 {
        (score / best).min(1.0)
    } else {
        0.0
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
                matched: if words > 0.0 { 1.0 } else { 0.0 },
            },
            cosine: Some(cosine),
            detail: None,
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
        assert_eq!(fuse(&heard)[0].candidate.ordinal, 0);
    }

    #[test]
    fn a_section_that_says_it_in_one_part_is_before_one_that_is_near_as_a_whole() {
        let mut long = candidate(0, 0.80, 0.0);
        long.detail = Some(0.88);
        let fused = fuse(&Candidates {
            found: vec![candidate(1, 0.82, 0.0), long],
            ..Default::default()
        });
        assert_eq!(fused[0].candidate.ordinal, 0);
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
