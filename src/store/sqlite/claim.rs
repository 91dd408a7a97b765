//! Who works with a database file: many that serve from it, or one that replaces it.
//!
//! A lock on a file beside the database, because SQLite's own locks are not held between
//! transactions. The system drops it with the process, however that ends.

use super::beside;
use super::replacement::Replacement;
use crate::store::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long another process may take to finish a restore that was interrupted (a few renames), or
/// its last write after it was told to stop.
const PATIENCE: Duration = Duration::from_secs(2);

/// Held for as long as the database is used.
#[derive(Debug)]
pub(super) struct Claim {
    _file: File,
}

impl Claim {
    /// For using the database, after a replacement that was interrupted is finished or undone.
    pub fn shared(database: &Path) -> Result<Self, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let file = open(database)?;
            // Somebody else may be at it already; then there is none when they are done.
            if Replacement::is_pending(database) && file.try_lock().is_ok() {
                Replacement::recover(database)?;
            }
            match file.try_lock_shared() {
                Ok(()) if Replacement::is_pending(database) => {}
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(StoreError::Open(format!(
                        "a backup is being restored to {}; wait until that has ended",
                        database.display()
                    )));
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(refusal(database, &error)),
            }
            drop(file);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// For replacing it: nobody else uses it, and nothing of an earlier attempt is left.
    pub fn exclusive(database: &Path) -> Result<Self, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        let file = open(database)?;
        loop {
            match file.try_lock() {
                Ok(()) => {
                    Replacement::recover(database)?;
                    return Ok(Self { _file: file });
                }
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Open(format!(
                        "a rag-chatbot works with {}; stop it first",
                        database.display()
                    )));
                }
                Err(TryLockError::Error(error)) => return Err(refusal(database, &error)),
            }
        }
    }
}

fn open(database: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(beside(database, "-lock"))
        .map_err(|error| refusal(database, &error))
}

fn refusal(database: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Open(format!(
        "the chat database {} cannot be opened ({error}); check that its folder exists and is \
         writable, or choose another with --state",
        database.display()
    ))
}
