//! A whole retrieval in process: a 12-token question embedded, both arms searched, fused, read.
//! The corpus is this project's own handbook and textbook.

use criterion::{Criterion, criterion_group, criterion_main};
use rag_chatbot::corpus;
use rag_chatbot::embedding::{self, EmbeddingQueue};
use rag_chatbot::index::Index;
use rag_chatbot::ingest::{Library, Options};
use rag_chatbot::retrieval::{Retriever, Scope, Search, Snapshot};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

fn retrievals(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = embedding::Options::default();
    let model = embedding::open(&options).expect("the built-in model opens");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let library = Library::open(
        Options {
            corpus: corpus::Options::new(docs),
            state: folder.path().to_owned(),
        },
        Arc::clone(&model),
    )
    .expect("opens");
    library.refresh().expect("indexes");
    let snapshot: Snapshot = {
        let library = Arc::clone(&library);
        Arc::new(move || library.index().map(|index| index as Arc<dyn Index>))
    };
    let queue = EmbeddingQueue::start(model, &options).expect("threads");
    let retriever = Retriever::new(snapshot, queue);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let questions = [
        "How do I set the rate limit for a session?",
        "What does the capture point of a robot tell?",
        "روبوٹ کا توازن کیسے برقرار رہتا ہے؟",
        "Where is the chat history kept on disk?",
    ];
    let mut turn = 0;
    criterion.bench_function("retrieval/question", |b| {
        b.iter(|| {
            turn += 1;
            let question = questions[turn % questions.len()];
            let found = runtime.block_on(retriever.search(question, &Scope::default(), 5));
            black_box(found.expect("searches"))
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = retrievals
}
criterion_main!(benches);
