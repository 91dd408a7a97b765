//! Which figures are kept, and how the series of a metric become one number.

/// How a label must be.
#[derive(Debug, Clone, Copy)]
pub enum Must {
    Be(&'static str),
    Begin(&'static str),
    /// Probes and scrapes are no readers' requests.
    BeNoProbe,
}

impl Must {
    pub fn allows(self, value: &str) -> bool {
        match self {
            Self::Be(wanted) => value == wanted,
            Self::Begin(start) => value.starts_with(start),
            Self::BeNoProbe => !matches!(value, "/readyz" | "/livez" | "/health" | "/metrics"),
        }
    }
}

/// How series become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The sum of counters; what it grew by is kept.
    Count,
    /// The sum of gauges.
    Level,
    /// The largest of gauges.
    Most,
    /// A histogram: what each bucket grew by is kept.
    Spread,
}

macro_rules! signals {
    ($( $name:ident: $kind:ident $metric:literal $([ $($label:literal $must:expr),* ])?; )+) => {
        /// A figure that is kept.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Signal { $( $name, )+ }

        impl Signal {
            pub const ALL: &[Self] = &[ $( Self::$name, )+ ];

            pub fn metric(self) -> &'static str {
                match self { $( Self::$name => $metric, )+ }
            }

            pub fn kind(self) -> Kind {
                match self { $( Self::$name => Kind::$kind, )+ }
            }

            /// What a series' labels must be to count.
            pub fn labels(self) -> &'static [(&'static str, Must)] {
                match self { $( Self::$name => &[ $( $( ($label, $must) ),* )? ], )+ }
            }
        }
    };
}

use Must::{Be, BeNoProbe, Begin};

signals! {
    Requests: Count "rag_http_requests_total" ["route" BeNoProbe];
    Failed: Count "rag_http_requests_total" ["route" BeNoProbe, "status" Begin("5")];
    Refused: Count "rag_http_requests_total" ["route" BeNoProbe, "status" Begin("4")];
    ResponseTime: Spread "rag_http_request_duration_seconds" ["route" BeNoProbe];
    InFlight: Level "rag_http_requests_in_flight";
    AnswerTime: Spread "rag_query_duration_seconds";
    RetrievalTime: Spread "rag_retrieval_duration_seconds";
    GenerationTime: Spread "rag_generation_duration_seconds";
    EmbedTime: Spread "rag_query_stage_duration_seconds" ["stage" Be("embed")];
    WordsTime: Spread "rag_query_stage_duration_seconds" ["stage" Be("words")];
    VectorsTime: Spread "rag_query_stage_duration_seconds" ["stage" Be("vectors")];
    FirstTokenTime: Spread "rag_query_stage_duration_seconds" ["stage" Be("first_token")];
    Answered: Count "rag_answers_total" ["outcome" Be("answered")];
    Abstained: Count "rag_answers_total" ["outcome" Be("abstained")];
    Written: Count "rag_answers_total" ["generator" Be("openai")];
    Quoted: Count "rag_answers_total" ["generator" Be("quoting")];
    Remembered: Count "rag_answer_cache_total" ["outcome" Be("hit")];
    NotRemembered: Count "rag_answer_cache_total" ["outcome" Be("miss")];
    RatedUp: Count "rag_feedback_total" ["rating" Be("up")];
    RatedDown: Count "rag_feedback_total" ["rating" Be("down")];
    QueryErrors: Count "rag_query_errors_total";
    CitationsRemoved: Count "rag_citations_removed_total";
    Sessions: Level "rag_active_sessions";
    CostUsd: Count "rag_model_cost_usd_total";
    PromptTokens: Count "rag_tokens_used_total" ["kind" Be("prompt")];
    CompletionTokens: Count "rag_tokens_used_total" ["kind" Be("completion")];
    BudgetUsed: Most "rag_budget_used_ratio";
    GeneratorCalls: Count "rag_upstream_requests_total" ["upstream" Be("generator")];
    GeneratorFailures: Count "rag_upstream_failures_total" ["upstream" Be("generator")];
    EmbedderCalls: Count "rag_upstream_requests_total" ["upstream" Be("embedder")];
    EmbedderFailures: Count "rag_upstream_failures_total" ["upstream" Be("embedder")];
    Limited: Count "rag_limited_requests_total";
    CredentialsRefused: Count "rag_credentials_refused_total";
    QueueRefusals: Count "rag_queue_refusals_total";
    ConnectionsRefused: Count "rag_connections_refused_total";
    EmbeddingQueue: Level "rag_queue_length" ["queue" Begin("embedding")];
    GenerationQueue: Level "rag_queue_length" ["queue" Be("generations")];
    WriteQueue: Level "rag_queue_length" ["queue" Be("database_writes")];
    Connections: Level "rag_connections_open";
    Streams: Level "rag_streams_open";
    Documents: Level "rag_index_documents";
    IndexFailures: Count "rag_index_failures_total";
    IndexChecked: Most "rag_index_checked_timestamp_seconds";
    DocumentsChanged: Most "rag_documents_changed_timestamp_seconds";
    IndexFailed: Level "rag_index_phase" ["phase" Be("failed")];
    DatabaseBusy: Count "rag_database_busy_total";
    DatabaseFailures: Count "rag_database_failures_total";
    DatabaseSize: Level "rag_database_size_bytes";
    LogSize: Level "rag_database_wal_size_bytes";
    BackupAt: Most "rag_backup_last_success_timestamp_seconds";
    BackupSize: Most "rag_backup_size_bytes";
    BackupFailures: Count "rag_backup_failures_total";
    CertificateEnd: Most "rag_tls_certificate_not_after_timestamp_seconds";
    StartedAt: Most "process_start_time_seconds";
    ErrorLines: Count "rag_log_events_total" ["level" Be("error")];
    WarningLines: Count "rag_log_events_total" ["level" Be("warn")];
    Cpu: Count "process_cpu_seconds_total";
    CpuLimit: Level "rag_cpu_limit_cores";
    Memory: Level "process_resident_memory_bytes";
    MemoryLimit: Level "rag_memory_limit_bytes";
    OpenFiles: Level "process_open_fds";
    Threads: Level "process_threads";
    DiskFree: Level "rag_state_disk_free_bytes";
    DiskSize: Level "rag_state_disk_size_bytes";
}
