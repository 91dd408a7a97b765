//! Writes every candidate's raw scores as JSON lines: what fusion is tuned from.

use super::set::{EvalError, Query};
use crate::index::Candidates;
use serde_json::json;
use std::io::Write;

pub fn write(
    out: &mut dyn Write,
    set: &str,
    query: &Query,
    candidates: &Candidates,
    names: &dyn Fn(u32) -> String,
) -> Result<(), EvalError> {
    let found: Vec<_> = candidates
        .found
        .iter()
        .map(|c| {
            json!([
                names(c.document),
                c.ordinal,
                c.cosine,
                c.words.plain,
                c.words.stemmed,
                c.words.head,
                c.words_rank,
                c.vector_rank,
                c.words.matched,
                c.detail
            ])
        })
        .collect();
    let line = json!({"set": set, "query": query.id, "coverage": candidates.coverage,
        "words_maximum": candidates.words_maximum, "found": found});
    writeln!(out, "{line}")
        .map_err(|error| EvalError::Set(format!("cannot write the trace: {error}")))
}
