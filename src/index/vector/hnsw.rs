//! Approximate nearest neighbours with hnsw_rs, for indexes too large to scan.
//!
//! The graph is a cache over the vectors: its dump is covered by the generation's checksums (the
//! crate ends the process on a truncated file) and it is rebuilt when in doubt. Distances are
//! 1 − dot product of unit vectors, with our own kernel.

use super::{Hit, Kernel};
use crate::index::IndexError;
use crate::index::vector::Exact;
use hnsw_rs::anndists::dist::Distance;
use hnsw_rs::api::AnnT;
use hnsw_rs::filter::FilterT;
use hnsw_rs::hnsw::Hnsw;
use hnsw_rs::hnswio::HnswIo;
use std::path::Path;

/// Neighbours per node; 16–32 is usual for sentence embeddings (Malkov & Yashunin 2018, §4.1).
const CONNECTIONS: usize = 24;
/// Candidates kept while inserting.
const CONSTRUCTION: usize = 200;
const LAYERS: usize = 16;
/// Candidates kept while searching, at least.
const SEARCH: usize = 160;
/// Name of the dump within a generation; hnsw_rs appends `.hnsw.graph` and `.hnsw.data`.
const NAME: &str = "hnsw";
/// Rows handed to the graph per step.
const STEP_ROWS: usize = 10_000;

#[derive(Clone, Copy)]
struct OneMinusDot(Kernel);

impl Default for OneMinusDot {
    fn default() -> Self {
        Self(Kernel::detect())
    }
}

impl Distance<f32> for OneMinusDot {
    fn eval(&self, a: &[f32], b: &[f32]) -> f32 {
        (1.0 - self.0.dot_f32(a, b)).max(0.0)
    }
}

/// A graph over the rows of an [`Exact`].
pub struct Graph {
    graph: Hnsw<'static, f32, OneMinusDot>,
}

struct Allowed<'a>(&'a (dyn Fn(u32) -> bool + Sync));

impl FilterT for Allowed<'_> {
    fn hnsw_filter(&self, row: &usize) -> bool {
        (self.0)(*row as u32)
    }
}

impl Graph {
    /// Inserts every row; takes minutes for a million.
    pub fn build(rows: &Exact) -> Self {
        let mut graph = Hnsw::new(
            CONNECTIONS,
            rows.len().max(1),
            LAYERS,
            CONSTRUCTION,
            OneMinusDot::default(),
        );
        for start in (0..rows.len()).step_by(STEP_ROWS) {
            let end = (start + STEP_ROWS).min(rows.len());
            let step: Vec<(&[f32], usize)> = (start..end)
                .map(|row| (rows.row(row as u32), row))
                .collect();
            graph.parallel_insert_slice(&step);
        }
        graph.set_searching_mode(true);
        Self { graph }
    }

    /// Writes the dump into `generation`.
    pub fn save(&self, generation: &Path) -> Result<(), IndexError> {
        self.graph
            .file_dump(generation, NAME)
            .map_err(|error| IndexError::Engine(format!("hnsw: {error}")))?;
        Ok(())
    }

    /// Whether `generation` holds a dump.
    pub fn is_saved(generation: &Path) -> bool {
        ["graph", "data"]
            .iter()
            .all(|part| generation.join(format!("{NAME}.hnsw.{part}")).is_file())
    }

    /// Reads a dump whose checksums were verified.
    pub fn load(generation: &Path) -> Result<Self, IndexError> {
        // The crate ties the graph's lifetime to its reader even where nothing is mapped; one
        // reader per generation is left alive for as long as the process.
        let io: &'static mut HnswIo = Box::leak(Box::new(HnswIo::new(generation, NAME)));
        let mut graph = io
            .load_hnsw_with_dist::<f32, OneMinusDot>(OneMinusDot::default())
            .map_err(|error| IndexError::Damaged(format!("hnsw: {error}")))?;
        graph.set_searching_mode(true);
        Ok(Self { graph })
    }

    /// About the `limit` nearest rows, best first.
    pub fn search(
        &self,
        query: &[f32],
        limit: usize,
        allowed: Option<&(dyn Fn(u32) -> bool + Sync)>,
    ) -> Vec<Hit> {
        let width = SEARCH.max(limit);
        let found = match allowed {
            None => self.graph.search(query, limit, width),
            Some(allowed) => {
                let filter = Allowed(allowed);
                self.graph.search_filter(query, limit, width, Some(&filter))
            }
        };
        found
            .into_iter()
            .map(|near| (near.d_id as u32, 1.0 - near.distance))
            .collect()
    }
}
