//! Vectors from a server that speaks OpenAI's `/v1/embeddings` (`--embedder openai`).
//!
//! Calls block their model thread; the requests themselves run on a small runtime of their own, so
//! that this works from any thread. Rate limits and passing failures are retried here, so a caller
//! sees an error only when waiting would not help. It doesn't know what the texts are for beyond
//! query and passage, and OpenAI's models make no difference between the two.

use super::{EmbedError, Embedder, InputKind, ModelIdentity, Options};
use crate::outbound;
use crate::secret::Secret;
use crate::telemetry::metrics::{UPSTREAM_FAILURES, UPSTREAM_REQUESTS};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use serde_json::json;
use std::sync::mpsc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// OpenAI's limit on inputs in one request is 2,048; a smaller one is refused by fewer servers.
const MAX_INPUTS: usize = 256;

/// OpenAI takes 8,191 tokens. No token is shorter than a byte, so so many bytes always fit.
const MAX_INPUT_BYTES: usize = 8191;

/// What a chunk may measure by [`OpenAi::count_tokens`], whose tokens are four bytes at most.
const MAX_TOKENS: usize = MAX_INPUT_BYTES / 4;

/// Time for one request. OpenAI answers in well under a second; a busy local server needs longer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Attempts in all, waiting 0.5, 1, 2 and 4 s between them: long enough for a limit per minute to
/// ease, short enough for a reader to be told.
const ATTEMPTS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// A server's `Retry-After` is believed up to here.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// An embedder that asks a server.
pub struct OpenAi {
    identity: ModelIdentity,
    server: Server,
    /// Taken when dropped: a runtime must not be waited for inside another one.
    runtime: Option<Runtime>,
}

#[derive(Clone)]
struct Server {
    client: Client,
    url: Url,
    key: Secret,
    model: String,
}

impl OpenAi {
    /// Prepares the client. Asks the server once when the model's dimension isn't known here.
    pub fn new(options: &Options) -> Result<Self, EmbedError> {
        let url = endpoint(&options.openai_base_url)?;
        let server = Server {
            client: client(&url)?,
            url,
            key: options.openai_api_key.clone(),
            model: options.openai_model.clone(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("embed-http")
            .enable_all()
            .build()
            .map_err(|e| EmbedError::Model(format!("cannot start a runtime ({e})")))?;
        let mut embedder = Self {
            identity: ModelIdentity {
                name: options.openai_model.clone(),
                hash: String::new(),
                dimension: 0,
                max_tokens: MAX_TOKENS,
                query_prefix: String::new(),
                passage_prefix: String::new(),
            },
            server,
            runtime: Some(runtime),
        };
        embedder.identity.dimension = match options.openai_model.as_str() {
            "text-embedding-3-small" | "text-embedding-ada-002" => 1536,
            "text-embedding-3-large" => 3072,
            _ => embedder.ask(vec!["dimension".to_owned()])?[0].len(),
        };
        // Nothing is known of the weights; a name and a size are what there is to compare.
        embedder.identity.hash = blake3::hash(
            format!(
                "openai {} {}",
                embedder.identity.name, embedder.identity.dimension
            )
            .as_bytes(),
        )
        .to_hex()
        .to_string();
        Ok(embedder)
    }

    /// Runs one request on the runtime and waits for it.
    fn ask(&self, inputs: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError> {
        let runtime = self.runtime.as_ref().ok_or(EmbedError::Stopped)?;
        let (sender, receiver) = mpsc::sync_channel(1);
        let server = self.server.clone();
        runtime.spawn(async move {
            // An error means that the waiting thread has gone.
            let _ = sender.send(server.embed_patiently(&inputs).await);
        });
        receiver.recv().unwrap_or(Err(EmbedError::Stopped))
    }
}

impl Drop for OpenAi {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Embedder for OpenAi {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    /// A guess on the high side: four letters of English to a token, and a token for every letter
    /// beyond ASCII (four bytes at most), where OpenAI's vocabulary is thin.
    fn count_tokens(&self, text: &str) -> usize {
        let ascii = text.bytes().filter(u8::is_ascii).count();
        let other = text.chars().filter(|c| !c.is_ascii()).count();
        ascii.div_ceil(4) + other
    }

    fn unknown_share(&self, _text: &str) -> f32 {
        // Its vocabulary ends in single bytes, so there is nothing it cannot read.
        0.0
    }

    fn embed(&self, _kind: InputKind, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(MAX_INPUTS) {
            let inputs = batch.iter().map(|text| acceptable(text)).collect();
            for mut vector in self.ask(inputs)? {
                if vector.len() != self.identity.dimension {
                    return Err(EmbedError::Upstream(format!(
                        "`{}` gave {} dimensions, expected {}",
                        self.identity.name,
                        vector.len(),
                        self.identity.dimension
                    )));
                }
                normalise(&mut vector)?;
                vectors.push(vector);
            }
        }
        Ok(vectors)
    }
}

impl Server {
    async fn embed_patiently(&self, inputs: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            metrics::counter!(UPSTREAM_REQUESTS, "upstream" => "embedder").increment(1);
            let failure = match self.embed_once(inputs).await {
                Ok(vectors) => return Ok(vectors),
                Err(failure) => failure,
            };
            metrics::counter!(
                UPSTREAM_FAILURES, "upstream" => "embedder", "kind" => failure.kind
            )
            .increment(1);
            if !failure.passing || attempt >= ATTEMPTS {
                return Err(EmbedError::Upstream(failure.message));
            }
            let pause = failure.retry_after.unwrap_or(wait).min(LONGEST_WAIT);
            tokio::time::sleep(pause).await;
            wait *= 2;
        }
        unreachable!("the loop ends by returning")
    }

    async fn embed_once(&self, inputs: &[String]) -> Result<Vec<Vec<f32>>, Failure> {
        let mut request = self
            .client
            .post(self.url.clone())
            .json(&json!({"model": self.model, "input": inputs, "encoding_format": "float"}));
        if !self.key.is_empty() {
            request = request.bearer_auth(self.key.expose());
        }
        let response = request.send().await.map_err(|e| Failure {
            // Without the URL: it may hold what its owner would rather not have in a log.
            kind: if e.is_timeout() {
                "timed_out"
            } else {
                "unavailable"
            },
            message: format!("cannot reach it ({})", e.without_url()),
            passing: true,
            retry_after: None,
        })?;
        let status = response.status();
        if !status.is_success() {
            let retry_after = response
                .headers()
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok()?.parse().ok())
                .map(Duration::from_secs);
            let body: Option<Refusal> = response.json().await.ok();
            let reason = body.map_or_else(String::new, |b| format!(": {}", b.error.message));
            let passing = status == StatusCode::TOO_MANY_REQUESTS
                || status == StatusCode::REQUEST_TIMEOUT
                || status.is_server_error();
            return Err(Failure {
                message: format!("{status}{reason}"),
                kind: if passing { "unavailable" } else { "refused" },
                passing,
                retry_after,
            });
        }
        let answer: Answer = response.json().await.map_err(|e| Failure {
            kind: if e.is_timeout() {
                "timed_out"
            } else {
                "interrupted"
            },
            message: format!("its answer is not understood ({})", e.without_url()),
            passing: false,
            retry_after: None,
        })?;
        answer.in_order(inputs.len()).ok_or_else(|| Failure {
            message: format!("it did not answer each of {} texts once", inputs.len()),
            kind: "interrupted",
            passing: false,
            retry_after: None,
        })
    }
}

struct Failure {
    message: String,
    /// As the metric's label has it.
    kind: &'static str,
    /// Whether the same request may succeed a little later.
    passing: bool,
    retry_after: Option<Duration>,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: usize,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalReason,
}

#[derive(Deserialize)]
struct RefusalReason {
    message: String,
}

impl Answer {
    fn in_order(mut self, expected: usize) -> Option<Vec<Vec<f32>>> {
        self.data.sort_by_key(|item| item.index);
        let complete = self.data.len() == expected
            && self
                .data
                .iter()
                .enumerate()
                .all(|(i, item)| item.index == i);
        complete.then(|| self.data.into_iter().map(|item| item.embedding).collect())
    }
}

fn normalise(vector: &mut [f32]) -> Result<(), EmbedError> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if !(length.is_finite() && length > 0.0) {
        return Err(EmbedError::Upstream(
            "it gave a vector without a length".into(),
        ));
    }
    vector.iter_mut().for_each(|x| *x /= length);
    Ok(())
}

/// A text the server takes: not empty, and not longer than its limit however it counts.
fn acceptable(text: &str) -> String {
    match text.trim() {
        "" => ".".to_owned(),
        text => text[..text.floor_char_boundary(MAX_INPUT_BYTES)].to_owned(),
    }
}

fn endpoint(base: &str) -> Result<Url, EmbedError> {
    let base = base.trim_end_matches('/');
    let base = base.strip_suffix("/v1").unwrap_or(base);
    Url::parse(&format!("{base}/v1/embeddings")).map_err(|e| {
        EmbedError::Model(format!(
            "OPENAI_BASE_URL is not a URL ({e}); it looks like https://api.openai.com/v1"
        ))
    })
}

fn client(endpoint: &Url) -> Result<Client, EmbedError> {
    let client = outbound::client_for(endpoint).map_err(EmbedError::Model)?;
    let client = client.timeout(TIMEOUT).build();
    client.map_err(|e| EmbedError::Model(format!("no client can be built: {e}")))
}
