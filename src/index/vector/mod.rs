//! Nearest neighbours among unit vectors: an exact scan, and a graph above a measured size.
//!
//! It knows rows and dot products, not chunks.

mod details;
mod dot;
mod exact;
mod graph;
mod hnsw;

pub use details::Details;
pub use dot::{Kernel, dot_f32};
pub use exact::Exact;
pub use graph::Graph;

/// A row and its dot product with the query.
pub type Hit = (u32, f32);

/// Above this many rows the graph is searched instead of every row. With 384 dimensions the
/// exact scan took 1.0 ms at 100,000 rows and grows linearly, hnsw_rs 1.7 ms at recall .99 and
/// grows with the logarithm: they meet near 200,000 (`cargo bench --bench vector_search`).
pub const HNSW_FROM_ROWS: usize = 200_000;

/// Whether a dot product says anything: the row of a text that the model cannot read is all zeros.
pub fn is_of_read_text(dot: f32) -> bool {
    dot != 0.0
}
