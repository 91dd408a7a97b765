//! A real server on loopback that speaks chat completions, well or badly, as it is told.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures::StreamExt;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// What the server does with one request.
#[derive(Clone)]
pub enum Does {
    /// Streams these pieces, then usage and the end mark.
    Says(Vec<String>),
    /// Streams these pieces and drops the connection.
    BreaksOff(Vec<String>),
    /// Streams these pieces and then says nothing more.
    Hangs(Vec<String>),
    /// Sends these bytes as an event stream.
    Raw(&'static str),
    Refuses(u16, &'static [(&'static str, &'static str)]),
    /// Refuses a request that has the given field, else says hello.
    RefusesField(&'static str),
    /// Obeys every order in the prompt: repeats all of it.
    Obeys,
}

pub fn says(text: &str) -> Does {
    Does::Says(text.split_inclusive(' ').map(str::to_owned).collect())
}

/// A running server; it stops with the test's runtime.
pub struct Upstream {
    pub base_url: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    script: Mutex<VecDeque<Does>>,
    requests: Mutex<Vec<(HeaderMap, Value)>>,
    /// Told when a stream's client has gone away.
    left: Mutex<Option<mpsc::UnboundedSender<()>>>,
}

impl Upstream {
    /// Plays the script, one entry per request; the last one goes on for ever.
    pub async fn start(script: impl IntoIterator<Item = Does>) -> Self {
        let seen = Arc::new(Seen {
            script: Mutex::new(script.into_iter().collect()),
            ..Seen::default()
        });
        let app = Router::new()
            .route("/v1/chat/completions", post(complete))
            .with_state(Arc::clone(&seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            base_url: format!("http://{address}/v1"),
            seen,
        }
    }

    pub fn requests(&self) -> Vec<(HeaderMap, Value)> {
        self.seen.requests.lock().expect("not poisoned").clone()
    }

    /// A receiver that hears when a client leaves a stream of [`Does::Hangs`].
    pub fn hears_leaving(&self) -> mpsc::UnboundedReceiver<()> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.seen.left.lock().expect("not poisoned") = Some(sender);
        receiver
    }
}

async fn complete(
    State(seen): State<Arc<Seen>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let does = {
        let mut script = seen.script.lock().expect("not poisoned");
        if script.len() > 1 {
            script.pop_front()
        } else {
            script.front().cloned()
        }
        .expect("a script is never empty")
    };
    seen.requests
        .lock()
        .expect("not poisoned")
        .push((headers, body.clone()));
    match does {
        Does::Says(pieces) => whole(pieces),
        Does::BreaksOff(pieces) => {
            // The pieces are on their way before the connection drops, or they are lost with it.
            let broken = futures::stream::once(async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Err(std::io::Error::other("gone"))
            });
            stream(events(pieces).chain(broken))
        }
        Does::Hangs(pieces) => {
            let guard = Leaving(seen.left.lock().expect("not poisoned").clone());
            let forever = futures::stream::unfold(guard, |guard| async move {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                Some((Ok(Bytes::new()), guard))
            });
            stream(events(pieces).chain(forever))
        }
        Does::Raw(text) => stream(futures::stream::iter([Ok(Bytes::from_static(
            text.as_bytes(),
        ))])),
        Does::Refuses(status, headers) => {
            let status = StatusCode::from_u16(status).expect("a status");
            let body = json!({"error": {"message": "no, and your key is sk-marker"}});
            let mut response = (status, Json(body)).into_response();
            for &(name, value) in headers {
                response
                    .headers_mut()
                    .insert(name, value.parse().expect("a header"));
            }
            response
        }
        Does::RefusesField(field) if body.get(field).is_some() => (
            StatusCode::BAD_REQUEST,
            Json(json!({"error": {"message": format!("unsupported parameter {field}")}})),
        )
            .into_response(),
        Does::RefusesField(_) => whole(vec!["The kettle boils one litre [1].".to_owned()]),
        Does::Obeys => {
            let prompt = body["messages"].as_array().and_then(|m| m.last().cloned());
            let text = prompt.unwrap_or_default()["content"].to_string();
            let text: String = serde_json::from_str(&text).unwrap_or_default();
            whole(text.split_inclusive(' ').map(str::to_owned).collect())
        }
    }
}

struct Leaving(Option<mpsc::UnboundedSender<()>>);

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            // A test that does not listen is not interested.
            let _ = sender.send(());
        }
    }
}

type Piece = Result<Bytes, std::io::Error>;

fn events(pieces: Vec<String>) -> impl futures::Stream<Item = Piece> + Send {
    futures::stream::iter(pieces.into_iter().map(|text| {
        let chunk = json!({"choices": [{"index": 0, "delta": {"content": text}}]});
        Ok(Bytes::from(format!("data: {chunk}\n\n")))
    }))
}

fn whole(pieces: Vec<String>) -> Response {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 120, "completion_tokens": 30}});
    let end = [
        Ok(Bytes::from(format!("data: {usage}\n\n"))),
        Ok(Bytes::from_static(b"data: [DONE]\n\n")),
    ];
    stream(events(pieces).chain(futures::stream::iter(end)))
}

fn stream(pieces: impl futures::Stream<Item = Piece> + Send + 'static) -> Response {
    Response::builder()
        .header("content-type", "text/event-stream")
        .body(Body::from_stream(pieces))
        .expect("a response")
}
