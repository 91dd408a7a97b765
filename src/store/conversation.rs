//! Conversations as operators see them: by numbers, which open nothing, instead of ids, which do.

use super::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;

/// A conversation that has not expired, without what was said in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Rises with time, and says nothing to a reader's endpoints.
    pub number: u64,
    /// The reader's secret; for reading what was said, never to be shown.
    pub session_id: String,
    pub questions: u64,
    pub abstained: u64,
    pub rated_down: u64,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
}

#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// The newest first, with numbers below `before` if that is given.
    async fn newest(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError>;
    /// [`StoreError::NotFound`] when it does not exist or has expired.
    async fn find(&self, number: u64) -> Result<Conversation, StoreError>;
}
