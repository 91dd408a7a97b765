//! A new generation that takes over what an older one holds of the documents that have not changed.
//!
//! Rows are copied as they are, in their order; only their numbers move up where a document is left
//! out. It does not know words or vectors.

use super::reader::{Reader, uri};
use super::writer::Writer;
use crate::index::{IndexError, Ordinal};
use rusqlite::params;
use std::ops::Range;
use std::path::Path;

/// What a new generation has taken over.
#[derive(Default)]
pub struct TakenOver {
    /// Chunks of the older generation, in order.
    pub chunks: Vec<Range<Ordinal>>,
    pub documents: usize,
    /// Sections of the documents that were left out.
    pub sections_dropped: usize,
}

/// Documents that follow one another, and their chunks.
struct Run {
    documents: Range<u32>,
    chunks: Range<Ordinal>,
}

impl Writer {
    /// Begins `store.db` with the documents of `old` that `keep` accepts by id and hash.
    pub fn continuing(
        generation: &Path,
        old: &Reader,
        keep: &dyn Fn(&str, &str) -> bool,
    ) -> Result<(Self, TakenOver), IndexError> {
        let hashes = old.document_hashes()?;
        let kept: Vec<bool> = hashes.iter().map(|(id, hash)| keep(id, hash)).collect();
        let mut writer = Self::create_from(generation, Some(&uri(old.path())))?;
        let mut taken = TakenOver::default();
        for (ordinal, kept) in (0u32..).zip(&kept) {
            if !kept {
                taken.sections_dropped += writer.sections_of_old(ordinal)?;
            }
        }
        for run in runs(&kept, old) {
            writer.copy(&run)?;
            taken.documents += run.documents.len();
            taken.chunks.push(run.chunks);
        }
        Ok((writer, taken))
    }

    fn sections_of_old(&self, document: u32) -> Result<usize, IndexError> {
        let count = "SELECT json_array_length(sections) FROM old.documents WHERE ordinal = ?1";
        let sections: i64 = self
            .connection
            .prepare_cached(count)?
            .query_row([document], |row| row.get(0))?;
        Ok(usize::try_from(sections).unwrap_or_default())
    }

    fn copy(&mut self, run: &Run) -> Result<(), IndexError> {
        let (documents, chunks) = (&run.documents, &run.chunks);
        let moved = documents.start - self.documents;
        self.connection
            .prepare_cached(
                "INSERT INTO documents SELECT ordinal - ?1, id, hash, summary, sections \
                 FROM old.documents WHERE ordinal >= ?2 AND ordinal < ?3 ORDER BY ordinal",
            )?
            .execute(params![moved, documents.start, documents.end])?;
        self.connection
            .prepare_cached(
                "INSERT INTO chunks SELECT ordinal - ?1, document - ?2, section, language, \
                 embedding_key, chunk FROM old.chunks \
                 WHERE ordinal >= ?3 AND ordinal < ?4 ORDER BY ordinal",
            )?
            .execute(params![
                chunks.start - self.chunks,
                moved,
                chunks.start,
                chunks.end
            ])?;
        self.documents += documents.end - documents.start;
        self.chunks += chunks.end - chunks.start;
        Ok(())
    }
}

/// Kept documents that follow one another are copied together.
fn runs(kept: &[bool], old: &Reader) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut chunk = 0;
    for (document, kept) in kept.iter().enumerate() {
        let document = document as u32;
        let first = chunk;
        while old
            .places
            .get(chunk as usize)
            .is_some_and(|place| place.document == document)
        {
            chunk += 1;
        }
        match runs.last_mut() {
            _ if !kept => {}
            Some(run) if run.documents.end == document => {
                run.documents.end += 1;
                run.chunks.end = chunk;
            }
            _ => runs.push(Run {
                documents: document..document + 1,
                chunks: first..chunk,
            }),
        }
    }
    runs
}
