//! A quoted answer over prepared passages, from question to `Done`, kept in the database.

use async_trait::async_trait;
use criterion::{Criterion, criterion_group, criterion_main};
use rag_chatbot::answer::{AnswerEvent, Answerer, Brought, Mode, Parts, Question};
use rag_chatbot::corpus::{Block, BlockKind};
use rag_chatbot::index::PassageDocument;
use rag_chatbot::language::detect;
use rag_chatbot::retrieval::{Explain, Passage, RetrievalError, Retrieved, Scope, Search, Signals};
use rag_chatbot::store;
use std::sync::Arc;
use std::time::Duration;

/// Sentences of one passage: some 400 tokens, the size of a chunk.
const SENTENCES: usize = 20;
const PASSAGES: usize = 5;

/// Finds the same passages at once, so that answering alone is measured.
struct Prepared(Vec<Passage>);

#[async_trait]
impl Search for Prepared {
    async fn search(
        &self,
        query: &str,
        _scope: &Scope,
        top_k: usize,
    ) -> Result<Retrieved, RetrievalError> {
        Ok(Retrieved {
            passages: self.0.iter().take(top_k).cloned().collect(),
            answerable: 1.0,
            signals: Signals::default(),
            found: true,
            language: detect(query),
            fallback: None,
            embed_ms: 0.0,
            words_ms: 0.0,
            vectors_ms: 0.0,
            fuse_ms: 0.0,
            words_only: false,
            still_indexing: false,
        })
    }
}

fn passages(sentence: &dyn Fn(usize, usize) -> String) -> Vec<Passage> {
    let passage = |n: usize| {
        let blocks: Vec<Block> = (0..SENTENCES / 4)
            .map(|block| {
                let sentences: Vec<String> = (0..4).map(|s| sentence(n, block * 4 + s)).collect();
                Block::new(BlockKind::Paragraph, sentences.join(" "), 0..0)
            })
            .collect();
        Passage {
            id: n.to_string(),
            document: Arc::new(PassageDocument {
                id: format!("page-{n}.md"),
                title: format!("Page {n}"),
                description: None,
                route: format!("/page-{n}"),
                locale: "en".to_owned(),
                version: None,
                latest_version: true,
                unlisted: false,
                language: detect("English"),
            }),
            anchor: Some("section".to_owned()),
            heading: "Section".to_owned(),
            heading_path: vec!["Section".to_owned()],
            breadcrumb: format!("Site › Page {n} › Section"),
            language: detect(&blocks[0].text),
            blocks,
            score: 1.0 / (n + 1) as f32,
            relevance: 0.9,
            explain: Explain::default(),
        }
    };
    (0..PASSAGES).map(passage).collect()
}

fn english(page: usize, n: usize) -> String {
    format!(
        "The option `timeoutOfStep{n}` of page {page} sets how many milliseconds a worker waits \
         before the test runner stops it, e.g. 500."
    )
}

fn urdu(page: usize, n: usize) -> String {
    format!(
        "صفحہ {page} کا آپشن timeoutOfStep{n} بتاتا ہے کہ test runner کسی کارکن کو روکنے سے پہلے کتنے ملی سیکنڈ \
         انتظار کرتا ہے۔"
    )
}

fn chat(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let store = store::open(&store::Options {
        database_url: "sqlite:".to_owned(),
        state_dir: folder.path().to_owned(),
        session_timeout: Duration::from_secs(3600),
        retention: std::time::Duration::from_secs(90 * 24 * 60 * 60),
        keyring: store::Keyring::default(),
    })
    .expect("a database");
    for (name, question, passages) in [
        (
            "quoted answer, English",
            "How do I set the timeout of a worker?",
            passages(&english),
        ),
        (
            "quoted answer, Urdu",
            "کارکن کا انتظار کیسے مقرر کریں؟",
            passages(&urdu),
        ),
    ] {
        let parts = Parts::new(Arc::new(Prepared(passages)), store.clone());
        let answerer = Answerer::new(parts);
        c.bench_function(name, |b| {
            b.to_async(&runtime).iter(|| async {
                let mut events = answerer.ask(Question {
                    text: question.to_owned(),
                    session_id: None,
                    mode: Mode::FullBook,
                    selected_text: None,
                    scope: Scope::default(),
                    top_k: PASSAGES,
                    request_id: "bench".to_owned(),
                    brought: Brought::default(),
                });
                while let Some(event) = events.recv().await {
                    if let AnswerEvent::Done(answer) = event {
                        return answer.text.len();
                    }
                }
                0
            });
        });
    }
}

criterion_group!(benches, chat);
criterion_main!(benches);
