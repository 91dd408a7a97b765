//! How good retrieval is, measured on labelled questions.
//!
//! A set is a folder with `corpus.jsonl`, `queries.jsonl` and `qrels.tsv`; sets with
//! `corpus_sections.jsonl` are measured at two grains: sections, and pages as their fold. The
//! documents go through the same chunker, embedder, index and fusion as any documentation. Questions
//! that a corpus does not answer measure when to abstain. It does not know answers.

mod abstention;
mod documentation;
mod measures;
mod run;
mod set;
mod trace;

pub use abstention::{AbstentionReport, Judged, judge_documentation, write_signals};
pub use documentation::{Expected, ask_documentation, read_questions, unknown_addresses};
pub use measures::Scores;
pub use run::{Arm, Evaluator, Grain, SetReport};
pub use set::{EvalError, Query, Set, find_sets, read_queries};
