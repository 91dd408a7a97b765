//! Every route against every way of showing a credential, and what becomes of it.

use crate::answer::upstream::{Does, Upstream};
use crate::provider::{self, CLIENT, Provider};
use crate::test_app::{TestApp, Wanted};
use rag_chatbot::config::Settings;
use rag_chatbot::guard::keys::{self, Issued};
use rag_chatbot::secret::Secret;
use rag_chatbot::store::{KeyLimits, Right};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const FROM_SETTINGS: &str = "an-admin-key-from-outside";

/// A way to authenticate.
const WAYS: [&str; 28] = [
    "nothing",
    "a key that may ask",
    "a key that may read sessions",
    "a key that may write documents",
    "an admin key",
    "the admin key of the settings",
    "an admin key as X-API-Key",
    "an admin key with a lower-case scheme",
    "a key that has expired",
    "a key that was revoked",
    "a key that never was",
    "somebody else's bearer token",
    "a proxy's password",
    "two Authorization headers",
    "Authorization and X-API-Key",
    "a provider's token",
    "a provider's token of a writer",
    "a provider's token of an admin",
    "a provider's token of an admin without a second factor",
    "a provider's token that has expired",
    "a provider's token for somebody else",
    "another provider's token",
    "a token signed with another key",
    "a token signed with the published key",
    "a token that is not signed",
    "the cookie of an admin",
    "a cookie that never was",
    "the cookie of an admin, and a key",
];

/// Who may use a route.
#[derive(Clone, Copy, PartialEq)]
enum For {
    /// Credentials are not looked at.
    All,
    /// Readers, and keys with this right.
    Readers(Right),
    /// Keys with this right.
    Keys(Right),
    /// People who are signed in.
    People,
    /// Whoever was sent to the provider, and shows so.
    Returning,
}

/// Every route. One that the server has and this table has not fails the test.
fn routes() -> Vec<(Method, &'static str, For)> {
    use For::{All, Keys, Readers};
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    let put = Method::PUT;
    vec![
        (post.clone(), "/query", Readers(Right::ReadQueries)),
        (
            post.clone(),
            "/query-selected-text",
            Readers(Right::ReadQueries),
        ),
        (get.clone(), "/search", Readers(Right::ReadQueries)),
        (
            post.clone(),
            "/v1/chat/completions",
            Readers(Right::ReadQueries),
        ),
        (post.clone(), "/v1/embeddings", Readers(Right::ReadQueries)),
        (get.clone(), "/v1/models", Readers(Right::ReadQueries)),
        (get.clone(), "/v1/models/{id}", Readers(Right::ReadQueries)),
        (get.clone(), "/sessions/{id}", Readers(Right::ReadSessions)),
        (
            delete.clone(),
            "/sessions/{id}",
            Readers(Right::ReadSessions),
        ),
        (post.clone(), "/feedback", Readers(Right::ReadSessions)),
        (post.clone(), "/ingest", Keys(Right::WriteDocuments)),
        (
            get.clone(),
            "/sessions/{id}/export",
            Readers(Right::ReadSessions),
        ),
        (get.clone(), "/admin/audit", Keys(Right::Admin)),
        (get.clone(), "/admin/gaps", Keys(Right::Admin)),
        (get.clone(), "/admin/overview", Keys(Right::Admin)),
        (get.clone(), "/admin/charts", Keys(Right::Admin)),
        (get.clone(), "/admin/usage", Keys(Right::Admin)),
        (get.clone(), "/admin/conversations", Keys(Right::Admin)),
        (get.clone(), "/admin/conversations/{id}", Keys(Right::Admin)),
        (get.clone(), "/status.json", All),
        (post.clone(), "/admin/gaps/done", Keys(Right::Admin)),
        (get.clone(), "/api-keys", Keys(Right::Admin)),
        (post.clone(), "/api-keys", Keys(Right::Admin)),
        (post.clone(), "/mcp", Readers(Right::ReadQueries)),
        (post, "/api-keys/{id}/rotate", Keys(Right::Admin)),
        (delete, "/api-keys/{id}", Keys(Right::Admin)),
        (get.clone(), "/auth/login", All),
        (get.clone(), "/auth/callback", For::Returning),
        (get.clone(), "/auth/me", For::People),
        (get.clone(), "/health", All),
        (get.clone(), "/livez", All),
        (get.clone(), "/readyz", All),
        (get.clone(), "/metrics", Keys(Right::Admin)),
        (get.clone(), "/admin/logs", Keys(Right::Admin)),
        (put, "/admin/logs", Keys(Right::Admin)),
        (get.clone(), "/openapi.json", All),
        // Not part of the description: what a browser fetches.
        (get.clone(), "/", All),
        (get.clone(), "/chat", All),
        (get.clone(), "/status", All),
        (get.clone(), "/admin", All),
        (get.clone(), "/_rag/admin/admin.js", All),
        (get, "/_rag/widget.js", All),
        // Last, as the cookie ends with it.
        (Method::POST, "/auth/logout", All),
    ]
}

/// What a way of authenticating must come to: refused with this status, or let in.
fn expected(way: &str, route: For) -> Option<u16> {
    let (right, readers) = match route {
        For::All => return None,
        For::People => return (!way.starts_with("the cookie of")).then_some(401),
        For::Returning => return Some(401),
        For::Readers(right) => (right, true),
        For::Keys(right) => (right, false),
    };
    let holding = |held: Right| (held != right).then_some(403);
    match way {
        "a key that may ask" => holding(Right::ReadQueries),
        "a key that may read sessions" => holding(Right::ReadSessions),
        "a key that may write documents" => holding(Right::WriteDocuments),
        "an admin key"
        | "the admin key of the settings"
        | "an admin key as X-API-Key"
        | "an admin key with a lower-case scheme" => None,
        "a key that has expired" | "a key that was revoked" | "a key that never was" => Some(401),
        "a provider's token" | "a provider's token of an admin without a second factor" => {
            (!readers).then_some(403)
        }
        "a provider's token of a writer" => {
            (!readers && right != Right::WriteDocuments).then_some(403)
        }
        "a provider's token of an admin" | "the cookie of an admin" => None,
        "a provider's token that has expired"
        | "a provider's token for somebody else"
        | "another provider's token"
        | "a token signed with another key"
        | "a token signed with the published key"
        | "a token that is not signed" => Some(401),
        "two Authorization headers"
        | "Authorization and X-API-Key"
        | "the cookie of an admin, and a key" => Some(400),
        "nothing"
        | "a cookie that never was"
        | "somebody else's bearer token"
        | "a proxy's password" => (!readers).then_some(401),
        other => panic!("{other} has no expectation"),
    }
}

struct Held {
    asking: Secret,
    reading: Secret,
    writing: Secret,
    admin: Secret,
    expired: Secret,
    revoked: Secret,
    provider: Provider,
    cookie: String,
}

pub async fn issue(app: &TestApp, rights: &[Right], limits: KeyLimits) -> Issued {
    let wanted = keys::Wanted {
        name: "test".to_owned(),
        rights: rights.to_vec(),
        limits,
        expires_at: None,
    };
    app.app.keys().issue(wanted).await.expect("issued")
}

async fn held(app: &TestApp, provider: Provider) -> Held {
    let token = async |right| issue(app, &[right], KeyLimits::default()).await.token;
    let revoked = issue(app, &[Right::Admin], KeyLimits::default()).await;
    app.app
        .keys()
        .revoke(&revoked.key.id)
        .await
        .expect("revoked");
    let expired = keys::Wanted {
        name: "test".to_owned(),
        rights: vec![Right::Admin],
        limits: KeyLimits::default(),
        expires_at: Some(jiff::Timestamp::now()),
    };
    Held {
        asking: token(Right::ReadQueries).await,
        reading: token(Right::ReadSessions).await,
        writing: token(Right::WriteDocuments).await,
        admin: token(Right::Admin).await,
        expired: app.app.keys().issue(expired).await.expect("issued").token,
        revoked: revoked.token,
        cookie: sign_in(app, &provider, provider.claims(&["chief"])).await,
        provider,
    }
}

/// Signs somebody in as a browser does; returns the cookie.
pub async fn sign_in(app: &TestApp, provider: &Provider, mut claims: Value) -> String {
    let begun = app.get("/auth/login?next=/chat").await;
    assert_eq!(begun.status(), 303);
    let location = begun.headers()["location"].to_str().expect("text");
    let location = reqwest::Url::parse(location).expect("an address");
    let asked: std::collections::HashMap<_, _> = location.query_pairs().into_owned().collect();
    let cookie = cookie_of(&begun, "__Host-rag-signing-in=");
    claims["aud"] = CLIENT.into();
    claims["nonce"] = asked["nonce"].as_str().into();
    let code = provider.code(&claims);
    let path = format!("/auth/callback?code={code}&state={}", asked["state"]);
    let request = app.client.get(format!("{}{path}", app.url));
    let back = request.header("cookie", cookie).send().await;
    let back = back.expect("a response");
    assert_eq!(back.status(), 303);
    assert_eq!(back.headers()["location"], "/chat");
    cookie_of(&back, "__Host-rag-signed-in=")
}

fn cookie_of(response: &reqwest::Response, name: &str) -> String {
    let all = response.headers().get_all("set-cookie").iter();
    let mut all = all.filter_map(|value| value.to_str().ok());
    let set = all
        .find(|value| value.starts_with(name))
        .expect("it is set");
    set.split(';').next().expect("a part").to_owned()
}

fn show(request: RequestBuilder, way: &str, held: &Held) -> RequestBuilder {
    let admin = held.admin.expose();
    match way {
        "nothing" => request,
        "a key that may ask" => request.bearer_auth(held.asking.expose()),
        "a key that may read sessions" => request.bearer_auth(held.reading.expose()),
        "a key that may write documents" => request.bearer_auth(held.writing.expose()),
        "an admin key" => request.bearer_auth(admin),
        "the admin key of the settings" => request.bearer_auth(FROM_SETTINGS),
        "an admin key as X-API-Key" => request.header("x-api-key", admin),
        "an admin key with a lower-case scheme" => {
            request.header("authorization", format!("bearer {admin}"))
        }
        "a key that has expired" => request.bearer_auth(held.expired.expose()),
        "a key that was revoked" => request.bearer_auth(held.revoked.expose()),
        "a key that never was" => request.bearer_auth(format!("rk_{}", "A".repeat(43))),
        "somebody else's bearer token" => request.bearer_auth("sk-anything"),
        "a proxy's password" => request.basic_auth("reader", Some("door")),
        "two Authorization headers" => request.bearer_auth(admin).bearer_auth(FROM_SETTINGS),
        "Authorization and X-API-Key" => request.bearer_auth(admin).header("x-api-key", admin),
        "the cookie of an admin" => request.header("cookie", &held.cookie),
        "a cookie that never was" => {
            request.header("cookie", format!("__Host-rag-signed-in={}", "A".repeat(43)))
        }
        "the cookie of an admin, and a key" => {
            request.header("cookie", &held.cookie).bearer_auth(admin)
        }
        way => request.bearer_auth(token(way, &held.provider)),
    }
}

/// What the provider, or somebody in its name, says of an admin.
fn token(way: &str, provider: &Provider) -> String {
    let mut claims = provider.claims(&["chief"]);
    match way {
        "a provider's token" => provider.sign(&provider.claims(&[])),
        "a provider's token of a writer" => provider.sign(&provider.claims(&["writer"])),
        "a provider's token of an admin" => provider.sign(&claims),
        "a provider's token of an admin without a second factor" => {
            claims["amr"] = json!(["pwd"]);
            provider.sign(&claims)
        }
        "a provider's token that has expired" => {
            // By more than clocks may differ.
            claims["exp"] = json!(jiff::Timestamp::now().as_second() - 90);
            provider.sign(&claims)
        }
        "a provider's token for somebody else" => {
            claims["aud"] = json!(["another-api", CLIENT]);
            provider.sign(&claims)
        }
        "another provider's token" => {
            claims["iss"] = json!(format!("{}/", provider.issuer));
            provider.sign(&claims)
        }
        "a token signed with another key" => provider.forge(&claims),
        "a token signed with the published key" => provider.forge_with_published_key(&claims),
        "a token that is not signed" => provider::unsigned(&claims),
        other => panic!("nobody knows how to show {other}"),
    }
}

/// The same, and a provider's word counts, too.
async fn app_with_provider() -> (TestApp, Provider) {
    let provider = Provider::start().await;
    let settings = Settings {
        admin_key: Some(Secret::new(FROM_SETTINGS)),
        // Not near: readers of the figures need a key.
        metrics_network: Some("192.0.2.0/24".to_owned()),
        ..Wanted::default().settings
    };
    let app = TestApp::start_with(Wanted {
        settings: provider.settings(settings),
        ..Wanted::default()
    });
    (app.await, provider)
}

async fn app_with_admin_key() -> TestApp {
    TestApp::start_with(Wanted {
        settings: Settings {
            admin_key: Some(Secret::new(FROM_SETTINGS)),
            // Not near: readers of the figures need a key.
            metrics_network: Some("192.0.2.0/24".to_owned()),
            ..Wanted::default().settings
        },
        ..Wanted::default()
    })
    .await
}

#[tokio::test]
async fn every_route_lets_in_whom_it_should_and_nobody_else() {
    let (app, provider) = app_with_provider().await;
    let held = held(&app, provider).await;
    let mut wrong = Vec::new();
    for (method, path, who) in routes() {
        for way in WAYS {
            let probe = path.replace("{id}", "guess");
            let request = app
                .client
                .request(method.clone(), format!("{}{probe}", app.url));
            let request = match method {
                // Fails after the caller was let in, so that nothing is changed.
                Method::POST => request.json(&json!({})),
                Method::PUT => request.json(&json!({"filter": "loud"})),
                _ => request,
            };
            let response = show(request, way, &held).send().await.expect("a response");
            let status = response.status().as_u16();
            let refused = [400, 401, 403].contains(&status)
                // A wrong parameter is a 400 as well, but behind the door.
                && response.text().await.expect("text").contains(match status {
                    400 => "two_credentials",
                    401 if path.starts_with("/v1/") => "invalid_api_key",
                    401 => "unauthorized",
                    _ => "forbidden",
                });
            if refused.then_some(status) != expected(way, who) {
                wrong.push(format!("{method} {path} with {way}: {status}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn figures_are_shown_to_who_is_near_and_not_to_whom_a_proxy_passes_on() {
    let app = TestApp::start_with(Wanted {
        settings: Settings {
            trusted_proxy: Some("192.0.2.1".to_owned()),
            ..Wanted::default().settings
        },
        ..Wanted::default()
    })
    .await;
    let seen = async |header: Option<(&str, &str)>| {
        let mut request = app.client.get(format!("{}/metrics", app.url));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.send().await.expect("a response").status()
    };
    assert_eq!(seen(None).await, 200);
    // No credential is looked at, so a wrong one harms nobody.
    assert_eq!(seen(Some(("authorization", "Bearer rk_guess"))).await, 200);
    for header in [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("via", "1.1 proxy"),
    ] {
        assert_eq!(seen(Some(header)).await, 401, "{header:?}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_reader_of_the_figures_counts_and_not_the_proxy() {
    let app = TestApp::start_with(Wanted {
        settings: Settings {
            trusted_proxy: Some("127.0.0.0/8".to_owned()),
            metrics_network: Some("10.9.0.0/16".to_owned()),
            ..Wanted::default().settings
        },
        ..Wanted::default()
    })
    .await;
    for (from, expected) in [
        ("10.9.1.2", 200),
        ("203.0.113.9", 401),
        ("203.0.113.9, 10.9.1.2", 200),
        ("10.9.1.2, 203.0.113.9", 401),
    ] {
        let request = app.client.get(format!("{}/metrics", app.url));
        let response = request.header("x-forwarded-for", from).send().await;
        assert_eq!(response.expect("a response").status(), expected, "{from}");
    }
}

#[tokio::test]
async fn the_table_of_this_test_has_every_route_of_the_server() {
    let app = TestApp::start().await;
    let description: Value = app.get("/openapi.json").await.json().await.expect("JSON");
    let mut described = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let table: BTreeSet<String> = routes()
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let missing: Vec<_> = described.difference(&table).collect();
    assert!(
        missing.is_empty(),
        "say in tests/it/access.rs who may use {missing:?}"
    );
}

#[tokio::test]
async fn a_key_is_made_listed_exchanged_and_revoked_over_http() {
    let app = app_with_admin_key().await;
    let send = async |method: Method, path: String, body: Value| {
        let request = app.client.request(method, format!("{}{path}", app.url));
        let request = request.bearer_auth(FROM_SETTINGS).json(&body);
        request.send().await.expect("a response")
    };
    let wanted = json!({"name": "reports", "scopes": ["read:queries"], "queries_per_month": 5, "expires_in_days": 30});
    let made = send(Method::POST, "/api-keys".into(), wanted).await;
    assert_eq!(made.status(), 201);
    assert_eq!(made.headers()["cache-control"], "no-store");
    let made: Value = made.json().await.expect("JSON");
    let first = made["key"].as_str().expect("the key").to_owned();
    assert!(first.starts_with("rk_"), "{first}");

    let ask = async |key: &str| {
        let request = app
            .client
            .post(format!("{}/query", app.url))
            .bearer_auth(key);
        let request = request.json(&json!({"query": "How long does the battery last?"}));
        request.send().await.expect("a response")
    };
    assert_eq!(ask(&first).await.status(), 200);

    let listed = send(Method::GET, "/api-keys".into(), json!({}))
        .await
        .text()
        .await
        .expect("text");
    assert!(!listed.contains(&first));
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let entry = &listed["keys"][0];
    assert_eq!(
        (&entry["name"], &entry["state"]),
        (&json!("reports"), &json!("active"))
    );
    assert_eq!(entry["queries_this_month"], 1);
    assert!(entry["last_used_at"].is_string());

    let id = made["id"].as_str().expect("an id");
    let rotated = send(
        Method::POST,
        format!("/api-keys/{id}/rotate"),
        json!({"overlap_hours": 1}),
    )
    .await;
    assert_eq!(rotated.status(), 201);
    let rotated: Value = rotated.json().await.expect("JSON");
    let second = rotated["key"].as_str().expect("the key");
    assert_ne!(first, second);
    assert_eq!(
        ask(&first).await.status(),
        200,
        "both work during the overlap"
    );
    assert_eq!(ask(second).await.status(), 200);

    let gone = send(Method::DELETE, format!("/api-keys/{id}"), json!({})).await;
    assert_eq!(gone.status(), 204);
    assert_eq!(ask(&first).await.status(), 401);
    // The quota belongs to the line of keys: three of five were asked, and rotating gives no more.
    assert_eq!(ask(second).await.status(), 200);
    assert_eq!(ask(second).await.status(), 200);
    let refused = ask(second).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(
        refused.json::<Value>().await.expect("JSON")["code"],
        "quota_used_up"
    );

    let again = send(Method::POST, format!("/api-keys/{id}/rotate"), json!({})).await;
    assert_eq!(again.status(), 404, "a revoked key cannot be brought back");
}

#[tokio::test]
async fn a_key_has_limits_of_its_own() {
    let app = TestApp::start().await;
    let limits = KeyLimits {
        queries_per_minute: Some(2),
        ..KeyLimits::default()
    };
    let key = issue(&app, &[Right::ReadQueries], limits).await.token;
    let ask = || {
        let request = app.client.post(format!("{}/query", app.url));
        request
            .bearer_auth(key.expose())
            .json(&json!({"query": "How long does the battery last?"}))
            .send()
    };
    for left in ["1", "0"] {
        let answer = ask().await.expect("a response");
        assert_eq!(answer.headers()["x-ratelimit-remaining"], left);
    }
    assert_eq!(ask().await.expect("a response").status(), 429);
    // Readers at the same address go on.
    app.ask("How long does the battery last?").await;
}

#[tokio::test]
async fn the_first_admin_key_is_made_once() {
    let app = TestApp::start().await;
    let first = app
        .app
        .keys()
        .issue_first()
        .await
        .expect("reads")
        .expect("there is none yet");
    assert!(first.key.may(Right::Admin));
    app.app.keys().revoke(&first.key.id).await.expect("revoked");
    assert!(app.app.keys().issue_first().await.expect("reads").is_none());
}

#[tokio::test]
async fn revoking_a_key_ends_the_streams_that_run_with_it() {
    let upstream = Upstream::start([Does::Hangs(vec!["The battery ".to_owned()])]).await;
    let app = TestApp::start_with(Wanted {
        settings: Settings {
            openai_base_url: Some(upstream.base_url.as_str().into()),
            ..Wanted::default().settings
        },
        ..Wanted::default()
    })
    .await;
    let key = issue(&app, &[Right::ReadQueries], KeyLimits::default()).await;
    let request = app
        .client
        .post(format!("{}/query", app.url))
        .bearer_auth(key.token.expose());
    let question = json!({"query": "How long does the battery last?", "stream": true});
    let mut left = upstream.hears_leaving();
    let response = request.json(&question).send().await.expect("a response");
    assert_eq!(response.status(), 200);
    // As `rag-chatbot key revoke` does it: in the database, beside the server.
    app.another_process()
        .revoke(&key.key.id)
        .await
        .expect("revoked");
    let rest = response.text().await.expect("the stream ends");
    assert!(
        rest.contains("event: error") && rest.contains("unauthorized"),
        "{rest}"
    );
    assert!(!rest.contains("event: done"), "{rest}");
    left.recv().await.expect("the work upstream has stopped");
}

#[tokio::test]
async fn what_was_done_and_what_was_refused_is_in_the_audit_log() {
    let app = app_with_admin_key().await;
    let made = app
        .client
        .post(format!("{}/api-keys", app.url))
        .bearer_auth(FROM_SETTINGS);
    let wanted = json!({"name": "a", "scopes": ["read:queries"]});
    let made: Value = made
        .json(&wanted)
        .send()
        .await
        .expect("a response")
        .json()
        .await
        .expect("JSON");
    let stranger = app
        .client
        .get(format!("{}/api-keys", app.url))
        .bearer_auth("rk_guess");
    assert_eq!(stranger.send().await.expect("a response").status(), 401);
    let session = app.ask("How many wheels?").await["session_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let exported = app.get(&format!("/sessions/{session}/export")).await;
    let exported: Value = exported.json().await.expect("JSON");
    assert_eq!(exported["messages"].as_array().map(Vec::len), Some(2));
    let deleted = app.client.delete(format!("{}/sessions/{session}", app.url));
    assert_eq!(deleted.send().await.expect("a response").status(), 204);

    let read = async |accept: &str, query: &str| {
        let request = app.client.get(format!("{}/admin/audit{query}", app.url));
        let request = request.bearer_auth(FROM_SETTINGS).header("accept", accept);
        request
            .send()
            .await
            .expect("a response")
            .text()
            .await
            .expect("text")
    };
    let log: Value = serde_json::from_str(&read("application/json", "").await).expect("JSON");
    let entries = log["entries"].as_array().expect("entries");
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            (
                entry["action"].as_str().expect("text"),
                entry["who"].as_str().expect("text"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("session.delete", "reader"),
            ("session.export", "reader"),
            ("refused", "unknown"),
            ("key.create", "settings"),
        ]
    );
    assert_eq!(
        (&entries[3]["object"], &entries[3]["result"]),
        (&made["id"], &json!("done"))
    );
    assert_eq!(
        (&entries[2]["object"], &entries[2]["result"]),
        (&json!("/api-keys"), &json!("unauthorized"))
    );
    let lines = read("application/x-ndjson", "?limit=2").await;
    assert_eq!(lines.lines().count(), 2);
    // Neither the address nor the conversation's id, which was the reader's secret.
    let all = read("application/x-ndjson", "").await;
    assert!(
        !all.contains("127.0.0.1") && !all.contains(&session),
        "{all}"
    );
}

#[tokio::test]
async fn a_prometheus_without_its_key_is_refused_each_time_and_written_down_once() {
    let app = app_with_admin_key().await;
    for path in ["/metrics", "/metrics", "/api-keys", "/metrics", "/api-keys"] {
        assert_eq!(app.get(path).await.status(), 401, "{path}");
    }
    let request = app.client.get(format!("{}/admin/audit", app.url));
    let log = request.bearer_auth(FROM_SETTINGS).send().await;
    let log: Value = log.expect("a response").json().await.expect("JSON");
    let entries = log["entries"].as_array().expect("entries").iter();
    let objects: Vec<&str> = entries
        .map(|entry| entry["object"].as_str().expect("text"))
        .collect();
    assert_eq!(objects, ["/api-keys", "/api-keys", "/metrics"]);
}
