//! Text → unit vector: the seam, its identity and the way to open one.
//!
//! Only this folder knows candle and tokenizers. It does not know documents or questions, only
//! texts and whether they are queries or passages.
//!
//! ```text
//!  async callers ─► queue ─► model threads ─► Embedder ─┬─ local: tokenizer ─► Encoder (int8 engine | candle)
//!                                                       └─ openai: a server's /v1/embeddings
//! ```

#[allow(unsafe_code)] // its kernels, each beside a twin in plain Rust
pub mod engine;
mod gguf;
mod local;
mod model;
mod openai;
mod options;
mod pieces;
mod queue;
mod reference;
mod safetensors;
mod tokenizer;
mod unigram;
pub mod weights;

pub use options::{EmbedderKind, EngineKind, Options};
pub use queue::EmbeddingQueue;
pub use weights::Weights;

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a text is to the model; decides its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    Query,
    Passage,
}

/// Everything that decides what vector a text gets. A change of any field makes old vectors useless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelIdentity {
    pub name: String,
    /// Hash of weights and tokenizer, hex.
    pub hash: String,
    pub dimension: usize,
    /// Longest input in tokens, prefix and special tokens included.
    pub max_tokens: usize,
    pub query_prefix: String,
    pub passage_prefix: String,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum EmbedError {
    /// The model cannot be used as given; says what to do.
    #[error("{0}")]
    Model(String),
    /// Too many texts are waiting; try again in a moment.
    #[error("the embedding queue is full")]
    Overloaded,
    /// A server that computes the embeddings failed.
    #[error("the embedding server failed: {0}")]
    Upstream(String),
    /// The process is stopping.
    #[error("the embedding threads have stopped")]
    Stopped,
}

/// Share of unknown letters from which a text is not read. Texts of a script that the vocabulary
/// lacks have more than nine tenths, others with a few foreign words or signs less than two.
const UNREADABLE_SHARE: f32 = 0.5;

/// A text's script shows within this much of it, a breadcrumb in Latin letters included.
const READ_BYTES: usize = 1_000;

/// Turns texts into normalised vectors. Blocking: call it from model threads only.
pub trait Embedder: Send + Sync {
    fn identity(&self) -> &ModelIdentity;
    /// Number of tokens of the text itself, without prefix and special tokens.
    fn count_tokens(&self, text: &str) -> usize;
    /// Share (0–1) of the text, spaces aside, that the model does not know.
    fn unknown_share(&self, text: &str) -> f32;

    /// Whether a vector of `text` means anything: the model knows most of its letters. Those of
    /// ASCII are known to every model.
    fn reads(&self, text: &str) -> bool {
        let head = &text[..text.floor_char_boundary(READ_BYTES)];
        head.is_ascii() || self.unknown_share(head) < UNREADABLE_SHARE
    }
    /// One vector of `identity().dimension` per text, of length 1.
    fn embed(&self, kind: InputKind, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// Runs a BERT over token ids: what the engines have in common. Blocking.
pub trait Encoder: Send + Sync {
    /// One pooled vector of length 1 per sequence. Sequences hold their special tokens, are never
    /// empty, and are at most [`weights::Shape::positions`] long.
    fn encode(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// Opens the embedder the options name: the embedded model, a folder's model, or a server.
pub fn open(options: &Options) -> Result<Arc<dyn Embedder>, EmbedError> {
    match options.embedder {
        EmbedderKind::Local => {
            let model = match &options.model_dir {
                None => model::embedded()?,
                Some(folder) => model::from_folder(folder)?,
            };
            let encoder = encoder(&model.weights, options.engine, options.model_threads())?;
            Ok(Arc::new(local::Local::new(model, encoder)))
        }
        EmbedderKind::OpenAi => Ok(Arc::new(openai::OpenAi::new(options)?)),
    }
}

/// The weights of the model inside the binary, for benches that hand token ids to an engine.
pub fn embedded_weights() -> Result<Weights, EmbedError> {
    Ok(model::embedded()?.weights)
}

/// The engine the options name. `auto` falls back on the reference for models the int8 engine's
/// kernels don't fit.
pub fn encoder(
    weights: &Weights,
    kind: EngineKind,
    threads: usize,
) -> Result<Box<dyn Encoder>, EmbedError> {
    let isa = match kind {
        EngineKind::Candle => return Ok(Box::new(reference::Reference::new(weights)?)),
        EngineKind::Auto => engine::detect(),
        EngineKind::Portable => engine::InstructionSet::Portable,
        EngineKind::Avx2 => engine::InstructionSet::Avx2,
        EngineKind::AvxVnni => engine::InstructionSet::AvxVnni,
        EngineKind::Avx512Vnni => engine::InstructionSet::Avx512Vnni,
        EngineKind::NeonDotprod => engine::InstructionSet::NeonDotprod,
    };
    // A batch is spread over the threads; a question is too small to be, and stays where it is.
    match engine::Int8Encoder::new(weights, isa, threads) {
        Ok(encoder) => {
            tracing::info!(engine = %isa, "embedding with the int8 engine");
            Ok(Box::new(encoder))
        }
        Err(error) if kind == EngineKind::Auto && error.is_about_the_model() => {
            tracing::info!(%error, "embedding with the reference engine");
            Ok(Box::new(reference::Reference::new(weights)?))
        }
        Err(error) => Err(EmbedError::Model(format!(
            "{error}; leave --embed-engine out to have an engine chosen"
        ))),
    }
}
