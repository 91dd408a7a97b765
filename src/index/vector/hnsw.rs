//! Makes the graph with hnsw_rs.
//!
//! The crate searches through locks and reference counts, keeps a second copy of every vector, and
//! ends the process on a truncated dump; so it makes the neighbours, and [`Graph`] keeps, loads and
//! searches them. Distances are 1 − dot product of unit vectors, with our own kernel.

use super::graph::{Graph, Neighbours};
use super::{Exact, Kernel};
use hnsw_rs::anndists::dist::Distance;
use hnsw_rs::hnsw::Hnsw;

/// Neighbours per node; 16–32 is usual for sentence embeddings (Malkov & Yashunin 2018, §4.1). The
/// lowest layer has up to twice as many.
const CONNECTIONS: usize = 24;
/// Candidates kept while inserting.
const CONSTRUCTION: usize = 200;
const LAYERS: usize = 16;
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

impl Graph {
    /// Inserts every row; takes minutes for a million.
    pub fn build(rows: &Exact) -> Self {
        if rows.is_empty() {
            return Self::new(0, &Neighbours::new());
        }
        let graph = Hnsw::new(
            CONNECTIONS,
            rows.len(),
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
        laid_out(&graph)
    }
}

fn laid_out(graph: &Hnsw<'_, f32, OneMinusDot>) -> Graph {
    let points = graph.get_point_indexation();
    let top = usize::from(points.get_max_level_observed());
    let entry = points.get_layer_iterator(top).next();
    let entry = entry.map_or(0, |point| point.get_origin_id() as u32);
    let mut layers: Neighbours = vec![Vec::new(); top + 1];
    for point in points {
        let row = point.get_origin_id() as u32;
        let level = usize::from(point.get_point_id().0);
        let by_layer = point.get_neighborhood_id();
        for (layer, near) in layers.iter_mut().zip(by_layer).take(level + 1) {
            let near = near.iter().map(|near| near.get_origin_id() as u32);
            layer.push((row, near.collect()));
        }
    }
    for layer in &mut layers {
        layer.sort_unstable_by_key(|(row, _)| *row);
    }
    Graph::new(entry, &layers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Unit vectors around a few centres, as sentence embeddings are.
    fn clustered(folder: &Path, rows: usize, dimension: usize, seed: u64) -> Exact {
        let mut state = seed;
        let mut next = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32 - 0.5
        };
        let mut bytes = Vec::new();
        for row in 0..rows {
            let vector: Vec<f32> = (0..dimension)
                .map(|at| ((row % 20 * 31 + at * 7) % 13) as f32 / 13.0 - 0.5 + 0.8 * next())
                .collect();
            let norm = super::super::dot_f32(&vector, &vector).sqrt();
            bytes.extend(vector.iter().flat_map(|v| (v / norm).to_le_bytes()));
        }
        let path = folder.join(format!("{seed}.f32"));
        std::fs::write(&path, bytes).expect("writes");
        Exact::open(&path, dimension).expect("opens")
    }

    #[test]
    fn the_graph_finds_nearly_what_the_scan_finds_also_filtered_and_after_a_restart() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let rows = clustered(folder.path(), 3_000, 64, 7);
        let queries = clustered(folder.path(), 100, 64, 99);
        let built = Graph::build(&rows);
        built.save(folder.path()).expect("saves");
        assert!(Graph::is_saved(folder.path()));
        let graph = Graph::load(folder.path()).expect("loads");
        assert_eq!(graph.len(), 3_000);
        let third = |row: u32| row.is_multiple_of(3);
        for filter in [None, Some(&third as &(dyn Fn(u32) -> bool + Sync))] {
            let mut found = 0;
            for query in (0..100).map(|at| queries.row(at)) {
                let truth = rows.search(query, 10, filter);
                let hits = graph.search(&rows, query, 10, filter);
                assert_eq!(hits, built.search(&rows, query, 10, filter));
                assert!(hits.iter().all(|(row, _)| filter.is_none_or(|f| f(*row))));
                assert!(hits.is_sorted_by(|a, b| a.1 >= b.1));
                found += truth.iter().filter(|hit| hits.contains(hit)).count();
            }
            assert!(found >= 980, "{found} of 1,000");
        }
    }

    #[test]
    fn a_graph_of_nothing_or_a_torn_one_is_no_misfortune() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let none = clustered(folder.path(), 0, 64, 7);
        assert!(
            Graph::build(&none)
                .search(&none, &[0.0; 64], 5, None)
                .is_empty()
        );
        let rows = clustered(folder.path(), 50, 64, 8);
        Graph::build(&rows).save(folder.path()).expect("saves");
        let path = folder.path().join("hnsw.graph");
        let whole = std::fs::read(&path).expect("reads");
        for length in [0, 3, 16, 40, whole.len() - 4] {
            std::fs::write(&path, &whole[..length]).expect("writes");
            assert!(Graph::load(folder.path()).is_err(), "{length} bytes");
        }
    }
}
