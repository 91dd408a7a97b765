//! Questions that the documentation left readers alone with: not answered, or answered badly.

use super::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;

/// One such question, however often it was asked. It holds no personal data that can be told by
/// its form, and does not say who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The same for the same question in the same locale.
    pub id: String,
    /// As it was asked first.
    pub question: String,
    pub locale: String,
    /// How often nothing was found.
    pub unanswered: u64,
    /// How many answers to it are rated down.
    pub down_voted: u64,
    /// Of both, those of the last seven days.
    pub this_week: u64,
    /// Those of the seven days before.
    pub last_week: u64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// URLs of the nearest sections at the last time.
    pub nearest: Vec<String>,
    /// When somebody said that the documentation has it now.
    pub done_at: Option<Timestamp>,
}

impl Gap {
    /// Whether it is still to be done: asked in vain since somebody said that it was.
    pub fn is_open(&self) -> bool {
        self.done_at.is_none_or(|done_at| self.last_at > done_at)
    }
}

#[async_trait]
pub trait GapStore: Send + Sync {
    /// Counts a question that found no answer. Answers that are rated down are counted with the
    /// rating, [`super::FeedbackStore::rate`].
    async fn record(
        &self,
        question: &str,
        locale: &str,
        nearest: &[String],
    ) -> Result<(), StoreError>;
    /// The most frequent first.
    async fn list(&self, limit: u32) -> Result<Vec<Gap>, StoreError>;
    /// Says that these are done, or are not after all; returns how many there were.
    async fn mark(&self, ids: Vec<String>, is_done: bool) -> Result<u64, StoreError>;
}
