//! Every page of a project: docs in their versions, blog posts and Markdown pages, per locale.
//!
//! A page that is translated stands for the original in its locale; a translation without an
//! original is no page, as in Docusaurus. No page is opened here.

use super::settings::{Instance, Settings};
use super::{Project, versions};
use crate::corpus::Warning;
use crate::corpus::files::{self, Found};
use crate::corpus::site::{ContentRoot, Corpus, RootKind, Site, SourceFile, Version};
use crate::corpus::url_path;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Lists every page of the project.
pub(in crate::corpus) fn list(project: Project) -> Corpus {
    let Project {
        site,
        settings,
        warnings,
    } = project;
    let mut lister = Lister {
        site,
        settings,
        warnings,
        files: Vec::new(),
    };
    for instance in lister.settings.docs.clone() {
        lister.docs(&instance);
    }
    for instance in lister.settings.blogs.clone() {
        lister.other(&instance, RootKind::Blog, "docusaurus-plugin-content-blog");
    }
    for instance in lister.settings.pages.clone() {
        lister.other(
            &instance,
            RootKind::Pages,
            "docusaurus-plugin-content-pages",
        );
    }
    Corpus {
        site: lister.site,
        files: lister.files,
        warnings: lister.warnings,
    }
}

struct Lister {
    site: Site,
    settings: Settings,
    warnings: Vec<Warning>,
    files: Vec<SourceFile>,
}

/// A folder of pages, and where its translations and routes are.
struct Content<'c> {
    kind: RootKind,
    folder: PathBuf,
    /// Below `i18n/<locale>/`.
    localized: String,
    route: String,
    version: Option<&'c str>,
    latest: bool,
}

impl Lister {
    fn docs(&mut self, instance: &Instance) {
        let mut missing = Vec::new();
        let current = self.site.root.join(&instance.path);
        let translated_only = !current.is_dir();
        let versions = versions::of(instance, &self.site.root, current, &mut missing);
        for name in missing {
            if translated_only && name == versions::CURRENT {
                // Only translations were given: they are all there is to read.
                self.translations_only(instance);
                continue;
            }
            self.warnings.push(Warning {
                path: instance.path.clone(),
                reason: format!("the folder of version {name} does not exist"),
            });
        }
        let versioned = versions.len() > 1 || versions.iter().any(|v| v.name != versions::CURRENT);
        let plugin = plugin_folder("docusaurus-plugin-content-docs", instance);
        for version in &versions {
            let content = Content {
                kind: RootKind::Docs,
                folder: version.folder.clone(),
                localized: format!("{plugin}/{}", version.localized),
                route: url_path::join(&[&instance.route, &version.route]),
                version: versioned.then_some(version.name.as_str()),
                latest: version.latest,
            };
            if versioned && !self.site.versions.iter().any(|v| v.name == version.name) {
                self.site.versions.push(Version {
                    name: version.name.clone(),
                    label: version.label.clone(),
                    route: content.route.clone(),
                    latest: version.latest,
                });
            }
            self.content(instance, &content);
        }
    }

    fn translations_only(&mut self, instance: &Instance) {
        let plugin = plugin_folder("docusaurus-plugin-content-docs", instance);
        for locale in self.site.locales.clone() {
            let folder = self.localized_folder(&locale, &format!("{plugin}/current"));
            if !folder.is_dir() {
                continue;
            }
            let found = self.found(&folder, instance);
            let root = self.root(instance, RootKind::Docs, &instance.route, &locale);
            self.files.extend(
                found
                    .into_iter()
                    .map(|f| f.into_source(&root, &locale, None, true)),
            );
        }
    }

    fn other(&mut self, instance: &Instance, kind: RootKind, plugin: &str) {
        let folder = self.site.root.join(&instance.path);
        if !folder.is_dir() {
            return;
        }
        let content = Content {
            kind,
            folder,
            localized: plugin_folder(plugin, instance),
            route: url_path::join(&[&instance.route]),
            version: None,
            latest: true,
        };
        self.content(instance, &content);
    }

    fn content(&mut self, instance: &Instance, content: &Content) {
        // `path: '../docs'` is common; the data folder still is the limit.
        let Some(folder) = content
            .folder
            .canonicalize()
            .ok()
            .filter(|f| f.starts_with(&self.site.data))
        else {
            self.warnings.push(Warning {
                path: instance.path.clone(),
                reason: "this content folder is outside of the data folder and was left out".into(),
            });
            return;
        };
        let base = self.found(&folder, instance);
        let names: Vec<String> = base.iter().map(|f| f.relative.clone()).collect();
        let mut base = Some(base);
        for locale in self.site.locales.clone() {
            let root = self.root(instance, content.kind, &content.route, &locale);
            let localized = self.localized_folder(&locale, &content.localized);
            let mut translated: HashMap<String, Found> = if localized.is_dir() {
                self.found(&localized, instance)
                    .into_iter()
                    .map(|f| (f.relative.clone(), f))
                    .collect()
            } else {
                HashMap::new()
            };
            let mut source =
                |found: Found| found.into_source(&root, &locale, content.version, content.latest);
            if locale == self.site.default_locale {
                for found in base.take().unwrap_or_default() {
                    let found = translated.remove(&found.relative).unwrap_or(found);
                    self.files.push(source(found));
                }
            } else {
                self.files.extend(
                    names
                        .iter()
                        .filter_map(|name| translated.remove(name))
                        .map(&mut source),
                );
            }
            let mut orphans: Vec<Found> = translated.into_values().collect();
            orphans.sort_by(|a, b| a.id.cmp(&b.id));
            self.warnings.extend(orphans.into_iter().map(|found| Warning {
                path: found.id,
                reason: "it translates a page that does not exist, so Docusaurus makes no page of it".into(),
            }));
        }
    }

    fn root(
        &self,
        instance: &Instance,
        kind: RootKind,
        route: &str,
        locale: &str,
    ) -> Arc<ContentRoot> {
        let prefix = if locale == self.site.default_locale {
            ""
        } else {
            locale
        };
        Arc::new(ContentRoot {
            kind,
            route: url_path::join(&[prefix, route]),
            strip_number_prefixes: instance.strip_number_prefixes,
        })
    }

    fn localized_folder(&self, locale: &str, below: &str) -> PathBuf {
        let folder = self
            .settings
            .locale_paths
            .get(locale)
            .map_or(locale, String::as_str);
        self.site.root.join("i18n").join(folder).join(below)
    }

    fn found(&mut self, folder: &Path, instance: &Instance) -> Vec<Found> {
        let include = globs(&instance.include);
        let exclude = globs(&instance.exclude);
        files::list_files(folder, &self.site.data, &mut self.warnings)
            .into_iter()
            .filter(|found| files::has_extension(&found.relative, &["md", "mdx"]))
            .filter(|found| include.is_match(&found.relative) && !exclude.is_match(&found.relative))
            .collect()
    }
}

fn plugin_folder(plugin: &str, instance: &Instance) -> String {
    if instance.is_default() {
        plugin.to_owned()
    } else {
        format!("{plugin}-{}", instance.id)
    }
}

fn globs(patterns: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        // A pattern that is no glob matches nothing, as in Docusaurus.
        if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_else(|_| GlobSet::empty())
}
