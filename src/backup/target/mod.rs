//! Where backups are kept: a folder or a bucket.

mod folder;
mod s3;

pub use s3::S3Access;

use super::{BackupError, Name};
use async_trait::async_trait;
use serde::Serialize;
use std::path::Path;

/// A backup in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stored {
    pub name: Name,
    pub made_at: jiff::Timestamp,
    pub size_bytes: u64,
    pub encrypted: bool,
}

impl Stored {
    pub(super) fn new(name: Name, size_bytes: u64) -> Self {
        Self {
            made_at: name.made_at(),
            encrypted: name.is_encrypted(),
            name,
            size_bytes,
        }
    }
}

#[async_trait]
pub(super) trait Target: Send + Sync {
    /// How it is named to people.
    fn shown(&self) -> String;
    /// Keeps the file under this name, whole or not at all; on disk when this returns.
    async fn put(&self, name: &Name, file: &Path) -> Result<(), BackupError>;
    /// Copies the backup to the new file `to`.
    async fn get(&self, name: &Name, to: &Path) -> Result<(), BackupError>;
    /// Everything that is named like a backup; nothing where the place does not exist yet.
    async fn list(&self) -> Result<Vec<Stored>, BackupError>;
    async fn delete(&self, name: &Name) -> Result<(), BackupError>;
}

/// The place that a setting names.
pub(super) fn open(location: &str, s3: &S3Access) -> Result<Box<dyn Target>, BackupError> {
    match location.split_once("://") {
        None => Ok(Box::new(folder::Folder::new(location.into()))),
        Some(("s3", place)) => Ok(Box::new(s3::S3::open(place, s3)?)),
        Some((scheme, _)) => Err(BackupError::Refused(format!(
            "backups are kept in a folder or at s3://bucket/prefix, not at {scheme}://"
        ))),
    }
}
