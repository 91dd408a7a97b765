//! `/v1` where OpenAI's own SDKs (tests/clients) do not look: limits, keys, bad input, a model that
//! writes.

use crate::test_app::{TestApp, Wanted};
use rag_chatbot::config::Settings;
use serde_json::{Value, json};

fn question(text: &str) -> Value {
    json!({"model": "docs", "messages": [{"role": "user", "content": text}]})
}

async fn error(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value = response.json().await.expect("JSON");
    (status, body["error"].clone())
}

#[tokio::test]
async fn the_limits_are_those_of_query_and_a_refusal_has_openais_shape() {
    let app = TestApp::start_with(Wanted {
        settings: Settings {
            rate_limit_queries_per_minute: Some(2),
            ..Settings::default()
        },
        ..Wanted::default()
    })
    .await;
    app.ask("How long does the battery last?").await;
    let asked = question("How long does the battery last?");
    let second = app.post("/v1/chat/completions", &asked).await;
    assert_eq!(second.headers()["x-ratelimit-remaining"], "0");
    for path in ["/v1/chat/completions", "/v1/embeddings"] {
        let asked = match path {
            "/v1/embeddings" => json!({"model": "multilingual-e5-small", "input": "a"}),
            _ => asked.clone(),
        };
        let refused = app.post(path, &asked).await;
        assert!(refused.headers().contains_key("retry-after"));
        assert_eq!(refused.headers()["x-ratelimit-limit"], "2");
        let (status, error) = error(refused).await;
        assert_eq!(
            (status, &error["code"]),
            (429, &json!("rate_limit_exceeded"))
        );
        assert_eq!(error["type"], "rate_limit_error");
    }
}

#[tokio::test]
async fn a_placeholder_is_nobody_and_what_looks_like_a_key_must_be_one() {
    let app = TestApp::start().await;
    let models = |key: &str| {
        app.client
            .get(format!("{}/v1/models", app.url))
            .bearer_auth(key)
            .send()
    };
    assert_eq!(models("anonymous").await.expect("a response").status(), 200);
    assert_eq!(
        models("sk-whatever").await.expect("a response").status(),
        200
    );
    let (status, error) = error(models("rk_unknown").await.expect("a response")).await;
    assert_eq!((status, &error["code"]), (401, &json!("invalid_api_key")));
}

#[tokio::test]
async fn whatever_is_wrong_is_said_in_openais_shape() {
    let app = TestApp::start().await;
    let mut seen = Vec::new();
    let bodies = [
        json!({"model": "docs"}),
        json!({"model": "docs", "messages": "hello"}),
        json!({"model": "docs", "messages": []}),
        json!({"model": "docs", "messages": [{"role": "robot", "content": "How?"}]}),
        json!({"model": "docs", "messages": [{"role": "user", "content": " "}]}),
        json!({"model": "docs", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
        json!({"model": "docs", "messages": vec![json!({"role": "user", "content": "How?"}); 2049]}),
        json!({"model": "docs", "stream_options": {}, "messages": [{"role": "user", "content": "How?"}]}),
        json!({"model": "docs", "no_such": 1, "messages": [{"role": "user", "content": "How?"}]}),
        json!({"model": "docs-fr", "messages": [{"role": "user", "content": "How?"}]}),
        json!([]),
    ];
    for body in bodies {
        let (status, error) = error(app.post("/v1/chat/completions", &body).await).await;
        seen.push(json!({"status": status, "error": error}));
    }
    let huge = json!({"model": "docs", "messages": [], "user": "x".repeat(5 << 20)});
    let (status, error) = error(app.post("/v1/chat/completions", &huge).await).await;
    seen.push(json!({"status": status, "error": error}));
    insta::assert_json_snapshot!(seen);
}

#[tokio::test]
async fn addresses_that_do_not_exist_are_refused_in_openais_shape_too() {
    let app = TestApp::start().await;
    let (status, missing) = error(app.post("/v1/responses", &json!({})).await).await;
    assert_eq!((status, &missing["code"]), (404, &json!("not_found")));
    let (status, method) = error(app.get("/v1/chat/completions").await).await;
    assert_eq!(
        (status, &method["code"]),
        (405, &json!("method_not_allowed"))
    );
}

#[tokio::test]
async fn links_lead_to_the_public_address_where_one_is_set() {
    let app = TestApp::start_with(Wanted {
        settings: Settings {
            rate_limit_queries_per_minute: Some(0),
            public_url: Some("https://docs.example.com/".to_owned()),
            base_path: Some("/manual/".to_owned()),
            ..Settings::default()
        },
        ..Wanted::default()
    })
    .await;
    let asked = question("How long does the battery last?");
    let answer = app.post("/manual/v1/chat/completions", &asked).await;
    let answer: Value = answer.json().await.expect("JSON");
    let citation = &answer["choices"][0]["message"]["annotations"][0]["url_citation"];
    assert_eq!(
        citation["url"],
        "https://docs.example.com/manual/intro#battery-life"
    );
}
