//! Whatever is wrong with a request gets a problem document with a stable code.

use crate::test_app::TestApp;
use reqwest::Method;
use serde_json::{Value, json};

async fn problem(response: reqwest::Response) -> Value {
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let id = response.headers()["x-request-id"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    let status = response.status().as_u16();
    let mut body: Value = response.json().await.expect("JSON");
    assert_eq!(body["request_id"], id);
    assert_eq!(body["status"], status);
    body["request_id"] = json!("[request id]");
    body
}

#[tokio::test]
async fn wrong_bodies_are_told_what_is_wrong() {
    let app = TestApp::start().await;
    let long = "x".repeat(501);
    let selection = "x".repeat(10_001);
    let cases = [
        ("/query", "{".to_owned()),
        ("/query", "[]".to_owned()),
        ("/query", r#"{"query": 5}"#.to_owned()),
        ("/query", r#"{"question": "How?"}"#.to_owned()),
        (
            "/query",
            r#"{"query": "How?", "temperature": 1}"#.to_owned(),
        ),
        (
            "/query",
            r#"{"query": "How?", "mode": "half_book"}"#.to_owned(),
        ),
        ("/query", r#"{"query": "How?", "top_k": 0}"#.to_owned()),
        ("/query", r#"{"query": "How?", "top_k": 21}"#.to_owned()),
        (
            "/query",
            r#"{"query": "How?", "mode": "selected_text"}"#.to_owned(),
        ),
        (
            "/query",
            r#"{"query": "How?", "scope": {"planet": "mars"}}"#.to_owned(),
        ),
        ("/query", r#"{"query": " \n "}"#.to_owned()),
        ("/query", json!({"query": long}).to_string()),
        (
            "/query",
            r#"{"query": "How?", "session_id": "guess"}"#.to_owned(),
        ),
        (
            "/query-selected-text",
            r#"{"query": "How?", "selected_text": " "}"#.to_owned(),
        ),
        (
            "/query-selected-text",
            json!({"query": "How?", "selected_text": selection}).to_string(),
        ),
        (
            "/feedback",
            r#"{"message_id": "guess", "rating": "up"}"#.to_owned(),
        ),
        (
            "/feedback",
            r#"{"message_id": "guess", "rating": "sideways"}"#.to_owned(),
        ),
        ("/ingest", r#"{"chapter": "a"}"#.to_owned()),
    ];
    let mut seen = Vec::new();
    for (path, body) in cases {
        let request = app.client.post(format!("{}{path}", app.url));
        let request = request
            .header("content-type", "application/json")
            .body(body.clone());
        let problem = problem(request.send().await.expect("a response")).await;
        let shown: String = body.chars().take(60).collect();
        seen.push(json!({"request": format!("POST {path} {shown}"), "problem": problem}));
    }
    insta::assert_json_snapshot!(seen);
}

#[tokio::test]
async fn wrong_addresses_and_methods_are_told_what_is_wrong() {
    let app = TestApp::start().await;
    let cases = [
        (Method::GET, "/no-such-page"),
        (Method::GET, "/query"),
        (Method::PUT, "/query"),
        (Method::DELETE, "/health"),
        (Method::POST, "/intro"),
        (Method::GET, "/search"),
        (Method::GET, "/search?q="),
        (Method::GET, "/search?q=a&limit=0"),
        (Method::GET, "/search?q=a&limit=many"),
        (Method::GET, "/search?q=a&colour=red"),
        (Method::GET, "/sessions/guess"),
        (Method::GET, "/sessions/%ff"),
        (Method::GET, "/sessions/guess?limit=101"),
        (Method::DELETE, "/sessions/guess"),
        (Method::GET, "/_rag/no-such-file.js"),
    ];
    let mut seen = Vec::new();
    for (method, path) in cases {
        let request = app
            .client
            .request(method.clone(), format!("{}{path}", app.url));
        let problem = problem(request.send().await.expect("a response")).await;
        seen.push(json!({"request": format!("{method} {path}"), "problem": problem}));
    }
    insta::assert_json_snapshot!(seen);
}

#[tokio::test]
async fn a_body_that_is_not_json_or_is_huge_is_refused_before_it_is_read_whole() {
    let app = TestApp::start().await;
    let url = format!("{}/query", app.url);
    let typed = app
        .client
        .post(&url)
        .header("content-type", "text/plain")
        .body("How?");
    assert_eq!(
        problem(typed.send().await.expect("a response")).await["code"],
        "unsupported_media_type"
    );
    let huge = json!({"query": "x".repeat(200 * 1024)}).to_string();
    let sent = app
        .client
        .post(&url)
        .header("content-type", "application/json")
        .body(huge);
    let refused = sent.send().await.expect("a response");
    assert_eq!(refused.status(), 413);
    assert_eq!(problem(refused).await["code"], "body_too_large");
}

#[tokio::test]
async fn a_clients_own_request_id_is_kept_when_it_is_plain() {
    let app = TestApp::start().await;
    for (sent, kept) in [
        ("trace-1.a_B", true),
        ("with space", false),
        ("<script>", false),
    ] {
        let request = app
            .client
            .get(format!("{}/livez", app.url))
            .header("x-request-id", sent);
        let response = request.send().await.expect("a response");
        assert_eq!(response.headers()["x-request-id"] == sent, kept, "{sent}");
    }
}

#[tokio::test]
async fn every_response_closes_what_browsers_leave_open() {
    let app = TestApp::start().await;
    for path in ["/health", "/intro", "/_rag/widget.js", "/no-such-page"] {
        let response = app.get(path).await;
        for header in [
            "x-request-id",
            "x-content-type-options",
            "content-security-policy",
            "referrer-policy",
        ] {
            assert!(
                response.headers().contains_key(header),
                "{header} of {path}"
            );
        }
    }
}

#[tokio::test]
async fn only_named_origins_may_ask_from_their_pages() {
    use rag_chatbot::config::Settings;
    let app = TestApp::start_with(crate::test_app::Wanted {
        settings: Settings {
            allowed_origins: Some("https://docs.example.com".into()),
            ..Settings::default()
        },
        ..Default::default()
    })
    .await;
    let preflight = |origin: &'static str| {
        app.client
            .request(Method::OPTIONS, format!("{}/query", app.url))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .send()
    };
    let named = preflight("https://docs.example.com")
        .await
        .expect("a response");
    assert_eq!(
        named.headers()["access-control-allow-origin"],
        "https://docs.example.com"
    );
    let other = preflight("https://evil.example").await.expect("a response");
    assert!(!other.headers().contains_key("access-control-allow-origin"));
    // The widget itself is public: browsers load modules from other origins with CORS.
    let widget = app.get("/_rag/widget.js").await;
    assert_eq!(widget.headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn the_description_names_every_endpoint_and_nothing_else() {
    let app = TestApp::start().await;
    let description: Value = app.get("/openapi.json").await.json().await.expect("JSON");
    let mut found: Vec<String> = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            found.push(format!("{} {path}", method.to_uppercase()));
            let probe = path.replace("{id}", "guess");
            let method: Method = method.to_uppercase().parse().expect("a method");
            let request = app
                .client
                .request(method.clone(), format!("{}{probe}", app.url));
            let request = if method == Method::POST {
                request.json(&json!({}))
            } else {
                request
            };
            let response = request.send().await.expect("a response");
            let status = response.status().as_u16().to_string();
            let described = operation["responses"].as_object().expect("responses");
            // Generators of clients take no description without them.
            assert!(
                described.values().all(|one| one["description"].is_string()),
                "{method} {path}"
            );
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id.to_owned()), "{id} names two operations");
            assert!(
                described.contains_key(&status),
                "{method} {path} answered {status}"
            );
        }
    }
    found.sort();
    insta::assert_json_snapshot!(found);
}
