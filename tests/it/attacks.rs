//! Attacks that others have suffered, tried on a whole server: whatever is sent, there is an answer
//! with a status below 500, and nothing is given away.

use crate::test_app::TestApp;
use serde_json::{Value, json};
use std::io::Write as _;

#[tokio::test]
async fn hostile_questions_are_only_words() {
    let app = TestApp::start().await;
    let questions = [
        "'; DROP TABLE messages; --",
        "\" OR 1=1 --",
        "battery AND (NOT wheels) OR title:[a TO z]",
        "+battery -\"charge\"^9999 ~3 /.*/ {a TO *}",
        "((((((((((battery",
        "*:*",
        "\\u0000\u{0000}battery",
        "battery\r\nX-Injected: yes",
        "\u{202e}yrettab\u{202c} \u{200b}battery\u{feff}",
        "{{7*7}} ${7*7} <%= 7*7 %>",
        "<script>alert(1)</script> battery",
    ];
    for question in questions {
        let response = app.post("/query", &json!({"query": question})).await;
        assert!(response.headers().get("x-injected").is_none());
        assert_eq!(response.status(), 200, "{question}");
        let answer: Value = response.json().await.expect("JSON");
        let text = answer["answer"].as_str().expect("text");
        assert!(!text.contains("<script>alert"), "{text}");
        let mut address = reqwest::Url::parse(&app.url).expect("a URL");
        address.set_path("/search");
        address.query_pairs_mut().append_pair("q", question);
        let searched = app.client.get(address);
        let status = searched.send().await.expect("a response").status();
        assert_eq!(status, 200, "{question}");
    }
    // The tables are still there.
    app.ask("How long does the battery last?").await;
}

#[tokio::test]
async fn deep_and_huge_json_is_refused_and_nobody_notices() {
    let app = TestApp::start().await;
    let bodies = [
        format!("{}{}", "[".repeat(100_000), "]".repeat(100_000 / 2)),
        format!(
            "{{\"query\": {}1{}}}",
            "[".repeat(50_000),
            "]".repeat(50_000)
        ),
        format!("{{\"query\": \"a\", \"top_k\": {}}}", "9".repeat(50_000)),
        "{\"query\": \"a\", \"top_k\": 1e999999999}".to_owned(),
        "{\"query\": \"a\", \"top_k\": -0.0000001}".to_owned(),
        "{\"query\": \"a\", \"query\": \"b\"}".to_owned(),
        "{\"query\": \"\\ud800\"}".to_owned(),
    ];
    for body in bodies {
        let shown: String = body.chars().take(40).collect();
        let request = app.client.post(format!("{}/query", app.url));
        let request = request
            .header("content-type", "application/json")
            .body(body);
        let status = request.send().await.expect("a response").status().as_u16();
        assert!([400, 413, 422].contains(&status), "{shown}: {status}");
    }
    assert_eq!(app.get("/livez").await.status(), 200);
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let app = TestApp::start().await;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..50 {
        packed.write_all(&[b' '; 1 << 20]).expect("it takes all");
    }
    let packed = packed.finish().expect("it ends");
    assert!(packed.len() < 100_000, "it would have passed the limit");
    let request = app.client.post(format!("{}/query", app.url));
    let request = request
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(packed);
    assert_eq!(request.send().await.expect("a response").status(), 400);
}

#[tokio::test]
async fn no_body_can_name_a_server() {
    let app = TestApp::start().await;
    for field in [
        "base_url",
        "openai_base_url",
        "url",
        "provider",
        "command",
        "model",
        "webhook",
    ] {
        let mut body = json!({"query": "How many wheels?"});
        body[field] = "http://169.254.169.254/latest/meta-data".into();
        assert_eq!(app.post("/query", &body).await.status(), 422, "{field}");
    }
}

#[tokio::test]
async fn the_state_folder_cannot_be_reached_by_any_spelling() {
    let app = TestApp::start().await;
    let paths = [
        "/../state/chat.db",
        "/..%2fstate%2fchat.db",
        "/%2e%2e/state/chat.db",
        "/%252e%252e%252fstate%252fchat.db",
        "/..%5cstate%5cchat.db",
        "/..%c0%afstate/chat.db",
        "/guides/../../state/chat.db.md",
        "/_rag/../../state/chat.db",
        "/_rag/..%2f..%2fstate%2fchat.db",
        "//state/chat.db",
        "/state/chat.db%00.md",
        "/intro.md/../../state/chat.db",
    ];
    for path in paths {
        let said = app
            .raw(&format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"))
            .await;
        assert!(!said.contains("SQLite format"), "{path}");
        let status = said.split(' ').nth(1).unwrap_or_default();
        assert!(
            matches!(status, "400" | "404" | "301" | "308"),
            "{path}: {status}"
        );
    }
}

#[tokio::test]
async fn a_session_cannot_be_chosen_guessed_or_spoofed() {
    let app = TestApp::start().await;
    let session = app.ask("How many wheels?").await["session_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let swapped: String = session
        .chars()
        .map(|c| {
            if c.is_ascii_lowercase() {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect();
    let (first, rest) = session.split_at(1);
    let spoofs = [
        "my-own-choice".to_owned(),
        swapped,
        format!("{session} "),
        format!("{session}\u{200b}"),
        format!("{rest}{first}"),
        session[..session.len() - 1].to_owned(),
        format!("{session}'--"),
        "%".to_owned(),
        "_".repeat(session.len()),
    ];
    for spoof in spoofs {
        let body = json!({"query": "And then?", "session_id": spoof});
        assert_eq!(app.post("/query", &body).await.status(), 404, "{spoof}");
        let mut address = reqwest::Url::parse(&app.url).expect("a URL");
        address
            .path_segments_mut()
            .expect("a base")
            .extend(["sessions", &spoof]);
        let read = app.client.get(address).send().await.expect("a response");
        assert_eq!(read.status(), 404, "{spoof}");
    }
    assert_eq!(app.get(&format!("/sessions/{session}")).await.status(), 200);
}

#[tokio::test]
async fn two_lengths_or_a_length_and_chunks_are_not_guessed_about() {
    let app = TestApp::start().await;
    let hidden = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let heads = [
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 0",
        "Content-Length: 0, 5",
        "Content-Length: +0",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:\x0bchunked",
    ];
    for head in heads {
        let request = format!(
            "POST /query HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n\r\n0\r\n\r\n{hidden}"
        );
        let said = app.raw(&request).await;
        // One request went in, and at most one answer comes out, not the hidden one's.
        assert!(!said.contains("rag_http_requests_total"), "{head}: {said}");
        assert!(said.matches("HTTP/1.1 ").count() <= 1, "{head}: {said}");
    }
}

#[tokio::test]
async fn an_answer_that_is_remembered_carries_nothing_of_who_asked_it_first() {
    let app = TestApp::start().await;
    let question = "How long does the battery last on one charge?";
    let (first, second) = (app.ask(question).await, app.ask(question).await);
    for field in ["session_id", "message_id", "request_id"] {
        assert_ne!(first[field], second[field], "{field}");
    }
    // What one does with it does not show for the other.
    let rated = json!({"message_id": first["message_id"], "rating": "down"});
    assert_eq!(app.post("/feedback", &rated).await.status(), 204);
    let session = second["session_id"].as_str().expect("an id");
    let kept: Value = app
        .get(&format!("/sessions/{session}"))
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(kept["messages"][1]["rating"], Value::Null);
    let first_session = first["session_id"].as_str().expect("an id");
    let deleted = app
        .client
        .delete(format!("{}/sessions/{first_session}", app.url));
    assert_eq!(deleted.send().await.expect("a response").status(), 204);
    let kept: Value = app
        .get(&format!("/sessions/{session}"))
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(kept["messages"][1]["content"], second["answer"]);
}
