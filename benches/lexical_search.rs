//! The words' arm: 8-word questions over 10,000 and 100,000 passages, top 50, all fields.

#[path = "growth/pages.rs"]
mod pages;
#[path = "growth/zipf.rs"]
mod zipf;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rag_chatbot::corpus;
use rag_chatbot::index::{About, Builder, Embedded, Filter, Probe, State};
use std::hint::black_box;
use zipf::Zipf;

fn index(state: &State, passages: usize) -> Embedded {
    let mut zipf = Zipf(7);
    let mut builder = Builder::begin(state).expect("begins");
    for number in 0..passages / pages::SECTIONS {
        let (document, chunks) = pages::page(&mut zipf, number);
        builder.add(&document, chunks).expect("adds");
    }
    let about = About {
        site_title: String::new(),
        corpus_hash: String::new(),
        chunker_version: corpus::CHUNKER_VERSION,
    };
    let mut draft = builder.finish(about).expect("finishes");
    draft.open().expect("opens")
}

fn searches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lexical_search");
    for passages in [10_000usize, 100_000] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::open(folder.path()).expect("opens");
        let index = index(&state, passages);
        let mut zipf = Zipf(99);
        let probes: Vec<Probe> = (0..64)
            .map(|_| Probe {
                text: zipf.text(8),
                vector: None,
                filter: Filter::default(),
                depth: 50,
            })
            .collect();
        let mut turn = 0;
        group.bench_function(BenchmarkId::new("top_50_of", passages), |b| {
            b.iter(|| {
                turn = (turn + 1) % probes.len();
                black_box(index.search_blocking(&probes[turn]).expect("searches"))
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30);
    targets = searches
}
criterion_main!(benches);
