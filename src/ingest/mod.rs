//! The offline story: folder → documents → chunks → embeddings → a new generation.
//!
//! [`Library`] owns the data folder and the state folder's `index/`: it notices changes, builds
//! the next generation beside the living one and swaps it in. Questions are served from the old
//! one meanwhile, and on a first start from words alone until the vectors are there. It does not
//! know questions.

mod build;
mod calibrate;
mod embed;
mod library;
mod noise;
mod partial;
mod prepare;
mod progress;
mod pushed;
mod survey;
mod walked;
mod watch;
mod words;

pub use build::build;
pub use library::{Library, Options, Outcome};
pub use noise::{NoiseVectors, everyday_questions};
pub use prepare::{CHUNK_TOKENS, OVERLAP_TOKENS};
pub use progress::{Phase, Progress};
pub use pushed::Pushed;

use crate::corpus::CorpusError;
use crate::embedding::EmbedError;
use crate::index::IndexError;

#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The data folder cannot be read; says what to do.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// The index cannot be written or read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The embedding model failed.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// Another process works on the same state folder.
    #[error(
        "another rag-chatbot uses the state folder {0}; stop it or choose another with --state"
    )]
    Locked(String),
    /// The state folder cannot be used.
    #[error("cannot use the state folder {path}: {source}; choose another with --state")]
    State {
        path: String,
        source: std::io::Error,
    },
    /// A pushed document is not acceptable; says why.
    #[error("{0}")]
    Refused(String),
}
