//! Whether a data folder holds a Docusaurus project, and what the project says of itself.
//!
//! The configuration counts; without a readable one the layout of the folders does. It does not
//! list pages.

use super::settings::Settings;
use super::{Project, configuration, layout};
use crate::corpus::site::{MarkdownFormat, Options, Site, SiteKind};
use crate::corpus::url_path;
use std::path::{Path, PathBuf};

/// How far above the data folder a content folder may be; `../docs` is common, `../../docs` is not.
const MAX_FOLDERS_ABOVE: usize = 2;

/// Whether the data folder is a project, its site one level down, or looks like one.
pub(in crate::corpus) fn recognise(options: &Options, data: &Path) -> Option<Project> {
    let below = [
        data.to_owned(),
        data.join("website"),
        data.join("docs"),
        data.join("site"),
    ];
    let (root, config) = below
        .iter()
        .find_map(|root| configuration::file_in(root).map(|config| (root.clone(), Some(config))))
        .or_else(|| {
            below[..2]
                .iter()
                .find(|root| layout::is_known(root))
                .map(|root| (root.clone(), None))
        })?;
    let root = root
        .canonicalize()
        .ok()
        .filter(|root| root.starts_with(data))?;
    let mut warnings = Vec::new();
    let settings = match config {
        Some(path) => configuration::load(&path, data, &mut warnings),
        None => None,
    }
    .unwrap_or_else(|| layout::settings(&root, data));

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
        base_url: url_path::slashed(base_url),
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
        makes_pages: false,
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
