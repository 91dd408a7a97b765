//! Pictures, sounds and papers that lie beside the documents, for pages made without a build.
//!
//! A data folder may hold anything, so only what a page can show is served: by its extension, and
//! never what is hidden or lies outside.

use super::files::{Files, Prepared};
use std::path::PathBuf;
use std::sync::Arc;

/// What pages show or link to, none of which can run in a browser by itself.
const EXTENSIONS: [&str; 20] = [
    "apng", "avif", "bmp", "gif", "ico", "jfif", "jpeg", "jpg", "png", "svg",
    "webp", // pictures
    "m4a", "mp3", "mp4", "oga", "ogg", "ogv", "wav", "webm", // sounds and films
    "pdf",
];

/// The folders that are looked into, in this order.
pub struct Media(Vec<Files>);

impl Media {
    /// A folder that is not there holds nothing.
    pub fn new(folders: &[PathBuf], base: &str) -> Self {
        let there = folders.iter().filter_map(|f| f.canonicalize().ok());
        Self(there.map(|folder| Files::new(folder, base)).collect())
    }

    /// The file at a path that `plain_path` has passed. Reads the disk: not for the async threads.
    pub fn get(&self, path: &str) -> Option<Arc<Prepared>> {
        let (_, extension) = path.rsplit_once('.')?;
        if !EXTENSIONS.iter().any(|e| e.eq_ignore_ascii_case(extension)) {
            return None;
        }
        self.0.iter().find_map(|files| files.get(path))
    }
}
