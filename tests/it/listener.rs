//! Slow, silent, forged and too many: what the server's own loop and first layers keep away.

use crate::answer::upstream::{Does, Upstream};
use crate::test_app::{TestApp, Wanted};
use rag_chatbot::config::Settings;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Far beyond any wait below: a test that gets here has failed.
const LONG: Duration = Duration::from_secs(60);

async fn app(settings: Settings) -> TestApp {
    TestApp::start_with(Wanted {
        settings,
        ..Wanted::default()
    })
    .await
}

fn quiet() -> Settings {
    Wanted::default().settings
}

async fn send(app: &TestApp, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).await.expect("connected");
    stream.write_all(bytes.as_bytes()).await.expect("sent");
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    // A reset is an end as well.
    let _ended = tokio::time::timeout(LONG, stream.read_to_end(&mut text))
        .await
        .expect("the connection ends");
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn who_never_finishes_a_request_is_dropped_and_others_are_served() {
    let app = app(Settings {
        header_timeout_seconds: Some(1),
        ..quiet()
    })
    .await;
    let slow = [
        send(&app, "").await,
        send(&app, "GET /livez HT").await,
        send(&app, "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: a").await,
        send(&app, "PRI * HTTP/2.0\r\n\r\nSM").await,
    ];
    assert_eq!(app.get("/livez").await.status(), 200);
    for stream in slow {
        let said = rest(stream).await;
        assert!(!said.contains("alive"), "{said}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_gets_408() {
    let app = app(Settings {
        body_timeout_seconds: Some(1),
        ..quiet()
    })
    .await;
    let head = "POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\n\r\n{\"query\":";
    let said = rest(send(&app, head).await).await;
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    assert!(said.contains("body_too_slow"), "{said}");
}

#[tokio::test]
async fn one_address_cannot_take_every_connection() {
    let app = app(Settings {
        max_connections: Some(4),
        ..quiet()
    })
    .await;
    let request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = send(&app, request).await;
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.expect("an answer");
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        held.push(stream);
    }
    let turned_away = rest(send(&app, request).await).await;
    assert!(turned_away.starts_with("HTTP/1.1 503"), "{turned_away}");
    assert!(turned_away.contains("Retry-After: 5"), "{turned_away}");
    drop(held);
    let again = async {
        // A place is free as soon as the server has seen the others go.
        while !app
            .raw("GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n")
            .await
            .contains("alive")
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, again)
        .await
        .expect("served again");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let app = app(quiet()).await;
    let huge = format!(
        "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-A: {}\r\n\r\n",
        "a".repeat(400_000)
    );
    let said = rest(send(&app, &huge).await).await;
    assert!(
        said.is_empty() || said.starts_with("HTTP/1.1 431"),
        "{said}"
    );
    let many: String = (0..500).map(|n| format!("X-{n}: a\r\n")).collect();
    let said = rest(send(&app, &format!("GET /livez HTTP/1.1\r\n{many}\r\n")).await).await;
    assert!(said.starts_with("HTTP/1.1 431"), "{said}");
}

#[tokio::test]
async fn another_sites_name_that_points_here_gets_nothing() {
    let app = app(quiet()).await;
    let said = app
        .raw("GET /intro HTTP/1.0\r\nHost: evil.example\r\n\r\n")
        .await;
    assert!(said.starts_with("HTTP/1.0 421"), "{said}");
    assert!(!said.contains("rover"), "{said}");
    for host in ["localhost:8080", "127.0.0.1", "LOCALHOST", "[::1]:9"] {
        let said = app
            .raw(&format!("GET /livez HTTP/1.0\r\nHost: {host}\r\n\r\n"))
            .await;
        assert!(said.contains("alive"), "{host}: {said}");
    }
    let named = self::app(Settings {
        allowed_hosts: Some("docs.example.com".to_owned()),
        ..quiet()
    })
    .await;
    let said = named
        .raw("GET /livez HTTP/1.0\r\nHost: docs.example.com\r\n\r\n")
        .await;
    assert!(said.contains("alive"), "{said}");
}

/// Asks once from each claimed address; how many were let through.
async fn let_through(app: &TestApp, claims: &[&str]) -> usize {
    let mut through = 0;
    for claim in claims {
        let request = app
            .client
            .post(format!("{}/query", app.url))
            .header("x-forwarded-for", *claim);
        let request = request.json(&json!({"query": "How many wheels?"}));
        let status = request.send().await.expect("a response").status();
        through += usize::from(status == StatusCode::OK);
    }
    through
}

#[tokio::test]
async fn addresses_are_believed_from_trusted_proxies_only() {
    let claims = [
        "192.0.2.1",
        "192.0.2.2",
        "2001:db8::1",
        "2001:db8::2",
        "192.0.2.1, 192.0.2.3",
    ];
    let one_a_minute = || Settings {
        rate_limit_queries_per_minute: Some(1),
        ..Settings::default()
    };
    let alone = app(one_a_minute()).await;
    assert_eq!(let_through(&alone, &claims).await, 1);
    let behind = app(Settings {
        trusted_proxy: Some("127.0.0.0/8, ::1".to_owned()),
        ..one_a_minute()
    })
    .await;
    // The two of one IPv6 network count as one.
    assert_eq!(let_through(&behind, &claims).await, 4);
}

#[tokio::test]
async fn streams_have_a_cap_and_whoever_is_refused_for_it_keeps_the_question() {
    let upstream = Upstream::start([Does::Hangs(vec!["The battery ".to_owned()])]).await;
    let app = app(Settings {
        openai_base_url: Some(upstream.base_url.as_str().into()),
        max_streams: Some(1),
        rate_limit_queries_per_minute: Some(2),
        ..Settings::default()
    })
    .await;
    let question = json!({"query": "How long does the battery last?", "stream": true});
    let first = app.post("/query", &question).await;
    assert_eq!(first.status(), 200);
    for _ in 0..3 {
        let refused = app.post("/query", &question).await;
        assert_eq!(refused.status(), 503);
        assert!(refused.headers().contains_key("retry-after"));
        assert_eq!(
            refused.json::<Value>().await.expect("JSON")["code"],
            "overloaded"
        );
    }
    drop(first);
    let served = async {
        // The place is free as soon as the server has seen the reader go.
        loop {
            let next = app.post("/query", &question).await;
            match next.status().as_u16() {
                200 => return,
                503 => tokio::time::sleep(Duration::from_millis(5)).await,
                other => panic!("{other}: refusals took questions away"),
            }
        }
    };
    tokio::time::timeout(LONG, served)
        .await
        .expect("served again");
}

#[tokio::test]
async fn only_the_exact_origin_may_read_answers() {
    let app = app(Settings {
        allowed_origins: Some("https://docs.example.com".to_owned()),
        ..quiet()
    })
    .await;
    for (origin, allowed) in [
        ("https://docs.example.com", true),
        ("null", false),
        ("http://docs.example.com", false),
        ("https://docs.example.com:8443", false),
        ("https://docs.example.com.evil.example", false),
        ("https://evildocs.example.com", false),
        ("https://docs.example.com@evil.example", false),
    ] {
        let request = app.client.get(format!("{}/search?q=wheels", app.url));
        let response = request
            .header("origin", origin)
            .send()
            .await
            .expect("a response");
        let headers = response.headers();
        assert_eq!(
            headers.contains_key("access-control-allow-origin"),
            allowed,
            "{origin}"
        );
        assert!(
            !headers.contains_key("access-control-allow-credentials"),
            "{origin}"
        );
    }
}
