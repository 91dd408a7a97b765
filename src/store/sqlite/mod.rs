//! The stores in one SQLite file: write-ahead log, one writer thread, a few readers.
//!
//! Only this folder knows rusqlite. Writes go through one thread that commits what has queued up
//! together ([`writer`]), so that a synced commit per answer stays cheap with many readers. Reads
//! never wait for writes.

mod audit;
mod claim;
mod conversations;
mod database;
mod feedback;
mod gaps;
mod history;
mod keys;
mod ledger;
mod migrations;
mod opening;
mod replacement;
mod session_id;
mod sessions;
mod snapshot;
mod turns;
mod writer;

pub use replacement::Replacement;
pub use snapshot::Contents;

use super::{Options, Store, StoreError};
use database::Database;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the default database in the state folder.
const FILE_NAME: &str = "chat.db";

/// Opens or creates the database at `path` (empty: `chat.db` in the state folder).
pub(super) fn open(path: &str, options: &Options) -> Result<Store, StoreError> {
    let database = Arc::new(Database::open(&file(path, options), options)?);
    Ok(Store {
        sessions: database.clone(),
        turns: database.clone(),
        feedback: database.clone(),
        gaps: database.clone(),
        conversations: database.clone(),
        ledger: database.clone(),
        keys: database.clone(),
        audit: database.clone(),
        state: database.clone(),
        history: database,
    })
}

/// The database file that `path` names.
pub(super) fn file(path: &str, options: &Options) -> PathBuf {
    // `sqlite:///abs/path` and `sqlite://rel` are common spellings of `sqlite:PATH`.
    match path.strip_prefix("//").unwrap_or(path) {
        "" => options.state_dir.join(FILE_NAME),
        path => PathBuf::from(path),
    }
}

pub(super) use snapshot::{contents, snapshot};

/// The version of the tables that this program makes.
pub(super) fn newest_schema() -> u32 {
    migrations::newest()
}

/// Takes the database for replacing it.
pub(super) fn begin_replacing(path: &Path) -> Result<Replacement, StoreError> {
    opening::make_folder(path)?;
    Replacement::begin(path)
}

/// The path with more at the end of its name.
fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    PathBuf::from(name)
}

/// Milliseconds since 1970, as every time is kept.
fn to_ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// The other way; a number no clock has had (a damaged row) reads as the start of time.
fn from_ms(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}
