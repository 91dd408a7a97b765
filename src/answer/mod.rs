//! The online story: question → stream of [`AnswerEvent`].
//!
//! It does not know HTTP; wire shapes live in `http`.

mod abstention;
mod answerer;
mod citation;
mod conversation;
mod evidence;
mod follow_up;
mod from_documentation;
mod generator;
mod named_scope;
mod outcome;
mod prompt;
mod remembered;
mod selection;
mod sentences;
mod support;
mod terms;
mod wording;
mod written;

pub use answerer::{Answerer, Options, Parts};
pub use citation::{Link, Linker, absolute};
pub use conversation::Exchange;
pub use generator::quoting::{ByMeaning, SentenceScorer};
pub use generator::{GenerateError, Generator, Metered, Used, openai};
pub use prompt::{ChatMessage, ChatRole};
pub use support::Meanings;

use crate::retrieval::Scope;
use serde::{Deserialize, Serialize};

/// One question as it reaches the answerer, validated for length by the caller.
#[derive(Debug, Clone)]
pub struct Question {
    pub text: String,
    /// Continue this session; `None` starts a new one.
    pub session_id: Option<String>,
    pub mode: Mode,
    /// The reader's selection; only for [`Mode::SelectedText`].
    pub selected_text: Option<String>,
    pub scope: Scope,
    /// Number of sources to answer from.
    pub top_k: usize,
    pub brought: Brought,
    /// Correlates logs, response and stored turn.
    pub request_id: String,
}

/// What comes with a question of somebody whose conversation is not kept here: protocols in which
/// the client tells everything anew each time.
#[derive(Debug, Clone, Default)]
pub struct Brought {
    /// Earlier turns, oldest first; read where there is no session to continue.
    pub earlier: Vec<Exchange>,
    /// What the client's application asks of a model that writes: tone, length, form.
    pub instructions: String,
    /// Quote the documentation, also where a model could write.
    pub quoting: bool,
}

/// Characters of a question at most (the contract's).
pub const MAX_QUESTION: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    FullBook,
    SelectedText,
}

/// What happens while a question is answered, in this order: Session, Sources, Token…, Done or Failed.
#[derive(Debug, Clone)]
pub enum AnswerEvent {
    Session(String),
    Sources(Vec<Source>),
    Token(String),
    Done(Box<Answer>),
    Failed(AnswerError),
}

/// A cited (or, when abstaining, a near) section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The number used in the text: `[id]`, from 1.
    pub id: usize,
    pub doc_id: String,
    pub title: String,
    pub chapter: String,
    pub section: String,
    pub heading_path: Vec<String>,
    /// Below the base URL, with the heading's anchor.
    pub url: String,
    /// At most 200 characters of the passage.
    pub content: String,
    /// The sentence that answers, verbatim from the page.
    pub quote: String,
    /// Relevance in 0–1.
    pub similarity_score: f32,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    pub embedding: u64,
    pub prompt: u64,
    pub completion: u64,
    pub estimated_cost_usd: f64,
}

/// The finished answer, as stored and returned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub message_id: String,
    pub session_id: String,
    pub text: String,
    pub sources: Vec<Source>,
    pub mode: Mode,
    /// Locale the answer was given from.
    pub locale: String,
    /// Nothing relevant was found; `sources` are the nearest pages.
    pub abstained: bool,
    /// Every sentence is supported by what it cites.
    pub grounded: bool,
    /// `quoting` or `openai`.
    pub generator: String,
    pub model: String,
    /// A generator was set but failed; says so in the reader's words.
    pub notice: Option<String>,
    /// Sentences that no cited passage supports; empty when `grounded`.
    #[serde(default)]
    pub unsupported: Vec<String>,
    /// Given before to the same question, and repeated.
    #[serde(default)]
    pub cached: bool,
    pub usage: Usage,
    pub retrieval_ms: f64,
    pub generation_ms: f64,
    pub total_ms: f64,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum AnswerError {
    /// The session does not exist, has ended, or is someone else's.
    #[error("this conversation does not exist or has ended; start a new one")]
    SessionNotFound,
    /// Try again in a moment.
    #[error("too many questions at once; try again in a moment")]
    Overloaded { retry_after_s: u64 },
    /// The conversation cannot be kept just now (locked database, full disk); the log says why.
    #[error("conversations cannot be kept at the moment; try again soon")]
    NotKept { retry_after_s: u64 },
    /// Nothing is indexed yet.
    #[error("the documentation is still being read; try again in a moment")]
    NotReady { retry_after_s: u64 },
    /// A fault of ours; details are in the log.
    #[error("the question could not be answered because of a fault on the server")]
    Internal,
}
