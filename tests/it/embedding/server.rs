//! `--embedder openai` against a real server on loopback.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use rag_chatbot::embedding::{self, EmbedError, Embedder, EmbedderKind, InputKind, Options};
use rag_chatbot::secret::Secret;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// What the server saw, and what it is to answer before it starts answering well.
#[derive(Default)]
pub struct Script {
    pub failures: Mutex<Vec<(u16, Value)>>,
    pub seen: Mutex<Vec<(Option<String>, Value)>>,
}

/// Starts a server whose vectors are `[length of the text, 1, 0, …]`; returns its base URL.
pub async fn start(script: Arc<Script>, dimension: usize) -> String {
    let answer = move |State(script): State<Arc<Script>>,
                       headers: HeaderMap,
                       Json(body): Json<Value>| async move {
        let key = headers
            .get("authorization")
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned);
        script
            .seen
            .lock()
            .expect("unpoisoned")
            .push((key, body.clone()));
        let failure = script.failures.lock().expect("unpoisoned").pop();
        if let Some((status, body)) = failure {
            let status = StatusCode::from_u16(status).expect("a status");
            return (status, [("retry-after", "0")], Json(body)).into_response();
        }
        vectors(&body, dimension)
    };
    let app = Router::new()
        .route("/v1/embeddings", post(answer))
        .with_state(script);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/v1")
}

/// Last text first, as a server may.
fn vectors(body: &Value, dimension: usize) -> Response {
    let inputs = body["input"].as_array().expect("a list of texts");
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .rev()
        .map(|(index, text)| {
            let mut vector = vec![0.0; dimension];
            vector[0] = text.as_str().expect("a text").len() as f32;
            vector[1] = 1.0;
            json!({"object": "embedding", "index": index, "embedding": vector})
        })
        .collect();
    Json(json!({"object": "list", "data": data, "usage": {"total_tokens": 1}})).into_response()
}

pub fn options(base_url: &str, model: &str) -> Options {
    Options {
        embedder: EmbedderKind::OpenAi,
        openai_base_url: base_url.to_owned(),
        openai_api_key: Secret::new("sk-of-the-test"),
        openai_model: model.to_owned(),
        ..Options::default()
    }
}

/// Opens and asks off the async threads, as callers must.
async fn embed(options: Options, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
    let texts: Vec<String> = texts.iter().map(|t| (*t).to_owned()).collect();
    tokio::task::spawn_blocking(move || {
        let embedder: Arc<dyn Embedder> = embedding::open(&options)?;
        embedder.embed(InputKind::Passage, &texts)
    })
    .await
    .expect("nothing panics")
}

#[tokio::test]
async fn vectors_come_back_in_the_order_asked_and_of_length_one() {
    let script = Arc::new(Script::default());
    let url = start(script.clone(), 1536).await;
    let vectors = embed(options(&url, "text-embedding-3-small"), &["aaaa", "a", ""]).await;
    let vectors = vectors.expect("the server is well");
    let ratios: Vec<f32> = vectors.iter().map(|v| (v[0] / v[1]).round()).collect();
    // An empty text is sent as a full stop, because OpenAI refuses empty ones.
    assert_eq!(ratios, [4.0, 1.0, 1.0]);
    for vector in &vectors {
        assert_eq!(vector.len(), 1536);
        assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
    }
    let seen = script.seen.lock().expect("unpoisoned");
    assert_eq!(seen.len(), 1, "one request for all texts");
    assert_eq!(seen[0].0.as_deref(), Some("Bearer sk-of-the-test"));
    assert_eq!(seen[0].1["model"], "text-embedding-3-small");
}

#[tokio::test]
async fn passing_failures_are_retried_and_lasting_ones_are_not() {
    let script = Arc::new(Script::default());
    let url = start(script.clone(), 1536).await;
    *script.failures.lock().expect("unpoisoned") = vec![
        (500, json!({})),
        (429, json!({"error": {"message": "slow down"}})),
    ];
    let options = options(&url, "text-embedding-3-small");
    embed(options.clone(), &["a"])
        .await
        .expect("the third attempt succeeds");
    assert_eq!(script.seen.lock().expect("unpoisoned").len(), 3);

    *script.failures.lock().expect("unpoisoned") =
        vec![(401, json!({"error": {"message": "wrong key"}}))];
    let error = embed(options, &["a"])
        .await
        .expect_err("the key is refused");
    assert!(
        matches!(&error, EmbedError::Upstream(m) if m.contains("401") && m.contains("wrong key"))
    );
    assert_eq!(script.seen.lock().expect("unpoisoned").len(), 4);
    assert!(!error.to_string().contains("sk-of-the-test"));
}

#[tokio::test]
async fn an_unknown_model_s_dimension_is_asked_for() {
    let url = start(Arc::default(), 7).await;
    let options = options(url.trim_end_matches("/v1"), "some-local-model");
    let identity = tokio::task::spawn_blocking(move || {
        embedding::open(&options).map(|embedder| embedder.identity().clone())
    });
    let identity = identity.await.expect("nothing panics").expect("it answers");
    assert_eq!(identity.dimension, 7);
    assert_eq!(identity.name, "some-local-model");
}

#[tokio::test]
async fn vectors_of_another_dimension_than_promised_are_refused() {
    let url = start(Arc::default(), 8).await;
    let error = embed(options(&url, "text-embedding-3-small"), &["a"]).await;
    let error = error.expect_err("1,536 were promised").to_string();
    assert!(error.contains("8 dimensions, expected 1536"), "{error}");
}

#[test]
fn a_base_url_that_is_none_is_refused_with_an_example() {
    let error = embedding::open(&options("not a url", "text-embedding-3-small"));
    let error = error.err().expect("it is no URL").to_string();
    assert!(error.contains("https://api.openai.com/v1"), "{error}");
}
