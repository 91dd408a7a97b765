//! Pages of ten sections of about 100 words, as the index takes them.

use crate::zipf::Zipf;
use rag_chatbot::corpus::{self, ChunkBudget, Document};
use rag_chatbot::index::PreparedChunk;

/// Sections of a page, each short enough to be one chunk.
pub const SECTIONS: usize = 10;

pub fn page(zipf: &mut Zipf, number: usize) -> (Document, Vec<PreparedChunk>) {
    let sections: Vec<String> = (0..SECTIONS)
        .map(|_| format!("## {}\n\n{}", zipf.text(3), zipf.text(100)))
        .collect();
    let mut document = corpus::read_markdown(&zipf.text(3), &sections.join("\n\n"));
    document.id = format!("page-{number}");
    document.latest_version = true;
    let count = |text: &str| text.len() / 4;
    let budget = ChunkBudget {
        max_tokens: 384,
        overlap_tokens: 48,
        count: &count,
    };
    let chunks = corpus::chunk_under("Site", &document, &budget)
        .into_iter()
        .map(|chunk| PreparedChunk::new(&document, chunk))
        .collect();
    (document, chunks)
}
