//! Hybrid search: question → passages, with knowledge of languages and scope.
//!
//! It does not know sessions, prompts or generators.

mod answerable;
mod fusion;
mod retriever;

pub use crate::index::PassageDocument;
pub use answerable::{Signals, THRESHOLD};
pub use fusion::{Fused, fuse};
pub use retriever::{DEPTH, Retriever, Snapshot};

use crate::corpus::{Block, BlockKind};
use crate::language::Language;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The part of the documentation a question is asked of. `None` means anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    pub locale: Option<String>,
    pub version: Option<String>,
    /// Route prefix (`/docs/guides`).
    pub path: Option<String>,
}

/// A chunk as it was found, with the scores one question gave it.
#[derive(Debug, Clone)]
pub struct Passage {
    /// Id of the chunk within the generation's documents: stable while its text is unchanged.
    pub id: String,
    pub document: Arc<PassageDocument>,
    /// Heading's id in the built page.
    pub anchor: Option<String>,
    pub heading: String,
    pub heading_path: Vec<String>,
    pub breadcrumb: String,
    pub blocks: Vec<Block>,
    pub language: Language,
    /// Fused score, larger is better; comparable within one question only.
    pub score: f32,
    /// Relevance in 0–1 for showing to people.
    pub relevance: f32,
    pub explain: Explain,
}

/// Ranks (from 1) and scores per stage; `None` where the stage did not find the passage.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Explain {
    pub words_rank: Option<usize>,
    pub words_score: Option<f32>,
    pub vector_rank: Option<usize>,
    pub vector_score: Option<f32>,
}

impl Passage {
    /// Page URL below the base URL, with the heading's anchor.
    pub fn url(&self) -> String {
        match &self.anchor {
            Some(anchor) => format!("{}#{}", self.document.route, as_fragment(anchor)),
            None => self.document.route.clone(),
        }
    }

    /// The visible text, blocks separated by blank lines, headings left out.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self
            .blocks
            .iter()
            .filter(|b| b.kind != BlockKind::Heading)
            .map(|b| b.text.as_str())
            .collect();
        texts.join("\n\n")
    }
}

/// An id as it stands in a URL: what would end the URL is encoded, letters stay readable.
fn as_fragment(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for letter in id.chars() {
        if letter.is_ascii_control() || " \"<>`".contains(letter) {
            out.push_str(&format!("%{:02X}", u32::from(letter)));
        } else {
            out.push(letter);
        }
    }
    out
}

/// What a question found.
#[derive(Debug, Clone)]
pub struct Retrieved {
    /// Best first, at most one list per question, sections of one page kept apart.
    pub passages: Vec<Passage>,
    /// Probability (0–1) that the documentation holds an answer, from calibrated signals.
    pub answerable: f32,
    /// What `answerable` was computed from.
    pub signals: Signals,
    /// Whether `answerable` is over the shipped threshold.
    pub found: bool,
    pub language: Language,
    /// Set when the reader's locale or version had no answer and another was searched.
    pub fallback: Option<Scope>,
    pub embed_ms: f64,
    pub words_ms: f64,
    pub vectors_ms: f64,
    pub fuse_ms: f64,
    /// Words alone answered: there are no embeddings yet, or none of this question.
    pub words_only: bool,
    /// The embeddings are still being computed; later, more will be found.
    pub still_indexing: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum RetrievalError {
    /// Nothing is indexed yet; try again in a moment.
    #[error("the documentation is still being read; try again in a moment")]
    NotReady,
    /// Too much work is waiting; try again in a moment.
    #[error("too many questions at once; try again in a moment")]
    Overloaded,
    /// The index could not be read.
    #[error("the index could not be searched: {0}")]
    Index(String),
}

/// Finds the passages a question is answered from.
#[async_trait]
pub trait Search: Send + Sync {
    /// At most `top_k` passages, best first. Dropping the future gives the work up.
    async fn search(
        &self,
        query: &str,
        scope: &Scope,
        top_k: usize,
    ) -> Result<Retrieved, RetrievalError>;

    /// The generation that is searched now; `None` when nobody can tell.
    fn generation(&self) -> Option<String> {
        None
    }

    /// The locales and versions there are, so that a question can name one.
    fn known_scopes(&self) -> KnownScopes {
        KnownScopes::default()
    }
}

/// The names a [`Scope`] can hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownScopes {
    pub locales: Vec<String>,
    pub versions: Vec<String>,
}
