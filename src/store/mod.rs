//! What must not be lost: sessions, their turns, feedback, documentation gaps, the ledger and keys.
//!
//! One small trait per idea, held as `Arc<dyn _>` in a [`Store`], and one [`open`] that names the
//! back ends. Nothing here can be rebuilt from the documentation, so it is migrated, never
//! replaced, and a file that cannot be read is left exactly as it is. This module does not know
//! questions, retrieval or HTTP; sources and usage are JSON to it.

mod api_key;
mod audit;
mod conversation;
mod error;
mod gap;
mod history;
mod id;
mod keyring;
mod purge;
pub mod snapshot;
mod sqlite;

pub use api_key::{Adding, ApiKey, KeyLimits, KeyStore, KeyUse, Right};
pub use audit::{AuditEntry, AuditStore};
pub use conversation::{Conversation, ConversationStore};
pub use error::StoreError;
pub use gap::{Gap, GapStore};
pub use history::{HistoryStore, Rekeyed, spawn_rekey};
pub use id::new_id;
pub use keyring::{HistoryKey, Keyring};
pub use purge::spawn_purge;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where chats are kept, and for how long.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite:` for `chat.db` in the state folder, or `sqlite:PATH`.
    pub database_url: String,
    /// Folder of the default database; created when missing.
    pub state_dir: PathBuf,
    /// A session nobody used for this long is gone.
    pub session_timeout: Duration,
    /// Sessions and unanswered questions older than this are deleted, used or not.
    pub retention: Duration,
    /// What people said is encrypted with these; with none, it is kept as it is.
    pub keyring: Keyring,
}

/// Every store of one database.
#[derive(Clone)]
pub struct Store {
    pub sessions: Arc<dyn SessionStore>,
    pub turns: Arc<dyn TurnStore>,
    pub feedback: Arc<dyn FeedbackStore>,
    pub gaps: Arc<dyn GapStore>,
    pub conversations: Arc<dyn ConversationStore>,
    pub ledger: Arc<dyn LedgerStore>,
    pub keys: Arc<dyn KeyStore>,
    pub audit: Arc<dyn AuditStore>,
    pub state: Arc<dyn DatabaseState>,
    pub history: Arc<dyn HistoryStore>,
}

/// Opens the database that `options.database_url` names, and brings its tables up to date.
pub fn open(options: &Options) -> Result<Store, StoreError> {
    match options.database_url.split_once(':') {
        Some(("sqlite", path)) => sqlite::open(path, options),
        _ => Err(StoreError::Open(format!(
            "DATABASE_URL must start with `sqlite:`, not `{}`",
            options.database_url.split(':').next().unwrap_or_default()
        ))),
    }
}

/// A conversation. Its id is unguessable and acts as the reader's secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    pub id: String,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    Assistant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    Up,
    Down,
}

/// One side of a turn as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    pub id: String,
    pub session_id: String,
    pub role: Role,
    pub text: String,
    /// The sources of an answer, an array of the answer's own shape; `null` for a question.
    pub sources: serde_json::Value,
    pub abstained: bool,
    /// `quoting`, `openai`; empty for a question.
    pub generator: String,
    pub locale: String,
    /// Tokens and cost of an answer; `null` for a question.
    pub usage: serde_json::Value,
    /// How a question was understood, an object of the answerer's own; `null` for an answer.
    pub context: serde_json::Value,
    pub created_at: Timestamp,
    pub rating: Option<Rating>,
}

/// What an answer says, however many are told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedAnswer {
    pub text: String,
    /// JSON, as [`Message::sources`].
    pub sources: String,
    /// Digest of both.
    key: [u8; 16],
}

impl SharedAnswer {
    pub fn new(text: String, sources: &serde_json::Value) -> Self {
        Self::kept(text, sources.to_string())
    }

    fn kept(text: String, sources: String) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
        hasher.update(sources.as_bytes());
        let mut key = [0; 16];
        hasher.finalize_xof().fill(&mut key);
        Self { text, sources, key }
    }

    pub fn key(&self) -> &[u8; 16] {
        &self.key
    }
}

/// One stretch of a session's messages, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    pub messages: Vec<Message>,
    /// Messages in the whole session.
    pub total: u64,
}

/// What one call of a generator used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LedgerEntry {
    pub generator: String,
    pub model: String,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub cost_usd: f64,
    pub at: Timestamp,
}

/// The sum of ledger entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Spent {
    pub calls: u64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub cost_usd: f64,
}

/// What one model cost on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct DaySpent {
    pub day: jiff::civil::Date,
    pub generator: String,
    pub model: String,
    pub spent: Spent,
}

#[async_trait]
pub trait SessionStore: Send + Sync {
    async fn create(&self) -> Result<Session, StoreError>;
    /// The session, if it exists and has not expired; counts as using it.
    async fn touch(&self, id: &str) -> Result<Session, StoreError>;
    /// Deletes the session with its messages and their ratings.
    async fn delete(&self, id: &str) -> Result<(), StoreError>;
    /// Deletes every expired session, and what is older than the retention; returns how many
    /// sessions.
    async fn purge_expired(&self) -> Result<u64, StoreError>;
    /// Sessions that have not expired.
    async fn count_active(&self) -> Result<u64, StoreError>;
}

#[async_trait]
pub trait TurnStore: Send + Sync {
    /// Begins the session that both messages name, with them as its first turn; all or nothing, and
    /// on disk when this returns. The answer's text and sources are those of `said`, which is kept
    /// once for all the turns that repeat it.
    async fn begin(
        &self,
        question: Message,
        answer: Message,
        said: Arc<SharedAnswer>,
    ) -> Result<(), StoreError>;
    /// Keeps a question and its answer, both or neither; on disk when this returns.
    async fn append(&self, question: Message, answer: Message) -> Result<(), StoreError>;
    /// Messages `offset..offset + limit`, oldest first. [`StoreError::NotFound`] when the session
    /// does not exist or has expired.
    async fn page(&self, session_id: &str, limit: u32, offset: u32) -> Result<Page, StoreError>;
    /// The last `limit` messages, oldest first.
    async fn recent(&self, session_id: &str, limit: u32) -> Result<Vec<Message>, StoreError>;
}

#[async_trait]
pub trait FeedbackStore: Send + Sync {
    /// Rates an answer; a second rating replaces the first. With a session id given, the answer
    /// must belong to it.
    async fn rate(
        &self,
        message_id: &str,
        session_id: Option<&str>,
        rating: Rating,
        comment: Option<&str>,
    ) -> Result<(), StoreError>;
    /// How many answers are rated up, and how many down.
    async fn counts(&self) -> Result<(u64, u64), StoreError>;
}

/// How the database is, for those who watch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseFigures {
    pub size_bytes: u64,
    /// Of what is written but not yet in its place.
    pub wal_bytes: u64,
    pub writes_waiting: usize,
    pub writes_capacity: usize,
}

pub trait DatabaseState: Send + Sync {
    /// Quick, and without the database's own help.
    fn figures(&self) -> DatabaseFigures;
}

#[async_trait]
pub trait LedgerStore: Send + Sync {
    async fn add(&self, entry: LedgerEntry) -> Result<(), StoreError>;
    async fn spent_since(&self, since: Timestamp) -> Result<Spent, StoreError>;
    /// The same by day (UTC) and model, the latest day first.
    async fn spent_by_day(&self, since: Timestamp) -> Result<Vec<DaySpent>, StoreError>;
}
