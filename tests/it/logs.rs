//! What the running binary logs: one line per request, whole, declared, changeable, in files too.

use crate::answer::upstream::{Upstream, says};
use crate::cli::Desk;
use crate::test_app::client;
use rag_chatbot::telemetry::logs::{EVENTS, FIELDS};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const ADMIN: &str = "an-admin-key-from-outside";

/// For whatever is waited for; a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary, with all that it has said so far.
struct Server {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
    url: String,
}

impl Server {
    async fn start(desk: &Desk, settings: &[(&str, &str)]) -> Self {
        let mut command = desk.command(&["--data", "docs", "--listen", "127.0.0.1:0"]);
        command
            .env("RAG_LOG_FORMAT", "json")
            .env("RAG_ADMIN_KEY", ADMIN);
        command.env("RATE_LIMIT_QUERIES_PER_MINUTE", "0");
        command.envs(settings.iter().copied());
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let said = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                hearing.lock().expect("not poisoned").push(line);
            }
        });
        let mut server = Self {
            child,
            said,
            url: String::new(),
        };
        let opened = server.line(|line| {
            let message = line["message"].as_str()?;
            message.strip_prefix("open ").map(str::to_owned)
        });
        server.url = opened.await.trim_end_matches('/').to_owned();
        // To the last vector: words alone answer before.
        loop {
            let (_, body) = server.send(Method::GET, "/readyz", "ready", None).await;
            let ready: Value = serde_json::from_str(&body).expect("JSON");
            if ready["status"] == "ready" && ready["chunks"] == ready["chunks_embedded"] {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server
    }

    fn lines(&self) -> Vec<Value> {
        let said = self.said.lock().expect("not poisoned");
        let parsed = said.iter().map(|line| serde_json::from_str(line));
        parsed
            .collect::<Result<_, _>>()
            .expect("every line is JSON")
    }

    /// What `find` makes of the first line that it takes, once there is one.
    async fn line<T>(&self, find: impl Fn(&Value) -> Option<T>) -> T {
        let since = Instant::now();
        loop {
            if let Some(found) = self.lines().iter().find_map(&find) {
                return found;
            }
            assert!(since.elapsed() < PATIENCE, "{:#?}", self.lines());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The own line of the request that was sent with this id.
    async fn request(&self, id: &str) -> Value {
        self.line(|line| {
            let own = line["message"] == "request" && line["request_id"] == id;
            own.then(|| line.clone())
        })
        .await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        id: &str,
        body: Option<Value>,
    ) -> (u16, String) {
        let request = client().request(method, format!("{}{path}", self.url));
        let mut request = request.header("x-request-id", id);
        if path.starts_with("/admin") {
            request = request.bearer_auth(ADMIN);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("a response");
        (
            response.status().as_u16(),
            response.text().await.expect("text"),
        )
    }

    fn ends(mut self) {
        let pid = self.child.id().to_string();
        let told = std::process::Command::new("kill")
            .args(["-TERM", &pid])
            .status();
        assert!(told.expect("kill runs").success());
        assert!(self.child.wait().expect("it ends").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed_or_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[tokio::test]
async fn a_request_has_one_line_with_everything_but_the_question() {
    let upstream =
        Upstream::start([says("The battery lasts nine hours on a full charge [1].")]).await;
    let desk = Desk::new();
    let settings = [
        ("OPENAI_BASE_URL", upstream.base_url.as_str()),
        ("LOG_LEVEL", "debug"),
    ];
    let server = Server::start(&desk, &settings).await;
    let question = "How long does the battery last?";
    let (status, answer) = server
        .send(
            Method::POST,
            "/query",
            "asked",
            Some(json!({"query": question})),
        )
        .await;
    assert_eq!(status, 200);
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let session = answer["session_id"].as_str().expect("an id");
    let line = server.request("asked").await;
    for (field, expected) in [
        ("event", json!("request")),
        ("level", json!("INFO")),
        ("method", json!("POST")),
        ("route", json!("/query")),
        ("status", json!(200)),
        ("generator", json!("openai")),
        ("abstained", json!(false)),
        ("cached", json!(false)),
    ] {
        assert_eq!(line[field], expected, "{line:#}");
    }
    for field in [
        "latency_ms",
        "embed_ms",
        "words_ms",
        "vectors_ms",
        "fuse_ms",
        "prompt_ms",
        "first_token_ms",
        "generation_ms",
    ] {
        assert!(line[field].as_f64().is_some(), "{field} in {line:#}");
    }

    // The same conversation, streamed: the line comes with its end, and knows the conversation.
    let body = json!({"query": question, "stream": true, "session_id": session});
    let (_, events) = server
        .send(Method::POST, "/query", "streamed", Some(body))
        .await;
    assert!(events.contains("event: done"), "{events}");
    let streamed = server.request("streamed").await;
    assert_eq!(streamed["session"], line["session"]);
    assert_eq!(streamed["complete"], true);
    assert!(
        streamed["duration_ms"].as_f64() >= streamed["latency_ms"].as_f64(),
        "{streamed:#}"
    );

    let (status, _) = server.send(Method::GET, "/api-keys", "refused", None).await;
    assert_eq!(status, 401);
    assert_eq!(server.request("refused").await["event"], "security.refused");
    let path = format!("/sessions/{session}");
    assert_eq!(server.send(Method::GET, &path, "read", None).await.0, 200);
    assert_eq!(server.request("read").await["route"], "/sessions/{id}");

    let lines = server.lines();
    for id in ["asked", "streamed", "refused", "read"] {
        let own = lines
            .iter()
            .filter(|line| line["message"] == "request" && line["request_id"] == id);
        assert_eq!(own.count(), 1, "{id}");
    }
    let fields: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
    let events: Vec<&str> = EVENTS.iter().map(|event| event.name).collect();
    for line in &lines {
        if line["message"] == "request" {
            let unknown = line
                .as_object()
                .expect("an object")
                .keys()
                .find(|name| !fields.contains(&name.as_str()));
            assert_eq!(unknown, None, "{line:#}");
        }
        if let Some(event) = line["event"].as_str() {
            assert!(events.contains(&event), "{line:#}");
        }
        let text = line.to_string();
        for secret in ["battery last", session, ADMIN, "nine hours"] {
            assert!(!text.contains(secret), "{secret} in {line:#}");
        }
    }
}

#[tokio::test]
async fn what_is_logged_can_be_changed_while_the_server_runs() {
    let desk = Desk::new();
    let server = Server::start(&desk, &[]).await;
    // Pages are told at debug only.
    server.send(Method::GET, "/chat", "before", None).await;
    let change = |filter: &str| Some(json!({ "filter": filter }));
    let (status, now) = server
        .send(
            Method::PUT,
            "/admin/logs",
            "change",
            change("warn,http=debug"),
        )
        .await;
    assert_eq!(status, 200, "{now}");
    let now: Value = serde_json::from_str(&now).expect("JSON");
    assert_eq!(
        (&now["filter"], &now["configured"]),
        (&json!("warn,http=debug"), &json!("info"))
    );
    server.send(Method::GET, "/chat", "after", None).await;
    assert_eq!(server.request("after").await["level"], "DEBUG");
    // Lines come in order, so this one was not written.
    let before = server
        .lines()
        .iter()
        .any(|line| line["request_id"] == "before");
    assert!(!before);

    let (status, refused) = server
        .send(
            Method::PUT,
            "/admin/logs",
            "wrong",
            change("warn,http=loud"),
        )
        .await;
    assert_eq!(status, 422);
    assert!(refused.contains("invalid_field"), "{refused}");
    let (_, kept) = server.send(Method::GET, "/admin/logs", "read", None).await;
    assert!(kept.contains("warn,http=debug"), "{kept}");
    let (status, back) = server
        .send(Method::PUT, "/admin/logs", "back", Some(json!({})))
        .await;
    assert_eq!(status, 200);
    assert!(back.contains(r#""filter":"info""#), "{back}");
    let (_, audit) = server
        .send(Method::GET, "/admin/audit", "audit", None)
        .await;
    let audit: Value = serde_json::from_str(&audit).expect("JSON");
    let changes = audit["entries"].as_array().expect("entries").iter();
    let changes: Vec<&str> = changes
        .filter(|entry| entry["action"] == "log.filter")
        .filter_map(|entry| entry["object"].as_str())
        .collect();
    assert_eq!(changes, ["info", "warn,http=debug"]);
}

#[tokio::test]
async fn successes_are_sampled_and_failures_are_not() {
    let desk = Desk::new();
    let server = Server::start(&desk, &[("RAG_LOG_SAMPLE", "10")]).await;
    for at in 0..20 {
        let (status, _) = server
            .send(Method::GET, "/v1/models", &format!("good-{at}"), None)
            .await;
        assert_eq!(status, 200);
        let (status, _) = server
            .send(Method::GET, "/sessions/nobody", &format!("bad-{at}"), None)
            .await;
        assert_eq!(status, 404);
    }
    server.request("bad-19").await;
    let lines = server.lines();
    let told = |start: &str| {
        let of = |line: &&Value| {
            line["request_id"]
                .as_str()
                .is_some_and(|id| id.starts_with(start))
        };
        lines.iter().filter(of).count()
    };
    assert_eq!((told("good-"), told("bad-")), (2, 20));
    let sampled = lines
        .iter()
        .find(|line| line["route"] == "/v1/models")
        .expect("two are told");
    assert_eq!(sampled["sample"], 10);
}

#[tokio::test]
async fn files_hold_the_same_lines_and_old_ones_go() {
    let desk = Desk::new();
    let folder = desk.path("logs");
    std::fs::create_dir(&folder).expect("created");
    std::fs::write(folder.join("rag-chatbot-2020-01-01.log"), "old\n").expect("written");
    let settings = [("RAG_LOG_DIR", "logs"), ("RAG_LOG_RETENTION_DAYS", "3")];
    let server = Server::start(&desk, &settings).await;
    server.send(Method::GET, "/v1/models", "listed", None).await;
    server.request("listed").await;
    // All that was told is in the files when the process has ended.
    server.ends();
    let mut text = String::new();
    for entry in std::fs::read_dir(&folder).expect("readable").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(!name.contains("2020"), "{name}");
        text.push_str(&std::fs::read_to_string(entry.path()).expect("readable"));
    }
    let lines = text.lines().map(serde_json::from_str::<Value>);
    let lines: Vec<Value> = lines.collect::<Result<_, _>>().expect("every line is JSON");
    assert!(
        lines.iter().any(|line| line["request_id"] == "listed"),
        "{text}"
    );
    assert!(text.contains("finishing what has begun"), "{text}");
}

#[tokio::test]
async fn figures_have_a_port_of_their_own_where_it_is_asked_for() {
    let desk = Desk::new();
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("bound").to_string();
    drop(free);
    let settings = [
        ("RAG_METRICS_LISTEN", address.as_str()),
        ("RAG_METRICS_NETWORK", "none"),
    ];
    let server = Server::start(&desk, &settings).await;
    let own = client()
        .get(format!("http://{address}/metrics"))
        .send()
        .await
        .expect("a response");
    assert_eq!(own.status(), 200);
    assert!(
        own.text()
            .await
            .expect("text")
            .contains("rag_build_info{version=")
    );
    let other = client()
        .get(format!("http://{address}/health"))
        .send()
        .await
        .expect("a response");
    assert_eq!(other.status(), 404);
    let (status, _) = server.send(Method::GET, "/metrics", "near", None).await;
    assert_eq!(status, 401);
}
