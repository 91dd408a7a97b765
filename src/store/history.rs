//! Encrypting anew what other keys, or none, were used for.

use super::{Store, StoreError};
use async_trait::async_trait;
use std::ops::AddAssign;

/// What a pass over everything that was said came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rekeyed {
    /// Rows written anew.
    pub rows: u64,
    /// Rows that no key of the settings opens; they were left as they are.
    pub unreadable: u64,
}

impl AddAssign for Rekeyed {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.unreadable += other.unreadable;
    }
}

#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// Ids of the keys that something may be encrypted with, the present one among them; the empty
    /// one stands for what is not encrypted.
    async fn keys_in_use(&self) -> Result<Vec<String>, StoreError>;
    /// Writes anew whatever is not kept as the settings' key would keep it.
    async fn rekey(&self) -> Result<Rekeyed, StoreError>;
}

/// Does that in the background, where it is needed.
pub fn spawn_rekey(store: Store) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        match store.history.keys_in_use().await {
            Ok(keys) if keys.len() > 1 => {}
            Ok(_) => return,
            Err(error) => return tracing::warn!(%error, "the history's keys could not be read"),
        }
        match store.history.rekey().await {
            Ok(Rekeyed {
                rows,
                unreadable: 0,
            }) => {
                tracing::info!(rows, "conversations are now kept under the present key");
            }
            Ok(Rekeyed { rows, unreadable }) => {
                tracing::error!(rows, unreadable, "some conversations cannot be decrypted");
            }
            Err(error) => {
                tracing::warn!(%error, "encrypting the conversations anew was put off");
            }
        }
    })
}
