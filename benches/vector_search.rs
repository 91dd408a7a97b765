//! Nearest neighbours at 10,000 and 100,000 rows of 384: the exact scan, hnsw_rs, and the f32
//! scan both are compared with.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rag_chatbot::index::vector::{Exact, Graph, dot_f32};
use std::hint::black_box;

const DIMENSION: usize = 384;

/// Unit vectors around a few hundred centres, as sentence embeddings are: independent random
/// vectors would make every neighbour equally far.
fn clustered(rows: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut centre_state = 42u64;
    let mut centre_next = move || {
        centre_state = centre_state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (centre_state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let centres: Vec<f32> = (0..300 * DIMENSION).map(|_| centre_next()).collect();
    let mut values = Vec::with_capacity(rows * DIMENSION);
    for row in 0..rows {
        let centre = &centres[row % 300 * DIMENSION..][..DIMENSION];
        let vector: Vec<f32> = centre.iter().map(|c| c + 0.8 * next()).collect();
        let norm = dot_f32(&vector, &vector).sqrt();
        values.extend(vector.iter().map(|v| v / norm));
    }
    values
}

fn searches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut group = criterion.benchmark_group("vector_search");
    for rows in [10_000usize, 100_000] {
        let values = clustered(rows, 7);
        let path = folder.path().join(format!("{rows}.f32"));
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        std::fs::write(&path, bytes).expect("writes");
        let exact = Exact::open(&path, DIMENSION).expect("opens");
        let queries = clustered(64, 99);
        let mut turn = 0;
        let mut query = || {
            turn = (turn + 1) % 64;
            &queries[turn * DIMENSION..][..DIMENSION]
        };
        group.bench_function(BenchmarkId::new("exact_int8", rows), |b| {
            b.iter(|| black_box(exact.search(query(), 50, None)));
        });
        group.bench_function(BenchmarkId::new("full_f32", rows), |b| {
            b.iter(|| {
                let query = query();
                let best = values
                    .chunks_exact(DIMENSION)
                    .map(|row| dot_f32(query, row))
                    .fold(f32::MIN, f32::max);
                black_box(best)
            });
        });
        {
            let graph = Graph::build(&exact);
            group.bench_function(BenchmarkId::new("hnsw", rows), |b| {
                b.iter(|| black_box(graph.search(&exact, query(), 50, None)));
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = searches
}
criterion_main!(benches);
