//! A whole server on a port of its own, with its own documents and state.

use rag_chatbot::app::{App, listener_options};
use rag_chatbot::config::{Config, Settings};
use rag_chatbot::guard::Keys;
use rag_chatbot::http;
use rag_chatbot::ingest::Phase;
use rag_chatbot::store;
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// A small handbook, in two languages.
pub const HANDBOOK: [(&str, &str); 4] = [
    (
        "intro.md",
        "---\ntitle: Introduction\ndescription: What the rover is\n---\n\nThe rover is a small robot for teaching.\n\n\
         ## Battery life\n\nThe battery lasts nine hours on a full charge. Charging takes forty minutes.\n\n\
         ## Wheels\n\nThe rover has six wheels made of rubber.\n",
    ),
    (
        "guides/calibration.md",
        "# Calibration\n\n## Camera calibration\n\nPlace the checkerboard one metre before the camera and run \
         `rover calibrate --camera`. Repeat this after every transport.\n\n```sh\nrover calibrate --camera\n```\n",
    ),
    (
        "guides/safety.md",
        "# Safety\n\n## Emergency stop\n\nPress the red button to stop all motors at once.\n\n\
         <!-- the secret passphrase is xyzzy -->\n",
    ),
    (
        "ur/taaruf.md",
        "# تعارف\n\n## بیٹری\n\nروور کی بیٹری ایک مکمل چارج پر نو گھنٹے چلتی ہے۔\n",
    ),
];

/// A running server; stopped when dropped.
pub struct TestApp {
    pub url: String,
    pub address: std::net::SocketAddr,
    pub client: reqwest::Client,
    pub app: App,
    folders: TempDir,
    _stop: oneshot::Sender<()>,
}

/// What a test wants to be different from a fresh installation.
pub struct Wanted<'a> {
    pub documents: &'a [(&'a str, &'a str)],
    pub settings: Settings,
    /// Files of a static build.
    pub build: &'a [(&'a str, &'a [u8])],
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        Self {
            documents: &HANDBOOK,
            settings: Settings {
                // Tests ask more than a reader does.
                rate_limit_queries_per_minute: Some(0),
                ..Settings::default()
            },
            build: &[],
        }
    }
}

impl TestApp {
    /// The handbook, indexed to the last vector.
    pub async fn start() -> Self {
        Self::start_with(Wanted::default()).await
    }

    pub async fn start_with(wanted: Wanted<'_>) -> Self {
        let app = Self::open(wanted).await;
        app.indexed().await;
        app
    }

    /// Started, and perhaps still indexing.
    pub async fn open(wanted: Wanted<'_>) -> Self {
        let folders = tempfile::tempdir().expect("a temporary folder");
        let data = folders.path().join("docs");
        std::fs::create_dir(&data).expect("created");
        for (name, text) in wanted.documents {
            write(&data.join(name), text.as_bytes());
        }
        let mut settings = wanted.settings;
        if !wanted.build.is_empty() {
            let build = folders.path().join("site");
            for (name, bytes) in wanted.build {
                write(&build.join(name), bytes);
            }
            settings.site = Some(build);
        }
        settings.data = settings.data.or(Some(data.clone()));
        settings.state = settings.state.or(Some(folders.path().join("state")));
        settings.listen = Some(([127, 0, 0, 1], 0).into());
        let config = Config::from_settings(settings).expect("the test's settings are valid");

        let listener = TcpListener::bind(config.listen).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let app = App::open(&config).await.expect("the app opens");
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(http::serve(
            listener,
            app.router(),
            listener_options(&config),
            async {
                // An error is the test's end, too.
                let _ended = stopped.await;
            },
        ));
        app.start_indexing(false);
        app.start_looking();
        Self {
            url: format!("http://{address}"),
            address,
            client: client(),
            app,
            folders,
            _stop: stop,
        }
    }

    /// Waits until everything is indexed.
    pub async fn indexed(&self) {
        let mut progress = self.app.library().progress();
        let last = progress
            .wait_for(|p| matches!(p.phase, Phase::Ready | Phase::Failed))
            .await
            .expect("the library lives");
        assert_eq!(last.phase, Phase::Ready, "{:?}", last.last_error);
    }

    /// The keys as `rag-chatbot key` in another process has them: only the database is shared.
    pub fn another_process(&self) -> Keys {
        let store = store::open(&store::Options {
            database_url: "sqlite:".to_owned(),
            state_dir: self.state(),
            session_timeout: std::time::Duration::from_secs(60),
            retention: std::time::Duration::from_secs(90 * 24 * 60 * 60),
            keyring: store::Keyring::default(),
        });
        Keys::new(store.expect("it opens beside the server").keys, None)
    }

    /// The state folder.
    pub fn state(&self) -> std::path::PathBuf {
        self.folders.path().join("state")
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        let request = self.client.get(format!("{}{path}", self.url));
        request.send().await.expect("a response")
    }

    pub async fn post(&self, path: &str, body: &Value) -> reqwest::Response {
        let request = self.client.post(format!("{}{path}", self.url)).json(body);
        request.send().await.expect("a response")
    }

    /// Asks and returns the whole answer.
    pub async fn ask(&self, query: &str) -> Value {
        let response = self
            .post("/query", &serde_json::json!({ "query": query }))
            .await;
        assert_eq!(response.status(), 200, "{query}");
        response.json().await.expect("JSON")
    }

    /// Sends these bytes as they are: clients tidy up paths that a test wants untidy.
    pub async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("connected");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await.expect("received");
        String::from_utf8_lossy(&response).into_owned()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.app.stop();
    }
}

pub fn install_crypto() {
    // Fails only when another test was first.
    let _installed = rustls::crypto::ring::default_provider().install_default();
}

/// A client that shows redirects and compressed bodies as they are.
pub fn client() -> reqwest::Client {
    install_crypto();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client")
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("files are in folders")).expect("created");
    std::fs::write(path, bytes).expect("written");
}

/// Whether `page` loads the widget of this binary, named by its version, for the API at `base`.
pub fn carries_widget(page: &str, base: &str) -> bool {
    let start = format!(r#"<script type="module" async src="{base}_rag/"#);
    let end = format!(r#"/start.js" data-api="{base}"></script>"#);
    let version = page
        .split_once(&start)
        .and_then(|(_, rest)| rest.split_once(&end));
    version.is_some_and(|(version, _)| {
        version.len() == 16 && version.bytes().all(|b| b.is_ascii_hexdigit())
    })
}
