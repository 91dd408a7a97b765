//! What a backup says of itself, as its first file.

use crate::store::snapshot::Contents;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};

pub(super) const FILE_NAME: &str = "manifest.json";

/// Raised when an older program could no longer read what is written.
pub(super) const FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The program that made it.
    pub version: String,
    pub made_at: Timestamp,
    #[serde(flatten)]
    pub database: Contents,
    /// In the order in which they follow.
    pub files: Vec<FileEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    pub name: String,
    pub size_bytes: u64,
    /// BLAKE3, in hexadecimal digits.
    pub hash: String,
}

impl Manifest {
    /// Documents that were added over HTTP.
    pub fn documents(&self) -> usize {
        self.files.len().saturating_sub(1)
    }

    /// Rows of all tables together.
    pub fn rows(&self) -> u64 {
        self.database.rows.values().sum()
    }
}

/// Reads on, and learns the hash and length of what was read.
pub(super) struct Hashing<R> {
    pub inner: R,
    hasher: blake3::Hasher,
    size_bytes: u64,
}

impl<R: Read> Hashing<R> {
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: blake3::Hasher::new(),
            size_bytes: 0,
        }
    }

    pub fn entry(&self, name: &str) -> FileEntry {
        FileEntry {
            name: name.to_owned(),
            size_bytes: self.size_bytes,
            hash: self.hasher.finalize().to_hex().to_string(),
        }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.size_bytes += read as u64;
        Ok(read)
    }
}
