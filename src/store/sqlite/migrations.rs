//! The tables, and how older databases get them: forward only, one transaction per step.
//!
//! `PRAGMA user_version` counts the steps done. A step, once released, is never edited.

use super::opening::refusal;
use crate::store::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Step `n` brings a database from version `n` to `n + 1`.
const STEPS: &[&str] = &[
    include_str!("0001_chats.sql"),
    include_str!("0002_keys.sql"),
    include_str!("0003_shared_answers.sql"),
    include_str!("0004_ledger.sql"),
    include_str!("0005_audit.sql"),
    include_str!("0006_history_keys.sql"),
];

/// Brings the database up to date, or refuses one that a newer program wrote.
pub(super) fn run(writer: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let version = version(writer).map_err(|e| refusal(path, &e))?;
    if version > STEPS.len() {
        return Err(StoreError::Open(format!(
            "the chat database {} was written by a newer rag-chatbot (schema {version}, this one \
             knows {}); use that version, or choose another state folder with --state",
            path.display(),
            STEPS.len()
        )));
    }
    for (done, step) in STEPS.iter().enumerate().skip(version) {
        apply(writer, done, step).map_err(|e| refusal(path, &e))?;
    }
    Ok(())
}

fn apply(writer: &mut Connection, done: usize, step: &str) -> rusqlite::Result<()> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it while this one waited for the lock.
    if version(&transaction)? == done {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", (done + 1) as i64)?;
    }
    transaction.commit()
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    // A negative version is nobody's: as good as newer.
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}
