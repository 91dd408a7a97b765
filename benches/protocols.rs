//! What a protocol adds to a question: the same remembered answer through `/query`, through OpenAI's
//! protocol and through MCP, each over a real socket. The first is what the others are compared with.

use criterion::{Criterion, criterion_group, criterion_main};
use rag_chatbot::app::App;
use rag_chatbot::config::{Config, Settings};
use rag_chatbot::http;
use rag_chatbot::ingest::Phase;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const QUESTION: &str = "How long does the battery last?";

struct Served {
    url: String,
    client: Client,
    session: String,
    _folder: tempfile::TempDir,
}

impl Served {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("docs");
        std::fs::create_dir(&data).expect("created");
        let page = "# Rover\n\n## Battery\n\nThe battery lasts nine hours on a full charge.\n";
        std::fs::write(data.join("rover.md"), page).expect("written");
        let config = Config::from_settings(Settings {
            data: Some(data),
            state: Some(folder.path().join("state")),
            rate_limit_queries_per_minute: Some(0),
            rate_limit_queries_per_day: Some(0),
            ..Settings::default()
        })
        .expect("valid settings");
        let app = App::open(&config).await.expect("it opens");
        app.start_indexing(false);
        let mut progress = app.library().progress();
        let ready = progress.wait_for(|progress| progress.phase == Phase::Ready);
        drop(ready.await.expect("it is indexed"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        tokio::spawn(http::serve(
            listener,
            app.router(),
            http::listener::Options::default(),
            std::future::pending(),
        ));
        let _first = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().expect("a client");
        let session = open_session(&client, &url).await;
        Self {
            url,
            client,
            session,
            _folder: folder,
        }
    }

    async fn post(&self, path: &str, body: &Value) -> String {
        let accept = match path {
            "/mcp" => "application/json, text/event-stream",
            _ => "application/json",
        };
        let request = self
            .client
            .post(format!("{}{path}", self.url))
            .header("accept", accept)
            .header("mcp-session-id", &self.session)
            .json(body);
        let text = request.send().await.expect("a response").text().await;
        let text = text.expect("text");
        assert!(text.contains("nine hours"), "{text}");
        text
    }
}

async fn open_session(client: &Client, url: &str) -> String {
    let opening = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    }});
    let request = client
        .post(format!("{url}/mcp"))
        .header("accept", "application/json, text/event-stream")
        .json(&opening);
    let response = request.send().await.expect("a response");
    let session = response.headers()["mcp-session-id"]
        .to_str()
        .expect("ASCII");
    session.to_owned()
}

fn protocols(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let served = runtime.block_on(Served::start());
    let chat = json!({"model": "docs", "messages": [{"role": "user", "content": QUESTION}]});
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "ask_docs", "arguments": {"question": QUESTION},
    }});
    for (name, path, body) in [
        (
            "a remembered answer by /query",
            "/query",
            json!({"query": QUESTION}),
        ),
        (
            "the same by /v1/chat/completions",
            "/v1/chat/completions",
            chat,
        ),
        ("the same by MCP", "/mcp", call),
    ] {
        c.bench_function(name, |b| {
            b.to_async(&runtime).iter(|| served.post(path, &body));
        });
    }
}

criterion_group!(benches, protocols);
criterion_main!(benches);
