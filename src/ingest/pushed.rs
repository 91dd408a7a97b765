//! Documents that were pushed over HTTP instead of lying in the data folder.
//!
//! They can't be rebuilt from the docs, so they are kept as files under `state/pushed/`, one per
//! document, and are read again with every generation.

use super::IngestError;
use crate::corpus::{self, Document, Site};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest content taken, in bytes.
pub const MAX_CONTENT_BYTES: usize = 1 << 20;

/// A pushed document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    pub chapter: String,
    pub section: String,
    /// Markdown.
    pub content: String,
    pub book_version: String,
}

impl Pushed {
    /// Identity: the same chapter, section and version replace each other.
    fn file_name(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.book_version, &self.chapter, &self.section] {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        format!("{}.json", &hasher.finalize().to_hex()[..24])
    }

    fn document(&self, site: &Site) -> Document {
        let text = match begins_with_heading(&self.content, &self.section) {
            true => self.content.clone(),
            false => format!("## {}\n\n{}", as_text(&self.section), self.content),
        };
        let mut document = corpus::read_markdown(&self.chapter, &text);
        let slug = self.file_name().trim_end_matches(".json").to_owned();
        document.id = format!("pushed/{slug}");
        document.route = format!("/pushed/{slug}");
        document.locale = site.default_locale.clone();
        document.version = (!self.book_version.is_empty() && !site.versions.is_empty())
            .then(|| self.book_version.clone());
        document.latest_version = true;
        document
    }
}

/// A name within Markdown: one line, and nothing in it means anything.
fn as_text(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(if letter.is_control() { ' ' } else { letter });
    }
    out
}

/// Whether the content brings the section's heading itself.
fn begins_with_heading(content: &str, section: &str) -> bool {
    let first = content.trim_start().lines().next().unwrap_or("");
    let text = first.trim_start_matches('#');
    text.len() < first.len() && text.trim() == section.trim()
}

/// The folder of pushed documents.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn new(state: &Path) -> Self {
        Self {
            path: state.join("pushed"),
        }
    }

    /// Keeps `pushed`; false if the same text was there already.
    pub fn add(&self, pushed: &Pushed) -> Result<bool, IngestError> {
        if pushed.content.len() > MAX_CONTENT_BYTES {
            return Err(IngestError::Refused(format!(
                "content is {} bytes long; at most {MAX_CONTENT_BYTES} are taken",
                pushed.content.len()
            )));
        }
        if pushed.content.trim().is_empty() || pushed.chapter.trim().is_empty() {
            return Err(IngestError::Refused(
                "chapter and content must not be empty".into(),
            ));
        }
        let bytes = serde_json::to_vec(pushed).expect("a pushed document serialises");
        let path = self.path.join(pushed.file_name());
        if fs::read(&path).is_ok_and(|old| old == bytes) {
            return Ok(false);
        }
        let next = path.with_extension("next");
        fs::create_dir_all(&self.path)
            .and_then(|()| fs::write(&next, &bytes))
            .and_then(|()| fs::File::open(&next)?.sync_all())
            .and_then(|()| fs::rename(&next, &path))
            .map_err(|source| IngestError::State {
                path: self.path.display().to_string(),
                source,
            })?;
        Ok(true)
    }

    /// Everything pushed so far, in a stable order.
    pub fn documents(&self, site: &Site) -> Vec<Document> {
        let mut paths: Vec<PathBuf> = fs::read_dir(&self.path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .collect();
        paths.sort();
        paths
            .iter()
            .filter_map(|path| serde_json::from_slice::<Pushed>(&fs::read(path).ok()?).ok())
            .map(|pushed| pushed.document(site))
            .collect()
    }
}
