//! What can go wrong with a backup, by what the caller can do about it.

use crate::store::StoreError;

#[derive(Debug, Clone, thiserror::Error)]
pub enum BackupError {
    /// As things are it is not done; the sentence says what to change. Nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// The folder or bucket cannot be reached, read or written.
    #[error("{0}")]
    Target(String),
    /// The backup is not what was written: take another.
    #[error("the backup {name} is damaged: {reason}")]
    Damaged { name: String, reason: String },
    /// The state folder cannot be worked in.
    #[error("{what}: {reason}")]
    State { what: String, reason: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    pub(super) fn state(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::State {
            what,
            reason: error.to_string(),
        }
    }
}
