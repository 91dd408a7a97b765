//! Which source wins, what is refused, and that secrets stay secret.

use super::sources::{parse_file, secret_files};
use super::validation::base_path;
use super::{Config, ConfigError, Settings};
use crate::secret::Secret;
use std::path::Path;

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
    let config = Config::compose(flags, Settings::default(), in_file, &|_| true).expect("valid");
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

    std::fs::write(folder.path().join("admin_key"), "from-systemd\n").expect("written");
    let env = |name: &str| (name == "CREDENTIALS_DIRECTORY").then(|| folder.path().to_owned());
    let secrets = secret_files(&env).expect("readable");
    assert_eq!(secrets.admin_key, Some(Secret::new("from-systemd")));
    assert_eq!(secrets.openai_api_key, None);

    let env = |name: &str| (name == "RAG_ADMIN_KEY_FILE").then(|| folder.path().join("nothing"));
    let missing = secret_files(&env).expect_err("not there").to_string();
    assert!(
        missing.starts_with("RAG_ADMIN_KEY_FILE names the file"),
        "{missing}"
    );
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
        "trusted_proxy = '10.0.0.0/33'",
        "header_timeout_seconds = 0",
        "tls_certificate = 'certificate.pem'",
        "tls_client_ca = 'ca.pem'",
        "tls_clients = 'some'",
        "budget_usd_per_month = -1.0",
        "model_prices = 'gpt=1'",
        "history_key = 'password'",
        "oidc_issuer = 'http://idp.example'",
        "oidc_issuer = 'idp'",
        "oidc_issuer = 'https://idp.example/?x'",
        "oidc_algorithms = 'HS256'\noidc_issuer = 'https://idp.example'",
        "oidc_algorithms = 'none'\noidc_issuer = 'https://idp.example'",
        "oidc_algorithms = ''\noidc_issuer = 'https://idp.example'",
        "oidc_roles = 'chief=root'\noidc_issuer = 'https://idp.example'",
        "oidc_clock_skew_seconds = 3600\noidc_issuer = 'https://idp.example'",
        "oidc_client_id = 'docs'\noidc_issuer = 'https://idp.example'",
        "oidc_audience = 'docs'",
        "oidc_client_secret = 'x'\noidc_issuer = 'https://idp.example'",
        "history_old_keys = 'c2hvcnQ='",
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
