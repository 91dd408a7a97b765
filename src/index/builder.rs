//! Writes a new generation: documents and words first, vectors when they are computed.

use super::generation::{FORMAT, Manifest, State, VectorsManifest};
use super::lexical::{self, IndexedWords};
use super::store::{self, EmbeddingKey};
use super::vector::{Details, Exact, Graph, HNSW_FROM_ROWS};
use super::{Embedded, IndexError, Ordinal};
use crate::corpus::{Chunk, Document};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

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
pub struct Draft {
    path: PathBuf,
    manifest: Manifest,
}

impl Draft {
    /// A copy of a published generation, sharing its files, to be given vectors.
    pub fn of(state: &State, published: &Embedded) -> Result<Self, IndexError> {
        let path = state.begin()?;
        for name in published.manifest().checksums.keys() {
            if !is_vector_file(name) {
                share(&published.path().join(name), &path.join(name))?;
            }
        }
        Ok(Self {
            path,
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

    /// Opens documents and words before they are published, to read what is to be embedded.
    pub fn store(&self) -> Result<store::Reader, IndexError> {
        store::Reader::open(&self.path)
    }

    /// Empty files for the vectors, one row per chunk, and for its details.
    pub fn vectors(&self, dimension: usize) -> Result<VectorsFile, IndexError> {
        let file = File::create(self.path.join(super::embedded::VECTORS_FILE))
            .map_err(IndexError::io("cannot write the vectors"))?;
        let bytes = self.manifest.chunks * dimension * size_of::<f32>();
        file.set_len(bytes as u64)
            .map_err(IndexError::io("cannot write the vectors"))?;
        Ok(VectorsFile {
            file,
            dimension,
            details_path: self.path.join(super::embedded::DETAILS_FILE),
            details: vec![Vec::new(); self.manifest.chunks],
        })
    }

    /// The vectors as they were written, for measuring them before they are published.
    pub fn rows(&self, dimension: usize) -> Result<Exact, IndexError> {
        Exact::open(&self.path.join(super::embedded::VECTORS_FILE), dimension)
    }

    /// Declares the vectors complete; builds the graph where the size calls for one.
    pub fn with_vectors(mut self, vectors: VectorsManifest) -> Result<Self, IndexError> {
        let path = self.path.join(super::embedded::VECTORS_FILE);
        let rows = Exact::open(&path, vectors.model.dimension)?;
        if rows.len() >= HNSW_FROM_ROWS {
            Graph::build(&rows).save(&self.path)?;
        }
        self.manifest.vectors = Some(vectors);
        Ok(self)
    }

    /// Makes this the living generation and opens it.
    pub fn publish(self, state: &State) -> Result<Embedded, IndexError> {
        state.publish(&self.path, self.manifest)?;
        Embedded::open(&self.path)
    }
}

/// Rows of f32, written in any order, and the details of each.
pub struct VectorsFile {
    file: File,
    dimension: usize,
    details_path: PathBuf,
    /// Encoded, by row: they lie in the order of the rows.
    details: Vec<Vec<u8>>,
}

impl VectorsFile {
    pub fn write(
        &mut self,
        row: Ordinal,
        vector: &[f32],
        details: &[u8],
    ) -> Result<(), IndexError> {
        debug_assert_eq!(vector.len(), self.dimension);
        self.details[row as usize] = details.to_vec();
        let bytes: Vec<u8> = vector.iter().flat_map(|v| v.to_le_bytes()).collect();
        let at = u64::from(row) * (self.dimension * size_of::<f32>()) as u64;
        self.file
            .write_all_at(&bytes, at)
            .map_err(IndexError::io("cannot write the vectors"))
    }

    pub fn finish(self) -> Result<(), IndexError> {
        self.file
            .sync_all()
            .map_err(IndexError::io("cannot write the vectors"))?;
        Details::write(&self.details_path, self.dimension, &self.details)
    }
}

fn is_vector_file(name: &str) -> bool {
    name == super::embedded::VECTORS_FILE
        || name == super::embedded::DETAILS_FILE
        || name.starts_with("hnsw.")
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
