//! Writes the audit log: who did what from where to which object with what result.
//!
//! Addresses are kept as hashes under a key that is random, never stored, and replaced every day:
//! entries of one day and one place can be told to belong together, and nothing more.

use crate::store::{AuditEntry, AuditStore, StoreError};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Characters of a hash that are kept: 64 bits tell a day's visitors apart.
const HASH_CHARS: usize = 16;

/// How often a program that asks again and again is written down, and how many of them are told
/// apart; more are not written down in that time, so that nobody can fill the log.
const REPEATED_AFTER: Duration = Duration::from_secs(60 * 60);
const MAX_REPEATING: usize = 1024;

/// What is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Start,
    Refused,
    KeyCreate,
    KeyRotate,
    KeyRevoke,
    DocumentAdd,
    SessionDelete,
    SessionExport,
    AuditRead,
    GapsRead,
    GapsMark,
    LogFilter,
    BackupRestore,
    SignIn,
    SignOut,
    ConversationList,
    ConversationRead,
}

impl Action {
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "server.start",
            Self::Refused => "refused",
            Self::KeyCreate => "key.create",
            Self::KeyRotate => "key.rotate",
            Self::KeyRevoke => "key.revoke",
            Self::DocumentAdd => "document.add",
            Self::SessionDelete => "session.delete",
            Self::SessionExport => "session.export",
            Self::AuditRead => "audit.read",
            Self::GapsRead => "gaps.read",
            Self::GapsMark => "gaps.mark",
            Self::LogFilter => "log.filter",
            Self::BackupRestore => "backup.restore",
            Self::SignIn => "sign.in",
            Self::SignOut => "sign.out",
            Self::ConversationList => "conversation.list",
            Self::ConversationRead => "conversation.read",
        }
    }
}

/// Who did it, from where, and under which request.
#[derive(Debug, Clone)]
pub struct Doer {
    /// A key's id, `reader`, `terminal` or `server`.
    pub who: String,
    pub address: Option<IpAddr>,
    pub request_id: String,
}

pub struct Audit {
    store: Arc<dyn AuditStore>,
    today: Mutex<([u8; 32], Date)>,
    repeating: Mutex<Repeating>,
}

/// What repeats: from where, of which object and with what result, and when it was written down.
#[derive(Default)]
struct Repeating(HashMap<(Option<IpAddr>, String, String), Instant>);

impl Audit {
    pub fn new(store: Arc<dyn AuditStore>) -> Self {
        Self {
            store,
            today: Mutex::new((random_key(), Date::MIN)),
            repeating: Mutex::default(),
        }
    }

    /// As [`Audit::note`], but the same from the same address only once an hour: for what programs
    /// ask every few seconds, such as a Prometheus without its key.
    pub async fn note_once_an_hour(&self, doer: Doer, action: Action, object: &str, result: &str) {
        let same = (doer.address, object.to_owned(), result.to_owned());
        let is_due = {
            let repeating = self.repeating.lock();
            let mut repeating = repeating.unwrap_or_else(PoisonError::into_inner);
            repeating.is_due(same, Instant::now())
        };
        if is_due {
            self.note(doer, action, object, result).await;
        }
    }

    /// On disk when this returns; a log that cannot be written is said, and stops nobody.
    pub async fn note(&self, doer: Doer, action: Action, object: &str, result: &str) {
        let entry = AuditEntry {
            at: Timestamp::now(),
            origin: doer
                .address
                .map(|address| self.hashed(address))
                .unwrap_or_default(),
            who: doer.who,
            action: action.name().to_owned(),
            object: object.to_owned(),
            result: result.to_owned(),
            request_id: doer.request_id,
        };
        if action != Action::Refused {
            let (who, action, result) = (&entry.who, &entry.action, &entry.result);
            tracing::info!(event = "security.audit", who, action, result, "audited");
        }
        if let Err(error) = self.store.append(entry).await {
            tracing::error!(%error, action = action.name(), "the audit log could not be written");
        }
    }

    pub async fn newest(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        self.store.newest(before, limit).await
    }

    fn hashed(&self, address: IpAddr) -> String {
        let day = Timestamp::now().to_zoned(TimeZone::UTC).date();
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.1 != day {
            *today = (random_key(), day);
        }
        let hash = blake3::keyed_hash(&today.0, address.to_string().as_bytes());
        hash.to_hex()[..HASH_CHARS].to_owned()
    }
}

impl Repeating {
    fn is_due(&mut self, same: (Option<IpAddr>, String, String), now: Instant) -> bool {
        self.0
            .retain(|_, at| now.duration_since(*at) < REPEATED_AFTER);
        if self.0.len() >= MAX_REPEATING || self.0.contains_key(&same) {
            return false;
        }
        self.0.insert(same, now);
        true
    }
}

fn random_key() -> [u8; 32] {
    let mut key = [0; 32];
    getrandom::fill(&mut key).expect("the system has a random source");
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    #[test]
    fn what_repeats_is_due_once_an_hour_for_each_address_and_nobody_fills_the_log() {
        let mut repeating = Repeating::default();
        let from = |number: u128| {
            let address = IpAddr::V6(Ipv6Addr::from_bits(number));
            (
                Some(address),
                "/metrics".to_owned(),
                "unauthorized".to_owned(),
            )
        };
        let start = Instant::now();
        let later = start + REPEATED_AFTER;
        assert!(repeating.is_due(from(1), start));
        assert!(!repeating.is_due(from(1), start + REPEATED_AFTER / 2));
        assert!(repeating.is_due(from(2), start + REPEATED_AFTER / 2));
        assert!(repeating.is_due(from(1), later));
        let due = (0..10_000).filter(|number| repeating.is_due(from(*number), later));
        assert!(due.count() < MAX_REPEATING);
    }
}
