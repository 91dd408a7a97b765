//! The queue in front of an embedder that takes exactly as long as the test wants: a server on
//! loopback that answers when it is let.

use super::server;
use axum::routing::post;
use axum::{Json, Router};
use rag_chatbot::embedding::{self, EmbedError, EmbeddingQueue, Options};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// A server that holds each request until it gets a permit.
struct Held {
    gate: Arc<Semaphore>,
    /// The texts of each request, when it arrived.
    seen: Arc<Mutex<Vec<Vec<String>>>>,
    arrivals: tokio::sync::mpsc::UnboundedReceiver<()>,
    queue: EmbeddingQueue,
}

async fn held(threads: usize, queue_len: usize) -> Held {
    let gate = Arc::new(Semaphore::new(0));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (arrived, arrivals) = tokio::sync::mpsc::unbounded_channel();
    let answer = {
        let (gate, seen) = (gate.clone(), seen.clone());
        move |Json(body): Json<Value>| async move {
            let inputs: Vec<String> =
                serde_json::from_value(body["input"].clone()).expect("a list of texts");
            let data: Vec<Value> = inputs
                .iter()
                .enumerate()
                .map(|(i, text)| {
                    let mut vector = vec![0.0; 1536];
                    (vector[0], vector[1]) = (text.len() as f32, 1.0);
                    json!({"index": i, "embedding": vector})
                })
                .collect();
            seen.lock().expect("unpoisoned").push(inputs);
            arrived.send(()).expect("the test still listens");
            gate.acquire().await.expect("the gate stays").forget();
            Json(json!({"data": data}))
        }
    };
    let app = Router::new().route("/v1/embeddings", post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    let options = Options {
        threads,
        queue_len,
        ..server::options(&format!("http://{address}"), "text-embedding-3-small")
    };
    let embedder = embedding::open(&options).expect("nothing is asked yet");
    let queue = EmbeddingQueue::start(embedder, &options).expect("threads can be started");
    Held {
        gate,
        seen,
        arrivals,
        queue,
    }
}

/// Until so many texts wait in the queue. Other tasks run meanwhile.
async fn until_waiting(queue: &EmbeddingQueue, count: usize) {
    while queue.waiting() != count {
        tokio::task::yield_now().await;
    }
}

fn ask(
    queue: &EmbeddingQueue,
    text: &str,
) -> tokio::task::JoinHandle<Result<Vec<f32>, EmbedError>> {
    let (queue, text) = (queue.clone(), text.to_owned());
    tokio::spawn(async move { queue.embed_query(text).await })
}

#[tokio::test]
async fn a_full_queue_refuses_queries_until_one_is_done() {
    let mut held = held(1, 2).await;
    let first = ask(&held.queue, "first");
    held.arrivals.recv().await;
    let second = ask(&held.queue, "second");
    let third = ask(&held.queue, "third");
    until_waiting(&held.queue, 2).await;
    let refused = held.queue.embed_query("fourth".into()).await;
    assert!(
        matches!(refused, Err(EmbedError::Overloaded)),
        "{refused:?}"
    );
    held.gate.add_permits(9);
    for asked in [first, second, third] {
        asked.await.expect("no panic").expect("it had a place");
    }
    held.queue
        .embed_query("fifth".into())
        .await
        .expect("there is room again");
}

#[tokio::test]
async fn a_query_whose_caller_has_gone_is_never_worked_on() {
    let mut held = held(1, 2).await;
    let first = ask(&held.queue, "first");
    held.arrivals.recv().await;
    let gone = ask(&held.queue, "gone");
    let also_gone = ask(&held.queue, "also gone");
    until_waiting(&held.queue, 2).await;
    gone.abort();
    also_gone.abort();
    let _ = (gone.await, also_gone.await);
    // Their places are free at once, too.
    let patient = ask(&held.queue, "patient");
    held.gate.add_permits(9);
    first.await.expect("no panic").expect("embedded");
    patient.await.expect("no panic").expect("embedded");
    let seen = held.seen.lock().expect("unpoisoned").concat();
    assert_eq!(seen, ["first", "patient"]);
}

#[tokio::test]
async fn a_query_goes_before_passages_that_came_earlier() {
    let mut held = held(1, 64).await;
    let first = ask(&held.queue, "first");
    held.arrivals.recv().await;
    let queue = held.queue.clone();
    let passages = tokio::spawn(async move {
        let texts = vec!["a passage".to_owned(), "another passage".to_owned()];
        queue.embed_passages(texts).await
    });
    until_waiting(&held.queue, 2).await;
    let query = ask(&held.queue, "query");
    until_waiting(&held.queue, 3).await;
    held.gate.add_permits(9);
    for asked in [first, query] {
        asked.await.expect("no panic").expect("embedded");
    }
    passages.await.expect("no panic").expect("embedded");
    let seen = held.seen.lock().expect("unpoisoned").clone();
    assert_eq!(seen[1], ["query"]);
    assert_eq!(
        seen[2],
        ["another passage", "a passage"],
        "in one request, longest first"
    );
}

#[tokio::test]
async fn more_passages_than_the_queue_holds_come_back_in_order() {
    let held = held(2, 4).await;
    held.gate.add_permits(1_000);
    let texts: Vec<String> = (0..50).map(|i| "x".repeat(1 + (i * 7) % 50)).collect();
    let vectors = held.queue.embed_passages(texts.clone()).await;
    let vectors = vectors.expect("the indexer waits for room");
    let lengths: Vec<usize> = vectors
        .iter()
        .map(|v| (v[0] / v[1]).round() as usize)
        .collect();
    let expected: Vec<usize> = texts.iter().map(String::len).collect();
    assert_eq!(lengths, expected);
}

#[tokio::test]
async fn no_passages_need_no_work() {
    let held = held(1, 4).await;
    let vectors = held.queue.embed_passages(Vec::new()).await;
    assert!(vectors.expect("nothing to do").is_empty());
}
