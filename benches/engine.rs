//! Time of the int8 engine alone, token ids in, on every instruction set of this machine.
//!
//!     cargo bench --bench engine                   # all of them
//!     cargo bench --bench engine -- avx2           # one
//!
//! What a whole embedding costs, text in, is in `embedding.rs`; how it compares with others, in
//! `peers/`.

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use rag_chatbot::embedding::engine::{Int8Encoder, available};
use rag_chatbot::embedding::{Weights, embedded_weights};
use std::hint::black_box;
use std::time::Duration;

/// Ids spread over the vocabulary; 7,919 is prime to its size, so that all rows come.
fn sequences(weights: &Weights, count: usize, tokens: usize) -> Vec<Vec<u32>> {
    let vocabulary = weights.shape().vocabulary;
    let id = |i: usize| (i * 7919 % vocabulary) as u32;
    let sequence = |s: usize| (0..tokens).map(|t| id(s * tokens + t)).collect();
    (0..count).map(sequence).collect()
}

fn engine(c: &mut Criterion) {
    let weights = embedded_weights().expect("the embedded model is whole");
    for isa in available() {
        let mut group = c.benchmark_group(isa.name());
        group
            .sample_size(20)
            .sampling_mode(SamplingMode::Flat)
            .warm_up_time(Duration::from_millis(500));
        for (name, count, tokens, threads) in [
            ("query of 12 tokens", 1, 12, 1),
            ("16 of 128 tokens, 1 thread", 16, 128, 1),
            ("16 of 128 tokens, 2 threads", 16, 128, 2),
            ("16 of 256 tokens, 2 threads", 16, 256, 2),
        ] {
            let encoder = Int8Encoder::new(&weights, isa, threads).expect("it is available");
            let sequences = sequences(&weights, count, tokens);
            let borrowed: Vec<&[u32]> = sequences.iter().map(Vec::as_slice).collect();
            let mut out = vec![0.0; count * encoder.hidden()];
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(name, |b| {
                b.iter(|| encoder.encode_into(black_box(&borrowed), &mut out));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, engine);
criterion_main!(benches);
