//! These bytes are the body of a request; the first one says to which route.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use rag_chatbot::app::App;
use rag_chatbot::config::{Config, Settings};
use rag_chatbot::ingest::Phase;
use rag_chatbot::secret::Secret;
use std::fs;
use std::sync::LazyLock;
use tempfile::TempDir;
use tower::ServiceExt;

const KEY: &str = "key-of-the-fuzz-test";

/// Where bodies are sent, and the content type they are sent with.
const ROUTES: [&str; 9] = [
    "/query",
    "/query-selected-text",
    "/feedback",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/mcp",
    "/api-keys",
    "/api-keys/none/rotate",
    "/ingest",
];

struct Rig {
    runtime: tokio::runtime::Runtime,
    router: Router,
    _app: App,
    _folder: TempDir,
}

static RIG: LazyLock<Rig> = LazyLock::new(|| {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let docs = folder.path().join("docs");
    fs::create_dir(&docs).expect("created");
    fs::write(
        docs.join("rover.md"),
        "# Rover\n\n## Battery\n\nIt lasts nine hours.\n",
    )
    .expect("written");
    let config = Config::from_settings(Settings {
        data: Some(docs),
        state: Some(folder.path().join("state")),
        admin_key: Some(Secret::new(KEY)),
        rate_limit_queries_per_minute: Some(0),
        rate_limit_queries_per_day: Some(0),
        embed_threads: Some(1),
        ..Settings::default()
    })
    .expect("valid settings");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let app = runtime.block_on(async {
        let app = App::open(&config).await.expect("it opens");
        app.start_indexing(false);
        let mut progress = app.library().progress();
        let ready = progress.wait_for(|p| matches!(p.phase, Phase::Ready | Phase::Failed));
        assert_eq!(ready.await.expect("the library lives").phase, Phase::Ready);
        app
    });
    Rig {
        router: app.router(),
        runtime,
        _app: app,
        _folder: folder,
    }
});

pub fn try_on(data: &[u8]) {
    let Some((route, body)) = data.split_first() else {
        return;
    };
    let path = ROUTES[usize::from(*route) % ROUTES.len()];
    let request = Request::post(path)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("authorization", format!("Bearer {KEY}"))
        .body(Body::from(body.to_vec()))
        .expect("a request");
    RIG.runtime.block_on(async {
        let response = RIG.router.clone().oneshot(request).await;
        let response = response.expect("infallible");
        let status = response.status();
        let is_json = response
            .headers()
            .get("content-type")
            .is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
        let said = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        let said = said.expect("a whole body");
        assert!(!status.is_server_error(), "{path}: {status} {said:?}");
        if is_json {
            let read: Result<serde_json::Value, _> = serde_json::from_slice(&said);
            assert!(read.is_ok(), "{path}: {said:?}");
        }
    });
}
