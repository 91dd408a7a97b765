//! How near a sentence is to what a passage says, by meaning.
//!
//! The model's cosines all lie close together, and where depends on the model and on whether both
//! share a language. So a cosine is placed between two points that every model has: 0 is where
//! sentences about everyday life lie, 1 is the same text. It does not know what is decided by it.

use super::Ground;
use crate::answer::sentences::{is_arabic, sentences};
use crate::embedding::{EmbedError, EmbeddingQueue};
use crate::ingest::everyday_questions;
use crate::language::Script;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// Pieces that a passage is compared in. A section of usual length is read sentence by sentence.
const MAX_WINDOWS: usize = 12;

/// Pieces of all passages of one answer together: some 100 ms of one core, while the generator
/// thinks about its first word.
const MAX_ALL_WINDOWS: usize = 48;

/// Every n-th of the everyday questions is enough for a mean.
const EVERYDAY_STEP: usize = 6;

/// Vectors of sentences by the embedding model that retrieval uses; cheap to clone.
#[derive(Clone)]
pub struct Meanings {
    queue: EmbeddingQueue,
    /// How long one answer may wait for its passages, or for one sentence.
    patience: Duration,
    everyday: Arc<OnceCell<Everyday>>,
}

/// What is near to nothing in particular, by the script it is written in.
#[derive(Default)]
struct Everyday {
    latin: Vec<Vec<f32>>,
    arabic: Vec<Vec<f32>>,
}

/// One piece of a passage.
struct Window {
    vector: Vec<f32>,
    text: String,
}

/// A passage's pieces, and how near everyday sentences come to them.
pub(super) struct Meant {
    windows: Vec<Window>,
    everyday_latin: f32,
    everyday_arabic: f32,
}

/// How near a sentence comes to a passage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Near<'m> {
    /// 0 for everyday sentences, 1 for the same text.
    pub nearness: f32,
    /// The piece it is nearest to.
    pub text: &'m str,
}

impl Meanings {
    /// Gives up after `patience`: words then decide alone.
    pub fn new(queue: EmbeddingQueue, patience: Duration) -> Self {
        Self {
            queue,
            patience,
            everyday: Arc::default(),
        }
    }

    /// The passages as vectors, in their order; `None` when it takes too long or fails.
    pub(super) async fn read(&self, grounds: &[Ground]) -> Option<Vec<Meant>> {
        let fair = (MAX_ALL_WINDOWS / grounds.len().max(1)).clamp(1, MAX_WINDOWS);
        let texts: Vec<Vec<String>> = grounds.iter().map(|g| windows(&g.text, fair)).collect();
        let reading = async {
            let everyday = self.everyday.get_or_try_init(|| self.read_everyday());
            tokio::try_join!(everyday, self.queue.embed_passages(texts.concat()))
        };
        let (everyday, vectors) = tokio::time::timeout(self.patience, reading)
            .await
            .ok()?
            .ok()?;
        let mut vectors = vectors.into_iter();
        let meant = |texts: Vec<String>| {
            let windows = texts.into_iter().zip(vectors.by_ref());
            let windows = windows.map(|(text, vector)| Window { vector, text });
            Meant::new(windows.collect(), everyday)
        };
        Some(texts.into_iter().map(meant).collect())
    }

    /// As sentences are read: one after the other, so that readers' questions come between.
    async fn read_everyday(&self) -> Result<Everyday, EmbedError> {
        let mut everyday = Everyday::default();
        for (script, vectors) in [
            (Script::Latin, &mut everyday.latin),
            (Script::Arabic, &mut everyday.arabic),
        ] {
            for question in everyday_questions(script).step_by(EVERYDAY_STEP) {
                vectors.push(self.queue.embed_query(question.to_owned()).await?);
            }
        }
        Ok(everyday)
    }

    /// A sentence as a vector. It does not wait behind pages that are being indexed.
    pub(super) async fn sentence(&self, text: &str) -> Option<Vec<f32>> {
        let embedding = self.queue.embed_query(text.to_owned());
        tokio::time::timeout(self.patience, embedding)
            .await
            .ok()?
            .ok()
    }
}

impl Meant {
    fn new(windows: Vec<Window>, everyday: &Everyday) -> Self {
        let level = |sentences: &[Vec<f32>]| {
            let sum: f32 = sentences.iter().map(|s| nearest(&windows, s).1).sum();
            sum / sentences.len().max(1) as f32
        };
        let (everyday_latin, everyday_arabic) = (level(&everyday.latin), level(&everyday.arabic));
        Self {
            windows,
            everyday_latin,
            everyday_arabic,
        }
    }

    /// How near a sentence with this vector is; `None` where the passage says nothing.
    pub(super) fn near(&self, sentence: &str, vector: &[f32]) -> Option<Near<'_>> {
        let (window, cosine) = nearest(&self.windows, vector);
        let everyday = match is_arabic(sentence) {
            true => self.everyday_arabic,
            false => self.everyday_latin,
        };
        Some(Near {
            nearness: (cosine - everyday) / (1.0 - everyday).max(f32::EPSILON),
            text: &window?.text,
        })
    }
}

fn nearest<'w>(windows: &'w [Window], vector: &[f32]) -> (Option<&'w Window>, f32) {
    let cosine = |w: &Window| w.vector.iter().zip(vector).map(|(a, b)| a * b).sum::<f32>();
    windows
        .iter()
        .map(|window| (Some(window), cosine(window)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or((None, 0.0))
}

/// The text in at most `most` pieces of whole sentences.
fn windows(text: &str, most: usize) -> Vec<String> {
    let all = sentences(text);
    let size = all.len().div_ceil(most).max(1);
    all.chunks(size).map(|chunk| chunk.join(" ")).collect()
}
