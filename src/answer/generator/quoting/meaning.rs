//! Sentences scored by meaning, where words can't: the question is in another language than the
//! page, or says it in other words.
//!
//! It costs an embedding per sentence, so only the best sections' first sentences are asked for,
//! and only as long as a reader would wait.

use super::units::Unit;
use crate::answer::evidence::Evidence;
use crate::embedding::EmbeddingQueue;
use crate::language::{Script, detect};
use async_trait::async_trait;
use std::time::Duration;

/// Sections whose sentences are scored: across languages retrieval has the right one among the
/// first five for 96 questions in 100 (xquad_en_ur), among the first two for far fewer.
const SECTIONS: usize = 5;
/// Sentences scored: a section's worth each.
const SENTENCES: usize = 24;
/// Words are enough when some sentence holds this share of the question's terms.
const ENOUGH_WORDS: f32 = 0.3;

/// Scores sentences by meaning. Larger is nearer; comparable within one call only; `None` when it
/// cannot be done now.
#[async_trait]
pub trait SentenceScorer: Send + Sync {
    async fn score(&self, question: &str, sentences: &[String]) -> Option<Vec<f32>>;
}

/// Scores by the embedding model that retrieval uses.
pub struct ByMeaning {
    queue: EmbeddingQueue,
    patience: Duration,
}

impl ByMeaning {
    /// Gives up after `patience`: words and places then decide alone.
    pub fn new(queue: EmbeddingQueue, patience: Duration) -> Self {
        Self { queue, patience }
    }
}

#[async_trait]
impl SentenceScorer for ByMeaning {
    async fn score(&self, question: &str, sentences: &[String]) -> Option<Vec<f32>> {
        let both = async {
            tokio::try_join!(
                self.queue.embed_query(question.to_owned()),
                self.queue.embed_passages(sentences.to_vec()),
            )
        };
        let (asked, said) = tokio::time::timeout(self.patience, both).await.ok()?.ok()?;
        let dot = |vector: &Vec<f32>| asked.iter().zip(vector).map(|(a, b)| a * b).sum();
        Some(said.iter().map(dot).collect())
    }
}

/// Scores in 0–1 per unit, `None` for those not asked about; `None` for all when words do.
pub(super) async fn meaning(
    question: &str,
    evidence: &[Evidence],
    units: &[Unit<'_>],
    best_coverage: f32,
    scorer: &dyn SentenceScorer,
) -> Option<Vec<Option<f32>>> {
    let asked = detect(question).script;
    let foreign = |one: &Evidence| asked != Script::None && one.language.script != asked;
    if best_coverage >= ENOUGH_WORDS && !evidence.first().is_some_and(foreign) {
        return None;
    }
    let positions: Vec<usize> = (0..units.len())
        .filter(|at| units[*at].evidence < SECTIONS && !units[*at].is_code())
        .take(SENTENCES)
        .collect();
    if positions.len() < 2 {
        return None;
    }
    let texts: Vec<String> = positions
        .iter()
        .map(|at| units[*at].text.to_owned())
        .collect();
    let raw = scorer.score(question, &texts).await?;
    let low = raw.iter().copied().fold(f32::MAX, f32::min);
    let high = raw.iter().copied().fold(f32::MIN, f32::max);
    // Only their order means anything: this model's cosines lie close together.
    let span = (high - low).max(f32::EPSILON);
    let mut scores = vec![None; units.len()];
    for (at, score) in positions.into_iter().zip(raw) {
        scores[at] = Some((score - low) / span);
    }
    Some(scores)
}
