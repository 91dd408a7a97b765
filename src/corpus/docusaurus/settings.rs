//! A project's configuration, as far as routes and texts depend on it.
//!
//! Follows the defaults of Docusaurus 3.10. What the configuration computes at run time can't be
//! known here: the default is taken and said once.

use super::javascript::{self, Js};
use crate::corpus::MarkdownFormat;
use std::collections::HashMap;
use std::path::Path;

#[derive(Debug, Default)]
pub(super) struct Settings {
    pub title: Option<String>,
    pub url: Option<String>,
    pub base_url: Option<String>,
    pub trailing_slash: Option<bool>,
    pub default_locale: Option<String>,
    pub locales: Vec<String>,
    /// Locale → folder below `i18n/`, where it isn't the locale's name.
    pub locale_paths: HashMap<String, String>,
    pub format: Option<MarkdownFormat>,
    pub anchors_keep_case: bool,
    pub comment_ids: bool,
    pub docs: Vec<Instance>,
    pub blogs: Vec<Instance>,
    pub pages: Vec<Instance>,
    /// What could not be read.
    pub unread: Vec<String>,
}

/// One content plugin.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub id: String,
    pub path: String,
    pub route: String,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub strip_number_prefixes: bool,
    pub include_current: bool,
    pub disable_versioning: bool,
    pub last_version: Option<String>,
    pub only_versions: Option<Vec<String>>,
    /// Name → (label, path).
    pub versions: HashMap<String, (Option<String>, Option<String>)>,
}

impl Instance {
    pub(super) fn new(id: &str, path: &str, route: &str) -> Self {
        Self {
            id: id.into(),
            path: path.into(),
            route: route.into(),
            include: vec!["**/*.{md,mdx}".into()],
            exclude: DEFAULT_EXCLUDE.iter().map(|g| (*g).to_owned()).collect(),
            strip_number_prefixes: true,
            include_current: true,
            disable_versioning: false,
            last_version: None,
            only_versions: None,
            versions: HashMap::new(),
        }
    }

    pub(super) fn is_default(&self) -> bool {
        self.id == "default"
    }
}

/// `GlobExcludeDefault` of `@docusaurus/utils`.
const DEFAULT_EXCLUDE: [&str; 4] = [
    "**/_*.{js,jsx,ts,tsx,md,mdx}",
    "**/_*/**",
    "**/*.test.{js,jsx,ts,tsx}",
    "**/__tests__/**",
];

pub(super) fn config_file(root: &Path) -> Option<std::path::PathBuf> {
    ["js", "ts", "mjs", "cjs", "mts", "cts"]
        .iter()
        .map(|extension| root.join(format!("docusaurus.config.{extension}")))
        .find(|path| path.is_file())
}

/// Reads the source of a configuration; `None` when there is no object to be found in it.
pub(super) fn read(source: &str) -> Option<Settings> {
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
    read_presets(&config, &mut settings);
    read_plugins(&config, &mut settings);
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

fn read_presets(config: &Js, settings: &mut Settings) {
    match config.get("presets") {
        Some(Js::Unknown) => {
            settings.unread.push("presets".into());
            classic(&Js::Null, settings);
        }
        Some(Js::List(presets)) => {
            for preset in presets {
                let (name, options) = name_and_options(preset);
                match name {
                    Some(name) if name == "classic" || name.contains("preset-classic") => {
                        classic(options, settings);
                    }
                    Some(_) => {}
                    None => settings.unread.push("presets".into()),
                }
            }
        }
        _ => {}
    }
}

fn classic(options: &Js, settings: &mut Settings) {
    if *options == Js::Unknown {
        settings.unread.push("the options of preset-classic".into());
    }
    let part = |name: &str| options.get(name).cloned().unwrap_or(Js::Null);
    let (docs, blog, pages) = (part("docs"), part("blog"), part("pages"));
    if docs != Js::Bool(false) {
        let instance = instance(&docs, "docs", "docs", settings);
        settings.docs.push(instance);
    }
    if blog != Js::Bool(false) {
        let instance = instance(&blog, "blog", "blog", settings);
        settings.blogs.push(instance);
    }
    if pages != Js::Bool(false) {
        let instance = instance(&pages, "src/pages", "/", settings);
        settings.pages.push(instance);
    }
}

fn read_plugins(config: &Js, settings: &mut Settings) {
    match config.get("plugins") {
        Some(Js::Unknown) => settings.unread.push("plugins".into()),
        Some(Js::List(plugins)) => {
            for plugin in plugins {
                let (Some(name), options) = name_and_options(plugin) else {
                    continue;
                };
                let name = name.to_owned();
                let options = options.clone();
                if is_plugin(&name, "content-docs") {
                    let instance = instance(&options, "docs", "docs", settings);
                    settings.docs.push(instance);
                } else if is_plugin(&name, "content-blog") {
                    let instance = instance(&options, "blog", "blog", settings);
                    settings.blogs.push(instance);
                } else if is_plugin(&name, "content-pages") {
                    let instance = instance(&options, "src/pages", "/", settings);
                    settings.pages.push(instance);
                }
            }
        }
        _ => {}
    }
}

fn is_plugin(name: &str, short: &str) -> bool {
    name == short
        || name == format!("@docusaurus/{short}")
        || name.contains(&format!("docusaurus/plugin-{short}"))
}

fn name_and_options(entry: &Js) -> (Option<&str>, &Js) {
    match entry {
        Js::Text(name) => (Some(name), &Js::Null),
        Js::List(items) => (
            items.first().and_then(Js::text),
            items.get(1).unwrap_or(&Js::Null),
        ),
        _ => (None, &Js::Null),
    }
}

fn instance(options: &Js, path: &str, route: &str, settings: &mut Settings) -> Instance {
    let mut instance = Instance::new("default", path, route);
    let unread = &mut settings.unread;
    let mut text = |key: &str, into: &mut String| match options.get(key) {
        Some(Js::Text(value)) => *into = value.clone(),
        Some(Js::Unknown) => unread.push(format!("{path}: {key}")),
        _ => {}
    };
    text("id", &mut instance.id);
    text("path", &mut instance.path);
    text("routeBasePath", &mut instance.route);
    let mut last_version = String::new();
    text("lastVersion", &mut last_version);
    instance.last_version = (!last_version.is_empty()).then_some(last_version);
    match options.get("numberPrefixParser") {
        Some(Js::Bool(false)) => instance.strip_number_prefixes = false,
        Some(Js::Unknown) => unread.push(format!("{path}: numberPrefixParser")),
        _ => {}
    }
    if options.get("includeCurrentVersion") == Some(&Js::Bool(false)) {
        instance.include_current = false;
    }
    if options.get("disableVersioning") == Some(&Js::Bool(true)) {
        instance.disable_versioning = true;
    }
    let mut texts = |key: &str| match options.get(key) {
        Some(Js::List(items)) => Some(
            items
                .iter()
                .filter_map(Js::text)
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        ),
        Some(Js::Unknown) => {
            unread.push(format!("{path}: {key}"));
            None
        }
        _ => None,
    };
    if let Some(include) = texts("include") {
        instance.include = include;
    }
    if let Some(exclude) = texts("exclude") {
        instance.exclude = exclude;
    }
    instance.only_versions = texts("onlyIncludeVersions");
    if let Some(Js::Object(versions)) = options.get("versions") {
        for (name, version) in versions {
            let label = version.get("label").and_then(Js::text).map(str::to_owned);
            let path = version.get("path").and_then(Js::text).map(str::to_owned);
            instance.versions.insert(name.clone(), (label, path));
        }
    }
    instance
}
