//! Docusaurus projects: recognised, and their content listed the way Docusaurus lists it.
//!
//! Docs instances with their versions, blogs and Markdown pages, each in every locale that has a
//! translation of its own. It does not open a page; routes are made in `routes`.

mod javascript;
pub(super) mod routes;
mod settings;
mod versions;

use super::Warning;
use super::discover::{self, Found};
use super::site::{
    ContentRoot, Corpus, MarkdownFormat, Options, RootKind, Site, SiteKind, SourceFile, Version,
};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use settings::{Instance, Settings};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) struct Project {
    site: Site,
    settings: Settings,
    warnings: Vec<Warning>,
}

/// A configuration longer than this is not read; real ones have some 20 kB.
const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

/// How far above the data folder a content folder may be; `../docs` is common, `../../docs` is not.
const MAX_FOLDERS_ABOVE: usize = 2;

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

/// Whether the data folder is a project, its site one level down, or looks like one.
pub(super) fn recognise(options: &Options, data: &Path) -> Option<Project> {
    let below = [
        data.to_owned(),
        data.join("website"),
        data.join("docs"),
        data.join("site"),
    ];
    let (root, config) = below
        .iter()
        .find_map(|root| settings::config_file(root).map(|config| (root.clone(), Some(config))))
        .or_else(|| {
            below[..2]
                .iter()
                .find(|root| has_layout(root))
                .map(|root| (root.clone(), None))
        })?;
    let root = root
        .canonicalize()
        .ok()
        .filter(|root| root.starts_with(data))?;
    let mut warnings = Vec::new();
    let settings = match config {
        Some(path) => read_config(&path, data, &mut warnings),
        None => None,
    }
    .unwrap_or_else(|| from_layout(&root, data));

    let data = &common_folder(data, &root, &settings);
    let default_locale = settings
        .default_locale
        .clone()
        .unwrap_or_else(|| "en".into());
    let mut locales = settings.locales.clone();
    if locales.is_empty() {
        locales.push(default_locale.clone());
    }
    let title = options
        .title
        .clone()
        .or_else(|| settings.title.clone())
        .unwrap_or_else(|| {
            data.file_name().map_or_else(
                || "Documentation".into(),
                |n| n.to_string_lossy().into_owned(),
            )
        });
    let base_url = options
        .base_url
        .as_deref()
        .or(settings.base_url.as_deref())
        .unwrap_or("/");
    let build = root.join("build");
    let site = Site {
        title,
        base_url: discover::slashed(base_url),
        url: settings.url.clone(),
        kind: SiteKind::Docusaurus,
        data: data.to_owned(),
        default_locale,
        locales,
        versions: Vec::new(),
        build_dir: build.join("index.html").is_file().then_some(build),
        format: settings.format.unwrap_or(MarkdownFormat::Mdx),
        trailing_slash: settings.trailing_slash,
        anchors_keep_case: settings.anchors_keep_case,
        comment_ids: settings.comment_ids,
        max_file_bytes: options.max_file_bytes,
        root,
    };
    Some(Project {
        site,
        settings,
        warnings,
    })
}

/// The data folder, or a folder above it when the configuration itself points there
/// (`path: '../docs'`): what the project's owner wrote is no way out.
fn common_folder(data: &Path, root: &Path, settings: &Settings) -> PathBuf {
    let mut common = data.to_owned();
    let instances = settings
        .docs
        .iter()
        .chain(&settings.blogs)
        .chain(&settings.pages);
    for folder in instances.filter_map(|instance| root.join(&instance.path).canonicalize().ok()) {
        let above = common
            .ancestors()
            .take(1 + MAX_FOLDERS_ABOVE)
            .find(|above| folder.starts_with(above));
        // The root of the file system is nobody's project.
        if let Some(above) = above.filter(|above| above.parent().is_some()) {
            common = above.to_owned();
        }
    }
    common
}

fn has_layout(root: &Path) -> bool {
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

fn read_config(path: &Path, data: &Path, warnings: &mut Vec<Warning>) -> Option<Settings> {
    let id = discover::printable(path.strip_prefix(data).unwrap_or(path));
    let size = path.metadata().map_or(0, |m| m.len());
    let source = if size <= MAX_CONFIG_BYTES {
        std::fs::read(path).ok()
    } else {
        None
    };
    let settings = source.and_then(|bytes| settings::read(&String::from_utf8_lossy(&bytes)));
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

/// Without a readable configuration: what the folders say.
fn from_layout(root: &Path, data: &Path) -> Settings {
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

/// Lists every page of the project.
pub(super) fn list(project: Project) -> Corpus {
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
                route: routes::join(&[&instance.route, &version.route]),
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
            route: routes::join(&[&instance.route]),
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
            route: routes::join(&[prefix, route]),
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
        discover::list_files(folder, &self.site.data, &mut self.warnings)
            .into_iter()
            .filter(|found| discover::has_extension(&found.relative, &["md", "mdx"]))
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
