//! Answers as server-sent events.

use crate::test_app::TestApp;
use serde_json::{Value, json};

/// The events of a finished stream, in order.
fn events(body: &str) -> Vec<(String, Value)> {
    body.split("\n\n")
        .filter_map(|block| {
            let field = |name: &str| {
                block
                    .lines()
                    .find_map(|line| line.strip_prefix(name).map(str::trim_start))
            };
            let data = serde_json::from_str(field("data:")?).expect("events carry JSON");
            Some((field("event:")?.to_owned(), data))
        })
        .collect()
}

#[tokio::test]
async fn a_stream_is_a_session_its_sources_tokens_and_the_whole_answer() {
    let app = TestApp::start().await;
    let response = app
        .client
        .post(format!("{}/query", app.url))
        .header("accept", "text/event-stream")
        .json(&json!({"query": "How long does the battery last?"}))
        .send()
        .await
        .expect("a response");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let request_id = response.headers()["x-request-id"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    let events = events(&response.text().await.expect("a body"));
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..2], ["session", "sources"]);
    assert_eq!(names.last(), Some(&"done"));
    assert!(
        names[2..names.len() - 1]
            .iter()
            .all(|name| *name == "token")
    );
    let text: String = events
        .iter()
        .filter(|(name, _)| name == "token")
        .map(|(_, data)| data["text"].as_str().expect("text"))
        .collect();
    let done = &events.last().expect("a last event").1;
    assert_eq!(done["answer"], text);
    assert_eq!(done["session_id"], events[0].1["session_id"]);
    assert_eq!(done["sources"], events[1].1["sources"]);
    assert_eq!(done["request_id"], request_id);
}

#[tokio::test]
async fn what_fails_before_the_first_event_has_its_status() {
    let app = TestApp::start().await;
    let body = json!({"query": "How?", "stream": true, "session_id": "no-such-session"});
    let response = app.post("/query", &body).await;
    assert_eq!(response.status(), 404);
    let problem: Value = response.json().await.expect("JSON");
    assert_eq!(problem["code"], "session_not_found");
}

#[tokio::test]
async fn a_finished_stream_is_in_the_conversation() {
    let app = TestApp::start().await;
    let body = json!({"query": "How many wheels does it have?", "stream": true});
    let stream = app
        .post("/query", &body)
        .await
        .text()
        .await
        .expect("a body");
    let done = events(&stream).pop().expect("a last event").1;
    let session = done["session_id"].as_str().expect("an id");
    let kept: Value = app
        .get(&format!("/sessions/{session}"))
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(kept["messages"][1]["content"], done["answer"]);
}
