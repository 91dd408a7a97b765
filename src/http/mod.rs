//! Routes and layers: the only folder that knows axum.
//!
//! One file per resource, and the wire types with it. What an answer is, where passages come from
//! and who may ask is decided below; here it is read from requests and written to responses.

mod address;
mod admin;
mod answered;
mod api_keys;
mod asset;
mod audit;
mod base_path;
mod bundle;
mod caller;
mod catalogue;
mod cookie;
mod csv;
mod excerpt;
mod extract;
mod feedback;
mod figures;
mod gaps;
mod health;
mod hearing;
mod ingest;
mod layers;
mod limits;
pub mod listener;
mod log_filter;
pub mod mcp;
mod openapi;
mod problem;
mod public_address;
mod query;
mod request_id;
mod request_log;
mod search;
mod sessions;
mod sign_in;
pub mod site;
mod standing;
mod status;
mod stream;
mod traced;
mod v1;
mod widget;

use crate::answer::Answerer;
use crate::backup::Backups;
use crate::embedding::EmbeddingQueue;
use crate::gaps::Gaps;
use crate::guard::{Audit, Budget, Keys, Oidc, RateLimiter};
use crate::index::Index;
use crate::ingest::Library;
use crate::retrieval::Search;
use crate::store::Store;
use crate::telemetry::history::History;
use crate::telemetry::metrics::Figures;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Request};
use axum::middleware::{from_fn, from_fn_with_state};
use catalogue::Catalogue;
pub use figures::{measure, router as figures_router};
use ipnet::IpNet;
pub use listener::serve;
use problem::{Code, Problem};
use site::Site;
pub use standing::{Stood, spawn as spawn_looking};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::util::MapRequestLayer;
use tower::{Layer, ServiceBuilder};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// 10 000 characters of selection, each escaped as two `\uXXXX`, with room for the rest.
const MAX_BODY_BYTES: usize = 160 * 1024;
/// A 1 MB chapter in which every second byte pair is escaped as `\uXXXX` (Urdu in ASCII JSON).
const MAX_INGEST_BYTES: usize = 4 * 1024 * 1024;

/// What `http` needs to be told.
#[derive(Debug, Clone)]
pub struct Options {
    pub environment: String,
    pub allowed_origins: Vec<String>,
    /// Names that this server answers to; empty for any.
    pub allowed_hosts: Vec<String>,
    /// Origin at which readers see the site (`https://docs.example.com`).
    pub public_url: Option<String>,
    /// Who may read the figures without a key.
    pub metrics_networks: Vec<IpNet>,
    /// The state folder, whose disk is watched.
    pub state: PathBuf,
    /// Answers streamed at once.
    pub max_streams: usize,
    /// What is logged, as the settings have it.
    pub log_filter: String,
    /// Of so many requests that succeeded, one is logged.
    pub log_sample: u32,
    /// Proxies in front whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// For a whole request body.
    pub body_timeout: Duration,
    /// Browsers are told to come back with TLS only.
    pub has_tls: bool,
    /// Who wants more than a reader must show a certificate, besides a key.
    pub certificate_for_keys: bool,
}

#[cfg(test)]
impl Options {
    /// Nothing set.
    fn for_tests() -> Self {
        Self {
            environment: "test".to_owned(),
            allowed_origins: Vec::new(),
            allowed_hosts: Vec::new(),
            public_url: None,
            metrics_networks: Vec::new(),
            state: PathBuf::new(),
            max_streams: 1,
            log_filter: "info".to_owned(),
            log_sample: 1,
            trusted_proxies: Vec::new(),
            body_timeout: Duration::from_secs(1),
            has_tls: false,
            certificate_for_keys: false,
        }
    }
}

/// What handlers work with; cheap to clone.
#[derive(Clone)]
pub struct Server {
    pub answerer: Answerer,
    pub search: Arc<dyn Search>,
    pub embeddings: EmbeddingQueue,
    pub library: Arc<Library>,
    pub store: Store,
    pub limiter: Arc<RateLimiter>,
    pub keys: Arc<Keys>,
    /// The identity provider, where there is one.
    pub oidc: Option<Arc<Oidc>>,
    pub audit: Arc<Audit>,
    pub gaps: Arc<Gaps>,
    pub backups: Arc<Backups>,
    pub site: Arc<Site>,
    /// Where a model that costs is set.
    pub budget: Option<Arc<Budget>>,
    pub figures: Figures,
    /// The figures of the last 24 hours.
    pub history: Arc<History>,
    pub stood: Arc<Stood>,
    /// One permit per stream that is open.
    pub streams: Arc<Semaphore>,
    /// Cancelled when the process begins to stop: streams without an end of their own end then.
    pub stopping: CancellationToken,
    pub options: Arc<Options>,
}

impl Server {
    fn catalogue(&self) -> Catalogue {
        Catalogue(self.index())
    }

    /// The living index; `None` before the first one.
    fn index(&self) -> Option<Arc<dyn Index>> {
        self.library.index().map(|index| index as Arc<dyn Index>)
    }
}

/// Every endpoint, the site behind them, and what happens to all of them.
pub fn router(server: Server) -> Router {
    let (endpoints, mut description) = OpenApiRouter::with_openapi(openapi::Description::openapi())
        .routes(routes!(query::query))
        .routes(routes!(query::query_selected_text))
        .routes(routes!(search::sections))
        .routes(routes!(sessions::read, sessions::delete))
        .routes(routes!(sessions::export))
        .routes(routes!(feedback::give))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::rotate))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(audit::read))
        .routes(routes!(gaps::list))
        .routes(routes!(gaps::mark))
        .routes(routes!(log_filter::read, log_filter::change))
        .routes(routes!(sign_in::begin))
        .routes(routes!(sign_in::finish))
        .routes(routes!(sign_in::who))
        .routes(routes!(sign_in::end))
        .merge(admin::routes())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(ingest::add))
                .layer(DefaultBodyLimit::max(MAX_INGEST_BYTES)),
        )
        .merge(v1::routes())
        .routes(routes!(health::health))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(figures::metrics))
        .routes(routes!(openapi::describe))
        .routes(routes!(status::report))
        .split_for_parts();
    description.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let endpoints = endpoints
        .route("/mcp", axum::routing::any(mcp::serve))
        .route("/mcp/", axum::routing::any(mcp::serve));
    let endpoints = endpoints.method_not_allowed_fallback(no_such_method).layer(
        ServiceBuilder::new()
            .layer(layers::cors(&server.options.allowed_origins))
            .layer(CompressionLayer::new())
            .layer(from_fn(v1::reshape))
            .layer(Extension(Arc::new(description)))
            .layer(Extension(Arc::new(mcp::Sessions::new(&server)))),
    );
    let routed = endpoints
        .route("/_rag/{*path}", axum::routing::get(widget::file))
        .route("/chat", axum::routing::get(widget::chat_page))
        .route("/_rag/admin/{*path}", axum::routing::get(admin::file))
        .route("/admin", axum::routing::get(admin::page))
        .route("/status", axum::routing::get(status::page))
        .fallback(site::serve)
        .layer(from_fn_with_state(server.clone(), request_log::observe))
        .layer(from_fn_with_state(server.clone(), address::only_our_names))
        .with_state(server.clone());
    // The base path is taken off before routing, so the routes are one service behind it.
    let based = MapRequestLayer::new(layers::take_off_base(&server)).layer(routed);
    Router::new().fallback_service(based).layer(
        ServiceBuilder::new()
            .layer(from_fn(request_id::layer))
            .layer(from_fn_with_state(server, layers::security))
            .layer(CatchPanicLayer::custom(layers::after_panic)),
    )
}

async fn no_such_method(request: Request) -> Problem {
    Problem::new(
        Code::MethodNotAllowed,
        format!("{} does not exist here.", request.method()),
    )
}
