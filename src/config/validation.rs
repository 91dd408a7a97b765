//! Settings → [`Config`]: every value is checked once, here, and the error names its setting.

use super::{
    Budgets, Config, ConfigError, LogFormat, OpenAi, Origin, Settings, backups, documented,
    provider, serving,
};
use crate::embedding::EmbedderKind;
use crate::secret::{Address, Secret};
use crate::store::{HistoryKey, Keyring};
use std::time::Duration;

pub(super) fn validate(
    all: Settings,
    origins: Vec<(String, String, Origin)>,
) -> Result<Config, ConfigError> {
    let unused = unused(&all);
    let tls = serving::tls(&all)?;
    let backups = backups::backups(&all)?;
    let oidc = provider::oidc(&all)?;
    let openai_set = origins.iter().any(|(key, _, origin)| {
        (key == "openai_base_url" || key == "openai_api_key") && *origin != Origin::Default
    });
    let set = "the defaults set it";
    let api_key = all.openai_api_key.filter(|key| !key.is_empty());
    let base_url = all.openai_base_url.expect(set);
    let base_url = base_url.expose();
    if !base_url.starts_with("http://") && !base_url.starts_with("https://") {
        return Err(ConfigError::Invalid {
            setting: "openai_base_url",
            reason: "an address starts with http:// or https://".into(),
        });
    }
    let openai = openai_set.then_some(OpenAi {
        api_key,
        base_url: Address::new(base_url.trim_end_matches('/')),
        model: all.openai_model.expect(set),
    });
    let trusted_proxies = serving::networks(
        "trusted_proxy",
        all.trusted_proxy.as_deref().unwrap_or_default(),
    )?;
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
        model_prices: model_prices(all.model_prices.as_deref().unwrap_or_default())?,
        budgets: Budgets {
            usd_per_day: amount("budget_usd_per_day", all.budget_usd_per_day.expect(set))?,
            usd_per_month: amount("budget_usd_per_month", all.budget_usd_per_month.expect(set))?,
            tokens_per_day: all.budget_tokens_per_day.expect(set),
            tokens_per_month: all.budget_tokens_per_month.expect(set),
        },
        strict: all.strict.expect(set),
        answer_cache_hours: all.answer_cache_hours.expect(set),
        database_url: database_url(all.database_url)?,
        sentry_dsn: all.sentry_dsn.filter(|dsn| !dsn.is_empty()),
        otel_endpoint: all
            .otel_exporter_otlp_endpoint
            .filter(|endpoint| !endpoint.expose().is_empty()),
        trace_sample_ratio: share("trace_sample_ratio", all.trace_sample_ratio.expect(set))?,
        environment: all.environment.expect(set),
        log_level: all.log_level.expect(set),
        log_format,
        log_sample: positive("log_sample", all.log_sample.expect(set))?,
        log_dir: all.log_dir,
        log_retention_days: positive("log_retention_days", all.log_retention_days.expect(set))?,
        metrics_networks: serving::networks_or_none(
            "metrics_network",
            &all.metrics_network.expect(set),
        )?,
        metrics_listen: all.metrics_listen,
        allowed_origins: origins_allowed(all.allowed_origins.as_deref().unwrap_or_default())?,
        public_url: all.public_url.as_deref().map(public_url).transpose()?,
        queries_per_minute: all.rate_limit_queries_per_minute.expect(set),
        queries_per_day: all.rate_limit_queries_per_day.expect(set),
        allowed_hosts: serving::hosts(
            all.allowed_hosts.as_deref().unwrap_or_default(),
            all.listen.expect(set),
            &trusted_proxies,
        ),
        trusted_proxies,
        max_connections: all.max_connections.expect(set),
        max_streams: all.max_streams.expect(set),
        header_timeout: serving::seconds(
            "header_timeout_seconds",
            all.header_timeout_seconds.expect(set),
        )?,
        body_timeout: serving::seconds(
            "body_timeout_seconds",
            all.body_timeout_seconds.expect(set),
        )?,
        write_timeout: serving::seconds(
            "write_timeout_seconds",
            all.write_timeout_seconds.expect(set),
        )?,
        tls,
        session_timeout_hours: positive(
            "session_timeout_hours",
            all.session_timeout_hours.expect(set),
        )?,
        retention: days("retention_days", all.retention_days.expect(set))?,
        keyring: keyring(all.history_key, all.history_old_keys)?,
        audit_retention: days("audit_retention_days", all.audit_retention_days.expect(set))?,
        backups,
        oidc,
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

fn amount(setting: &'static str, usd: f64) -> Result<f64, ConfigError> {
    if usd.is_finite() && usd >= 0.0 {
        return Ok(usd);
    }
    Err(ConfigError::Invalid {
        setting,
        reason: format!("`{usd}` is not an amount of dollars such as 50 or 0.5"),
    })
}

fn share(setting: &'static str, value: f64) -> Result<f64, ConfigError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    Err(ConfigError::Invalid {
        setting,
        reason: format!("`{value}` is not a share from 0 to 1"),
    })
}

/// `gpt-4o-mini=0.15/0.60,qwen2.5:7b=0/0`.
fn model_prices(text: &str) -> Result<Vec<(String, f64, f64)>, ConfigError> {
    let price = |entry: &str| {
        // The last `=`, as models' names are anybody's.
        let (model, prices) = entry.rsplit_once('=')?;
        let (prompt, completion) = prices.split_once('/')?;
        let usd = |text: &str| text.trim().parse::<f64>().ok();
        let usd = |text: &str| usd(text).filter(|usd| usd.is_finite() && *usd >= 0.0);
        Some((model.trim().to_owned(), usd(prompt)?, usd(completion)?))
    };
    let entries = text.split(',').map(str::trim).filter(|e| !e.is_empty());
    entries
        .map(|entry| {
            price(entry).ok_or_else(|| ConfigError::Invalid {
                setting: "model_prices",
                reason: format!("`{entry}` is not of the form MODEL=PROMPT/COMPLETION"),
            })
        })
        .collect()
}

fn keyring(current: Option<Secret>, old: Option<Secret>) -> Result<Keyring, ConfigError> {
    let read = |setting, secret: &Secret| {
        HistoryKey::parse(secret).map_err(|reason| ConfigError::Invalid { setting, reason })
    };
    let current = current.filter(|key| !key.is_empty());
    let old = old
        .as_ref()
        .map_or("", Secret::expose)
        .split(',')
        .map(Secret::new);
    Ok(Keyring::new(
        current.map(|key| read("history_key", &key)).transpose()?,
        old.filter(|key| !key.is_empty())
            .map(|key| read("history_old_keys", &key))
            .collect::<Result<_, _>>()?,
    ))
}

pub(super) fn days(setting: &'static str, days: u32) -> Result<Duration, ConfigError> {
    Ok(Duration::from_secs(
        u64::from(positive(setting, days)?) * 24 * 60 * 60,
    ))
}

/// `docs` → `/docs/`.
pub(super) fn base_path(text: &str) -> Result<String, ConfigError> {
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

/// `https://docs.example.com/` → `https://docs.example.com`; the path is `base_path`'s.
pub(super) fn public_url(text: &str) -> Result<String, ConfigError> {
    let trimmed = text.trim_end_matches('/');
    if is_origin(trimmed) {
        return Ok(trimmed.to_owned());
    }
    Err(ConfigError::Invalid {
        setting: "public_url",
        reason: format!(
            "`{text}` is not an origin such as https://docs.example.com; a path belongs in base_path"
        ),
    })
}

fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
    })
}

fn origins_allowed(text: &str) -> Result<Vec<String>, ConfigError> {
    let mut origins = Vec::new();
    for origin in text.split(',').map(str::trim).filter(|o| !o.is_empty()) {
        let valid = origin == "*" || is_origin(origin.trim_end_matches('/'));
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
