//! Settings: flag > environment > environment's `*_FILE` > file > default, made one validated
//! [`Config`] at start.
//!
//! No other module imports this one; each declares its own options, which `app` fills from here.

mod settings;

pub use settings::{Documented, Settings, documented};

use crate::embedding::{EmbedderKind, EngineKind};
use crate::secret::Secret;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The settings file looked for in the current folder when `--config` names none.
pub const DEFAULT_FILE: &str = "rag-chatbot.toml";

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
    /// Unsupported sentences are withheld.
    pub strict: bool,
    pub database_url: Secret,
    pub environment: String,
    pub log_level: String,
    pub log_format: LogFormat,
    pub allowed_origins: Vec<String>,
    pub queries_per_minute: u32,
    pub queries_per_day: u32,
    pub trusted_proxies: u8,
    pub session_timeout_hours: u32,
    pub admin_key: Option<Secret>,
    /// Settings that were given but that this version has no use for.
    pub unused: Vec<String>,
    origins: Vec<(String, String, Origin)>,
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
    pub base_url: String,
    pub model: String,
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

/// Secrets given as files (`OPENAI_API_KEY_FILE`), as container platforms hand them over.
fn secret_files(env: &dyn Fn(&str) -> Option<PathBuf>) -> Result<Settings, ConfigError> {
    let mut table = toml::Table::new();
    for setting in documented().into_iter().filter(|s| s.secret) {
        let Some(path) = env(&format!("{}_FILE", setting.env)) else {
            continue;
        };
        let text = std::fs::read_to_string(&path).map_err(|e| ConfigError::Unreadable {
            path,
            reason: e.to_string(),
        })?;
        table.insert(setting.key, toml::Value::String(text.trim().to_owned()));
    }
    Ok(table.try_into().expect("secrets are strings"))
}

/// The settings file: the named one must exist, the default one may.
fn read_file(file: Option<&Path>) -> Result<Settings, ConfigError> {
    let path = match file {
        Some(path) => path,
        None if Path::new(DEFAULT_FILE).is_file() => Path::new(DEFAULT_FILE),
        None => return Ok(Settings::default()),
    };
    let text = std::fs::read_to_string(path).map_err(|e| ConfigError::Unreadable {
        path: path.to_owned(),
        reason: e.to_string(),
    })?;
    parse_file(path, &text)
}

fn parse_file(path: &Path, text: &str) -> Result<Settings, ConfigError> {
    let malformed = |e: toml::de::Error| ConfigError::Malformed {
        path: path.to_owned(),
        reason: e.to_string(),
    };
    let table: toml::Table = text.parse().map_err(malformed)?;
    let known: Vec<String> = documented().into_iter().map(|s| s.key).collect();
    if let Some(key) = table.keys().find(|key| !known.contains(key)) {
        return Err(ConfigError::UnknownKey {
            path: path.to_owned(),
            key: key.clone(),
            nearest: nearest(key, &known),
        });
    }
    toml::from_str(text).map_err(malformed)
}

/// The known key most like this one, if any is alike.
fn nearest(key: &str, known: &[String]) -> Option<String> {
    // Jaro-Winkler over .8 is the bound clap itself uses for its suggestions.
    let alike = |name: &&String| strsim::jaro_winkler(key, name) > 0.8;
    known
        .iter()
        .filter(alike)
        .max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)))
        .cloned()
}

fn validate(all: Settings, origins: Vec<(String, String, Origin)>) -> Result<Config, ConfigError> {
    let unused = unused(&all);
    let openai_set = origins.iter().any(|(key, _, origin)| {
        (key == "openai_base_url" || key == "openai_api_key") && *origin != Origin::Default
    });
    let set = "the defaults set it";
    let api_key = all.openai_api_key.filter(|key| !key.is_empty());
    let base_url = all.openai_base_url.expect(set);
    if !base_url.starts_with("http://") && !base_url.starts_with("https://") {
        return Err(ConfigError::Invalid {
            setting: "openai_base_url",
            reason: format!("`{base_url}` does not start with http:// or https://"),
        });
    }
    let openai = openai_set.then_some(OpenAi {
        api_key,
        base_url: base_url.trim_end_matches('/').to_owned(),
        model: all.openai_model.expect(set),
    });
    let embedder: EmbedderKind = named("embedder", &all.embedder.expect(set))?;
    if embedder == EmbedderKind::OpenAi && openai.is_none() {
        return Err(ConfigError::Invalid {
            setting: "embedder",
            reason: "`openai` needs openai_api_key or openai_base_url".into(),
        });
    }
    let log_format = match all.log_format.expect(set).as_str() {
        "auto" => LogFormat::Auto,
        "text" => LogFormat::Text,
        "json" => LogFormat::Json,
        other => {
            return Err(ConfigError::Invalid {
                setting: "log_format",
                reason: format!("`{other}` is neither `auto`, `text` nor `json`"),
            });
        }
    };
    Ok(Config {
        data: all.data,
        site: all.site,
        index_state: all.state.clone().expect(set),
        state: all.state.expect(set),
        listen: all.listen.expect(set),
        base_path: all.base_path.as_deref().map(base_path).transpose()?,
        watch: all.watch.expect(set),
        model: all.model,
        embedder,
        embed_engine: named("embed_engine", &all.embed_engine.expect(set))?,
        embed_threads: all.embed_threads.expect(set),
        openai,
        strict: all.strict.expect(set),
        database_url: database_url(all.database_url)?,
        environment: all.environment.expect(set),
        log_level: all.log_level.expect(set),
        log_format,
        allowed_origins: origins_allowed(all.allowed_origins.as_deref().unwrap_or_default())?,
        queries_per_minute: all.rate_limit_queries_per_minute.expect(set),
        queries_per_day: all.rate_limit_queries_per_day.expect(set),
        trusted_proxies: all.trusted_proxies.expect(set),
        session_timeout_hours: positive(
            "session_timeout_hours",
            all.session_timeout_hours.expect(set),
        )?,
        admin_key: all.admin_key.filter(|key| !key.is_empty()),
        unused,
        origins,
    })
}

fn unused(all: &Settings) -> Vec<String> {
    let given = all.table();
    documented()
        .into_iter()
        .filter(|s| s.help.starts_with("Not used by this version") && given.contains_key(&s.key))
        .map(|s| s.env)
        .collect()
}

fn positive(setting: &'static str, value: u32) -> Result<u32, ConfigError> {
    if value == 0 {
        return Err(ConfigError::Invalid {
            setting,
            reason: "must be at least 1".into(),
        });
    }
    Ok(value)
}

/// `docs` → `/docs/`.
fn base_path(text: &str) -> Result<String, ConfigError> {
    let inner = text.trim_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    if !inner.chars().all(plain)
        || inner.split('/').any(|s| s == ".." || s == ".")
        || inner.contains("//")
    {
        return Err(ConfigError::Invalid {
            setting: "base_path",
            reason: format!("`{text}` is not a plain URL path such as /docs/"),
        });
    }
    Ok(if inner.is_empty() {
        "/".to_owned()
    } else {
        format!("/{inner}/")
    })
}

/// Refuses what no store of this version understands, before anything is opened.
fn database_url(url: Option<Secret>) -> Result<Secret, ConfigError> {
    let url = url.unwrap_or_else(|| Secret::new("sqlite:"));
    if url.expose().starts_with("sqlite:") {
        return Ok(url);
    }
    Err(ConfigError::Invalid {
        setting: "database_url",
        reason: "this version keeps conversations in SQLite; write sqlite: or sqlite:PATH".into(),
    })
}

/// A value with a closed set of names.
fn named<T: std::str::FromStr<Err = String>>(
    setting: &'static str,
    text: &str,
) -> Result<T, ConfigError> {
    text.parse()
        .map_err(|reason| ConfigError::Invalid { setting, reason })
}

fn origins_allowed(text: &str) -> Result<Vec<String>, ConfigError> {
    let mut origins = Vec::new();
    for origin in text.split(',').map(str::trim).filter(|o| !o.is_empty()) {
        let valid = origin == "*"
            || url::Url::parse(origin).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.origin().ascii_serialization() == origin.trim_end_matches('/')
            });
        if !valid {
            return Err(ConfigError::Invalid {
                setting: "allowed_origins",
                reason: format!("`{origin}` is not an origin such as https://docs.example.com"),
            });
        }
        origins.push(origin.trim_end_matches('/').to_owned());
    }
    Ok(origins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Result<Settings, ConfigError> {
        parse_file(Path::new("rag-chatbot.toml"), text)
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_one() {
        let error = file("rate_limit_querys_per_minute = 3").expect_err("no such key");
        insta::assert_snapshot!(error, @"rag-chatbot.toml: there is no setting `rate_limit_querys_per_minute`; did you mean `rate_limit_queries_per_minute`?");
    }

    #[test]
    fn a_flag_covers_the_file_and_the_file_covers_the_default() {
        let flags = Settings {
            openai_model: Some("from-flag".into()),
            ..Settings::default()
        };
        let in_file = file("openai_model = 'from-file'\nsession_timeout_hours = 3").expect("valid");
        let config =
            Config::compose(flags, Settings::default(), in_file, &|_| true).expect("valid");
        let printed = config.printed();
        assert!(
            printed.contains("openai_model = \"from-flag\"  # flag"),
            "{printed}"
        );
        assert!(
            printed.contains("session_timeout_hours = 3  # file"),
            "{printed}"
        );
        assert!(
            printed.contains("log_level = \"info\"  # default"),
            "{printed}"
        );
        assert_eq!(config.session_timeout_hours, 3);
    }

    #[test]
    fn printed_settings_do_not_show_secrets() {
        let config = Config::from_settings(Settings {
            openai_api_key: Some(Secret::new("sk-marker")),
            admin_key: Some(Secret::new("marker-too")),
            ..Settings::default()
        })
        .expect("valid");
        assert!(!config.printed().contains("marker"));
        assert!(!format!("{config:?}").contains("marker"));
        assert!(config.openai.is_some());
    }

    #[test]
    fn a_secret_can_be_given_as_a_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("key");
        std::fs::write(&path, "sk-from-file\n").expect("written");
        let env = |name: &str| (name == "OPENAI_API_KEY_FILE").then(|| path.clone());
        let secrets = secret_files(&env).expect("readable");
        assert_eq!(secrets.openai_api_key, Some(Secret::new("sk-from-file")));
    }

    #[test]
    fn wrong_values_are_refused_with_the_settings_name() {
        let wrong = [
            "base_path = '/a/../b'",
            "base_path = '/a?b'",
            "openai_base_url = 'ftp://x'",
            "embedder = 'magic'",
            "embedder = 'openai'",
            "allowed_origins = 'https://a.example/path'",
            "session_timeout_hours = 0",
            "database_url = 'postgresql://h/db'",
            "log_format = 'xml'",
        ];
        for text in wrong {
            let settings = file(text).expect("well-formed");
            let error = Config::from_settings(settings).expect_err(text).to_string();
            let name = text.split(' ').next().expect("a name");
            assert!(error.starts_with(name), "{error}");
        }
    }

    #[test]
    fn a_base_path_begins_and_ends_with_a_slash() {
        for (given, meant) in [
            ("docs", "/docs/"),
            ("/a/b/", "/a/b/"),
            ("/", "/"),
            ("", "/"),
        ] {
            assert_eq!(base_path(given).expect("valid"), meant);
        }
    }
}
