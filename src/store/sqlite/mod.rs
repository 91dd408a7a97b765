//! The stores in one SQLite file: write-ahead log, one writer thread, a few readers.
//!
//! Only this folder knows rusqlite. Writes go through one thread that commits what has queued up
//! together ([`writer`]), so that a synced commit per answer stays cheap with many readers. Reads
//! never wait for writes.

mod audit;
mod database;
mod feedback;
mod gaps;
mod history;
mod keys;
mod ledger;
mod migrations;
mod opening;
mod sessions;
mod turns;
mod writer;

use super::{Options, Store, StoreError};
use database::Database;
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;

/// Name of the default database in the state folder.
const FILE_NAME: &str = "chat.db";

/// Opens or creates the database at `path` (empty: `chat.db` in the state folder).
pub(super) fn open(path: &str, options: &Options) -> Result<Store, StoreError> {
    // `sqlite:///abs/path` and `sqlite://rel` are common spellings of `sqlite:PATH`.
    let path = match path.strip_prefix("//").unwrap_or(path) {
        "" => options.state_dir.join(FILE_NAME),
        path => PathBuf::from(path),
    };
    let database = Arc::new(Database::open(&path, options)?);
    Ok(Store {
        sessions: database.clone(),
        turns: database.clone(),
        feedback: database.clone(),
        gaps: database.clone(),
        ledger: database.clone(),
        keys: database.clone(),
        audit: database.clone(),
        history: database,
    })
}

/// Milliseconds since 1970, as every time is kept.
fn to_ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// The other way; a number no clock has had (a damaged row) reads as the start of time.
fn from_ms(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}
