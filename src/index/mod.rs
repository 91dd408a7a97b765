//! The searchable snapshot: documents, chunks, words and vectors of one generation.
//!
//! A generation is derived from the documentation and can always be rebuilt, so it is replaced,
//! never repaired. [`Index`] is the seam where an outside engine can take over; [`Embedded`] is
//! the implementation that lives in this process. Nothing here knows questions or answers: it
//! finds candidates and their raw scores, `retrieval` makes sense of them.

mod builder;
mod calibration;
mod embedded;
mod generation;
mod lexical;
mod passing;
mod store;
pub mod vector;
mod vectors_file;

pub use builder::{About, Builder, Draft, PreparedChunk};
pub use calibration::{Calibration, Level, Noise, Sample, Usual, is_latin};
pub use embedded::{Embedded, Reusable};
pub use generation::{FORMAT, Manifest, State, VectorsManifest};
pub use lexical::WordScores;
pub use store::{EmbeddingKey, StoredSections};
pub use vectors_file::VectorsFile;

use crate::corpus::Block;
use crate::language::Language;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::io::ErrorKind;
use std::sync::Arc;

/// Position of a chunk in its generation, from 0.
pub type Ordinal = u32;

/// What a passage needs to know of its document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PassageDocument {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
    pub route: String,
    pub locale: String,
    pub version: Option<String>,
    pub latest_version: bool,
    pub unlisted: bool,
    /// What the page is written in, which in a folder without locales only its text says.
    pub language: Language,
}

/// A chunk as it is kept.
#[derive(Debug, Clone)]
pub struct StoredChunk {
    pub ordinal: Ordinal,
    /// Stable while page, heading and place are unchanged.
    pub id: String,
    pub document: Arc<PassageDocument>,
    pub anchor: Option<String>,
    pub heading: String,
    pub heading_path: Vec<String>,
    pub breadcrumb: String,
    pub blocks: Vec<Block>,
    pub language: Language,
    /// Position of the section within its document; chunks of one section share it.
    pub section: usize,
}

/// Which documents may be found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub locale: Option<String>,
    pub version: Option<String>,
    /// Route prefix.
    pub path: Option<String>,
    /// Only the version readers get when they name none.
    pub latest_only: bool,
}

/// One search of both arms.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The question's text, for the words' arm.
    pub text: String,
    /// The question's unit vector; `None` searches by words alone.
    pub vector: Option<Vec<f32>>,
    pub filter: Filter,
    /// Candidates per arm.
    pub depth: usize,
}

/// A chunk found by either arm, with the raw scores of both.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub ordinal: Ordinal,
    /// Which document it belongs to, for folding without reading the chunk.
    pub document: u32,
    pub section: u32,
    pub language: Language,
    pub words: WordScores,
    /// Cosine to the question; `None` without vectors.
    pub cosine: Option<f32>,
    /// The largest cosine to what it says in its parts; `None` where it has none.
    pub detail: Option<f32>,
    /// Rank from 1 within its arm's own best, `None` where that arm did not find it.
    pub words_rank: Option<usize>,
    pub vector_rank: Option<usize>,
}

/// What a probe found.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    pub found: Vec<Candidate>,
    /// Share (0–1) of the question's content words that stand anywhere in the index.
    pub coverage: f32,
    /// All that the question asks for is one name: a flag, an identifier, an abbreviation.
    pub named: bool,
    /// Largest combined BM25 that any text could have for this question (sum of the terms' maxima).
    pub words_maximum: f32,
    /// Sum of the idf of the question's content words.
    pub rarity: f32,
    /// The question's cosine to chunks in the script of the nearest; none without vectors.
    pub usual: Usual,
    pub words_ms: f64,
    pub vectors_ms: f64,
}

/// What is in a generation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub generation: String,
    pub documents: usize,
    pub sections: usize,
    pub chunks: usize,
    /// Chunks that have a vector: all of them, or none while embeddings are being computed.
    pub vectors: usize,
    pub built_at: jiff::Timestamp,
    pub site_title: String,
    pub calibration: Option<Calibration>,
    pub vector_search: &'static str,
}

#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The generation on disk cannot be used; build a new one.
    #[error("the index generation is unusable: {0}")]
    Damaged(String),
    /// The state folder could not be read or written.
    #[error("{context}: {source}")]
    Io {
        context: String,
        source: std::io::Error,
    },
    /// There is no room for the next generation; the living one is untouched.
    #[error(
        "the disk is full: the index cannot be written; make room on the state folder's disk or choose another folder with --state"
    )]
    DiskFull,
    /// The store or the word index failed.
    #[error("the index failed: {0}")]
    Engine(String),
}

impl IndexError {
    pub(crate) fn io(context: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let context = context.into();
        move |source| match is_no_room(&source) {
            true => Self::DiskFull,
            false => Self::Io { context, source },
        }
    }
}

fn is_no_room(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

impl From<rusqlite::Error> for IndexError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Engine(format!("store: {error}")),
        }
    }
}

impl From<tantivy::TantivyError> for IndexError {
    fn from(error: tantivy::TantivyError) -> Self {
        // It wraps what the system said, several layers deep.
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(inner) = cause {
            if inner.downcast_ref().is_some_and(is_no_room) {
                return Self::DiskFull;
            }
            cause = inner.source();
        }
        Self::Engine(format!("words: {error}"))
    }
}

/// An immutable snapshot that can be searched; the seam for engines outside this process.
#[async_trait::async_trait]
pub trait Index: Send + Sync {
    fn summary(&self) -> &Summary;

    /// Best chunks of both arms with their scores.
    async fn search(&self, probe: Probe) -> Result<Candidates, IndexError>;

    /// The chunks at `ordinals`, in that order.
    async fn chunks(&self, ordinals: Vec<Ordinal>) -> Result<Vec<StoredChunk>, IndexError>;

    /// Every document, in the order of their routes.
    fn documents(&self) -> &[Arc<PassageDocument>];

    /// The sections of one document, for pages and Markdown.
    async fn sections(&self, document: &str) -> Result<Option<StoredSections>, IndexError>;
}
