//! Reading and cutting documentation: one page, and a whole tree where one is at hand.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rag_chatbot::corpus::{self, ChunkBudget, Options};
use rayon::prelude::*;
use std::hint::black_box;
use std::path::Path;

/// Stands for a tokenizer: what is measured is ours.
fn count_words(text: &str) -> usize {
    text.split_whitespace().count()
}

const BUDGET: ChunkBudget = ChunkBudget {
    max_tokens: 320,
    overlap_tokens: 32,
    count: &count_words,
};

fn page(c: &mut Criterion) {
    let section = "## Section `code` and *words*\n\nA paragraph with [a link](https://example.com), some **bold** \
                   words and `inline code`. It goes on for a sentence or two.\n\n- one\n- two\n\n```js\nlet a = 1;\n```\n\n";
    let text = format!("# Page\n\n{}", section.repeat(200));
    let mut group = c.benchmark_group("chunking");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("read a page", |b| {
        b.iter(|| corpus::read_markdown("Page", black_box(&text)))
    });
    let document = corpus::read_markdown("Page", &text);
    group.bench_function("cut a page", |b| {
        b.iter(|| corpus::chunk_under("Site", black_box(&document), &BUDGET))
    });
    group.finish();
}

fn trees(c: &mut Criterion) {
    let Some(trees) = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|up| up.join("shared/corpora"))
        .find(|p| p.is_dir())
    else {
        return;
    };
    let mut group = c.benchmark_group("tree");
    group.sample_size(10);
    for name in ["jest", "docusaurus", "react_native_website"] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let corpus = corpus::discover(&Options::new(trees.join(name)))
                    .expect("the tree can be read");
                let chunks: usize = corpus
                    .files
                    .par_iter()
                    .filter_map(|file| corpus::read(&corpus.site, file).document)
                    .map(|document| corpus::chunk(&document, &corpus.site, &BUDGET).len())
                    .sum();
                black_box(chunks)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, page, trees);
criterion_main!(benches);
