//! Conversations as operators see them: by numbers, which open nothing, instead of ids, which do.

use super::{Message, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;

/// A conversation that has not expired, without what was said in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Rises with time, and says nothing to a reader's endpoints.
    pub number: u64,
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
    /// The first `limit` messages of one, oldest first, without the session's id, which only its
    /// reader has. [`StoreError::NotFound`] when it does not exist or has expired.
    async fn messages(&self, number: u64, limit: u32) -> Result<Vec<Message>, StoreError>;
}
