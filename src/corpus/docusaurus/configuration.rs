//! A project's configuration file → its settings.
//!
//! Follows the defaults of Docusaurus 3.10. What the configuration computes at run time can't be
//! known here: the default is taken and said once.

use super::javascript::{self, Js};
use super::plugins;
use super::settings::Settings;
use crate::corpus::{MarkdownFormat, Warning, files};
use std::path::{Path, PathBuf};

/// A configuration longer than this is not read; real ones have some 20 kB.
const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

/// The configuration of the project whose root is given, if it is one.
pub(super) fn file_in(root: &Path) -> Option<PathBuf> {
    ["js", "ts", "mjs", "cjs", "mts", "cts"]
        .iter()
        .map(|extension| root.join(format!("docusaurus.config.{extension}")))
        .find(|path| path.is_file())
}

/// Reads a configuration file; what could not be read of it is said in a warning.
pub(super) fn load(path: &Path, data: &Path, warnings: &mut Vec<Warning>) -> Option<Settings> {
    let id = files::printable(path.strip_prefix(data).unwrap_or(path));
    let size = path.metadata().map_or(0, |m| m.len());
    let source = if size <= MAX_CONFIG_BYTES {
        std::fs::read(path).ok()
    } else {
        None
    };
    let settings = source.and_then(|bytes| read(&String::from_utf8_lossy(&bytes)));
    match &settings {
        Some(settings) if settings.unread.is_empty() => {}
        Some(settings) => warnings.push(Warning {
            path: id,
            reason: format!(
                "these settings are computed when Docusaurus runs, so their defaults are used: {}",
                settings.unread.join(", ")
            ),
        }),
        None => warnings.push(Warning {
            path: id,
            reason: "its settings could not be read, so Docusaurus' defaults are used".into(),
        }),
    }
    settings
}

/// Reads the source of a configuration; `None` when there is no object to be found in it.
fn read(source: &str) -> Option<Settings> {
    let config = javascript::exported_object(source)?;
    let mut settings = Settings::default();
    let text = |key: &str, settings: &mut Settings| match config.get(key) {
        Some(Js::Text(text)) => Some(text.clone()),
        Some(Js::Unknown) => {
            settings.unread.push(key.to_owned());
            None
        }
        _ => None,
    };
    settings.title = text("title", &mut settings);
    settings.url = text("url", &mut settings);
    settings.base_url = text("baseUrl", &mut settings);
    settings.trailing_slash = match config.get("trailingSlash") {
        Some(Js::Bool(value)) => Some(*value),
        Some(Js::Unknown) => {
            settings.unread.push("trailingSlash".into());
            None
        }
        _ => None,
    };
    read_locales(&config, &mut settings);
    if let Some(markdown) = config.get("markdown") {
        settings.format = match markdown.get("format").and_then(Js::text) {
            Some("detect") => Some(MarkdownFormat::Detect),
            Some("md") => Some(MarkdownFormat::Md),
            Some("mdx") => Some(MarkdownFormat::Mdx),
            _ => None,
        };
        settings.anchors_keep_case =
            markdown.get("anchors").and_then(|a| a.get("maintainCase")) == Some(&Js::Bool(true));
    }
    // Comments are removed unless MDX 1 compatibility is off, there or by version 4's switches.
    let v4 = config.get("future").and_then(|f| f.get("v4"));
    let off = v4 == Some(&Js::Bool(true))
        || v4.and_then(|v| v.get("mdx1CompatDisabledByDefault")) == Some(&Js::Bool(true));
    settings.comment_ids = match config
        .get("markdown")
        .and_then(|m| m.get("mdx1Compat"))
        .and_then(|m| m.get("comments"))
    {
        Some(Js::Bool(kept_as_comments)) => !kept_as_comments,
        _ => off,
    };
    plugins::read_presets(&config, &mut settings);
    plugins::read_plugins(&config, &mut settings);
    Some(settings)
}

fn read_locales(config: &Js, settings: &mut Settings) {
    let Some(i18n) = config.get("i18n") else {
        return;
    };
    if *i18n == Js::Unknown {
        settings.unread.push("i18n".into());
        return;
    }
    settings.default_locale = i18n
        .get("defaultLocale")
        .and_then(Js::text)
        .map(str::to_owned);
    match i18n.get("locales") {
        Some(Js::List(items)) => {
            settings.locales = items
                .iter()
                .filter_map(Js::text)
                .map(str::to_owned)
                .collect();
        }
        Some(Js::Unknown) => settings.unread.push("i18n.locales".into()),
        _ => {}
    }
    if let Some(Js::Object(configs)) = i18n.get("localeConfigs") {
        for (locale, config) in configs {
            if let Some(path) = config.get("path").and_then(Js::text) {
                settings
                    .locale_paths
                    .insert(locale.clone(), path.to_owned());
            }
        }
    }
}
