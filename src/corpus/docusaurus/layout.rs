//! What a project's folders say where its configuration says nothing.

use super::settings::{Instance, Settings};
use std::path::Path;

/// Folders of a project that hold no docs instance.
const OTHER_FOLDERS: [&str; 12] = [
    "blog",
    "src",
    "static",
    "i18n",
    "build",
    "node_modules",
    "versioned_docs",
    "versioned_sidebars",
    "public",
    "scripts",
    "plugins",
    "core",
];

/// Whether a folder looks like a project: versions or translations lie where Docusaurus puts them.
pub(super) fn is_known(root: &Path) -> bool {
    root.join("versioned_docs").is_dir()
        || std::fs::read_dir(root.join("i18n")).is_ok_and(|locales| {
            locales.flatten().any(|locale| {
                locale
                    .path()
                    .join("docusaurus-plugin-content-docs")
                    .is_dir()
            })
        })
}

/// Without a readable configuration: what the folders say.
pub(super) fn settings(root: &Path, data: &Path) -> Settings {
    let mut settings = Settings {
        default_locale: Some("en".into()),
        locales: vec!["en".into()],
        ..Settings::default()
    };
    for locale in folder_names(&root.join("i18n")) {
        if locale != "en" {
            settings.locales.push(locale);
        }
    }
    let docs = if !root.join("docs").is_dir() && root != data && data.join("docs").is_dir() {
        "../docs"
    } else {
        "docs"
    };
    settings.docs.push(Instance::new("default", docs, "docs"));
    for name in folder_names(root) {
        let known = name == "docs"
            || OTHER_FOLDERS.contains(&name.as_str())
            || name.contains("_versioned_");
        if !known && !name.starts_with(['.', '_']) {
            settings.docs.push(Instance::new(&name, &name, &name));
        }
    }
    settings
        .blogs
        .push(Instance::new("default", "blog", "blog"));
    settings
        .pages
        .push(Instance::new("default", "src/pages", "/"));
    settings
}

fn folder_names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().to_str().map(str::to_owned))
        .collect();
    names.sort();
    names
}
