//! The HTTP client: answers as events, errors sorted by whether they may pass.

use super::Options;
use super::retry::Failure;
use super::wire::{self, Event};
use crate::answer::generator::GenerateError;
use crate::outbound::{self, cause};
use crate::secret::{REDACTED, Secret};
use crate::telemetry::traces;
use eventsource_stream::Eventsource;
use futures::{Stream, StreamExt};
use reqwest::{StatusCode, Url, header};
use serde_json::Value;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

/// Bytes of an error's body that are read: a proxy's HTML page says no more in its second half.
const ERROR_BODY_BYTES: usize = 64 * 1024;
/// Longest answer taken, in bytes of text: a server gone mad must not fill the memory.
const ANSWER_BYTES: usize = 256 * 1024;

pub(super) struct Client {
    http: reqwest::Client,
    url: Url,
    key: Option<Secret>,
}

/// The events of one answer.
pub(super) struct Events {
    stream: Pin<Box<dyn Stream<Item = Result<String, String>> + Send>>,
    ready: VecDeque<Event>,
    read_bytes: usize,
}

impl Client {
    pub fn new(options: &Options) -> Result<Self, String> {
        let base = options.base_url.trim_end_matches('/');
        let url = Url::parse(&format!("{base}/chat/completions"))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                "OPENAI_BASE_URL must be an address like https://api.openai.com/v1".to_owned()
            })?;
        let client = outbound::client_for(&url)?.connect_timeout(options.connect_timeout);
        Ok(Self {
            http: client.build().map_err(|e| {
                format!(
                    "the client for {} cannot be built: {e}",
                    url.host_str().unwrap_or_default()
                )
            })?,
            url,
            key: options.api_key.clone().filter(|key| !key.is_empty()),
        })
    }

    pub async fn post(&self, body: &Value) -> Result<Events, Failure> {
        let mut request = self
            .http
            .post(self.url.clone())
            .header(header::ACCEPT, "text/event-stream")
            .json(body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose());
        }
        let mut trace = header::HeaderMap::new();
        traces::pass_on(&mut trace);
        request = request.headers(trace);
        let response = request.send().await.map_err(|error| {
            // Without the address: it may hold a user's name or a token.
            let error = error.without_url();
            Failure::passing(GenerateError::Unavailable(cause(&error)))
        })?;
        if response.status() != StatusCode::OK {
            return Err(self.refusal(response).await);
        }
        let stream = response
            .bytes_stream()
            .eventsource()
            .map(|event| match event {
                Ok(event) => Ok(event.data),
                Err(_) => Err("the stream broke off or is no event stream".to_owned()),
            });
        Ok(Events {
            stream: Box::pin(stream),
            ready: VecDeque::new(),
            read_bytes: 0,
        })
    }
}

impl Client {
    /// Sorts a response that is not an answer.
    async fn refusal(&self, response: reqwest::Response) -> Failure {
        let status = response.status();
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.trim().parse::<u64>().ok())
            .map(Duration::from_secs);
        let mut reason = body_text(response).await;
        if let Some(key) = &self.key {
            // Some servers repeat the key they refuse; the reason goes into a log.
            reason = reason.replace(key.expose(), REDACTED);
        }
        let may_pass = status == StatusCode::TOO_MANY_REQUESTS
            || status == StatusCode::REQUEST_TIMEOUT
            || status.is_server_error();
        if may_pass {
            let error = GenerateError::Unavailable(format!("status {}: {reason}", status.as_u16()));
            return Failure {
                retry_after,
                ..Failure::passing(error)
            };
        }
        let is_parameter = matches!(
            status,
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY
        );
        let error = GenerateError::Refused {
            status: status.as_u16(),
            reason,
        };
        Failure {
            is_parameter,
            ..Failure::lasting(error)
        }
    }
}

impl Events {
    pub async fn next(&mut self) -> Option<Result<Event, String>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            let data = match self.stream.next().await? {
                Ok(data) => data,
                Err(reason) => return Some(Err(reason)),
            };
            self.read_bytes += data.len();
            if self.read_bytes > ANSWER_BYTES {
                return Some(Err("the answer is too long".to_owned()));
            }
            match wire::read(&data) {
                Ok(events) => self.ready.extend(events),
                Err(reason) => return Some(Err(reason)),
            }
        }
    }
}

async fn body_text(response: reqwest::Response) -> String {
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(Ok(bytes)) = stream.next().await {
        body.extend_from_slice(&bytes);
        if body.len() > ERROR_BODY_BYTES {
            break;
        }
    }
    match serde_json::from_slice::<Value>(&body) {
        Ok(json) => wire::error_text(&json),
        Err(_) => "no reason given".to_owned(),
    }
}
