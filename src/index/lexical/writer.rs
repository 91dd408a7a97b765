//! Chunks → words by field → the word index of a new generation, from nothing or from an older one.

use super::fields::Fields;
use crate::index::{IndexError, Ordinal};
use crate::language::{is_stop_word, stem, words};
use std::ops::Range;
use std::path::{Path, PathBuf};
use tantivy::directory::{MmapDirectory, OwnedBytes, RamDirectory};
use tantivy::fastfield::{AliveBitSet, write_alive_bitset};
use tantivy::indexer::merge_filtered_segments;
use tantivy::{BitSet, Directory, SingleSegmentIndexWriter, TantivyDocument};

/// Memory for building: everything of a usual documentation in one segment.
const WRITER_MEMORY_BYTES: usize = 256 << 20;

/// Writes the `words/` folder of a new generation: one segment, in which a document's number is its
/// chunk's ordinal.
pub struct Writer {
    writer: SingleSegmentIndexWriter,
    fields: Fields,
    added: usize,
    /// Set when chunks of an older generation come before those added.
    older: Option<Older>,
}

struct Older {
    words: PathBuf,
    kept: Vec<Range<Ordinal>>,
    /// Where both are put together.
    target: PathBuf,
}

impl Writer {
    pub fn create(generation: &Path) -> Result<Self, IndexError> {
        Self::over(folder(&generation.join("words"))?, None)
    }

    /// Begins with the chunks `kept` of the generation `old`, in their order.
    pub fn continuing(
        generation: &Path,
        old: &Path,
        kept: &[Range<Ordinal>],
    ) -> Result<Self, IndexError> {
        if kept.is_empty() {
            return Self::create(generation);
        }
        let older = Older {
            words: old.join("words"),
            kept: kept.to_vec(),
            target: generation.join("words"),
        };
        Self::over(RamDirectory::create(), Some(older))
    }

    fn over(
        directory: impl Into<Box<dyn Directory>>,
        older: Option<Older>,
    ) -> Result<Self, IndexError> {
        let (schema, fields) = Fields::schema();
        let writer = tantivy::Index::builder()
            .schema(schema)
            .single_segment_index_writer(directory, WRITER_MEMORY_BYTES)?;
        Ok(Self {
            writer,
            fields,
            added: 0,
            older,
        })
    }

    /// Adds the next chunk: its headings (page title included) and its text.
    pub fn add(&mut self, indexed: IndexedWords) -> Result<(), IndexError> {
        let mut document = TantivyDocument::new();
        document.add_text(self.fields.plain, indexed.plain);
        document.add_text(self.fields.stemmed, indexed.stemmed);
        document.add_text(self.fields.head, indexed.head);
        self.writer.add_document(document)?;
        self.added += 1;
        Ok(())
    }

    pub fn finish(self) -> Result<(), IndexError> {
        let added = self.writer.finalize()?;
        let Some(older) = self.older else {
            return Ok(());
        };
        let old = tantivy::Index::open(folder(&older.words)?)?;
        let mut segments = Vec::new();
        let mut alive = Vec::new();
        for segment in old.searchable_segments()? {
            alive.push(Some(only(&older.kept, segment.meta().max_doc())?));
            segments.push(segment);
        }
        // A segment without documents cannot be merged.
        if self.added > 0 {
            for segment in added.searchable_segments()? {
                alive.push(None);
                segments.push(segment);
            }
        }
        let target = folder(&older.target)?;
        merge_filtered_segments(&segments, old.settings().clone(), alive, target)?;
        Ok(())
    }
}

fn folder(path: &Path) -> Result<MmapDirectory, IndexError> {
    MmapDirectory::open(path).map_err(|error| IndexError::Engine(format!("words: {error}")))
}

/// The documents of `kept`, of as many as there are.
fn only(kept: &[Range<Ordinal>], documents: u32) -> Result<AliveBitSet, IndexError> {
    let mut bits = BitSet::with_max_value(documents);
    for ordinal in kept.iter().cloned().flatten().filter(|o| *o < documents) {
        bits.insert(ordinal);
    }
    let mut bytes = Vec::new();
    write_alive_bitset(&bits, &mut bytes)
        .map_err(|error| IndexError::Engine(format!("words: {error}")))?;
    Ok(AliveBitSet::open(OwnedBytes::new(bytes)))
}

/// A chunk's words by field, ready to be indexed; made in parallel, added in order.
pub struct IndexedWords {
    plain: String,
    stemmed: String,
    head: String,
}

impl IndexedWords {
    pub fn new(head: &str, body: &str) -> Self {
        let mut indexed = Self {
            plain: String::with_capacity(head.len() + body.len()),
            stemmed: String::with_capacity(head.len() + body.len()),
            head: String::with_capacity(head.len()),
        };
        for (text, is_head) in [(head, true), (body, false)] {
            for word in words(text) {
                push(&mut indexed.plain, &word.text);
                if is_stop_word(&word.text) {
                    continue;
                }
                let stem = stem(&word.text);
                push(&mut indexed.stemmed, &stem);
                if is_head {
                    push(&mut indexed.head, &stem);
                }
            }
        }
        indexed
    }
}

/// Words have no white space inside, so tantivy's plainest tokenizer takes them apart again.
fn push(line: &mut String, word: &str) {
    line.push_str(word);
    line.push(' ');
}
