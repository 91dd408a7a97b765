//! The audit log as it is kept: only ever added to.

use super::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

/// Something that somebody did, or tried to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    pub at: Timestamp,
    /// A key's id, `reader`, `terminal` or `server`.
    pub who: String,
    /// A keyed hash of the address; empty where there was none.
    pub origin: String,
    /// Such as `key.create`, from a closed set.
    pub action: String,
    /// What it was done to: an id, a route; never a text of a reader.
    pub object: String,
    /// `done`, or the code of the problem.
    pub result: String,
    pub request_id: String,
}

#[async_trait]
pub trait AuditStore: Send + Sync {
    /// On disk when this returns.
    async fn append(&self, entry: AuditEntry) -> Result<(), StoreError>;
    /// The newest entries first, older than entry number `before` if that is given, each with its
    /// number.
    async fn newest(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError>;
    /// Deletes what is older; at least a day is always kept. Returns how many.
    async fn purge(&self, older_than: Timestamp) -> Result<u64, StoreError>;
}
