//! Opening a database file, and saying in one sentence why it cannot be opened.
//!
//! Whatever is wrong, the file is left as it is: it holds what people said.

use super::migrations;
use crate::store::StoreError;
use crate::telemetry::metrics::{DATABASE_BUSY, DATABASE_FAILURES};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// How long to wait for another process's lock. Backups and `sqlite3` sessions hold it for
/// moments; longer than this it is somebody's mistake and should be said.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Files up to this size are checked whole when opened (some 0.5 s); larger ones page by page as
/// they are read, which SQLite does by itself.
const MAX_CHECKED_BYTES: u64 = 256 << 20;

/// Creates the database's folder where it is missing.
pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| {
            StoreError::Open(format!(
                "the state folder {} cannot be created ({e}); choose another with --state",
                folder.display()
            ))
        })?;
    }
    Ok(())
}

/// The one connection that writes; creates file and tables as needed.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let size_bytes = std::fs::metadata(path).map(|m| m.len());
    if let Ok(0) = size_bytes {
        tracing::warn!(
            path = %path.display(),
            "the chat database was an empty file and begins without conversations; if it held some, \
             stop the server and restore a backup"
        );
    }
    let size_bytes = size_bytes.unwrap_or(0);
    let mut writer = Connection::open(path).map_err(|e| refusal(path, &e))?;
    protect(path);
    prepare_writer(&mut writer, size_bytes).map_err(|e| refusal(path, &e))?;
    migrations::run(&mut writer, path)?;
    Ok(writer)
}

/// A connection that can only read.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let reader = Connection::open_with_flags(path, flags)?;
        reader.busy_timeout(BUSY_TIMEOUT)?;
        Ok(reader)
    };
    open().map_err(|e| refusal(path, &e))
}

/// Brings the log's content into the file and cuts the log to nothing.
pub(super) fn empty_log(path: &Path) -> rusqlite::Result<()> {
    let db = Connection::open(path)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

fn prepare_writer(writer: &mut Connection, size_bytes: u64) -> rusqlite::Result<()> {
    writer.busy_timeout(BUSY_TIMEOUT)?;
    writer.pragma_update(None, "foreign_keys", true)?;
    // Deleted conversations are overwritten, not only forgotten.
    writer.pragma_update(None, "secure_delete", true)?;
    let _mode: String = writer.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    // Survives a power cut too, not only kill -9; the writer shares one sync between answers.
    writer.pragma_update(None, "synchronous", "FULL")?;
    if size_bytes <= MAX_CHECKED_BYTES {
        let verdict: String = writer.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
                Some(verdict),
            ));
        }
    }
    Ok(())
}

/// Only the owner may read what people said. A file system without such rights is no reason not
/// to start.
pub(super) fn protect(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let rights = std::fs::Permissions::from_mode(0o600);
        if let Err(error) = std::fs::set_permissions(path, rights) {
            tracing::debug!(%error, "the chat database's rights could not be narrowed");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Why this file cannot be used, and what to do.
pub(super) fn refusal(path: &Path, error: &rusqlite::Error) -> StoreError {
    let path = path.display();
    let sentence = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => format!(
            "the chat database {path} is damaged ({error}); it was left untouched: restore a \
             backup, or move it away to start with an empty one"
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => format!(
            "the chat database {path} is locked by another process; stop that process and start \
             again"
        ),
        Some(ErrorCode::DiskFull) => format!(
            "there is no space left for the chat database {path}; free some and start again"
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => format!(
            "the chat database {path} cannot be written; give this user the right to, or choose \
             another state folder with --state"
        ),
        Some(ErrorCode::CannotOpen) => format!(
            "the chat database {path} cannot be opened; check that its folder exists and is \
             writable, or choose another with --state"
        ),
        _ => format!("the chat database {path} cannot be used: {error}"),
    };
    StoreError::Open(sentence)
}

/// A failure while running.
pub(super) fn failure(error: &rusqlite::Error) -> StoreError {
    let failure = kind_of(error);
    let count = match failure {
        StoreError::Busy(_) => DATABASE_BUSY,
        _ => DATABASE_FAILURES,
    };
    metrics::counter!(count).increment(1);
    failure
}

fn kind_of(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(
            "the chat database is locked by another process; end that one".to_owned(),
        ),
        Some(ErrorCode::DiskFull) => {
            StoreError::Busy("the disk is full; make room on the state folder's disk".to_owned())
        }
        _ => StoreError::Failed(error.to_string()),
    }
}
