//! What writes an answer: a chat model behind a server, or the documentation's own sentences.
//!
//! [`Generator`] is the seam for models; [`quoting`] is always there and needs none.

mod metered;
pub mod openai;
pub(crate) mod quoting;

pub use metered::Metered;

use super::prompt::ChatMessage;
use async_trait::async_trait;
use tokio::sync::mpsc;

/// Tokens a generator counted, or that were estimated for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    pub prompt: u64,
    pub completion: u64,
}

/// A model that continues a conversation.
#[async_trait]
pub trait Generator: Send + Sync {
    /// `openai`; as it stands in answers and the ledger.
    fn name(&self) -> &str;
    fn model(&self) -> &str;
    /// What an answer of this many tokens costs, in US dollars.
    fn cost_usd(&self, used: Used) -> f64;
    /// Writes the continuation to `out` as it comes. Dropping the future stops the server's work.
    async fn generate(
        &self,
        messages: &[ChatMessage],
        max_tokens: u32,
        out: mpsc::Sender<String>,
    ) -> Result<Used, GenerateError>;
}

/// Why there is no (whole) answer. In every case the caller can still quote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// Wrong key, model or address: somebody has to change the settings.
    #[error("the server refused the request (status {status}): {reason}")]
    Refused { status: u16, reason: String },
    /// Too many requests, an error of the server, or no connection, also after retries.
    #[error("the server is not available: {0}")]
    Unavailable(String),
    /// It took too long to begin, to go on, or to end.
    #[error("the server took too long")]
    TimedOut,
    /// The answer broke off or was not understood.
    #[error("the answer broke off: {0}")]
    Interrupted(String),
    /// The budget does not hold an answer; nothing was sent.
    #[error("the budget is used up")]
    OutOfBudget,
    /// Nobody is listening any more.
    #[error("nobody is waiting for the answer")]
    Cancelled,
}

/// Tokens of a text as common tokenisers count: some four Latin letters each, two of others.
pub(crate) fn estimate_tokens(text: &str) -> u64 {
    let (latin, other) = text.chars().fold((0u64, 0u64), |(latin, other), c| {
        if c.is_ascii() {
            (latin + 1, other)
        } else {
            (latin, other + 1)
        }
    });
    latin.div_ceil(4) + other.div_ceil(2)
}
