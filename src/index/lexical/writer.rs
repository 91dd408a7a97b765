//! Chunks → words by field → the word index of a new generation.

use super::fields::Fields;
use crate::index::{IndexError, Ordinal};
use crate::language::{is_stop_word, stem, words};
use std::path::Path;
use tantivy::TantivyDocument;
use tantivy::directory::MmapDirectory;

/// Memory for building: everything of a usual documentation in one segment.
const WRITER_MEMORY_BYTES: usize = 256 << 20;

/// Writes the `words/` folder of a new generation.
pub struct Writer {
    writer: tantivy::SingleSegmentIndexWriter,
    fields: Fields,
    next: Ordinal,
}

impl Writer {
    pub fn create(generation: &Path) -> Result<Self, IndexError> {
        let (schema, fields) = Fields::schema();
        let folder = MmapDirectory::open(generation.join("words"))
            .map_err(|error| IndexError::Engine(format!("words: {error}")))?;
        let writer = tantivy::Index::builder()
            .schema(schema)
            .single_segment_index_writer(folder, WRITER_MEMORY_BYTES)?;
        Ok(Self {
            writer,
            fields,
            next: 0,
        })
    }

    /// Adds the next chunk: its headings (page title included) and its text.
    pub fn add(&mut self, indexed: IndexedWords) -> Result<(), IndexError> {
        let mut document = TantivyDocument::new();
        document.add_text(self.fields.plain, indexed.plain);
        document.add_text(self.fields.stemmed, indexed.stemmed);
        document.add_text(self.fields.head, indexed.head);
        document.add_u64(self.fields.ordinal, u64::from(self.next));
        self.writer.add_document(document)?;
        self.next += 1;
        Ok(())
    }

    pub fn finish(self) -> Result<(), IndexError> {
        self.writer.finalize()?;
        Ok(())
    }
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
