//! Folder → documents with their chunks, in parallel.

use super::IngestError;
use crate::corpus::{self, ChunkBudget, Corpus, Document, Site, Warning};
use crate::embedding::Embedder;
use crate::index::PreparedChunk;
use rayon::prelude::*;
use std::sync::Arc;

/// Tokens of a chunk, breadcrumb included. Long enough for a whole section of usual
/// documentation, short enough that one vector still means one thing.
pub const CHUNK_TOKENS: usize = 384;

/// Tokens repeated where a section had to be split, so that no sentence loses its context.
pub const OVERLAP_TOKENS: usize = 48;

/// Room for prefix and special tokens within the model's limit.
const RESERVED_TOKENS: usize = 8;

/// A document and its chunks, ready to be written.
pub struct Prepared {
    pub document: Document,
    pub chunks: Vec<PreparedChunk>,
}

/// Everything in the data folder, in the order of the files' ids.
pub struct Contents {
    pub site: Site,
    pub documents: Vec<Prepared>,
    pub warnings: Vec<Warning>,
    /// BLAKE3 over the documents and the site's own settings, hex.
    pub hash: String,
}

/// Reads and chunks every file of `corpus`, and the documents that were pushed.
pub fn prepare(corpus: Corpus, pushed: Vec<Document>, embedder: &Arc<dyn Embedder>) -> Contents {
    let Corpus {
        site,
        files,
        mut warnings,
    } = corpus;
    let read: Vec<_> = files
        .par_iter()
        .map(|file| corpus::read(&site, file))
        .collect();
    let mut documents = Vec::with_capacity(read.len() + pushed.len());
    for reading in read {
        warnings.extend(reading.warnings);
        documents.extend(reading.document);
    }
    documents.extend(pushed);
    let hash = corpus_hash(&site.title, &site.base_url, &documents);
    let documents = chunk_all(documents, &site.title, embedder);
    Contents {
        site,
        documents,
        warnings,
        hash,
    }
}

/// Chunks documents in parallel, order kept.
pub fn chunk_all(
    documents: Vec<Document>,
    site_title: &str,
    embedder: &Arc<dyn Embedder>,
) -> Vec<Prepared> {
    documents
        .into_par_iter()
        .map(|document| prepare_document(document, site_title, embedder))
        .collect()
}

fn prepare_document(
    document: Document,
    site_title: &str,
    embedder: &Arc<dyn Embedder>,
) -> Prepared {
    let count = |text: &str| count_tokens(text, embedder.as_ref());
    let budget = ChunkBudget {
        max_tokens: CHUNK_TOKENS.min(
            embedder
                .identity()
                .max_tokens
                .saturating_sub(RESERVED_TOKENS),
        ),
        overlap_tokens: OVERLAP_TOKENS,
        count: &count,
    };
    let chunks = corpus::chunk_under(site_title, &document, &budget)
        .into_iter()
        .map(|chunk| PreparedChunk::new(&document, chunk))
        .collect();
    Prepared { document, chunks }
}

/// Tokens of `text`, exact where it is long: counting is most of the work of chunking. Short
/// texts are taken to have three bytes a token: prose has four, dense code two and a half, and
/// what that is wrong by stays within the third that the model takes beyond the budget.
fn count_tokens(text: &str, embedder: &dyn Embedder) -> usize {
    const SHORT_BYTES: usize = 2 * CHUNK_TOKENS;
    const BYTES_PER_TOKEN: usize = 3;
    if text.len() <= SHORT_BYTES {
        return text.len() / BYTES_PER_TOKEN;
    }
    embedder.count_tokens(text)
}

/// BLAKE3 over everything that shows in an index of these documents, hex.
pub fn corpus_hash(site_title: &str, base_url: &str, documents: &[Document]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(site_title.as_bytes());
    hasher.update(base_url.as_bytes());
    for document in documents {
        for part in [&document.id, &document.route, &document.hash] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

/// Reads the folder's listing; the only step that can fail as a whole.
pub fn discover(options: &corpus::Options) -> Result<Corpus, IngestError> {
    Ok(corpus::discover(options)?)
}
