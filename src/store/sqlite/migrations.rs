//! The tables, and how older databases get them: forward only, one transaction per step.
//!
//! `PRAGMA user_version` counts the steps done. A step, once released, is never edited. Before the
//! first one the database is copied, for whoever has to go back to the older program.

use super::beside;
use super::opening::refusal;
use super::session_id;
use super::snapshot::snapshot;
use crate::store::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;
use std::time::Duration;

/// Step `n` brings a database from version `n` to `n + 1`.
const STEPS: &[&str] = &[
    include_str!("0001_chats.sql"),
    include_str!("0002_keys.sql"),
    include_str!("0003_shared_answers.sql"),
    include_str!("0004_ledger.sql"),
    include_str!("0005_audit.sql"),
    include_str!("0006_gaps.sql"),
    include_str!("0007_history.sql"),
];

/// Names the copy that is made of a database before its first step.
const COPY: &str = ".before-schema-";

/// How long that copy is kept, as backups are: what readers have deleted since is still in it.
const COPY_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Brings the database up to date, or refuses one that a newer program wrote.
pub(super) fn run(writer: &mut Connection, path: &Path) -> Result<(), StoreError> {
    session_id::teach(writer).map_err(|e| refusal(path, &e))?;
    let version = version(writer).map_err(|e| refusal(path, &e))?;
    if version > STEPS.len() {
        return Err(StoreError::Open(format!(
            "the chat database {} was written by a newer rag-chatbot (schema {version}, this one \
             knows {}); use that version, or choose another state folder with --state",
            path.display(),
            STEPS.len()
        )));
    }
    if 0 < version && version < STEPS.len() {
        copy_before(path, version)?;
    }
    for (done, step) in STEPS.iter().enumerate().skip(version) {
        apply(writer, done, step).map_err(|e| refusal(path, &e))?;
    }
    drop_old_copies(path);
    Ok(())
}

/// The version that [`run`] brings every database to.
pub(super) fn newest() -> u32 {
    u32::try_from(STEPS.len()).expect("there are a few steps")
}

/// The way back for whoever has to go on with the older program.
fn copy_before(path: &Path, version: usize) -> Result<(), StoreError> {
    let copy = beside(path, &format!("{COPY}{}", version + 1));
    // A step that failed is tried again at every start; the copy of the first time is as good.
    if copy.exists() {
        return Ok(());
    }
    let next = beside(&copy, ".next");
    let made = remove(&next)
        .and_then(|()| snapshot(path, &next, &|| true))
        .and_then(|()| {
            std::fs::rename(&next, &copy).map_err(|e| StoreError::Failed(e.to_string()))
        });
    match made {
        Ok(()) => {
            tracing::info!(copy = %copy.display(), "the chat database was copied before it is brought up to date");
            Ok(())
        }
        Err(error) => {
            let _nothing_to_remove = std::fs::remove_file(&next);
            Err(StoreError::Open(format!(
                "the chat database {} has to be brought up to date, and no copy of it could be \
                 made before ({error}); make room beside it and start again",
                path.display()
            )))
        }
    }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Failed(error.to_string()))
        }
        _ => Ok(()),
    }
}

fn drop_old_copies(path: &Path) {
    for version in 2..=STEPS.len() {
        let copy = beside(path, &format!("{COPY}{version}"));
        let age = std::fs::metadata(&copy)
            .and_then(|found| found.modified())
            .map(|at| at.elapsed().unwrap_or_default());
        if age.is_ok_and(|age| age > COPY_KEPT)
            && let Err(error) = std::fs::remove_file(&copy)
        {
            tracing::warn!(%error, copy = %copy.display(), "an old copy of the chat database could not be deleted");
        }
    }
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
