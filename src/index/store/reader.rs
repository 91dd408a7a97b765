//! Reads the documents and chunks of a finished generation, from any number of threads.

use super::{ChunkRow, EmbeddingKey, FILE, embedding_text};
use crate::corpus::{Section, details};
use crate::index::{IndexError, Ordinal, PassageDocument, StoredChunk};
use crate::language::Language;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A document's sections as they were read.
#[derive(Debug, Clone)]
pub struct StoredSections {
    pub document: Arc<PassageDocument>,
    pub sections: Vec<Section>,
}

/// `store.db` of a finished generation, read by any number of threads.
pub struct Reader {
    path: PathBuf,
    generation: String,
    pub documents: Vec<Arc<PassageDocument>>,
    by_id: HashMap<String, u32>,
    /// Per chunk: document, section, language.
    pub places: Vec<Place>,
}

/// Where a chunk stands; kept in memory for filtering and folding.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub document: u32,
    pub section: u32,
    pub language: Language,
}

thread_local! {
    /// One read-only connection per thread for the generation searched last.
    static CONNECTION: RefCell<Option<(String, Connection)>> = const { RefCell::new(None) };
}

impl Reader {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub fn open(generation: &Path) -> Result<Self, IndexError> {
        let path = generation.join(FILE);
        let connection = open_read_only(&path)?;
        let mut documents = Vec::new();
        let mut by_id = HashMap::new();
        let mut select =
            connection.prepare("SELECT id, summary FROM documents ORDER BY ordinal")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let id: String = row.get(0)?;
            by_id.insert(id, documents.len() as u32);
            documents.push(Arc::new(parse::<PassageDocument>(
                row.get_ref(1)?.as_str().ok(),
            )?));
        }
        let mut places = Vec::new();
        let mut select = connection
            .prepare("SELECT document, section, language FROM chunks ORDER BY ordinal")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            places.push(Place {
                document: row.get(0)?,
                section: row.get(1)?,
                language: parse(row.get_ref(2)?.as_str().ok())?,
            });
        }
        Ok(Self {
            generation: generation.to_string_lossy().into_owned(),
            path,
            documents,
            by_id,
            places,
        })
    }

    /// The chunks at `ordinals`, in that order.
    pub fn chunks(&self, ordinals: &[Ordinal]) -> Result<Vec<StoredChunk>, IndexError> {
        self.with_connection(|connection| {
            let mut select =
                connection.prepare_cached("SELECT chunk FROM chunks WHERE ordinal = ?1")?;
            let mut found = Vec::with_capacity(ordinals.len());
            for &ordinal in ordinals {
                let row: ChunkRow = select
                    .query_row([ordinal], |row| Ok(parse(row.get_ref(0)?.as_str().ok())))??;
                found.push(self.stored(ordinal, row));
            }
            Ok(found)
        })
    }

    fn stored(&self, ordinal: Ordinal, row: ChunkRow) -> StoredChunk {
        let place = self.places[ordinal as usize];
        let document = Arc::clone(&self.documents[place.document as usize]);
        let chunk = row.chunk;
        StoredChunk {
            ordinal,
            id: format!("{}#{}.{}", document.id, chunk.section, chunk.part),
            anchor: row.anchor,
            heading: row.heading,
            heading_path: row.heading_path,
            breadcrumb: chunk.breadcrumb,
            blocks: chunk.blocks,
            language: chunk.language,
            section: chunk.section,
            document,
        }
    }

    pub fn sections(&self, id: &str) -> Result<Option<StoredSections>, IndexError> {
        let Some(&ordinal) = self.by_id.get(id) else {
            return Ok(None);
        };
        self.with_connection(|connection| {
            let sections: Option<Vec<Section>> = connection
                .prepare_cached("SELECT sections FROM documents WHERE ordinal = ?1")?
                .query_row([ordinal], |row| Ok(parse(row.get_ref(0)?.as_str().ok())))
                .optional()?
                .transpose()?;
            Ok(sections.map(|sections| StoredSections {
                document: Arc::clone(&self.documents[ordinal as usize]),
                sections,
            }))
        })
    }

    /// Id and hash of every document, in their order.
    pub fn document_hashes(&self) -> Result<Vec<(String, String)>, IndexError> {
        self.with_connection(|connection| {
            let mut select =
                connection.prepare("SELECT id, hash FROM documents ORDER BY ordinal")?;
            let hashes = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(hashes.collect::<Result<Vec<_>, _>>()?)
        })
    }

    /// Embedding keys of all chunks, in their order.
    pub fn embedding_keys(&self) -> Result<Vec<EmbeddingKey>, IndexError> {
        self.with_connection(|connection| {
            let mut select =
                connection.prepare("SELECT embedding_key FROM chunks ORDER BY ordinal")?;
            let keys = select.query_map([], |row| row.get(0))?;
            Ok(keys.collect::<Result<Vec<_>, _>>()?)
        })
    }

    /// Texts for the embedding model, in the order of `ordinals`.
    pub fn embedding_texts(&self, ordinals: &[Ordinal]) -> Result<Vec<String>, IndexError> {
        self.of_each(ordinals, |row| embedding_text(&row.chunk))
    }

    /// Texts of the chunks' details, in the order of `ordinals`.
    pub fn detail_texts(&self, ordinals: &[Ordinal]) -> Result<Vec<Vec<String>>, IndexError> {
        self.of_each(ordinals, |row| details(&row.chunk))
    }

    fn of_each<T>(
        &self,
        ordinals: &[Ordinal],
        text: impl Fn(&ChunkRow) -> T,
    ) -> Result<Vec<T>, IndexError> {
        self.with_connection(|connection| {
            let mut select =
                connection.prepare_cached("SELECT chunk FROM chunks WHERE ordinal = ?1")?;
            ordinals
                .iter()
                .map(|ordinal| {
                    let row: ChunkRow = select
                        .query_row([ordinal], |row| Ok(parse(row.get_ref(0)?.as_str().ok())))??;
                    Ok(text(&row))
                })
                .collect()
        })
    }

    fn with_connection<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        CONNECTION.with_borrow_mut(|slot| {
            let fits = matches!(slot, Some((generation, _)) if *generation == self.generation);
            if !fits {
                *slot = Some((self.generation.clone(), open_read_only(&self.path)?));
            }
            let (_, connection) = slot.as_ref().expect("just filled");
            work(connection)
        })
    }
}

/// The file's name as SQLite takes it when it is to be read only.
pub(super) fn uri(path: &Path) -> String {
    // `immutable`: the file never changes once published, so no locks and no -shm beside it.
    const KEPT: AsciiSet = NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'.')
        .remove(b'-')
        .remove(b'_');
    let encoded = percent_encode(path.as_os_str().as_encoded_bytes(), &KEPT);
    format!("file:{encoded}?immutable=1")
}

fn open_read_only(path: &Path) -> Result<Connection, IndexError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(uri(path), flags)?)
}

fn parse<T: serde::de::DeserializeOwned>(text: Option<&str>) -> Result<T, IndexError> {
    let text = text.ok_or_else(|| IndexError::Damaged("store: not text".to_owned()))?;
    serde_json::from_str(text).map_err(|error| IndexError::Damaged(format!("store: {error}")))
}
