//! Asking over HTTP: the shape of an answer, sessions, feedback, search.

use crate::test_app::{TestApp, Wanted};
use rag_chatbot::config::Settings;
use rag_chatbot::secret::Secret;
use serde_json::{Value, json};

#[tokio::test]
async fn a_question_is_answered_with_sources_that_open_the_heading() {
    let app = TestApp::start().await;
    let answer = app.ask("How long does the battery last?").await;
    let text = answer["answer"].as_str().expect("text");
    assert!(text.contains("nine hours"), "{text}");
    assert_eq!(answer["answer"], answer["response"]);
    assert_eq!(answer["abstained"], false);
    assert_eq!(answer["generator"], "quoting");
    assert_eq!(answer["mode"], "full_book");
    let first = &answer["sources"][0];
    assert_eq!(first["url"], "/intro#battery-life");
    assert_eq!(first["similarity_score"], first["relevance_score"]);
    assert!(first["content"].as_str().expect("text").chars().count() <= 200);
    // The page that the source names exists and has the heading.
    let page = app.get("/intro").await.text().await.expect("text");
    assert!(page.contains(r#"id="battery-life""#), "{page}");
    for field in [
        "session_id",
        "message_id",
        "locale",
        "grounded",
        "model",
        "tokens_used",
        "latency_ms",
        "latency",
        "request_id",
        "timestamp",
    ] {
        assert!(!answer[field].is_null(), "{field} in {answer}");
    }
    for field in [
        "embedding",
        "prompt",
        "completion",
        "total",
        "estimated_cost_usd",
    ] {
        assert!(answer["tokens_used"][field].is_number(), "{field}");
    }
    for field in ["retrieval_ms", "generation_ms", "total_ms"] {
        assert!(answer["latency"][field].is_number(), "{field}");
    }
}

#[tokio::test]
async fn a_question_in_urdu_is_answered_from_the_urdu_page() {
    let app = TestApp::start().await;
    let answer = app.ask("روور کی بیٹری کتنے گھنٹے چلتی ہے؟").await;
    let text = answer["answer"].as_str().expect("text");
    assert!(text.contains("نو گھنٹے"), "{text}");
}

#[tokio::test]
async fn what_no_reader_can_see_is_never_answered() {
    let app = TestApp::start().await;
    let answer = app.ask("What is the secret passphrase?").await;
    assert!(!answer.to_string().contains("xyzzy"), "{answer}");
    let found = app
        .get("/search?q=secret%20passphrase")
        .await
        .text()
        .await
        .expect("text");
    assert!(!found.contains("xyzzy"), "{found}");
}

#[tokio::test]
async fn a_conversation_is_kept_read_rated_and_deleted_by_its_id_alone() {
    let app = TestApp::start().await;
    let first = app.ask("How long does the battery last?").await;
    let session = first["session_id"].as_str().expect("an id").to_owned();
    let again = app
        .post(
            "/query",
            &json!({"query": "How many wheels?", "session_id": session}),
        )
        .await;
    let again: Value = again.json().await.expect("JSON");
    assert_eq!(again["session_id"], first["session_id"]);

    let kept: Value = app
        .get(&format!("/sessions/{session}"))
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(kept["total"], 4);
    let roles: Vec<&str> = kept["messages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|m| m["role"].as_str().expect("a role"))
        .collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    assert_eq!(
        kept["messages"][0]["content"],
        "How long does the battery last?"
    );
    assert_eq!(kept["messages"][1]["content"], first["answer"]);
    assert_eq!(kept["messages"][1]["sources"], first["sources"]);
    let page: Value = app
        .get(&format!("/sessions/{session}?limit=1&offset=2"))
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(page["messages"][0]["content"], "How many wheels?");
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(1));

    let rated = app
        .post(
            "/feedback",
            &json!({"message_id": first["message_id"], "rating": "up", "comment": "clear"}),
        )
        .await;
    assert_eq!(rated.status(), 204);
    let kept: Value = app
        .get(&format!("/sessions/{session}"))
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(kept["messages"][1]["rating"], "up");

    let deleted = app
        .client
        .delete(format!("{}/sessions/{session}", app.url))
        .send()
        .await;
    assert_eq!(deleted.expect("a response").status(), 204);
    assert_eq!(app.get(&format!("/sessions/{session}")).await.status(), 404);
    let rated = app
        .post(
            "/feedback",
            &json!({"message_id": first["message_id"], "rating": "down"}),
        )
        .await;
    assert_eq!(rated.status(), 404);
}

#[tokio::test]
async fn one_reader_cannot_rate_within_another_readers_conversation() {
    let app = TestApp::start().await;
    let mine = app.ask("How long does the battery last?").await;
    let other = app.ask("How many wheels are there?").await;
    assert_ne!(mine["session_id"], other["session_id"]);
    let body = json!({"message_id": mine["message_id"], "session_id": other["session_id"], "rating": "down"});
    assert_eq!(app.post("/feedback", &body).await.status(), 404);
}

#[tokio::test]
async fn a_selection_is_answered_from_itself_alone() {
    let app = TestApp::start().await;
    let selection = "The gripper opens with a force of twelve newton. It closes slowly.";
    let body =
        json!({"query": "With what force does the gripper open?", "selected_text": selection});
    let answer: Value = app
        .post("/query-selected-text", &body)
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(answer["mode"], "selected_text");
    let text = answer["answer"].as_str().expect("text");
    assert!(text.contains("twelve newton"), "{text}");
    // The documentation knows about the battery; the selection does not.
    let body = json!({
        "query": "How long does the battery last?", "selected_text": selection, "mode": "selected_text"
    });
    let answer: Value = app.post("/query", &body).await.json().await.expect("JSON");
    assert!(
        !answer["answer"]
            .as_str()
            .expect("text")
            .contains("nine hours"),
        "{answer}"
    );
    assert_eq!(answer["abstained"], true);
}

#[tokio::test]
async fn sections_are_found_while_typing() {
    let app = TestApp::start().await;
    let found: Value = app
        .get("/search?q=calibrat&limit=3")
        .await
        .json()
        .await
        .expect("JSON");
    let results = found["results"].as_array().expect("a list");
    assert!(!results.is_empty() && results.len() <= 3, "{found}");
    let urls: Vec<&str> = results.iter().filter_map(|r| r["url"].as_str()).collect();
    assert!(
        urls.iter()
            .any(|url| url.starts_with("/guides/calibration")),
        "{urls:?}"
    );
}

#[tokio::test]
async fn a_scope_keeps_a_question_within_its_pages() {
    let app = TestApp::start().await;
    for body in [
        json!({"query": "How do I stop the motors?", "scope": {"path": "/guides"}}),
        json!({"query": "How do I stop the motors?", "chapter_filter": "Safety"}),
        json!({"query": "How do I stop the motors?", "chapter_filter": "/guides/safety", "book_version": "1.0"}),
    ] {
        let answer: Value = app.post("/query", &body).await.json().await.expect("JSON");
        assert_eq!(
            answer["sources"][0]["url"], "/guides/safety#emergency-stop",
            "{body}"
        );
    }
    // What Docusaurus writes into every page of a site without versions.
    let current = json!({"query": "How do I stop the motors?", "scope": {"version": "current"}});
    let answer: Value = app
        .post("/query", &current)
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(answer["abstained"], false, "{answer}");
    let found = app.get("/search?q=motors&version=current").await;
    let found: Value = found.json().await.expect("JSON");
    assert_ne!(found["results"], json!([]));
    let unknown = json!({"query": "How?", "chapter_filter": "No such chapter"});
    assert_eq!(app.post("/query", &unknown).await.status(), 422);
}

#[tokio::test]
async fn the_eleventh_question_in_a_minute_is_told_when_to_come_back() {
    let app = TestApp::start_with(Wanted {
        settings: Settings::default(),
        ..Wanted::default()
    })
    .await;
    let body = json!({"query": "How many wheels?"});
    for left in (0..10).rev() {
        let response = app.post("/query", &body).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-ratelimit-limit"], "10");
        assert_eq!(
            response.headers()["x-ratelimit-remaining"],
            left.to_string()
        );
    }
    let refused = app.post("/query", &body).await;
    assert_eq!(refused.status(), 429);
    let header = |name: &str| refused.headers()[name].to_str().expect("ASCII").to_owned();
    let wait: u64 = header("retry-after").parse().expect("seconds");
    assert!((1..=6).contains(&wait), "{wait}");
    assert_eq!(header("x-ratelimit-remaining"), "0");
    let problem: Value = refused.json().await.expect("JSON");
    assert_eq!(problem["code"], "rate_limited");
    assert_eq!(problem["retry_after"], wait);
    // Searching is not asking.
    assert_eq!(app.get("/search?q=wheels").await.status(), 200);
}

#[tokio::test]
async fn documents_are_added_with_the_key_and_only_with_it() {
    let app = TestApp::start_with(Wanted {
        settings: Settings {
            admin_key: Some(Secret::new("let-me-in")),
            rate_limit_queries_per_minute: Some(0),
            ..Settings::default()
        },
        ..Wanted::default()
    })
    .await;
    let body = json!({
        "chapter": "Antenna", "section": "Range", "book_version": "1.0",
        "content": "The antenna reaches forty kilometres over open ground."
    });
    app.ask("How far does the antenna reach?").await;
    assert_eq!(app.post("/ingest", &body).await.status(), 401);
    let with_key = |key: &str| {
        let request = app.client.post(format!("{}/ingest", app.url));
        request.bearer_auth(key).json(&body).send()
    };
    assert_eq!(with_key("wrong").await.expect("a response").status(), 401);
    let added: Value = with_key("let-me-in")
        .await
        .expect("a response")
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        (&added["ingested"], &added["skipped"]),
        (&json!(true), &json!(false)),
        "{added}"
    );
    let again: Value = with_key("let-me-in")
        .await
        .expect("a response")
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        (&again["ingested"], &again["skipped"]),
        (&json!(false), &json!(true)),
        "{again}"
    );
    let answer = app.ask("How far does the antenna reach?").await;
    assert_eq!(answer["cached"], false, "asked before, of another index");
    assert!(
        answer["answer"]
            .as_str()
            .expect("text")
            .contains("forty kilometres"),
        "{answer}"
    );
    let again = app.ask("How far does the antenna reach?").await;
    assert_eq!(again["cached"], true);
    assert_eq!(again["answer"], answer["answer"]);
    assert_ne!(again["session_id"], answer["session_id"]);
}

#[tokio::test]
async fn operators_see_health_readiness_and_figures() {
    let app = TestApp::start().await;
    let health: Value = app.get("/health").await.json().await.expect("JSON");
    assert_eq!(health["status"], "healthy");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(health["environment"], "development");
    assert_eq!(app.get("/livez").await.status(), 200);
    let ready: Value = app.get("/readyz").await.json().await.expect("JSON");
    assert_eq!(ready["documents"], 4);
    assert_eq!(ready["chunks"], ready["chunks_embedded"]);
    app.ask("How many wheels?").await;
    let figures = app.get("/metrics").await.text().await.expect("text");
    for name in [
        "rag_query_duration_seconds_bucket",
        "rag_tokens_used_total",
        "rag_vector_search_latency_ms",
        "rag_llm_generation_latency_ms",
        "rag_active_sessions",
        "rag_http_requests_total",
    ] {
        assert!(figures.contains(name), "{name} in {figures}");
    }
    // A question's text is nowhere to be seen.
    assert!(!figures.contains("wheels"));
}
