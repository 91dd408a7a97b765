//! Time to embed: one short question, and batches of passages as an indexer sends them.
//!
//!     cargo bench --bench embedding
//!     RAG_BENCH_ENGINE=candle cargo bench --bench embedding      # force an engine
//!     RAYON_NUM_THREADS=1 …                                      # candle on one thread
//!
//! Texts are made to have exactly so many tokens, special tokens and prefix included.

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use rag_chatbot::embedding::{self, Embedder, InputKind, Options};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

/// Words of one token each, so that lengths can be chosen.
const WORDS: [&str; 8] = [
    "install", "robot", "package", "test", "error", "server", "model", "file",
];

fn embedder() -> Arc<dyn Embedder> {
    let mut options = Options::default();
    if let Ok(engine) = std::env::var("RAG_BENCH_ENGINE") {
        options.engine = engine.parse().expect("RAG_BENCH_ENGINE names an engine");
    }
    embedding::open(&options).expect("the embedded model is whole")
}

/// A text that makes an input of exactly `tokens` tokens.
fn text(embedder: &dyn Embedder, prefix: &str, tokens: usize, turn: usize) -> String {
    let room = tokens - 2; // <s> and </s>
    let mut text = String::new();
    let mut word = turn;
    while embedder.count_tokens(&format!("{prefix}{text}")) < room {
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(WORDS[word % WORDS.len()]);
        word += 1;
    }
    assert_eq!(embedder.count_tokens(&format!("{prefix}{text}")), room);
    text
}

fn embedding(c: &mut Criterion) {
    let embedder = embedder();
    let identity = embedder.identity().clone();
    let mut group = c.benchmark_group("embedding");

    let query = vec![text(&*embedder, &identity.query_prefix, 12, 0)];
    group.bench_function("query of 12 tokens", |b| {
        b.iter(|| embedder.embed(InputKind::Query, black_box(&query)))
    });
    group.bench_function("counting a passage of 128 tokens", |b| {
        let passage = text(&*embedder, "", 128, 0);
        b.iter(|| embedder.count_tokens(black_box(&passage)))
    });

    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_secs(1));
    for tokens in [128, 256] {
        let batch: Vec<String> = (0..16)
            .map(|i| text(&*embedder, &identity.passage_prefix, tokens, i))
            .collect();
        group.throughput(Throughput::Elements(batch.len() as u64));
        group.bench_function(format!("16 passages of {tokens} tokens"), |b| {
            b.iter(|| embedder.embed(InputKind::Passage, black_box(&batch)))
        });
    }
    group.finish();
}

criterion_group!(benches, embedding);
criterion_main!(benches);
