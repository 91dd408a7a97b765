//! Folder → documents with their chunks, a batch at a time, on all cores.

use super::IngestError;
use super::survey::Seen;
use crate::corpus::{
    self, ChunkBudget, Corpus, Document, Reading, RouteTable, Site, SourceFile, Warning,
};
use crate::embedding::Embedder;
use crate::index::PreparedChunk;
use rayon::prelude::*;
use std::time::SystemTime;

/// Tokens of a chunk, breadcrumb included. Long enough for a whole section of usual
/// documentation, short enough that one vector still means one thing.
pub const CHUNK_TOKENS: usize = 384;

/// Tokens repeated where a section had to be split, so that no sentence loses its context.
pub const OVERLAP_TOKENS: usize = 48;

/// Room for prefix and special tokens within the model's limit.
const RESERVED_TOKENS: usize = 8;

/// Files read together. A prepared page takes some twenty times its size (each of its words is an
/// allocation), so a large documentation must not be held whole.
pub const BATCH_FILES: usize = 64;

/// A document and its chunks, ready to be written.
pub struct Prepared {
    pub document: Document,
    pub chunks: Vec<PreparedChunk>,
}

/// Some of the files, in the order of their ids.
#[derive(Default)]
pub struct Batch {
    pub documents: Vec<Prepared>,
    pub warnings: Vec<Warning>,
}

/// Reads the folder's listing; the only step that can fail as a whole.
pub fn discover(options: &corpus::Options) -> Result<Corpus, IngestError> {
    Ok(corpus::discover(options)?)
}

/// Reads and chunks every file, and hands the batches on in order.
pub fn prepare_files(
    site: &Site,
    files: &[SourceFile],
    embedder: &dyn Embedder,
    seen: &mut Seen,
) -> impl Iterator<Item = Batch> {
    let mut routes = RouteTable::default();
    seen.forget_other_sites(site);
    files.chunks(BATCH_FILES).map(move |files| {
        let mut batch = Batch::default();
        let now = SystemTime::now();
        let readings = read_all(site, files);
        for (file, reading) in files.iter().zip(&readings) {
            seen.note(file, now, reading);
        }
        let documents = addressed(readings, &mut routes, &mut batch.warnings);
        batch.documents = chunk_all(documents, &site.title, embedder);
        batch
    })
}

/// The documents that a reader can open: of several at one address only the first.
fn addressed(
    readings: Vec<Reading>,
    routes: &mut RouteTable,
    warnings: &mut Vec<Warning>,
) -> Vec<Document> {
    let mut documents = Vec::with_capacity(readings.len());
    for reading in readings {
        warnings.extend(reading.warnings);
        let Some(document) = reading.document else {
            continue;
        };
        match routes.insert(&document.id, &document.route) {
            Some(taken) => warnings.push(taken),
            None => documents.push(document),
        }
    }
    documents
}

fn read_all(site: &Site, files: &[SourceFile]) -> Vec<Reading> {
    files
        .par_iter()
        .map(|file| corpus::read(site, file))
        .collect()
}

/// Chunks documents in parallel, order kept.
pub fn chunk_all(
    documents: Vec<Document>,
    site_title: &str,
    embedder: &dyn Embedder,
) -> Vec<Prepared> {
    documents
        .into_par_iter()
        .map(|document| prepare_document(document, site_title, embedder))
        .collect()
}

fn prepare_document(document: Document, site_title: &str, embedder: &dyn Embedder) -> Prepared {
    let count = |text: &str| embedder.count_tokens(text);
    let longest = embedder.identity().max_tokens;
    let budget = ChunkBudget {
        max_tokens: CHUNK_TOKENS.min(longest.saturating_sub(RESERVED_TOKENS)),
        overlap_tokens: OVERLAP_TOKENS,
        count: &count,
    };
    let chunks = corpus::chunk_under(site_title, &document, &budget)
        .into_iter()
        .map(|chunk| PreparedChunk::new(&document, chunk))
        .collect();
    Prepared { document, chunks }
}

/// BLAKE3 over everything that shows in an index of some documents.
pub struct CorpusHash(blake3::Hasher);

impl CorpusHash {
    pub fn new(site: &Site) -> Self {
        Self::of(&site.title, &site.base_url)
    }

    /// Of documents that belong to no site.
    pub fn of(site_title: &str, base_url: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(site_title.as_bytes());
        hasher.update(base_url.as_bytes());
        Self(hasher)
    }

    /// Adds one document.
    pub fn add(&mut self, id: &str, route: &str, hash: &str) {
        for part in [id, route, hash] {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part.as_bytes());
        }
    }

    /// Hex.
    pub fn finish(self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}
