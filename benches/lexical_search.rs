//! The words' arm: 8-word questions over 10,000 and 100,000 passages, top 50, all fields.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rag_chatbot::corpus::{self, Document};
use rag_chatbot::index::{About, Builder, Embedded, Filter, PreparedChunk, Probe, State};
use std::hint::black_box;

const VOCABULARY: usize = 30_000;

/// Word numbers with the frequencies of natural text (Zipf's law, exponent about 1).
struct Zipf(u64);

impl Zipf {
    fn word(&mut self) -> String {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let uniform = (self.0 >> 11) as f64 / (1u64 << 53) as f64;
        let rank = (VOCABULARY as f64).powf(uniform) as u64;
        // Letters from the rank, so that stems and splits behave as on words.
        let mut word = String::new();
        let mut rest = rank * 2_654_435_761 % 4_294_967_296;
        for _ in 0..6 {
            word.push(char::from(b'a' + (rest % 26) as u8));
            rest /= 26;
        }
        word
    }

    fn text(&mut self, words: usize) -> String {
        let words: Vec<String> = (0..words).map(|_| self.word()).collect();
        words.join(" ")
    }
}

fn index(state: &State, passages: usize) -> Embedded {
    let mut zipf = Zipf(7);
    let mut builder = Builder::begin(state).expect("begins");
    for page in 0..passages / 10 {
        let sections: Vec<String> = (0..10)
            .map(|_| format!("## {}\n\n{}", zipf.text(3), zipf.text(100)))
            .collect();
        let mut document: Document = corpus::read_markdown(&zipf.text(3), &sections.join("\n\n"));
        document.id = format!("page-{page}");
        document.latest_version = true;
        let count = |text: &str| text.len() / 4;
        let budget = corpus::ChunkBudget {
            max_tokens: 384,
            overlap_tokens: 48,
            count: &count,
        };
        let chunks = corpus::chunk_under("Site", &document, &budget)
            .into_iter()
            .map(|chunk| PreparedChunk::new(&document, chunk))
            .collect();
        builder.add(&document, chunks).expect("adds");
    }
    let about = About {
        site_title: String::new(),
        corpus_hash: String::new(),
        chunker_version: corpus::CHUNKER_VERSION,
    };
    builder
        .finish(about)
        .expect("finishes")
        .publish(state)
        .expect("publishes")
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
