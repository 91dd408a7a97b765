//! Every setting once: its flag, its environment variable, its key in the file, its default.
//!
//! The three ways of giving a setting are one definition, so they cannot drift apart; README and
//! `.env.example` are compared with it by a test. It knows nothing of what the settings do.

use crate::secret::{Address, Secret};
use clap::{Arg, CommandFactory, FromArgMatches};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Declares the settings, all optional, and how a stronger source covers a weaker one.
macro_rules! settings {
    ($( $(#[$meta:meta])* $name:ident: $kind:ty ),+ $(,)?) => {
        /// Settings as one source (flags and environment, file, defaults) gives them.
        #[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Settings {
            $(
                $(#[$meta])*
                #[arg(long, global = true, help_heading = "Settings")]
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $name: Option<$kind>,
            )+
        }

        impl Settings {
            /// These settings, and where one is missing, the weaker source's.
            pub fn or(self, weaker: Self) -> Self {
                Self { $( $name: self.$name.or(weaker.$name), )+ }
            }
        }
    };
}

settings! {
    /// Folder of documentation, or the root of a Docusaurus project
    #[arg(env = "RAG_DATA", value_name = "DIR")]
    data: PathBuf,
    /// A static build of the site to serve, where it is not the project's own build/
    #[arg(env = "RAG_SITE", value_name = "DIR")]
    site: PathBuf,
    /// Folder for the index and the chat database
    #[arg(env = "RAG_STATE", value_name = "DIR")]
    state: PathBuf,
    /// Address and port to listen on
    #[arg(env = "RAG_LISTEN", value_name = "ADDR:PORT", value_parser = listen_address)]
    listen: SocketAddr,
    /// URL path under which readers see the site; read from the Docusaurus project if not given
    #[arg(env = "RAG_BASE_PATH", value_name = "PATH")]
    base_path: String,
    /// Follow changes of the documentation while serving
    #[arg(env = "RAG_WATCH", value_name = "BOOL")]
    watch: bool,
    /// Folder of another sentence encoder (config.json, tokenizer.json, safetensors)
    #[arg(env = "RAG_MODEL", value_name = "DIR")]
    model: PathBuf,
    /// Who computes the embeddings: local or openai
    #[arg(env = "RAG_EMBEDDER", value_name = "NAME")]
    embedder: String,
    /// How the local model is run: auto, candle, portable, avx2, avx-vnni, avx512-vnni, neon-dotprod
    #[arg(env = "RAG_EMBED_ENGINE", value_name = "NAME")]
    embed_engine: String,
    /// Threads for the model; 0 for one per core
    #[arg(env = "RAG_EMBED_THREADS", value_name = "N")]
    embed_threads: usize,
    /// Key of the OpenAI-compatible server that writes the answers
    #[arg(env = "OPENAI_API_KEY", value_name = "KEY", hide_env_values = true)]
    openai_api_key: Secret,
    /// Base URL of the OpenAI-compatible server
    #[arg(env = "OPENAI_BASE_URL", value_name = "URL", hide_env_values = true)]
    openai_base_url: Address,
    /// Chat model to ask for
    #[arg(env = "OPENAI_MODEL", value_name = "NAME")]
    openai_model: String,
    /// Leave out what a model writes without support in the documentation, instead of marking it
    #[arg(env = "RAG_STRICT", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    strict: bool,
    /// Hours for which an answer is given again to the same question; 0 for never
    #[arg(env = "RAG_ANSWER_CACHE_HOURS", value_name = "N")]
    answer_cache_hours: u32,
    /// Where conversations are kept, as sqlite:PATH; chat.db in the state folder if not given
    #[arg(env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Secret,
    /// Not used by this version, which keeps its vectors in the state folder
    #[arg(env = "QDRANT_URL", value_name = "URL", hide_env_values = true)]
    qdrant_url: Address,
    /// Not used by this version
    #[arg(env = "QDRANT_API_KEY", value_name = "KEY", hide_env_values = true)]
    qdrant_api_key: Secret,
    /// Not used by this version, which keeps limits in memory
    #[arg(env = "REDIS_URL", value_name = "URL", hide_env_values = true)]
    redis_url: Secret,
    /// Not used by this version
    #[arg(env = "KAFKA_BROKERS", value_name = "HOSTS", hide_env_values = true)]
    kafka_brokers: Address,
    /// Project of a Sentry server to which panics and failed requests are reported, without questions
    #[arg(env = "SENTRY_DSN", value_name = "URL", hide_env_values = true)]
    sentry_dsn: Secret,
    /// OpenTelemetry collector that gets the traces, as http://HOST:4318 (OTLP over HTTP)
    #[arg(env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", hide_env_values = true)]
    otel_exporter_otlp_endpoint: Address,
    /// Share of the requests that are traced, 0 to 1
    #[arg(env = "RAG_TRACE_SAMPLE_RATIO", value_name = "RATIO")]
    trace_sample_ratio: f64,
    /// Name of this installation, shown by /health
    #[arg(env = "ENVIRONMENT", value_name = "NAME")]
    environment: String,
    /// How much to log: error, warn, info, debug, trace, or tracing's filter syntax
    #[arg(env = "LOG_LEVEL", value_name = "LEVEL")]
    log_level: String,
    /// Shape of the logs: auto (text on a terminal, else JSON), text or json
    #[arg(env = "RAG_LOG_FORMAT", value_name = "FORMAT")]
    log_format: String,
    /// Prices in US dollars per million tokens, as MODEL=PROMPT/COMPLETION, comma separated
    #[arg(env = "RAG_MODEL_PRICES", value_name = "PRICES")]
    model_prices: String,
    /// US dollars a day that answers may cost; then they are quoted; 0 for no limit
    #[arg(env = "RAG_BUDGET_USD_PER_DAY", value_name = "USD")]
    budget_usd_per_day: f64,
    /// US dollars a calendar month that answers may cost; then they are quoted; 0 for no limit
    #[arg(env = "RAG_BUDGET_USD_PER_MONTH", value_name = "USD")]
    budget_usd_per_month: f64,
    /// Tokens a day that answers may use; then they are quoted; 0 for no limit
    #[arg(env = "RAG_BUDGET_TOKENS_PER_DAY", value_name = "N")]
    budget_tokens_per_day: u64,
    /// Tokens a calendar month that answers may use; then they are quoted; 0 for no limit
    #[arg(env = "RAG_BUDGET_TOKENS_PER_MONTH", value_name = "N")]
    budget_tokens_per_month: u64,
    /// Origins of other sites that carry the widget, comma separated; * for any
    #[arg(env = "ALLOWED_ORIGINS_STR", value_name = "ORIGINS")]
    allowed_origins: String,
    /// Of so many requests that succeeded, one is logged
    #[arg(env = "RAG_LOG_SAMPLE", value_name = "N")]
    log_sample: u32,
    /// Folder for log files besides the log on stderr, one a day; none if not given
    #[arg(env = "RAG_LOG_DIR", value_name = "DIR")]
    log_dir: PathBuf,
    /// Days for which log files are kept
    #[arg(env = "RAG_LOG_RETENTION_DAYS", value_name = "N")]
    log_retention_days: u32,
    /// Networks whose programs may read /metrics without a key, comma separated; none for nobody
    #[arg(env = "RAG_METRICS_NETWORK", value_name = "NETWORKS")]
    metrics_network: String,
    /// Address and port at which /metrics alone is served, to everybody who can reach it
    #[arg(env = "RAG_METRICS_LISTEN", value_name = "ADDR:PORT", value_parser = listen_address)]
    metrics_listen: SocketAddr,
    /// Origin at which readers see the site, such as https://docs.example.com, for links in answers
    #[arg(env = "RAG_PUBLIC_URL", value_name = "URL")]
    public_url: String,
    /// Questions a minute per session and per address; 0 for no limit
    #[arg(env = "RATE_LIMIT_QUERIES_PER_MINUTE", value_name = "N")]
    rate_limit_queries_per_minute: u32,
    /// Questions a day per address; 0 for no limit
    #[arg(env = "RATE_LIMIT_QUERIES_PER_DAY", value_name = "N")]
    rate_limit_queries_per_day: u32,
    /// Networks of proxies whose X-Forwarded-For is believed, comma separated
    #[arg(env = "RAG_TRUSTED_PROXY", value_name = "NETWORKS")]
    trusted_proxy: String,
    /// Host names that this server answers to, comma separated; any, unless it listens on loopback alone
    #[arg(env = "RAG_ALLOWED_HOSTS", value_name = "HOSTS")]
    allowed_hosts: String,
    /// Connections open at once
    #[arg(env = "RAG_MAX_CONNECTIONS", value_name = "N")]
    max_connections: usize,
    /// Answers streamed at once
    #[arg(env = "RAG_MAX_STREAMS", value_name = "N")]
    max_streams: usize,
    /// Seconds for the head of a request
    #[arg(env = "RAG_HEADER_TIMEOUT_SECONDS", value_name = "N")]
    header_timeout_seconds: u64,
    /// Seconds for the body of a request
    #[arg(env = "RAG_BODY_TIMEOUT_SECONDS", value_name = "N")]
    body_timeout_seconds: u64,
    /// Seconds that a reader may take nothing of what is sent
    #[arg(env = "RAG_WRITE_TIMEOUT_SECONDS", value_name = "N")]
    write_timeout_seconds: u64,
    /// The server's certificate in PEM form, with those that lead to the root; turns TLS on
    #[arg(env = "RAG_TLS_CERTIFICATE", value_name = "FILE")]
    tls_certificate: PathBuf,
    /// The certificate's private key in PEM form
    #[arg(env = "RAG_TLS_KEY", value_name = "FILE")]
    tls_key: PathBuf,
    /// Authority whose certificates clients must show, in PEM form
    #[arg(env = "RAG_TLS_CLIENT_CA", value_name = "FILE")]
    tls_client_ca: PathBuf,
    /// Who must show one: all, or keys (who uses a key for more than a reader may)
    #[arg(env = "RAG_TLS_CLIENTS", value_name = "WHO")]
    tls_clients: String,
    /// Hours without a question after which a conversation is forgotten
    #[arg(env = "SESSION_TIMEOUT_HOURS", value_name = "N")]
    session_timeout_hours: u32,
    /// Days after which conversations and unanswered questions are deleted, used or not
    #[arg(env = "RAG_RETENTION_DAYS", value_name = "N")]
    retention_days: u32,
    /// Key that conversations are encrypted with, as `rag-chatbot history key` makes one
    #[arg(env = "RAG_HISTORY_KEY", value_name = "KEY", hide_env_values = true)]
    history_key: Secret,
    /// Keys that conversations were encrypted with before, comma separated
    #[arg(env = "RAG_HISTORY_OLD_KEYS", value_name = "KEYS", hide_env_values = true)]
    history_old_keys: Secret,
    /// Days for which the audit log is kept
    #[arg(env = "RAG_AUDIT_RETENTION_DAYS", value_name = "N")]
    audit_retention_days: u32,
    /// Folder or s3://bucket/prefix for backups; backups/ in the state folder if not given
    #[arg(env = "RAG_BACKUP_TO", value_name = "PLACE")]
    backup_to: String,
    /// Hours between the backups that the server makes; 0 for none
    #[arg(env = "RAG_BACKUP_EVERY_HOURS", value_name = "N")]
    backup_every_hours: u32,
    /// Days for which backups are kept: a week of days, then one a week
    #[arg(env = "RAG_BACKUP_KEEP_DAYS", value_name = "N")]
    backup_keep_days: u32,
    /// Public keys of age (age1...) that backups are encrypted for, comma separated
    #[arg(env = "RAG_BACKUP_RECIPIENT", value_name = "KEYS")]
    backup_recipient: String,
    /// Address of the S3 server for backups, where it is not Amazon's
    #[arg(env = "AWS_ENDPOINT_URL", value_name = "URL", hide_env_values = true)]
    backup_s3_endpoint: Address,
    /// Region of the bucket for backups
    #[arg(env = "AWS_REGION", value_name = "NAME")]
    backup_s3_region: String,
    /// Id of the key for the bucket for backups
    #[arg(env = "AWS_ACCESS_KEY_ID", value_name = "ID", hide_env_values = true)]
    backup_s3_key_id: Secret,
    /// The key for the bucket for backups
    #[arg(env = "AWS_SECRET_ACCESS_KEY", value_name = "KEY", hide_env_values = true)]
    backup_s3_key: Secret,
    /// Identity provider (OpenID Connect) whose tokens count, as its issuer address
    #[arg(env = "RAG_OIDC_ISSUER", value_name = "URL")]
    oidc_issuer: String,
    /// Whom bearer tokens must be meant for, comma separated; without it none counts
    #[arg(env = "RAG_OIDC_AUDIENCE", value_name = "NAMES")]
    oidc_audience: String,
    /// How tokens may be signed, comma separated
    #[arg(env = "RAG_OIDC_ALGORITHMS", value_name = "NAMES")]
    oidc_algorithms: String,
    /// Seconds that the provider's clock may differ from this one
    #[arg(env = "RAG_OIDC_CLOCK_SKEW_SECONDS", value_name = "N")]
    oidc_clock_skew_seconds: u64,
    /// Claim that holds somebody's roles; a path with dots for nested ones
    #[arg(env = "RAG_OIDC_ROLES_CLAIM", value_name = "NAME")]
    oidc_roles_claim: String,
    /// What roles are worth, as ROLE=SCOPE+SCOPE, comma separated; without it nobody is more than a reader
    #[arg(env = "RAG_OIDC_ROLES", value_name = "ROLES")]
    oidc_roles: String,
    /// Ways of signing in (amr or acr) of which an admin needs one, comma separated, such as mfa
    #[arg(env = "RAG_OIDC_ADMIN_BY", value_name = "NAMES")]
    oidc_admin_by: String,
    /// This server's id at the provider, with which people sign in at /auth/login; needs public_url
    #[arg(env = "RAG_OIDC_CLIENT_ID", value_name = "ID")]
    oidc_client_id: String,
    /// Its secret there; none for a public client
    #[arg(env = "RAG_OIDC_CLIENT_SECRET", value_name = "SECRET", hide_env_values = true)]
    oidc_client_secret: Secret,
    /// An admin key from outside, instead of the one made at the first start
    #[arg(env = "RAG_ADMIN_KEY", value_name = "KEY", hide_env_values = true)]
    admin_key: Secret,
}

impl Settings {
    /// What holds where nothing is said.
    pub fn defaults() -> Self {
        Self {
            state: Some("state".into()),
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 8080))),
            watch: Some(true),
            embedder: Some("local".into()),
            embed_engine: Some("auto".into()),
            embed_threads: Some(0),
            openai_base_url: Some("https://api.openai.com/v1".into()),
            openai_model: Some("gpt-4o-mini".into()),
            strict: Some(false),
            answer_cache_hours: Some(24),
            budget_usd_per_day: Some(0.0),
            // What the operators allow.
            budget_usd_per_month: Some(50.0),
            budget_tokens_per_day: Some(0),
            budget_tokens_per_month: Some(0),
            trace_sample_ratio: Some(0.1),
            environment: Some("development".into()),
            log_level: Some("info".into()),
            log_format: Some("auto".into()),
            log_sample: Some(1),
            log_retention_days: Some(14),
            metrics_network: Some("127.0.0.0/8,::1".into()),
            rate_limit_queries_per_minute: Some(10),
            rate_limit_queries_per_day: Some(1000),
            max_connections: Some(4096),
            max_streams: Some(1024),
            header_timeout_seconds: Some(10),
            body_timeout_seconds: Some(30),
            write_timeout_seconds: Some(30),
            tls_clients: Some("all".into()),
            session_timeout_hours: Some(24),
            oidc_algorithms: Some("RS256,PS256,ES256,EdDSA".into()),
            oidc_clock_skew_seconds: Some(60),
            oidc_roles_claim: Some("roles".into()),
            retention_days: Some(90),
            audit_retention_days: Some(365),
            backup_every_hours: Some(24),
            backup_keep_days: Some(30),
            ..Self::default()
        }
    }

    /// The settings as key → TOML value, secrets redacted.
    pub fn table(&self) -> toml::Table {
        toml::Table::try_from(self).expect("settings are plain values")
    }
}

/// One setting as it is documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documented {
    pub key: String,
    pub flag: String,
    pub env: String,
    pub default: Option<String>,
    pub help: String,
    pub secret: bool,
}

/// Every setting, in the order of its definition.
pub fn documented() -> Vec<Documented> {
    #[derive(clap::Parser)]
    struct Alone {
        #[command(flatten)]
        settings: Settings,
    }
    let defaults = Settings::defaults().table();
    let describe = |arg: &Arg| {
        let env = arg.get_env()?.to_str()?.to_owned();
        let key = arg.get_id().as_str().to_owned();
        Some(Documented {
            flag: format!("--{}", arg.get_long()?),
            default: defaults.get(&key).map(plain),
            help: arg.get_help()?.to_string(),
            secret: arg.is_hide_env_values_set(),
            env,
            key,
        })
    };
    Alone::command()
        .get_arguments()
        .filter_map(describe)
        .collect()
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "write an address and a port, such as 127.0.0.1:8080 or 0.0.0.0:80".to_owned())
}

/// A value as a person writes it: strings without quotes.
pub(super) fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Reads settings out of what clap found.
pub(super) fn from_matches(matches: &clap::ArgMatches) -> Result<Settings, clap::Error> {
    Settings::from_arg_matches(matches)
}
