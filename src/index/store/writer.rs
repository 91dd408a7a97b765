//! Writes the documents and chunks of a new generation.

use super::{ChunkRow, EmbeddingKey, FILE};
use crate::corpus::{BlockKind, Chunk, Document};
use crate::index::{IndexError, Ordinal, PassageDocument};
use crate::language;
use rusqlite::{Connection, params};
use std::path::Path;

const SCHEMA: &str = "
CREATE TABLE documents (
  ordinal INTEGER PRIMARY KEY, id TEXT NOT NULL, hash TEXT NOT NULL, summary TEXT NOT NULL,
  sections TEXT NOT NULL);
CREATE TABLE chunks (
  ordinal INTEGER PRIMARY KEY, document INTEGER NOT NULL, section INTEGER NOT NULL,
  language TEXT NOT NULL, embedding_key BLOB NOT NULL, chunk TEXT NOT NULL);
CREATE UNIQUE INDEX documents_by_id ON documents(id);
";

/// Writes `store.db` of a new generation. Nothing is visible before [`Writer::finish`].
pub struct Writer {
    pub(super) connection: Connection,
    pub(super) documents: u32,
    pub(super) chunks: Ordinal,
}

impl Writer {
    pub fn create(generation: &Path) -> Result<Self, IndexError> {
        Self::create_from(generation, None)
    }

    /// With the file named by `old` attached under that name.
    pub(super) fn create_from(generation: &Path, old: Option<&str>) -> Result<Self, IndexError> {
        let connection = Connection::open(generation.join(FILE))?;
        // The file is rebuilt after a crash, so nothing needs to be durable before it is published.
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;",
        )?;
        connection.execute_batch(SCHEMA)?;
        if let Some(old) = old {
            connection.execute("ATTACH ?1 AS old", [old])?;
        }
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
        Ok(self.connection.execute_batch("COMMIT")?)
    }
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
        language: language::detect(&beginning(document)),
    }
}

/// Enough of the text to tell its language.
fn beginning(document: &Document) -> String {
    const BYTES: usize = 2_000;
    let mut text = String::new();
    let blocks = document.sections.iter().flat_map(|section| &section.blocks);
    for block in blocks.filter(|block| block.kind != BlockKind::Code) {
        text.push_str(&block.text);
        text.push('\n');
        if text.len() > BYTES {
            break;
        }
    }
    text
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data serialises")
}
