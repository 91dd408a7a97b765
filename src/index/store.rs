//! Documents and chunks of one generation in a SQLite file that is written once and then only read.
//!
//! Rows are read by primary key, so memory stays flat however large the documentation is.

use super::{IndexError, Ordinal, PassageDocument, StoredChunk};
use crate::corpus::{Chunk, Document, Section};
use crate::language::Language;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SCHEMA: &str = "
CREATE TABLE documents (
  ordinal INTEGER PRIMARY KEY, id TEXT NOT NULL, hash TEXT NOT NULL, summary TEXT NOT NULL,
  sections TEXT NOT NULL);
CREATE TABLE chunks (
  ordinal INTEGER PRIMARY KEY, document INTEGER NOT NULL, section INTEGER NOT NULL,
  language TEXT NOT NULL, embedding_key BLOB NOT NULL, chunk TEXT NOT NULL);
CREATE UNIQUE INDEX documents_by_id ON documents(id);
";

/// 16 bytes of BLAKE3 over what the embedding model is given.
pub type EmbeddingKey = [u8; 16];

/// A document's sections as they were read.
#[derive(Debug, Clone)]
pub struct StoredSections {
    pub document: Arc<PassageDocument>,
    pub sections: Vec<Section>,
}

/// A chunk together with what it needs of its section.
#[derive(Serialize, Deserialize)]
struct ChunkRow {
    chunk: Chunk,
    anchor: Option<String>,
    heading: String,
    heading_path: Vec<String>,
}

impl ChunkRow {
    fn new(document: &Document, chunk: &Chunk) -> Self {
        let section = &document.sections[chunk.section];
        Self {
            chunk: chunk.clone(),
            anchor: section.anchor.clone(),
            heading: section.heading.clone(),
            heading_path: section.heading_path.clone(),
        }
    }
}

/// Writes `store.db` of a new generation. Nothing is visible before [`Writer::finish`].
pub struct Writer {
    connection: Connection,
    documents: u32,
    chunks: Ordinal,
}

impl Writer {
    pub fn create(generation: &Path) -> Result<Self, IndexError> {
        let connection = Connection::open(generation.join(FILE))?;
        // The file is rebuilt after a crash, so nothing needs to be durable before the last sync.
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;",
        )?;
        connection.execute_batch(SCHEMA)?;
        connection.execute_batch("BEGIN")?;
        Ok(Self {
            connection,
            documents: 0,
            chunks: 0,
        })
    }

    /// Adds a document; the chunks that follow belong to it.
    pub fn begin_document(&mut self, document: &Document) -> Result<(), IndexError> {
        self.connection
            .prepare_cached("INSERT INTO documents VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                self.documents,
                document.id,
                document.hash,
                json(&summary_of(document)),
                json(&document.sections),
            ])?;
        self.documents += 1;
        Ok(())
    }

    /// Adds the next chunk of the document begun last.
    pub fn add_chunk(
        &mut self,
        document: &Document,
        chunk: &Chunk,
        key: &EmbeddingKey,
    ) -> Result<(), IndexError> {
        self.connection
            .prepare_cached("INSERT INTO chunks VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![
                self.chunks,
                self.documents - 1,
                chunk.section as u32,
                json(&chunk.language),
                key,
                json(&ChunkRow::new(document, chunk)),
            ])?;
        self.chunks += 1;
        Ok(())
    }

    pub fn finish(self) -> Result<(), IndexError> {
        self.connection.execute_batch("COMMIT; ANALYZE;")?;
        self.connection
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA user_version = 1;")?;
        Ok(())
    }
}

const FILE: &str = "store.db";

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

    /// Embedding keys of all chunks, in their order.
    pub fn embedding_keys(&self) -> Result<Vec<EmbeddingKey>, IndexError> {
        self.with_connection(|connection| {
            let mut select =
                connection.prepare("SELECT embedding_key FROM chunks ORDER BY ordinal")?;
            let keys = select.query_map([], |row| row.get(0))?;
            Ok(keys.collect::<Result<Vec<_>, _>>()?)
        })
    }

    /// Texts for the embedding model, in the order of the chunks from `first`.
    pub fn embedding_texts(&self, ordinals: &[Ordinal]) -> Result<Vec<String>, IndexError> {
        self.with_connection(|connection| {
            let mut select =
                connection.prepare_cached("SELECT chunk FROM chunks WHERE ordinal = ?1")?;
            ordinals
                .iter()
                .map(|ordinal| {
                    let row: ChunkRow = select
                        .query_row([ordinal], |row| Ok(parse(row.get_ref(0)?.as_str().ok())))??;
                    Ok(embedding_text(&row.chunk))
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

fn summary_of(document: &Document) -> PassageDocument {
    PassageDocument {
        id: document.id.clone(),
        title: document.title.clone(),
        description: document.description.clone(),
        route: document.route.clone(),
        locale: document.locale.clone(),
        version: document.version.clone(),
        latest_version: document.latest_version,
        unlisted: document.unlisted,
    }
}

fn open_read_only(path: &Path) -> Result<Connection, IndexError> {
    // `immutable`: the file never changes once published, so no locks and no -shm beside it.
    const KEPT: AsciiSet = NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'.')
        .remove(b'-')
        .remove(b'_');
    let encoded = percent_encode(path.as_os_str().as_encoded_bytes(), &KEPT);
    let uri = format!("file:{encoded}?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(uri, flags)?)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data serialises")
}

fn parse<T: serde::de::DeserializeOwned>(text: Option<&str>) -> Result<T, IndexError> {
    let text = text.ok_or_else(|| IndexError::Damaged("store: not text".to_owned()))?;
    serde_json::from_str(text).map_err(|error| IndexError::Damaged(format!("store: {error}")))
}
