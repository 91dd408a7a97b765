//! Every metric of this program, in one place: the handbook's page and `/metrics` are made from it.
//!
//! The first six names were given by the operators who watch them and stay as they are, next to
//! twins in base units. A label's value comes from the closed set declared here, never from what a
//! reader sent; a test floods the server and holds what it shows against this table.

use super::declare::Kind::{Counter, FloatCounter, Gauge, Histogram};
use super::declare::{Label, Metric, Values, metrics};
use metrics::Unit;

/// Buckets in seconds, from what was measured on two cores: fusing takes some 10 µs, a search by
/// words or by vectors .05 to 1 ms, a remembered answer .1 ms, embedding a question 2 to 10 ms, a
/// quoted answer 5 to 50 ms, a generator seconds. So there are three bounds a decade below a tenth
/// of a second; above, the service levels (.5, 5 and 6 s) and the alert's bound (8 s) are bounds
/// themselves, so that they can be read off exactly.
const SECONDS: &[f64] = &[
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025,
    0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 6.0, 8.0, 10.0, 30.0,
];

/// Buckets in US dollars, around the operators' bound of $0.01 a query.
const DOLLARS: &[f64] = &[0.0, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1];

/// Building an index takes from a moment to hours.
const BUILDS: &[f64] = &[
    0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0,
];

const fn of(name: &'static str, values: &'static [&'static str]) -> Label {
    Label {
        name,
        values: Values::Set(values),
    }
}

const STAGE: Label = of(
    "stage",
    &[
        "embed",
        "words",
        "vectors",
        "fuse",
        "prompt",
        "first_token",
        "generation",
    ],
);
const KIND: Label = of("kind", &["embedding", "prompt", "completion"]);
const MODEL: Label = Label {
    name: "model",
    values: Values::Settings,
};
const GENERATOR: Label = of("generator", &["quoting", "openai"]);
const OUTCOME: Label = of("outcome", &["answered", "abstained"]);
const RECALLED: Label = of("outcome", &["hit", "miss"]);
const RATING: Label = of("rating", &["up", "down"]);
const BUDGET: Label = of(
    "budget",
    &["usd_day", "usd_month", "tokens_day", "tokens_month"],
);
const USD_BUDGET: Label = of("budget", &["usd_day", "usd_month"]);
const TOKEN_BUDGET: Label = of("budget", &["tokens_day", "tokens_month"]);
const UPSTREAM: Label = of("upstream", &["generator", "embedder"]);
const FAILURE: Label = of(
    "kind",
    &["refused", "unavailable", "timed_out", "interrupted"],
);
const ROUTE: Label = Label {
    name: "route",
    values: Values::Routes,
};
const METHOD: Label = of(
    "method",
    &["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "other"],
);
const STATUS: Label = Label {
    name: "status",
    values: Values::Statuses,
};
const LIMIT: Label = of(
    "limit",
    &[
        "session_minute",
        "address_minute",
        "address_day",
        "key_minute",
        "key_day",
        "key_month",
    ],
);
const QUEUE: Label = of(
    "queue",
    &[
        "embedding_queries",
        "embedding_passages",
        "generations",
        "database_writes",
    ],
);
const REFUSING_QUEUE: Label = of("queue", &["embedding_queries", "generations", "streams"]);
const REFUSAL: Label = of("code", &["unauthorized", "forbidden", "two_credentials"]);
const PHASE: Label = of(
    "phase",
    &["starting", "reading", "embedding", "ready", "failed"],
);
const LEVEL: Label = of("level", &["error", "warn"]);
const VERSION: Label = Label {
    name: "version",
    values: Values::Settings,
};
/// The codes of problems that can end a question.
const CODE: Label = of(
    "code",
    &[
        "session_not_found",
        "unauthorized",
        "overloaded",
        "not_ready",
        "internal",
    ],
);

metrics! {
    // The operators' six.
    QUERY_DURATION: Histogram(SECONDS), Seconds, "rag_query_duration_seconds",
        "Time from question to finished answer";
    QUERY_ERRORS: Counter, Count, "rag_query_errors_total",
        "Questions that ended in an error, by the problem's code", CODE;
    TOKENS_USED: Counter, Count, "rag_tokens_used_total",
        "Tokens used by embedding, prompts and completions, by model", KIND, MODEL;
    VECTOR_SEARCH_LATENCY_MS: Gauge, Milliseconds, "rag_vector_search_latency_ms",
        "Retrieval time of the last question";
    GENERATION_LATENCY_MS: Gauge, Milliseconds, "rag_llm_generation_latency_ms",
        "Generation time of the last question";
    ACTIVE_SESSIONS: Gauge, Count, "rag_active_sessions",
        "Conversations that have not expired";

    // Questions and answers.
    STAGE_DURATION: Histogram(SECONDS), Seconds, "rag_query_stage_duration_seconds",
        "Time of one stage of a question: embedding it, searching by words and by vectors, fusing, writing the prompt, waiting for the first token, the whole generation", STAGE;
    RETRIEVAL_DURATION: Histogram(SECONDS), Seconds, "rag_retrieval_duration_seconds",
        "Time spent searching";
    GENERATION_DURATION: Histogram(SECONDS), Seconds, "rag_generation_duration_seconds",
        "Time spent writing the answer, by a model or by quoting";
    ANSWERS: Counter, Count, "rag_answers_total",
        "Finished answers; abstained: the documentation does not say", GENERATOR, OUTCOME;
    ANSWER_CACHE: Counter, Count, "rag_answer_cache_total",
        "First questions, by whether their answer was remembered", RECALLED;
    CITATIONS_REMOVED: Counter, Count, "rag_citations_removed_total",
        "Citations of a model that were taken out because nothing supports them";
    UNSUPPORTED_SENTENCES: Counter, Count, "rag_unsupported_sentences_total",
        "Sentences of a model that no cited passage supports";
    FEEDBACK: Counter, Count, "rag_feedback_total",
        "Ratings given by readers", RATING;

    // Models and money.
    QUERY_COST: Histogram(DOLLARS), Count, "rag_query_cost_usd",
        "Cost of one answer in US dollars";
    MODEL_COST: FloatCounter, Count, "rag_model_cost_usd_total",
        "US dollars that calls of a model have cost, also of answers that nobody waited for", MODEL;
    BUDGET_USED: Gauge, Count, "rag_budget_used_ratio",
        "Used part of a budget, 0 to 1", BUDGET;
    BUDGET_LEFT_USD: Gauge, Count, "rag_budget_left_usd",
        "US dollars left in a budget", USD_BUDGET;
    BUDGET_LEFT_TOKENS: Gauge, Count, "rag_budget_left_tokens",
        "Tokens left in a budget", TOKEN_BUDGET;
    UPSTREAM_REQUESTS: Counter, Count, "rag_upstream_requests_total",
        "Calls of a model's server, retries included", UPSTREAM;
    UPSTREAM_FAILURES: Counter, Count, "rag_upstream_failures_total",
        "Calls of a model's server that failed, retries included", UPSTREAM, FAILURE;

    // Requests.
    REQUESTS: Counter, Count, "rag_http_requests_total",
        "HTTP requests, by the route's template and the status", ROUTE, METHOD, STATUS;
    REQUEST_DURATION: Histogram(SECONDS), Seconds, "rag_http_request_duration_seconds",
        "Time to the response's head", ROUTE;
    REQUESTS_IN_FLIGHT: Gauge, Count, "rag_http_requests_in_flight",
        "Requests whose response has not begun";
    LIMITED: Counter, Count, "rag_limited_requests_total",
        "Questions turned away by a limit: a minute's of a session, address or key, a day's, a key's month", LIMIT;
    CREDENTIALS_REFUSED: Counter, Count, "rag_credentials_refused_total",
        "Requests refused for their key, or for having none", REFUSAL;
    CONNECTIONS_OPEN: Gauge, Count, "rag_connections_open",
        "Connections that are open";
    CONNECTIONS_REFUSED: Counter, Count, "rag_connections_refused_total",
        "Connections turned away because too many were open";
    STREAMS_OPEN: Gauge, Count, "rag_streams_open",
        "Answers that are being streamed";
    QUEUE_LENGTH: Gauge, Count, "rag_queue_length",
        "Entries that wait: texts for the embedding model, answers for their turn, writes for the database", QUEUE;
    QUEUE_CAPACITY: Gauge, Count, "rag_queue_capacity",
        "Entries that can wait in a queue", QUEUE;
    QUEUE_REFUSALS: Counter, Count, "rag_queue_refusals_total",
        "Entries turned away because a queue was full or the wait too long", REFUSING_QUEUE;

    // The index.
    DOCUMENTS: Gauge, Count, "rag_index_documents",
        "Documents in the served index";
    CHUNKS: Gauge, Count, "rag_index_chunks",
        "Chunks in the served index";
    CHUNKS_EMBEDDED: Gauge, Count, "rag_index_chunks_embedded",
        "Chunks of the served index that can be found by meaning";
    INDEX_GENERATION: Gauge, Seconds, "rag_index_generation_timestamp_seconds",
        "When the served generation was made, in Unix time";
    INDEX_CHECKED: Gauge, Seconds, "rag_index_checked_timestamp_seconds",
        "When the documentation was last found to be what is served, in Unix time";
    DOCUMENTS_CHANGED: Gauge, Seconds, "rag_documents_changed_timestamp_seconds",
        "When a file of the documentation was changed last, in Unix time; looked at every five minutes";
    INDEX_GENERATIONS: Counter, Count, "rag_index_generations_total",
        "Generations of the index that were made living since the start";
    INDEX_FAILURES: Counter, Count, "rag_index_failures_total",
        "Attempts to index that failed; the generation before, if there is one, still answers";
    INDEX_BUILD_DURATION: Histogram(BUILDS), Seconds, "rag_index_build_duration_seconds",
        "Time to index what had changed";
    INDEX_PHASE: Gauge, Count, "rag_index_phase",
        "1 for the phase that indexing is in, 0 for the others", PHASE;
    INDEX_PROGRESS: Gauge, Count, "rag_index_progress_ratio",
        "Embedded part of the documentation's chunks, 0 to 1";
    INDEX_WARNINGS: Gauge, Count, "rag_index_warnings",
        "Files that could not be read, or only in part";

    // The chat database.
    DATABASE_SIZE: Gauge, Bytes, "rag_database_size_bytes",
        "Size of the chat database";
    DATABASE_WAL_SIZE: Gauge, Bytes, "rag_database_wal_size_bytes",
        "Size of the chat database's write-ahead log";
    DATABASE_BUSY: Counter, Count, "rag_database_busy_total",
        "Reads and writes that found the chat database locked or its disk full";
    DATABASE_FAILURES: Counter, Count, "rag_database_failures_total",
        "Reads and writes of the chat database that failed for another reason";
    DATABASE_COMMIT_DURATION: Histogram(SECONDS), Seconds, "rag_database_commit_duration_seconds",
        "Time of one commit to the chat database, which answers share";

    // Backups, disk, certificate.
    BACKUP_LAST_SUCCESS: Gauge, Seconds, "rag_backup_last_success_timestamp_seconds",
        "When the last backup was complete, in Unix time; 0 for never, absent where this process makes none";
    BACKUP_FAILURES: Counter, Count, "rag_backup_failures_total",
        "Backups that failed";
    BACKUP_SIZE: Gauge, Bytes, "rag_backup_size_bytes",
        "Size of the last complete backup";
    STATE_DISK_SIZE: Gauge, Bytes, "rag_state_disk_size_bytes",
        "Size of the disk that the state folder is on";
    STATE_DISK_FREE: Gauge, Bytes, "rag_state_disk_free_bytes",
        "Room left on the state folder's disk for this process";
    TLS_NOT_AFTER: Gauge, Seconds, "rag_tls_certificate_not_after_timestamp_seconds",
        "When the server's TLS certificate ends, in Unix time; absent without TLS";

    // The process.
    BUILD_INFO: Gauge, Count, "rag_build_info",
        "Always 1; the label says which version this is", VERSION;
    LOG_EVENTS: Counter, Count, "rag_log_events_total",
        "Warnings and errors in the log", LEVEL;
    LOG_LINES_DROPPED: Counter, Count, "rag_log_lines_dropped_total",
        "Log lines given up because nobody took them in time";
    CPU_LIMIT: Gauge, Count, "rag_cpu_limit_cores",
        "Processors that this process may use";
    MEMORY_LIMIT: Gauge, Bytes, "rag_memory_limit_bytes",
        "Memory that this process may use: the container's limit, or else the machine's memory";
    PROCESS_CPU: FloatCounter, Seconds, "process_cpu_seconds_total",
        "Processor time used, of the user and of the system";
    PROCESS_RESIDENT: Gauge, Bytes, "process_resident_memory_bytes",
        "Resident memory";
    PROCESS_VIRTUAL: Gauge, Bytes, "process_virtual_memory_bytes",
        "Virtual memory";
    PROCESS_OPEN_FDS: Gauge, Count, "process_open_fds",
        "File descriptors that are open";
    PROCESS_MAX_FDS: Gauge, Count, "process_max_fds",
        "File descriptors that may be open";
    PROCESS_THREADS: Gauge, Count, "process_threads",
        "Threads";
    PROCESS_START: Gauge, Seconds, "process_start_time_seconds",
        "When the process began, in Unix time";
}
