//! What a project's routes and texts depend on, with the defaults of Docusaurus 3.10.
//!
//! Plain data; where it comes from is in `configuration` and `layout`.

use crate::corpus::MarkdownFormat;
use std::collections::HashMap;

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
