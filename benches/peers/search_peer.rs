//! Our vector search as one of the contenders of `search.py`.
//!
//!     search_peer exact|hnsw ROWS.f32 QUERIES.f32 DIMENSION LIMIT
//!
//! Both files hold rows of little-endian f32 of length 1. Prints one JSON object: seconds to open
//! or build, milliseconds and row numbers per query. One thread, one query at a time. Knows no
//! other contender.

use rag_chatbot::index::vector::{Exact, Graph};
use serde_json::json;
use std::path::Path;
use std::time::Instant;

fn main() -> anyhow::Result<()> {
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let [kind, rows, queries, dimension, limit] = &arguments[..] else {
        eprintln!("search_peer exact|hnsw ROWS.f32 QUERIES.f32 DIMENSION LIMIT (see search.py)");
        return Ok(());
    };
    let (dimension, limit): (usize, usize) = (dimension.parse()?, limit.parse()?);
    let queries = Exact::open(Path::new(queries), dimension)?;
    let started = Instant::now();
    let exact = Exact::open(Path::new(rows), dimension)?;
    let open_s = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let graph = match kind.as_str() {
        "exact" => None,
        "hnsw" => Some(Graph::build(&exact)),
        other => anyhow::bail!("{other} is neither exact nor hnsw"),
    };
    let build_s = started.elapsed().as_secs_f64();
    let mut times_ms = Vec::with_capacity(queries.len());
    let mut found = Vec::with_capacity(queries.len());
    for query in 0..queries.len() {
        let query = queries.row(query as u32);
        let started = Instant::now();
        let hits = match &graph {
            None => exact.search(query, limit, None),
            Some(graph) => graph.search(&exact, query, limit, None),
        };
        times_ms.push(started.elapsed().as_secs_f64() * 1e3);
        found.push(hits.into_iter().map(|(row, _)| row).collect::<Vec<_>>());
    }
    let report =
        json!({"open_s": open_s, "build_s": build_s, "times_ms": times_ms, "found": found});
    println!("{report}");
    Ok(())
}
