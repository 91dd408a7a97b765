//! Settings: flag > environment > environment's `*_FILE` > file > default, made one validated
//! [`Config`] at start.
//!
//! No other module imports this one; each declares its own options, which `app` fills from here.

mod backups;
mod provider;
mod serving;
mod settings;
mod sources;
#[cfg(test)]
mod tests;
mod validation;

pub use settings::{Documented, Settings, documented};
pub use sources::DEFAULT_FILE;

use crate::backup;
use crate::embedding::{EmbedderKind, EngineKind};
use crate::guard::oidc;
use crate::http::listener::tls;
use crate::secret::{Address, Secret};
use crate::store::Keyring;
use ipnet::IpNet;
use sources::{read_file, secret_files};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use validation::validate;

/// Settings after validation; what `app` builds the parts from.
#[derive(Debug, Clone)]
pub struct Config {
    pub data: Option<PathBuf>,
    pub site: Option<PathBuf>,
    pub state: PathBuf,
    /// Where the index is kept: the state folder, but for the demo.
    pub index_state: PathBuf,
    pub listen: SocketAddr,
    /// Starts and ends with `/`; `None` where the Docusaurus project decides.
    pub base_path: Option<String>,
    pub watch: bool,
    pub model: Option<PathBuf>,
    pub embedder: EmbedderKind,
    pub embed_engine: EngineKind,
    /// Model threads; 0 for one per core.
    pub embed_threads: usize,
    pub openai: Option<OpenAi>,
    /// Dollars per million prompt and completion tokens of models named by the settings.
    pub model_prices: Vec<(String, f64, f64)>,
    pub budgets: Budgets,
    /// Unsupported sentences are withheld.
    pub strict: bool,
    /// 0 remembers no answers.
    pub answer_cache_hours: u32,
    pub database_url: Secret,
    pub sentry_dsn: Option<Secret>,
    pub otel_endpoint: Option<Address>,
    /// 0 to 1.
    pub trace_sample_ratio: f64,
    pub environment: String,
    pub log_level: String,
    pub log_format: LogFormat,
    pub log_sample: u32,
    pub log_dir: Option<PathBuf>,
    pub log_retention_days: u32,
    pub metrics_networks: Vec<IpNet>,
    pub metrics_listen: Option<SocketAddr>,
    pub allowed_origins: Vec<String>,
    /// Origin of the site as readers see it, without a path.
    pub public_url: Option<String>,
    pub queries_per_minute: u32,
    pub queries_per_day: u32,
    pub trusted_proxies: Vec<IpNet>,
    /// Empty for any.
    pub allowed_hosts: Vec<String>,
    pub max_connections: usize,
    pub max_streams: usize,
    pub header_timeout: Duration,
    pub body_timeout: Duration,
    pub write_timeout: Duration,
    pub tls: Option<tls::Options>,
    pub session_timeout_hours: u32,
    pub retention: Duration,
    /// What conversations are encrypted with.
    pub keyring: Keyring,
    pub audit_retention: Duration,
    pub backups: Backups,
    pub oidc: Option<oidc::Options>,
    pub admin_key: Option<Secret>,
    /// Settings that were given but that this version has no use for.
    pub unused: Vec<String>,
    origins: Vec<(String, String, Origin)>,
}

/// Where, when and for whom backups are made.
#[derive(Debug, Clone)]
pub struct Backups {
    pub to: String,
    /// `None` for never.
    pub every: Option<Duration>,
    pub keep: Duration,
    pub recipients: backup::Recipients,
    pub s3: backup::S3Access,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Auto,
    Text,
    Json,
}

/// An OpenAI-compatible server to send questions to.
#[derive(Debug, Clone)]
pub struct OpenAi {
    /// Absent for servers that ask for none (a local one).
    pub api_key: Option<Secret>,
    pub base_url: Address,
    pub model: String,
}

/// What answers may cost; 0 is no limit.
#[derive(Debug, Clone, Copy)]
pub struct Budgets {
    pub usd_per_day: f64,
    pub usd_per_month: f64,
    pub tokens_per_day: u64,
    pub tokens_per_month: u64,
}

/// Where a setting's value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Flag,
    Environment,
    File,
    Default,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read the settings file {}: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{variable} names the file {}, which cannot be read: {reason}", path.display())]
    UnreadableSecret {
        variable: String,
        path: PathBuf,
        reason: String,
    },
    #[error("{}: {reason}", path.display())]
    Malformed { path: PathBuf, reason: String },
    #[error("{}: there is no setting `{key}`{}", path.display(), suggestion(.nearest.as_deref()))]
    UnknownKey {
        path: PathBuf,
        key: String,
        nearest: Option<String>,
    },
    #[error("{setting}: {reason}")]
    Invalid {
        setting: &'static str,
        reason: String,
    },
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |key| format!("; did you mean `{key}`?"))
}

impl Config {
    /// Composes the settings from what clap found, the environment's `*_FILE`s and the file.
    pub fn load(matches: &clap::ArgMatches, file: Option<&Path>) -> Result<Self, ConfigError> {
        let given = settings::from_matches(matches).map_err(|e| ConfigError::Invalid {
            setting: "arguments",
            reason: e.to_string(),
        })?;
        let from_flag =
            |key: &str| matches.value_source(key) == Some(clap::parser::ValueSource::CommandLine);
        let secrets = secret_files(&|name| std::env::var_os(name).map(PathBuf::from))?;
        let in_file = read_file(file)?;
        Self::compose(given, secrets, in_file, &from_flag)
    }

    /// The settings of the given sources over the defaults, checked.
    pub fn from_settings(given: Settings) -> Result<Self, ConfigError> {
        Self::compose(given, Settings::default(), Settings::default(), &|_| true)
    }

    fn compose(
        given: Settings,
        secrets: Settings,
        in_file: Settings,
        from_flag: &dyn Fn(&str) -> bool,
    ) -> Result<Self, ConfigError> {
        let environment = secrets.table();
        let strong = given.or(secrets);
        let (strong_keys, file_keys) = (strong.table(), in_file.table());
        let all = strong.or(in_file).or(Settings::defaults());
        let origins = all
            .table()
            .iter()
            .map(|(key, value)| {
                let origin = if environment.contains_key(key) {
                    Origin::Environment
                } else if strong_keys.contains_key(key) {
                    if from_flag(key) {
                        Origin::Flag
                    } else {
                        Origin::Environment
                    }
                } else if file_keys.contains_key(key) {
                    Origin::File
                } else {
                    Origin::Default
                };
                (key.clone(), value.to_string(), origin)
            })
            .collect();
        validate(all, origins)
    }

    /// The settings as a TOML file, secrets redacted, each with where it came from.
    pub fn printed(&self) -> String {
        let mut text = String::new();
        for (key, value, origin) in &self.origins {
            let origin = match origin {
                Origin::Flag => "flag",
                Origin::Environment => "environment",
                Origin::File => "file",
                Origin::Default => "default",
            };
            writeln!(text, "{key} = {value}  # {origin}").expect("a string takes every write");
        }
        text
    }
}
