//! What can go wrong with a store, by what the caller can do about it.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The session or message does not exist, has expired, or is someone else's.
    #[error("this conversation does not exist or has ended")]
    NotFound,
    /// The database cannot be opened; the sentence says what to do. Nothing was changed.
    #[error("{0}")]
    Open(String),
    /// Locked by another process, or the disk is full: try again in a moment.
    #[error("the chat database is busy: {0}")]
    Busy(String),
    /// A fault that trying again will not mend.
    #[error("the chat database failed: {0}")]
    Failed(String),
}
