//! Documents and chunks of one generation in a SQLite file that is written once and then only read.
//!
//! Rows are read by primary key, so memory stays flat however large the documentation is. Here is
//! what the writer and the reader must agree on.

mod continued;
mod reader;
mod writer;

pub use reader::{Reader, StoredSections};
pub use writer::Writer;

use crate::corpus::Chunk;
use serde::{Deserialize, Serialize};

/// The file within a generation's folder.
const FILE: &str = "store.db";

/// 16 bytes of BLAKE3 over what the embedding model is given.
pub type EmbeddingKey = [u8; 16];

/// A chunk together with what it needs of its section.
#[derive(Serialize, Deserialize)]
struct ChunkRow {
    chunk: Chunk,
    anchor: Option<String>,
    heading: String,
    heading_path: Vec<String>,
}

/// What the embedding model is given for a chunk.
pub fn embedding_text(chunk: &Chunk) -> String {
    format!("{}\n{}", chunk.breadcrumb, chunk.text())
}

/// Key under which a chunk's vector is reused by later generations of the same model.
pub fn embedding_key(chunk: &Chunk) -> EmbeddingKey {
    let hash = blake3::hash(embedding_text(chunk).as_bytes());
    let mut key = EmbeddingKey::default();
    key.copy_from_slice(&hash.as_bytes()[..16]);
    key
}
