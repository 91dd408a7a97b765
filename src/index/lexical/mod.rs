//! The words' arm: a tantivy index over fields of each chunk, and BM25 (k1 1.2, b 0.75).
//!
//! Four fields: title with heading path, and the whole text, each both as written (folded) and
//! stemmed without stop words. A question's words never pass through a query parser: its
//! operators are words like any other.

mod best;
mod fields;
mod postings;
mod question;
mod reader;
mod scores;
mod sounds;
mod writer;

pub use reader::Reader;
pub use scores::WordScores;
pub use writer::{IndexedWords, Writer};
