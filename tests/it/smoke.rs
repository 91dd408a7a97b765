//! `doctor --url`: what works is said to work, what a reader would stumble over is found, and nothing
//! is left behind.

use crate::cli::Desk;
use crate::test_app::{HANDBOOK, TestApp, Wanted, client};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use rag_chatbot::config::Settings;
use serde_json::Value;

/// Exit code, and each finding by its name.
fn examine(url: &str, more: &[&str]) -> (Option<i32>, Value) {
    let arguments = [&["doctor", "--url", url, "--json"], more].concat();
    let output = Desk::new().command(&arguments).output();
    let output = output.expect("the binary runs");
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let by_name = findings.into_iter().map(|finding| {
        let name = finding["what"].as_str().expect("a name").to_owned();
        (name, finding)
    });
    (output.status.code(), Value::Object(by_name.collect()))
}

/// A proxy in front of the app that changes what comes back.
async fn proxy(app: &TestApp, change: fn(&str, Response) -> Response) -> String {
    let (client, url) = (client(), app.url.clone());
    let forward = move |request: Request| {
        let (client, url) = (client.clone(), url.clone());
        async move {
            let (parts, body) = request.into_parts();
            let path = parts.uri.path_and_query().expect("a path").to_string();
            let body = axum::body::to_bytes(body, usize::MAX).await.expect("whole");
            let answer = client
                .request(parts.method, format!("{url}{path}"))
                .headers(parts.headers)
                .body(body)
                .send()
                .await
                .expect("a response");
            let (status, headers) = (answer.status(), answer.headers().clone());
            let text = answer.bytes().await.expect("whole");
            let mut response = (status, text).into_response();
            *response.headers_mut() = headers;
            response.headers_mut().remove("content-length");
            response.headers_mut().remove("transfer-encoding");
            change(&path, response)
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(forward)).await });
    format!("http://{address}")
}

fn without_limits() -> Settings {
    Settings {
        rate_limit_queries_per_minute: Some(0),
        rate_limit_queries_per_day: Some(0),
        ..Settings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_works_passes_and_is_left_as_it_was() {
    let app = TestApp::start_with(Wanted {
        settings: Settings::default(),
        ..Wanted::default()
    })
    .await;
    let (code, findings) = examine(&app.url, &[]);
    assert_eq!(code, Some(0), "{findings}");
    for what in [
        "health",
        "readiness",
        "question",
        "citations",
        "limits",
        "session",
        "metrics",
    ] {
        let finding = &findings[what];
        assert_eq!(finding["ok"], true, "{finding}");
        assert_eq!(finding["skipped"], false, "{finding}");
    }
    let limits = findings["limits"]["detail"].as_str().expect("a sentence");
    assert!(limits.starts_with("9 of 10 questions left"), "{limits}");
    let figures = app.get("/metrics").await.text().await.expect("text");
    assert!(figures.contains("\nrag_active_sessions 0\n"), "{figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_may_be_given_and_must_then_be_answered() {
    let app = TestApp::start_with(Wanted {
        settings: without_limits(),
        ..Wanted::default()
    })
    .await;
    let (code, findings) = examine(&app.url, &["--question", "How long does the battery last?"]);
    assert_eq!(code, Some(0), "{findings}");
    // There is no limit on this server, so there is nothing to look at.
    assert_eq!(findings["limits"]["skipped"], true, "{findings}");
    let other = "Who won the election of the parliament?";
    let (code, findings) = examine(&app.url, &["--question", other]);
    assert_eq!(code, Some(1), "{findings}");
    let found = findings["question"]["detail"].as_str().expect("a sentence");
    assert!(found.contains(other), "{found}");
    assert_eq!(findings["session"]["skipped"], true, "{findings}");
    assert_eq!(findings["readiness"]["ok"], true, "{findings}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_on_the_way_to_the_reader_is_found() {
    let app = TestApp::start_with(Wanted {
        settings: Settings::default(),
        ..Wanted::default()
    })
    .await;
    let wrong = |findings: &Value| -> Vec<String> {
        let all = findings.as_object().expect("findings").iter();
        all.filter(|(_, finding)| finding["ok"] == false)
            .map(|(name, _)| name.clone())
            .collect()
    };
    let asked = &["--question", "How long does the battery last?"];

    let pages_lost = proxy(&app, |path, response| match path {
        "/intro" => axum::http::StatusCode::NOT_FOUND.into_response(),
        _ => response,
    });
    let (code, findings) = examine(&pages_lost.await, asked);
    assert_eq!(
        (code, wrong(&findings)),
        (Some(1), vec!["citations".to_owned()])
    );

    let headers_lost = proxy(&app, |_, mut response| {
        response.headers_mut().remove("x-ratelimit-remaining");
        response
    });
    let (code, findings) = examine(&headers_lost.await, asked);
    assert_eq!(
        (code, wrong(&findings)),
        (Some(1), vec!["limits".to_owned()])
    );

    let figures_hidden = proxy(&app, |path, response| match path {
        "/metrics" => axum::http::StatusCode::FORBIDDEN.into_response(),
        _ => response,
    });
    let (code, findings) = examine(&figures_hidden.await, asked);
    assert_eq!((code, wrong(&findings)), (Some(0), vec![]));
    assert_eq!(findings["metrics"]["skipped"], true, "{findings}");

    let gone = rusqlite::Connection::open(app.state().join("chat.db")).expect("opens");
    gone.execute_batch("ALTER TABLE messages RENAME TO hidden")
        .expect("renamed");
    let (code, findings) = examine(&app.url, asked);
    assert_eq!(
        (code, wrong(&findings)),
        (Some(1), vec!["question".to_owned()])
    );
}

#[test]
fn no_server_and_no_address_are_told_apart() {
    let (code, findings) = examine("http://127.0.0.1:9", &[]);
    assert_eq!(code, Some(1), "{findings}");
    let health = findings["health"]["detail"].as_str().expect("a sentence");
    assert!(
        health.contains("no answer from http://127.0.0.1:9/"),
        "{health}"
    );
    let desk = Desk::new();
    for wrong in [
        ["doctor", "--url", "ftp://docs.example.com"],
        ["doctor", "--question", "What?"],
    ] {
        let output = desk.command(&wrong).output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_one_line_for_each_finding() {
    let app = TestApp::start_with(Wanted {
        documents: &HANDBOOK[..1],
        settings: without_limits(),
        ..Wanted::default()
    })
    .await;
    let output = Desk::new().command(&["doctor", "--url", &app.url]).output();
    let output = output.expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let marks: Vec<&str> = said
        .lines()
        .map(|line| &line[..line.find(':').unwrap_or(0)])
        .collect();
    assert_eq!(
        marks,
        [
            "ok   health",
            "ok   readiness",
            "ok   question",
            "ok   citations",
            "-    limits",
            "ok   session",
            "ok   metrics"
        ],
        "{said}"
    );
}
