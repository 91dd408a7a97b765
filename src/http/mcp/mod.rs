//! The documentation for agents: the Model Context Protocol, spoken by `rmcp`.
//!
//! Tools that search, fetch and answer, and every page as a resource, from the same index and by the
//! same answerer as everything else. [`serve`] takes messages at `/mcp`, [`local`] hands out the
//! same agent for the standard streams.
//!
//! Who may ask is decided by `caller` for each request, and by [`door`] for browsers and names.

mod agent;
mod ask;
mod door;
mod fetch;
mod resources;
mod search;
mod sent_events;
mod tools;

pub use agent::{Agent, local};

use super::Server;
use super::caller::{Asker, Caller};
use super::problem::{Code, Problem};
use super::public_address::SiteAddress;
use super::request_id;
use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use sent_events::SentEvents;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Sessions held at once; one with an open stream takes some 80 KB.
const MAX_SESSIONS: usize = 2_000;

/// A session without a message for so long is ended: editors stay open over a meeting.
const IDLE: Duration = Duration::from_secs(30 * 60);

/// A tool's arguments are a question and a few names, and a batch of nothing is refused anyway.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// Seconds after which a full house is worth another try.
const FULL_RETRY_S: u64 = 30;

/// Names a session in requests and in the answer that opens it.
pub const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// Whoever sent a message over HTTP; travels with it to the agent.
#[derive(Clone)]
struct Sender {
    caller: Caller,
    site: SiteAddress,
    request_id: String,
}

/// Every session there is.
pub struct Sessions {
    service: StreamableHttpService<Agent, LocalSessionManager>,
    open: Arc<LocalSessionManager>,
    places: Arc<Semaphore>,
}

impl Sessions {
    pub fn new(server: &Server) -> Self {
        let places = Arc::new(Semaphore::new(MAX_SESSIONS));
        let mut open =
            LocalSessionManager::default().with_event_store(Arc::new(SentEvents::default()));
        let mut config = SessionConfig::default();
        config.keep_alive = Some(IDLE);
        open.session_config = config;
        let open = Arc::new(open);
        let config = StreamableHttpServerConfig::default()
            // `door` has checked both, and knows the settings.
            .disable_allowed_hosts()
            .disable_allowed_origins()
            .with_max_request_body_bytes(MAX_MESSAGE_BYTES)
            .with_cancellation_token(server.stopping.child_token());
        let make = {
            let (server, places) = (server.clone(), Arc::clone(&places));
            move || {
                let place = Arc::clone(&places).try_acquire_owned();
                let place = place.map_err(std::io::Error::other)?;
                Ok(Agent::new(server.clone(), Some(place)))
            }
        };
        Self {
            service: StreamableHttpService::new(make, Arc::clone(&open), config),
            open,
            places,
        }
    }

    /// Whether a request means a session that is not, or no longer, there.
    async fn has_ended(&self, headers: &HeaderMap) -> bool {
        match headers.get(SESSION_ID).map(HeaderValue::to_str) {
            Some(Ok(id)) => !self.open.sessions.read().await.contains_key(id),
            Some(Err(_)) => true,
            None => false,
        }
    }
}

/// `/mcp`: one message in, its answer out, as JSON or as a stream of events.
pub async fn serve(
    State(server): State<Server>,
    Asker(caller): Asker,
    site: SiteAddress,
    Extension(sessions): Extension<Arc<Sessions>>,
    mut request: Request,
) -> Response {
    if let Err(problem) = door::check(request.headers(), request.uri(), &server.options) {
        return problem.into_response();
    }
    if !request.headers().contains_key(SESSION_ID) && sessions.places.available_permits() == 0 {
        return Problem::new(
            Code::Overloaded,
            "Too many agents are connected; try again in half a minute.",
        )
        .retry_after(FULL_RETRY_S)
        .into_response();
    }
    // The transport takes any for ended well.
    if request.method() == Method::DELETE && sessions.has_ended(request.headers()).await {
        return (StatusCode::NOT_FOUND, "Not Found: Session not found").into_response();
    }
    request.extensions_mut().insert(Sender {
        caller,
        site,
        request_id: request_id::current(),
    });
    let response = sessions.service.handle(request).await.map(Body::new);
    door::in_json_rpc(response).await
}
