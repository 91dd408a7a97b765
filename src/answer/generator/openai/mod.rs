//! Chat completions of any server that speaks OpenAI's protocol, streamed.
//!
//! Until the first token arrives, failures that may pass are tried again with growing pauses;
//! after it, the caller keeps what came. Keys are never sent to another address: redirects are
//! not followed. The protocol is in [`wire`], the pauses in [`retry`], the connection in
//! [`client`].

mod client;
mod retry;
mod wire;

pub use retry::Retries;

use super::{GenerateError, Generator, Used, estimate_tokens};
use crate::answer::prompt::ChatMessage;
use crate::secret::Secret;
use crate::stage;
use crate::telemetry::metrics::{UPSTREAM_FAILURES, UPSTREAM_REQUESTS};
use async_trait::async_trait;
use retry::Failure;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

/// Where the model is and what it may take.
#[derive(Debug, Clone)]
pub struct Options {
    /// Up to and including `/v1`.
    pub base_url: String,
    pub api_key: Option<Secret>,
    pub model: String,
    /// For one answer, retries included.
    pub total_timeout: Duration,
    /// Between two pieces of an answer, and until the first one of a try.
    pub idle_timeout: Duration,
    pub connect_timeout: Duration,
    pub retries: Retries,
    pub price: Price,
}

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    pub prompt_usd: f64,
    pub completion_usd: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            base_url: "https://api.openai.com/v1".to_owned(),
            api_key: None,
            model: "gpt-4o-mini".to_owned(),
            // Long answers of slow local models; a hung server is noticed by the idle limit.
            total_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(5),
            retries: Retries::default(),
            price: Price::of("gpt-4o-mini").unwrap_or(Price::FREE),
        }
    }
}

impl Price {
    /// For a server of one's own.
    pub const FREE: Self = Self {
        prompt_usd: 0.0,
        completion_usd: 0.0,
    };

    /// The list price of a known model (platform.openai.com/docs/pricing, 2025), by its name's
    /// beginning; a site sets its own where it differs.
    pub fn of(model: &str) -> Option<Self> {
        const LIST: &[(&str, f64, f64)] = &[
            ("gpt-4o-mini", 0.15, 0.60),
            ("gpt-4o", 2.50, 10.00),
            ("gpt-4.1-nano", 0.10, 0.40),
            ("gpt-4.1-mini", 0.40, 1.60),
            ("gpt-4.1", 2.00, 8.00),
            ("gpt-5-nano", 0.05, 0.40),
            ("gpt-5-mini", 0.25, 2.00),
            ("gpt-5", 1.25, 10.00),
        ];
        LIST.iter().find(|(name, ..)| model.starts_with(name)).map(
            |&(_, prompt_usd, completion_usd)| Self {
                prompt_usd,
                completion_usd,
            },
        )
    }
}

/// A chat model behind a server.
pub struct OpenAi {
    client: client::Client,
    options: Options,
    /// Set when the server has refused the optional parts of a request once.
    plain: AtomicBool,
}

impl OpenAi {
    /// Prepares the connection; nothing is sent yet. The error says what to change.
    pub fn new(options: Options) -> Result<Self, String> {
        Ok(Self {
            client: client::Client::new(&options)?,
            options,
            plain: AtomicBool::new(false),
        })
    }
}

#[async_trait]
impl Generator for OpenAi {
    fn name(&self) -> &str {
        "openai"
    }

    fn model(&self) -> &str {
        &self.options.model
    }

    fn cost_usd(&self, used: Used) -> f64 {
        let price = &self.options.price;
        (used.prompt as f64 * price.prompt_usd + used.completion as f64 * price.completion_usd)
            / 1e6
    }

    async fn generate(
        &self,
        messages: &[ChatMessage],
        max_tokens: u32,
        out: mpsc::Sender<String>,
    ) -> Result<Used, GenerateError> {
        let deadline = Instant::now() + self.options.total_timeout;
        tokio::time::timeout_at(deadline, self.tries(messages, max_tokens, &out, deadline))
            .await
            .unwrap_or_else(|_| {
                count(&GenerateError::TimedOut);
                Err(GenerateError::TimedOut)
            })
    }
}

impl OpenAi {
    async fn tries(
        &self,
        messages: &[ChatMessage],
        max_tokens: u32,
        out: &mpsc::Sender<String>,
        deadline: Instant,
    ) -> Result<Used, GenerateError> {
        let mut tried = 0;
        loop {
            metrics::counter!(UPSTREAM_REQUESTS, "upstream" => "generator").increment(1);
            let span = stage!(
                "chat completion",
                otel.kind = "client",
                otel.status_code = Empty,
                attempt = tried + 1,
            );
            let attempt = self.once(messages, max_tokens, out);
            let ended = attempt.instrument(span.clone()).await;
            if ended.is_err() {
                span.record("otel.status_code", "ERROR");
            }
            let failure = match ended {
                Ok(used) => return Ok(used),
                Err(failure) => failure,
            };
            count(&failure.error);
            if failure.is_parameter && !self.plain.swap(true, Ordering::Relaxed) {
                // Older and newer servers each refuse some optional parameter: go without.
                continue;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.options.retries.pause(tried, &failure, left) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failure.error),
            }
            tried += 1;
        }
    }

    async fn once(
        &self,
        messages: &[ChatMessage],
        max_tokens: u32,
        out: &mpsc::Sender<String>,
    ) -> Result<Used, Failure> {
        let plain = self.plain.load(Ordering::Relaxed);
        let body = wire::request(&self.options.model, messages, max_tokens, plain);
        let idle = self.options.idle_timeout;
        let mut events = tokio::time::timeout(idle, self.client.post(&body))
            .await
            .map_err(|_| Failure::passing(GenerateError::TimedOut))??;
        let mut written = String::new();
        let mut counted = None;
        let mut is_finished = false;
        loop {
            let next = tokio::time::timeout(idle, events.next()).await;
            let event = match next {
                Ok(Some(Ok(event))) => event,
                // Some servers close the connection instead of sending the end mark.
                Ok(None | Some(Err(_))) | Err(_) if is_finished && !written.is_empty() => {
                    return Ok(counted.unwrap_or_else(|| estimate(messages, &written)));
                }
                Ok(Some(Err(reason))) => {
                    return Err(Failure::broken(
                        &written,
                        GenerateError::Interrupted(reason),
                    ));
                }
                Ok(None) if written.is_empty() => {
                    let empty = "the server said nothing".to_owned();
                    return Err(Failure::broken(&written, GenerateError::Interrupted(empty)));
                }
                Ok(None) => {
                    let early = "the stream ended without its end mark".to_owned();
                    return Err(Failure::broken(&written, GenerateError::Interrupted(early)));
                }
                Err(_) => return Err(Failure::broken(&written, GenerateError::TimedOut)),
            };
            match event {
                wire::Event::Text(text) => {
                    written.push_str(&text);
                    if out.send(text).await.is_err() {
                        return Err(Failure::lasting(GenerateError::Cancelled));
                    }
                }
                wire::Event::Used(used) => counted = Some(used),
                wire::Event::Failed(reason) => {
                    return Err(Failure::broken(
                        &written,
                        GenerateError::Interrupted(reason),
                    ));
                }
                wire::Event::Finished => is_finished = true,
                wire::Event::Nothing => {}
                wire::Event::End if written.is_empty() => {
                    let empty = "the server's answer was empty".to_owned();
                    return Err(Failure::broken(&written, GenerateError::Interrupted(empty)));
                }
                wire::Event::End => {
                    return Ok(counted.unwrap_or_else(|| estimate(messages, &written)));
                }
            }
        }
    }
}

/// Adds a failed call to the figures, unless nothing failed but that the reader has left.
fn count(error: &GenerateError) {
    let kind = match error {
        GenerateError::Refused { .. } => "refused",
        GenerateError::Unavailable(_) => "unavailable",
        GenerateError::TimedOut => "timed_out",
        GenerateError::Interrupted(_) => "interrupted",
        GenerateError::OutOfBudget | GenerateError::Cancelled => return,
    };
    metrics::counter!(UPSTREAM_FAILURES, "upstream" => "generator", "kind" => kind).increment(1);
}

fn estimate(messages: &[ChatMessage], written: &str) -> Used {
    Used {
        prompt: messages.iter().map(|m| estimate_tokens(&m.content)).sum(),
        completion: estimate_tokens(written),
    }
}
