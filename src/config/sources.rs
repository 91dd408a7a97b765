//! The sources of settings that are files: the settings file, and files that hold one secret each.
//!
//! It knows which keys there are, not which values make sense.

use super::{ConfigError, Settings, documented};
use std::path::{Path, PathBuf};

/// The settings file looked for in the current folder when `--config` names none.
pub const DEFAULT_FILE: &str = "rag-chatbot.toml";

/// Where systemd puts the credentials of a service (`LoadCredential=openai_api_key:…`).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Secrets given as files: named by a variable (`OPENAI_API_KEY_FILE`), as container platforms
/// hand them over, or in systemd's folder of credentials, named like the setting.
pub(super) fn secret_files(env: &dyn Fn(&str) -> Option<PathBuf>) -> Result<Settings, ConfigError> {
    let credentials = env(CREDENTIALS);
    let mut table = toml::Table::new();
    for setting in documented().into_iter().filter(|s| s.secret) {
        let named = format!("{}_FILE", setting.env);
        let credential = || {
            let path = credentials.as_ref()?.join(&setting.key);
            path.is_file().then(|| (CREDENTIALS.to_owned(), path))
        };
        let given = env(&named).filter(|path| !path.as_os_str().is_empty());
        let Some((variable, path)) = given.map(|path| (named, path)).or_else(credential) else {
            continue;
        };
        let text = std::fs::read_to_string(&path).map_err(|e| ConfigError::UnreadableSecret {
            variable,
            path,
            reason: e.to_string(),
        })?;
        table.insert(setting.key, toml::Value::String(text.trim().to_owned()));
    }
    Ok(table.try_into().expect("secrets are strings"))
}

/// The settings file: the named one must exist, the default one may.
pub(super) fn read_file(file: Option<&Path>) -> Result<Settings, ConfigError> {
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

pub(super) fn parse_file(path: &Path, text: &str) -> Result<Settings, ConfigError> {
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
