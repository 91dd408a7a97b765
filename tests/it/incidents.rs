//! What has gone wrong elsewhere, by name: each is tried here, or in the test that `docs/` names.

use crate::access::issue;
use crate::answer::upstream::{Does, Upstream, says};
use crate::test_app::{TestApp, Wanted};
use rag_chatbot::config::Settings;
use rag_chatbot::store::{KeyLimits, Right};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn settings() -> Settings {
    Wanted::default().settings
}

async fn app(settings: Settings) -> TestApp {
    TestApp::start_with(Wanted {
        settings,
        ..Wanted::default()
    })
    .await
}

#[tokio::test]
async fn a_model_server_that_redirects_sends_us_nowhere() {
    let inside = Upstream::start([says("It lasts nine hours [1].")]).await;
    let target: &'static str = format!("{}/chat/completions", inside.base_url).leak();
    let location: &'static [(&str, &str)] = vec![("location", target)].leak();
    let upstream = Upstream::start([
        Does::Refuses(301, location),
        Does::Refuses(302, location),
        Does::Refuses(303, location),
        Does::Refuses(307, location),
        Does::Refuses(308, location),
    ])
    .await;
    let app = app(Settings {
        openai_base_url: Some(upstream.base_url.as_str().into()),
        openai_api_key: Some("sk-test-redirect".to_owned().into()),
        answer_cache_hours: Some(0),
        ..settings()
    })
    .await;
    for _ in 0..5 {
        // Quoted instead: the reader gets an answer.
        app.ask("How long does the battery last?").await;
    }
    assert!(upstream.requests().len() >= 5);
    assert_eq!(inside.requests().len(), 0, "the redirect was followed");
}

#[tokio::test]
async fn an_address_that_is_read_in_two_ways_is_no_way_to_another_host() {
    let inside = Upstream::start([says("secret")]).await;
    let port = inside.base_url.rsplit_once(':').expect("a port").1;
    let port = port.split('/').next().expect("a number");
    let app = app(settings()).await;
    let targets = [
        format!("http://127.0.0.1:{port}/v1/models"),
        format!("http://localhost@127.0.0.1:{port}/v1/models"),
        format!("http://127.0.0.1:{port}#@localhost/"),
        format!("http://localhost\\@127.0.0.1:{port}/"),
        format!("http://0x7f000001:{port}/"),
        format!("//127.0.0.1:{port}/v1/models"),
        format!("/search?q=a&url=http://127.0.0.1:{port}/"),
    ];
    for target in &targets {
        for method in ["GET", "POST", "CONNECT"] {
            let request = format!("{method} {target} HTTP/1.0\r\nHost: localhost\r\n\r\n");
            let said = app.raw(&request).await;
            assert!(!said.contains("secret"), "{method} {target}: {said}");
        }
    }
    let said = app
        .raw(&format!(
            "CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ))
        .await;
    assert!(!said.starts_with("HTTP/1.1 200"), "{said}");
    assert_eq!(inside.requests().len(), 0);
}

#[tokio::test]
async fn nothing_outside_of_the_site_can_be_fetched_in_any_encoding() {
    let app = TestApp::start_with(Wanted {
        build: &[
            ("index.html", b"<html><head></head><body>home</body></html>"),
            (
                "guides/index.html",
                b"<html><head></head><body>guides</body></html>",
            ),
        ],
        ..Wanted::default()
    })
    .await;
    let ups = [
        "..",
        "%2e%2e",
        "%2E.",
        ".%2e",
        "%252e%252e",
        "..%00",
        "%c0%ae%c0%ae",
        "%e0%80%ae%e0%80%ae",
        "%u002e%u002e",
        "....",
        ". .",
        "..;",
        "%ef%bc%8e%ef%bc%8e",
    ];
    let slashes = [
        "/",
        "%2f",
        "%5c",
        "\\",
        "%252f",
        "%c0%af",
        "//",
        "%e2%88%95",
    ];
    let ends = [
        "docs/intro.md",
        "state/chat.db",
        "state/chat.db.md",
        "etc/passwd",
    ];
    let begins = ["/", "/guides/", "/_rag/", "/_rag/x/", "/intro.md/"];
    for begin in begins {
        for up in ups {
            for slash in slashes {
                for end in ends {
                    let end = end.replace('/', slash);
                    let path = format!("{begin}{up}{slash}{up}{slash}{end}");
                    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
                    let said = app.raw(&request).await;
                    let status = said.split(' ').nth(1).unwrap_or_default();
                    assert!(
                        matches!(status, "400" | "404" | "301" | "308"),
                        "{path}: {status}"
                    );
                    let told = ["SQLite format", "root:x:", "small robot for teaching"];
                    assert!(
                        !told.iter().any(|text| said.contains(text)),
                        "{path}: {said}"
                    );
                }
            }
        }
    }
    assert_eq!(app.get("/guides/").await.status(), 200);
}

#[tokio::test]
async fn no_header_can_be_written_from_outside() {
    let app = TestApp::start_with(Wanted {
        build: &[
            ("index.html", b"<html><head></head><body>home</body></html>"),
            (
                "guides/index.html",
                b"<html><head></head><body>guides</body></html>",
            ),
        ],
        ..Wanted::default()
    })
    .await;
    let breaks = [
        "%0d%0a",
        "%0a",
        "%0d",
        "%E5%98%8A%E5%98%8D",
        "%c4%8d%c4%8a",
        "%00",
    ];
    for line in breaks {
        for path in [
            format!("/guides{line}X-Injected:yes"),
            format!("/{line}X-Injected:yes/guides"),
            format!("/search?q=a{line}X-Injected:yes"),
            format!("/auth/login?next=/{line}X-Injected:yes"),
            format!("/sessions/{line}X-Injected:yes"),
            format!("/guides/?a{line}X-Injected:yes"),
        ] {
            let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
            let said = app.raw(&request).await;
            let head = said
                .split("\r\n\r\n")
                .next()
                .unwrap_or_default()
                .to_lowercase();
            assert!(!head.contains("\nx-injected"), "{path}: {head}");
        }
    }
    // In headers, and a line that goes on in the next.
    for header in [
        "X-Request-Id: a\nX-Injected: yes",
        "X-Request-Id: a\r\n X-Injected: yes",
        "X-Request-Id: a%0d%0aX-Injected: yes",
        "Origin: https://a\rX-Injected: yes",
        "X-Forwarded-Prefix: /a\nX-Injected: yes",
        "X-Forwarded-Host: a%0d%0aX-Injected: yes",
    ] {
        let request = format!("GET /livez HTTP/1.0\r\nHost: localhost\r\n{header}\r\n\r\n");
        let said = app.raw(&request).await;
        let head = said
            .split("\r\n\r\n")
            .next()
            .unwrap_or_default()
            .to_lowercase();
        assert!(!head.contains("x-injected"), "{header}: {head}");
    }
}

#[tokio::test]
async fn who_guesses_a_key_learns_nothing_from_how_long_it_takes() {
    // Time cannot be tested; what it could tell can. A key is looked up by a hash of all of it, so
    // that keys that are nearly right are as far from it as any other.
    let app = app(settings()).await;
    let key = issue(&app, &[Right::Admin], KeyLimits::default()).await;
    let token = key.token.expose();
    let digest: [u8; 32] = Sha256::digest(token).into();
    assert_eq!(key.key.hash, digest, "this is what is compared");
    let last = token.chars().last().expect("a character");
    let near = format!(
        "{}{}",
        &token[..token.len() - 1],
        if last == 'A' { 'B' } else { 'A' }
    );
    let other: [u8; 32] = Sha256::digest(&near).into();
    let same = digest
        .iter()
        .zip(&other)
        .take_while(|(a, b)| a == b)
        .count();
    assert!(
        same < 8,
        "nearly the same key has another hash from its beginning on"
    );
    for guess in [
        &near,
        &token[..token.len() - 1],
        &format!("{token}A"),
        &token.to_uppercase(),
    ] {
        let request = app.client.get(format!("{}/api-keys", app.url));
        let refused = request.bearer_auth(guess).send().await.expect("a response");
        assert_eq!(refused.status(), 401);
    }
    let stored = app.app.keys().list().await.expect("a list");
    assert!(
        !format!("{stored:?}").contains(token),
        "the key itself is kept nowhere"
    );
}

#[tokio::test]
async fn what_was_taken_away_is_gone_with_the_next_request() {
    let app = app(settings()).await;
    let key = issue(&app, &[Right::Admin], KeyLimits::default()).await;
    let ask = async || {
        let request = app.client.get(format!("{}/api-keys", app.url));
        let request = request.bearer_auth(key.token.expose());
        request.send().await.expect("a response").status().as_u16()
    };
    assert_eq!(ask().await, 200);
    // By another process, so that no memory of this one could know.
    let elsewhere = app.another_process();
    elsewhere.revoke(&key.key.id).await.expect("revoked");
    assert_eq!(ask().await, 401);
}

#[tokio::test]
async fn an_answer_that_is_remembered_crosses_from_key_to_key_with_nothing_of_either() {
    let app = app(settings()).await;
    let right = [Right::ReadQueries, Right::ReadSessions];
    let keys = [
        issue(&app, &right, KeyLimits::default()).await,
        issue(&app, &right, KeyLimits::default()).await,
    ];
    let ask = async |key: Option<&str>| {
        let mut request = app
            .client
            .request(Method::POST, format!("{}/query", app.url));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let question = json!({"query": "How long does the battery last on a charge?"});
        let response = request.json(&question).send().await.expect("a response");
        assert_eq!(
            response.headers()["cache-control"],
            "no-store",
            "no proxy keeps it"
        );
        response.json::<Value>().await.expect("JSON")
    };
    let answers = [
        ask(Some(keys[0].token.expose())).await,
        ask(Some(keys[1].token.expose())).await,
        ask(None).await,
    ];
    for (at, one) in answers.iter().enumerate() {
        for other in &answers[at + 1..] {
            assert_eq!(one["answer"], other["answer"]);
            for field in ["session_id", "message_id", "request_id"] {
                assert_ne!(one[field], other[field], "{field}");
            }
        }
        let told = one.to_string();
        assert!(keys.iter().all(|key| !told.contains(&key.key.id)), "{told}");
    }
    // Each is counted where it was asked.
    let listed = app.app.keys().list().await.expect("a list");
    assert_eq!(
        listed.iter().map(|(_, asked)| *asked).collect::<Vec<_>>(),
        [1, 1]
    );
}

#[tokio::test]
async fn ids_that_only_look_alike_are_others() {
    let app = app(settings()).await;
    let key = issue(&app, &[Right::Admin], KeyLimits::default()).await;
    let id = &key.key.id;
    let spoofs = [
        id.replace('k', "\u{43a}"),
        id.replace('_', "\u{ff3f}"),
        format!("{id}\u{200d}"),
        format!("\u{feff}{id}"),
        format!("{id}\u{301}"),
        id.chars()
            .map(|c| char::from_u32(c as u32 + 0xfee0).unwrap_or(c))
            .collect(),
        id.to_uppercase(),
    ];
    for spoof in spoofs {
        let mut address = reqwest::Url::parse(&app.url).expect("a URL");
        let mut path = address.path_segments_mut().expect("a base");
        path.extend(["api-keys", &spoof]);
        drop(path);
        let request = app.client.delete(address).bearer_auth(key.token.expose());
        let status = request.send().await.expect("a response").status();
        assert_eq!(status, 404, "{spoof:?}");
    }
}

#[tokio::test]
async fn forwarded_names_of_strangers_do_not_end_up_in_links() {
    let app = app(Settings {
        // Somebody's proxy, but not whoever asks here.
        trusted_proxy: Some("192.0.2.0/24".to_owned()),
        ..settings()
    })
    .await;
    for path in ["/llms.txt", "/v1/models", "/intro"] {
        let request = app.client.get(format!("{}{path}", app.url));
        let request = request
            .header("x-forwarded-host", "evil.example")
            .header("x-forwarded-proto", "https");
        let said = request.send().await.expect("a response");
        let said = said.text().await.expect("text");
        assert!(!said.contains("evil.example"), "{path}: {said}");
    }
}
