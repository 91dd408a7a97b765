//! How backups are told to those who watch.

use super::metrics::{BACKUP_FAILURES, BACKUP_LAST_SUCCESS, BACKUP_SIZE};
use jiff::Timestamp;

/// This process makes backups; there has been none yet.
pub fn expected() {
    metrics::gauge!(BACKUP_LAST_SUCCESS).set(0);
}

/// A backup is complete, `size_bytes` large where it was sent.
pub fn succeeded(at: Timestamp, size_bytes: u64) {
    metrics::gauge!(BACKUP_LAST_SUCCESS).set(at.as_millisecond() as f64 / 1e3);
    metrics::gauge!(BACKUP_SIZE).set(size_bytes as f64);
}

/// A backup could not be made.
pub fn failed() {
    metrics::counter!(BACKUP_FAILURES).increment(1);
}
