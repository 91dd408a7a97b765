//! Every metric's name, unit and help, in one place.
//!
//! The first six names were given by the operators who watch them and stay as they are, next to
//! twins in base units. Labels come from closed sets, never from what a reader sent.

use metrics::Unit;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

/// Whole time of an answer, from request to `done`.
pub const QUERY_DURATION: &str = "rag_query_duration_seconds";
/// Questions that ended in an error. Label `code`: the problem's code.
pub const QUERY_ERRORS: &str = "rag_query_errors_total";
/// Tokens sent and received. Label `kind`: embedding, prompt, completion.
pub const TOKENS_USED: &str = "rag_tokens_used_total";
/// Time the last question spent in retrieval, in milliseconds.
pub const VECTOR_SEARCH_LATENCY_MS: &str = "rag_vector_search_latency_ms";
/// Time the last question spent in generation, in milliseconds.
pub const GENERATION_LATENCY_MS: &str = "rag_llm_generation_latency_ms";
/// Conversations that have not expired.
pub const ACTIVE_SESSIONS: &str = "rag_active_sessions";
/// Retrieval of one question.
pub const RETRIEVAL_DURATION: &str = "rag_retrieval_duration_seconds";
/// Generation of one answer.
pub const GENERATION_DURATION: &str = "rag_generation_duration_seconds";
/// Answers. Labels `generator` (quoting, openai) and `outcome` (answered, abstained).
pub const ANSWERS: &str = "rag_answers_total";
/// First questions of a conversation. Label `outcome`: hit (answered as before), miss.
pub const ANSWER_CACHE: &str = "rag_answer_cache_total";
/// Requests. Labels `route` (the template), `method` and `status`.
pub const REQUESTS: &str = "rag_http_requests_total";
/// Time to the first byte of a response. Label `route`.
pub const REQUEST_DURATION: &str = "rag_http_request_duration_seconds";
/// Questions that a rate limit turned away.
pub const LIMITED: &str = "rag_limited_requests_total";
/// What one answer cost; its sum is what all have cost since the start.
pub const QUERY_COST: &str = "rag_query_cost_usd";
/// Used part of a budget, 0–1. Label `budget`: usd_day, usd_month, tokens_day, tokens_month.
pub const BUDGET_USED: &str = "rag_budget_used_ratio";
/// Connections turned away because too many were open.
pub const CONNECTIONS_REFUSED: &str = "rag_connections_refused_total";
/// Documents in the served index.
pub const DOCUMENTS: &str = "rag_index_documents";
/// Chunks in the served index.
pub const CHUNKS: &str = "rag_index_chunks";
/// Ratings by readers. Label `rating`: up, down.
pub const FEEDBACK: &str = "rag_feedback_total";

/// Buckets in seconds: quoting answers in milliseconds, a generator in seconds, and the service
/// levels (.5, 5 and 6 s) are bounds so that they can be read off exactly.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 6.0, 10.0, 30.0,
];

/// Buckets in US dollars, around the operators' bound of $0.01 a query.
const DOLLARS: [f64; 8] = [0.0, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1];

/// Starts collecting. One recorder per process: a second call returns the same handle.
pub fn start() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_usd".into()), &DOLLARS)
            })
            .expect("the buckets are not empty")
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).expect("no other recorder is set in this process");
        describe();
        handle
    })
}

fn describe() {
    use metrics::{
        describe_counter as counter, describe_gauge as gauge, describe_histogram as histogram,
    };
    histogram!(
        QUERY_DURATION,
        Unit::Seconds,
        "Time from question to finished answer"
    );
    counter!(
        QUERY_ERRORS,
        Unit::Count,
        "Questions that ended in an error"
    );
    counter!(
        TOKENS_USED,
        Unit::Count,
        "Tokens used by embedding, prompts and completions"
    );
    gauge!(
        VECTOR_SEARCH_LATENCY_MS,
        Unit::Milliseconds,
        "Retrieval time of the last question"
    );
    gauge!(
        GENERATION_LATENCY_MS,
        Unit::Milliseconds,
        "Generation time of the last question"
    );
    gauge!(
        ACTIVE_SESSIONS,
        Unit::Count,
        "Conversations that have not expired"
    );
    histogram!(RETRIEVAL_DURATION, Unit::Seconds, "Time spent searching");
    histogram!(
        GENERATION_DURATION,
        Unit::Seconds,
        "Time spent writing the answer"
    );
    counter!(ANSWERS, Unit::Count, "Finished answers");
    counter!(
        ANSWER_CACHE,
        Unit::Count,
        "First questions, by whether their answer was remembered"
    );
    counter!(REQUESTS, Unit::Count, "HTTP requests");
    histogram!(
        REQUEST_DURATION,
        Unit::Seconds,
        "Time to the response's head"
    );
    counter!(
        LIMITED,
        Unit::Count,
        "Questions turned away by a rate limit"
    );
    histogram!(QUERY_COST, "Cost of one answer in US dollars");
    gauge!(BUDGET_USED, "Used part of a budget");
    counter!(
        CONNECTIONS_REFUSED,
        Unit::Count,
        "Connections turned away because too many were open"
    );
    gauge!(DOCUMENTS, Unit::Count, "Documents in the served index");
    gauge!(CHUNKS, Unit::Count, "Chunks in the served index");
    counter!(FEEDBACK, Unit::Count, "Ratings given by readers");
}
