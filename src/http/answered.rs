//! An answer in the shape that outsiders rely on, and what is measured of it.

use super::problem::Code;
use crate::answer::{Answer, Mode, Source};
use crate::telemetry::{metrics as names, request};
use jiff::Timestamp;
use metrics::{counter, gauge, histogram};
use serde::Serialize;
use utoipa::ToSchema;

/// An answer with its sources.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Answer)]
pub struct AnswerBody {
    /// Markdown, with citations as `[1]`.
    answer: String,
    /// The same text.
    response: String,
    /// What is cited; the nearest pages where `abstained`.
    sources: Vec<SourceBody>,
    session_id: String,
    /// For `POST /feedback`.
    message_id: String,
    /// `full_book` or `selected_text`.
    mode: &'static str,
    /// Locale of the pages answered from.
    locale: String,
    /// The documentation does not say.
    abstained: bool,
    /// Every sentence is supported by what it cites.
    grounded: bool,
    /// `quoting` or `openai`.
    generator: String,
    model: String,
    /// Something the reader should know, such as that the generator failed.
    notice: Option<String>,
    /// The answer was given before to the same question, and repeated.
    cached: bool,
    tokens_used: TokensBody,
    latency_ms: f64,
    latency: LatencyBody,
    request_id: String,
    #[schema(format = DateTime, value_type = String)]
    timestamp: Timestamp,
}

/// A section that an answer cites.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceBody {
    /// The number in the text: `[1]`.
    id: usize,
    doc_id: String,
    title: String,
    chapter: String,
    section: String,
    heading_path: Vec<String>,
    /// Path below the site's base URL, with the heading's anchor.
    url: String,
    /// At most 200 characters of the section.
    content: String,
    /// The words that answer, as they stand on the page.
    quote: String,
    /// 0–1.
    similarity_score: f32,
    /// The same number.
    relevance_score: f32,
}

/// What the answer cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokensUsed)]
pub struct TokensBody {
    embedding: u64,
    prompt: u64,
    completion: u64,
    total: u64,
    estimated_cost_usd: f64,
}

/// Where the time went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Latency)]
pub struct LatencyBody {
    retrieval_ms: f64,
    generation_ms: f64,
    total_ms: f64,
}

impl AnswerBody {
    pub fn new(answer: Answer, request_id: String) -> Self {
        let total_ms = to_tenths(answer.total_ms);
        Self {
            response: answer.text.clone(),
            answer: answer.text,
            sources: answer.sources.into_iter().map(SourceBody::from).collect(),
            session_id: answer.session_id,
            message_id: answer.message_id,
            mode: match answer.mode {
                Mode::FullBook => "full_book",
                Mode::SelectedText => "selected_text",
            },
            locale: answer.locale,
            abstained: answer.abstained,
            grounded: answer.grounded,
            generator: answer.generator,
            model: answer.model,
            notice: answer.notice,
            cached: answer.cached,
            tokens_used: TokensBody {
                embedding: answer.usage.embedding,
                prompt: answer.usage.prompt,
                completion: answer.usage.completion,
                total: answer.usage.embedding + answer.usage.prompt + answer.usage.completion,
                estimated_cost_usd: answer.usage.estimated_cost_usd,
            },
            latency_ms: total_ms,
            latency: LatencyBody {
                retrieval_ms: to_tenths(answer.retrieval_ms),
                generation_ms: to_tenths(answer.generation_ms),
                total_ms,
            },
            request_id,
            timestamp: Timestamp::now(),
        }
    }
}

impl From<Source> for SourceBody {
    fn from(source: Source) -> Self {
        Self {
            id: source.id,
            doc_id: source.doc_id,
            title: source.title,
            chapter: source.chapter,
            section: source.section,
            heading_path: source.heading_path,
            url: source.url,
            content: source.content,
            quote: source.quote,
            similarity_score: source.similarity_score,
            relevance_score: source.similarity_score,
        }
    }
}

/// Nobody reads nanoseconds.
fn to_tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

/// Counts a finished answer.
pub fn observe(answer: &Answer) {
    let seconds = |ms: f64| ms / 1000.0;
    histogram!(names::QUERY_DURATION).record(seconds(answer.total_ms));
    histogram!(names::RETRIEVAL_DURATION).record(seconds(answer.retrieval_ms));
    histogram!(names::GENERATION_DURATION).record(seconds(answer.generation_ms));
    gauge!(names::VECTOR_SEARCH_LATENCY_MS).set(answer.retrieval_ms);
    gauge!(names::GENERATION_LATENCY_MS).set(answer.generation_ms);
    histogram!(names::QUERY_COST).record(answer.usage.estimated_cost_usd);
    let outcome = if answer.abstained {
        "abstained"
    } else {
        "answered"
    };
    counter!(names::ANSWERS, "generator" => answer.generator.clone(), "outcome" => outcome)
        .increment(1);
    request::with_current(|request| {
        request.in_session(&answer.session_id);
        request.has_answer(request::Answered {
            generator: answer.generator.clone(),
            is_abstained: answer.abstained,
            is_cached: answer.cached,
            total_ms: answer.total_ms,
        });
    });
}

/// Counts a question that ended in an error.
pub fn observe_failure(code: Code) {
    counter!(names::QUERY_ERRORS, "code" => code.name()).increment(1);
}
