//! Keys for programs as they are kept: what each may do, how much, until when. Never the key itself.

use super::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a key may do. `scopes` on the wire and on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Right {
    #[serde(rename = "read:queries")]
    ReadQueries,
    #[serde(rename = "read:sessions")]
    ReadSessions,
    #[serde(rename = "write:documents")]
    WriteDocuments,
    /// Everything.
    #[serde(rename = "admin")]
    Admin,
}

impl Right {
    pub const ALL: [Self; 4] = [
        Self::ReadQueries,
        Self::ReadSessions,
        Self::WriteDocuments,
        Self::Admin,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::ReadQueries => "read:queries",
            Self::ReadSessions => "read:sessions",
            Self::WriteDocuments => "write:documents",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Right {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|right| right.name() == text);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{text}` is not a scope; there are {names}")
        })
    }
}

/// How much a key may ask. `None` is what holds for readers, 0 is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyLimits {
    pub queries_per_minute: Option<u32>,
    pub queries_per_day: Option<u32>,
    /// Calendar months, UTC. `None` is no limit.
    pub queries_per_month: Option<u32>,
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Names the key to those who manage it; no secret.
    pub id: String,
    /// The id of the first key of its line: a rotated key goes on with the same limits and quota.
    pub line: String,
    pub name: String,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    pub rights: Vec<Right>,
    pub limits: KeyLimits,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it opens anything at this time.
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// `active`, `expired` or `revoked`.
    pub fn state_at(&self, now: Timestamp) -> &'static str {
        match self.revoked_at {
            Some(_) => "revoked",
            None if self.counts_at(now) => "active",
            None => "expired",
        }
    }

    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&Right::Admin) || self.rights.contains(&right)
    }
}

/// Under which condition a key is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adding {
    Always,
    /// Only if there has never been a key.
    First,
    /// Together with the end of the key that it follows.
    Following {
        id: String,
        ends_at: Timestamp,
    },
}

/// One use of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    pub id: String,
    pub line: String,
    pub at: Timestamp,
    /// Questions it asks: 0 or 1, or -1 for one given back.
    pub queries: i32,
    pub quota: Option<u32>,
}

#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Whether it was added. [`StoreError::NotFound`] when there is no such key to follow.
    async fn add(&self, key: ApiKey, adding: Adding) -> Result<bool, StoreError>;
    /// The key with this hash, whether or not it still counts.
    async fn find(&self, hash: [u8; 32]) -> Result<Option<ApiKey>, StoreError>;
    /// Every key there ever was, oldest first, with its line's questions of the month of `now`.
    async fn list(&self, now: Timestamp) -> Result<Vec<(ApiKey, u64)>, StoreError>;
    async fn revoke(&self, id: &str, at: Timestamp) -> Result<(), StoreError>;
    /// Counts a use; `false`, and nothing counted, when the month's quota does not hold it.
    async fn spend(&self, spent: KeyUse) -> Result<bool, StoreError>;
}
