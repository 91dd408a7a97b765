//! The content plugins of a configuration: those of the classic preset, and those named alone.
//!
//! It knows the plugins' options and defaults, not the files they are about.

use super::javascript::Js;
use super::settings::{Instance, Settings};

pub(super) fn read_presets(config: &Js, settings: &mut Settings) {
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

pub(super) fn read_plugins(config: &Js, settings: &mut Settings) {
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
