//! What a caller has shown that counts: a key of ours, or a provider's word.

use super::Asker;
use super::keys::Keys;
use super::oidc::Person;
use crate::store::{ApiKey, Right, StoreError};
use std::sync::Arc;

#[derive(Debug, Clone)]
pub enum Credential {
    Key(ApiKey),
    Person(Person),
}

impl Credential {
    /// In logs and the audit log.
    pub fn id(&self) -> &str {
        match self {
            Self::Key(key) => &key.id,
            Self::Person(person) => &person.id,
        }
    }

    pub fn may(&self, right: Right) -> bool {
        match self {
            Self::Key(key) => key.may(right),
            Self::Person(person) => person.may(right),
        }
    }

    /// Whose limits its questions count against.
    pub fn asker(&self) -> Asker {
        match self {
            Self::Key(key) => Asker::Key {
                line: key.line.clone(),
                limits: key.limits,
            },
            Self::Person(person) => Asker::Key {
                line: person.id.clone(),
                limits: person.limits(),
            },
        }
    }

    /// Counts a use, and so many questions; `false` when the month's quota is used up.
    pub async fn spend(&self, keys: &Keys, queries: i32) -> Result<bool, StoreError> {
        match self {
            Self::Key(key) => keys.spend(key, queries).await,
            Self::Person(_) => Ok(true),
        }
    }

    /// Returns once it does not count any more.
    pub async fn ended(self, keys: Arc<Keys>) {
        match self {
            Self::Key(key) => keys.ended(key).await,
            Self::Person(person) => person.ended().await,
        }
    }
}
