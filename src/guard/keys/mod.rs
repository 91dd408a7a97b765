//! Keys for programs: given out once, known by their hash, rotated, revoked, counted.
//!
//! Whoever holds a key is looked up at every request, so that what was taken away from it counts
//! at once, also when another process (`rag-chatbot key revoke`) took it. It does not know headers.

mod token;

pub use token::PREFIX;

use crate::secret::Secret;
use crate::store::{Adding, ApiKey, KeyLimits, KeyStore, KeyUse, Right, StoreError, new_id};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use token::{hash, new_token};
use tokio::sync::Notify;

/// The last use is written down at most this often: a read is cheaper than a synced write.
const USED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// How often a running stream asks whether its key still counts: the time that a key revoked by
/// another process goes on streaming.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The id of the key that the settings give; it is in no table.
const FIXED_ID: &str = "settings";

/// What a new key shall be.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub name: String,
    pub rights: Vec<Right>,
    pub limits: KeyLimits,
    pub expires_at: Option<Timestamp>,
}

/// A new key, and the only moment at which it can be seen.
#[derive(Debug, Clone)]
pub struct Issued {
    pub key: ApiKey,
    pub token: Secret,
}

/// Every key of this installation.
pub struct Keys {
    store: Arc<dyn KeyStore>,
    fixed: Option<ApiKey>,
    revoked_here: Notify,
}

impl Keys {
    /// `fixed` is an admin key from the settings, beside those that are kept.
    pub fn new(store: Arc<dyn KeyStore>, fixed: Option<&Secret>) -> Self {
        Self {
            store,
            fixed: fixed.map(|token| fixed_key(hash(token.expose()))),
            revoked_here: Notify::new(),
        }
    }

    /// The key of whoever shows this token, if it counts now.
    pub async fn authenticate(&self, token: &str) -> Result<Option<ApiKey>, StoreError> {
        self.look_up(hash(token)).await
    }

    async fn look_up(&self, hash: [u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        if let Some(fixed) = self.fixed.as_ref().filter(|key| key.hash == hash) {
            return Ok(Some(fixed.clone()));
        }
        let found = self.store.find(hash).await?;
        Ok(found.filter(|key| key.counts_at(Timestamp::now())))
    }

    /// Counts a use of the key, and a question if it is one. `false`: the month's quota is used up.
    pub async fn spend(&self, key: &ApiKey, queries: i32) -> Result<bool, StoreError> {
        let now = Timestamp::now();
        let noted = |at| now.duration_since(at) < USED_EVERY;
        if key.id == FIXED_ID || queries == 0 && key.last_used_at.is_some_and(noted) {
            return Ok(true);
        }
        let spent = KeyUse {
            id: key.id.clone(),
            line: key.line.clone(),
            at: now,
            queries,
            quota: key.limits.queries_per_month,
        };
        self.store.spend(spent).await
    }

    pub async fn issue(&self, wanted: Wanted) -> Result<Issued, StoreError> {
        let issued = issued(wanted, None);
        self.store.add(issued.key.clone(), Adding::Always).await?;
        Ok(issued)
    }

    /// An admin key for an installation that has never had a key; `None` for all others.
    pub async fn issue_first(&self) -> Result<Option<Issued>, StoreError> {
        if self.fixed.is_some() {
            return Ok(None);
        }
        let first = issued(
            Wanted {
                name: "first admin key".to_owned(),
                rights: vec![Right::Admin],
                limits: KeyLimits::default(),
                expires_at: None,
            },
            None,
        );
        let added = self.store.add(first.key.clone(), Adding::First).await?;
        Ok(added.then_some(first))
    }

    /// A new key with everything the old one has; the old one goes on for `overlap`.
    pub async fn rotate(&self, id: &str, overlap: SignedDuration) -> Result<Issued, StoreError> {
        let now = Timestamp::now();
        let old = self.find(id).await?;
        if !old.counts_at(now) {
            return Err(StoreError::NotFound);
        }
        let wanted = Wanted {
            name: old.name,
            rights: old.rights,
            limits: old.limits,
            // As long again as the old one was meant to live, or a rotation would bring nothing.
            expires_at: old
                .expires_at
                .map(|end| now.saturating_add(end.duration_since(old.created_at)))
                .transpose()
                .unwrap_or(old.expires_at),
        };
        let issued = issued(wanted, Some(old.line));
        let following = Adding::Following {
            id: old.id,
            ends_at: now.saturating_add(overlap).unwrap_or(now),
        };
        self.store.add(issued.key.clone(), following).await?;
        self.revoked_here.notify_waiters();
        Ok(issued)
    }

    pub async fn revoke(&self, id: &str) -> Result<(), StoreError> {
        self.store.revoke(id, Timestamp::now()).await?;
        self.revoked_here.notify_waiters();
        Ok(())
    }

    /// Every key there ever was, with its questions of this month.
    pub async fn list(&self) -> Result<Vec<(ApiKey, u64)>, StoreError> {
        self.store.list(Timestamp::now()).await
    }

    /// Returns once the key does not count any more.
    pub async fn ended(self: Arc<Self>, key: ApiKey) {
        loop {
            let told = self.revoked_here.notified();
            // A store that cannot be read just now takes nothing away.
            if let Ok(None) = self.look_up(key.hash).await {
                return;
            }
            let _looked_or_told = tokio::time::timeout(LOOK_EVERY, told).await;
        }
    }

    async fn find(&self, id: &str) -> Result<ApiKey, StoreError> {
        let keys = self.list().await?;
        let found = keys.into_iter().find(|(key, _)| key.id == id);
        found.map(|(key, _)| key).ok_or(StoreError::NotFound)
    }
}

fn issued(wanted: Wanted, line: Option<String>) -> Issued {
    let token = new_token();
    // Never begins with `-`, which would be a flag on the command line.
    let id = format!("key_{}", new_id());
    Issued {
        key: ApiKey {
            line: line.unwrap_or_else(|| id.clone()),
            id,
            name: wanted.name,
            hash: hash(token.expose()),
            rights: wanted.rights,
            limits: wanted.limits,
            created_at: Timestamp::now(),
            expires_at: wanted.expires_at,
            revoked_at: None,
            last_used_at: None,
        },
        token,
    }
}

fn fixed_key(hash: [u8; 32]) -> ApiKey {
    ApiKey {
        id: FIXED_ID.to_owned(),
        line: FIXED_ID.to_owned(),
        name: "from the settings".to_owned(),
        hash,
        rights: vec![Right::Admin],
        limits: KeyLimits::default(),
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}
