//! The passages of one answer as what its sentences are judged by: words always, meaning as far as
//! it is known.
//!
//! Meaning is computed beside the generator: the passages while it thinks, a sentence when a
//! decision on it is due. What cannot be computed in time is decided by words alone.

use super::Ground;
use super::meaning::{Meanings, Meant, Near};
use crate::answer::answerer::Asking;
use crate::answer::evidence::Evidence;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// The passages of one answer.
pub(crate) struct Support {
    grounds: Vec<Ground>,
    meanings: Option<Meanings>,
    /// The passages as vectors; `None` inside when they could not be had.
    meant: OnceCell<Option<Vec<Meant>>>,
    /// Sentences of the answer as vectors.
    sentences: Mutex<HashMap<String, Vec<f32>>>,
}

impl Support {
    pub fn new(grounds: Vec<Ground>, meanings: Option<Meanings>) -> Self {
        Self {
            grounds,
            meanings,
            meant: OnceCell::new(),
            sentences: Mutex::default(),
        }
    }

    /// Of the evidence that an answer is written from.
    pub fn of(asking: &Asking<'_>, evidence: &[Evidence]) -> Arc<Self> {
        let ground = |one: &Evidence| Ground::of(one, &asking.question.text);
        let grounds = evidence.iter().map(ground).collect();
        Arc::new(Self::new(grounds, asking.parts.meanings.clone()))
    }

    /// Reads the passages; later calls wait for the first.
    pub async fn read(&self) {
        self.meant().await;
    }

    async fn meant(&self) -> Option<&[Meant]> {
        let meanings = self.meanings.as_ref()?;
        let meant = self.meant.get_or_init(|| meanings.read(&self.grounds));
        meant.await.as_deref()
    }

    /// Learns what these sentences mean, where that can change a verdict.
    pub async fn learn(&self, sentences: &[String]) {
        let Some(meanings) = &self.meanings else {
            return;
        };
        for sentence in sentences {
            let open = |ground: &Ground| ground.is_open(sentence);
            let is_known = self.sentences().contains_key(sentence);
            if is_known || !self.grounds.iter().any(open) || self.meant().await.is_none() {
                continue;
            }
            if let Some(vector) = meanings.sentence(sentence).await {
                self.sentences().insert(sentence.clone(), vector);
            }
        }
    }

    /// Whether the passage with this number supports the sentence.
    pub fn supports(&self, number: usize, sentence: &str) -> bool {
        let mut numbered = self.grounds.iter().enumerate();
        numbered.any(|(at, g)| g.id == number && self.judge(at, sentence))
    }

    /// Whether the passage with this number supports one of the claims.
    pub fn supports_one(&self, number: usize, claims: &[String]) -> bool {
        claims.iter().any(|claim| self.supports(number, claim))
    }

    /// Whether some passage does.
    pub fn any_supports(&self, sentence: &str) -> bool {
        (0..self.grounds.len()).any(|at| self.judge(at, sentence))
    }

    fn judge(&self, at: usize, sentence: &str) -> bool {
        let sentences = self.sentences();
        let near = || -> Option<Near<'_>> {
            let meant = self.meant.get()?.as_ref()?.get(at)?;
            meant.near(sentence, sentences.get(sentence)?)
        };
        self.grounds[at].supports(sentence, near())
    }

    fn sentences(&self) -> MutexGuard<'_, HashMap<String, Vec<f32>>> {
        // Nothing can panic while the lock is held.
        self.sentences
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
