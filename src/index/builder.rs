//! Writes a new generation: documents and words first, vectors when they are computed.

use super::embedded::{DETAILS_FILE, VECTORS_FILE};
use super::generation::{self, FORMAT, Manifest, State, VectorsManifest};
use super::lexical::{self, IndexedWords};
use super::store::{self, EmbeddingKey};
use super::vector::{Exact, Graph, HNSW_FROM_ROWS};
use super::vectors_file::VectorsFile;
use super::{Embedded, IndexError};
use crate::corpus::{Chunk, Document};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A chunk with everything that can be computed beside the others.
pub struct PreparedChunk {
    chunk: Chunk,
    key: EmbeddingKey,
    words: IndexedWords,
}

impl PreparedChunk {
    /// Splits and folds the chunk's words; the costly part of indexing words.
    pub fn new(document: &Document, chunk: Chunk) -> Self {
        let section = &document.sections[chunk.section];
        let mut head = vec![document.title.as_str()];
        head.extend(section.heading_path.iter().map(String::as_str));
        if chunk.part == 0 {
            head.extend(document.keywords.iter().map(String::as_str));
            head.extend(document.sidebar_label.as_deref());
        }
        // What the page is about is said once; its sections are about parts of that.
        if chunk.part == 0 && chunk.section == 0 {
            head.extend(document.description.as_deref());
        }
        let head = head.join("\n");
        Self {
            key: store::embedding_key(&chunk),
            words: IndexedWords::new(&head, &chunk.text()),
            chunk,
        }
    }
}

/// What the builder cannot know by itself.
pub struct About {
    pub site_title: String,
    pub corpus_hash: String,
    pub chunker_version: u32,
}

/// A generation being written.
pub struct Builder {
    path: PathBuf,
    store: store::Writer,
    words: lexical::Writer,
    documents: usize,
    sections: usize,
    chunks: usize,
}

impl Builder {
    pub fn begin(state: &State) -> Result<Self, IndexError> {
        let path = state.begin()?;
        Ok(Self {
            store: store::Writer::create(&path)?,
            words: lexical::Writer::create(&path)?,
            path,
            documents: 0,
            sections: 0,
            chunks: 0,
        })
    }

    /// Begins a generation with the documents of `old` that `keep` accepts by id and hash.
    pub fn continuing(
        state: &State,
        old: &Embedded,
        keep: &dyn Fn(&str, &str) -> bool,
    ) -> Result<Self, IndexError> {
        let path = state.begin()?;
        let (store, taken) = store::Writer::continuing(&path, old.store(), keep)?;
        Ok(Self {
            store,
            words: lexical::Writer::continuing(&path, old.path(), &taken.chunks)?,
            path,
            documents: taken.documents,
            sections: old.manifest().sections - taken.sections_dropped,
            chunks: taken.chunks.iter().map(ExactSizeIterator::len).sum(),
        })
    }

    pub fn add(
        &mut self,
        document: &Document,
        chunks: Vec<PreparedChunk>,
    ) -> Result<(), IndexError> {
        self.documents += 1;
        self.sections += document.sections.len();
        self.chunks += chunks.len();
        self.store.begin_document(document)?;
        for prepared in chunks {
            self.store
                .add_chunk(document, &prepared.chunk, &prepared.key)?;
            self.words.add(prepared.words)?;
        }
        Ok(())
    }

    /// Writes out documents and words; the draft can be published as it is or get vectors first.
    pub fn finish(self, about: About) -> Result<Draft, IndexError> {
        self.store.finish()?;
        self.words.finish()?;
        Ok(Draft {
            path: self.path,
            store: None,
            rows: None,
            manifest: Manifest {
                format: FORMAT,
                chunker_version: about.chunker_version,
                built_at: jiff::Timestamp::now(),
                site_title: about.site_title,
                corpus_hash: about.corpus_hash,
                documents: self.documents,
                sections: self.sections,
                chunks: self.chunks,
                vectors: None,
                checksums: Default::default(),
            },
        })
    }
}

/// A generation whose documents and words are complete.
///
/// It can be opened and searched before it is published: only a crash would lose it.
pub struct Draft {
    path: PathBuf,
    manifest: Manifest,
    /// What was opened of it on the way, for whoever opens all of it.
    store: Option<Arc<store::Reader>>,
    rows: Option<Arc<Exact>>,
}

impl Draft {
    /// A copy of a published generation, sharing its files, to be given vectors.
    pub fn of(state: &State, published: &Embedded) -> Result<Self, IndexError> {
        let path = state.begin()?;
        for name in generation::files(published.path())? {
            if !is_vector_file(&name) {
                share(&published.path().join(&name), &path.join(&name))?;
            }
        }
        Ok(Self {
            path,
            store: None,
            rows: None,
            manifest: Manifest {
                vectors: None,
                ..published.manifest().clone()
            },
        })
    }

    pub fn documents(&self) -> usize {
        self.manifest.documents
    }

    pub fn chunks(&self) -> usize {
        self.manifest.chunks
    }

    /// Documents and words before they are published, to read what is to be embedded.
    pub fn store(&mut self) -> Result<Arc<store::Reader>, IndexError> {
        let store = match self.store.take() {
            Some(store) => store,
            None => Arc::new(store::Reader::open(&self.path)?),
        };
        self.store = Some(Arc::clone(&store));
        Ok(store)
    }

    /// Empty files for the vectors, one row per chunk, and for its details.
    pub fn vectors(&self, dimension: usize) -> Result<VectorsFile, IndexError> {
        VectorsFile::create(&self.path, dimension, self.manifest.chunks)
    }

    /// The vectors as they were written, for measuring them before they are published.
    pub fn rows(&mut self, dimension: usize) -> Result<Arc<Exact>, IndexError> {
        let rows = match self.rows.take() {
            Some(rows) => rows,
            None => Arc::new(Exact::open(&self.path.join(VECTORS_FILE), dimension)?),
        };
        self.rows = Some(Arc::clone(&rows));
        Ok(rows)
    }

    /// Declares the vectors complete; builds the graph where the size calls for one.
    pub fn with_vectors(mut self, vectors: VectorsManifest) -> Result<Self, IndexError> {
        if self.manifest.chunks >= HNSW_FROM_ROWS {
            let rows = self.rows(vectors.model.dimension)?;
            Graph::build(&rows).save(&self.path)?;
        }
        self.manifest.vectors = Some(vectors);
        Ok(self)
    }

    /// Opens it as it was written, without reading every file again to verify it.
    pub fn open(&mut self) -> Result<Embedded, IndexError> {
        let store = self.store()?;
        let rows = match &self.manifest.vectors {
            Some(vectors) => Some(self.rows(vectors.model.dimension)?),
            None => None,
        };
        Embedded::of(&self.path, self.manifest.clone(), store, rows)
    }

    /// Brings it onto the disk and makes it the generation that the next start opens.
    pub fn publish(self, state: &State) -> Result<(), IndexError> {
        state.publish(&self.path, self.manifest)
    }
}

fn is_vector_file(name: &str) -> bool {
    name == VECTORS_FILE || name == DETAILS_FILE || name.starts_with("hnsw.")
}

/// A hard link where the file system has them, else a copy: published files never change.
fn share(from: &Path, to: &Path) -> Result<(), IndexError> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to)
        .map(drop)
        .map_err(IndexError::io(format!("cannot copy {}", from.display())))
}
