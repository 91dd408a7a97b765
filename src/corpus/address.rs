//! Where a file's page is served, and what the page is called when nothing names it.
//!
//! Each kind of folder has its own rules; Docusaurus' are in `docusaurus::routes`.

use super::docusaurus::routes;
use super::front_matter::FrontMatter;
use super::site::{RootKind, Site, SourceFile};
use super::url_path::{join, with_trailing_slash};

/// The route of a file's page, and why its slug could not be used.
pub(super) fn route(
    site: &Site,
    file: &SourceFile,
    front: &FrontMatter,
) -> (String, Option<String>) {
    let (route, problem) = match file.root.kind {
        RootKind::Docs => routes::doc(&file.root, &file.relative, front),
        RootKind::Blog => routes::post(&file.root, &file.relative, front),
        RootKind::Pages => routes::page(&file.root, &file.relative, front),
        RootKind::Plain => (plain(&file.relative), None),
    };
    let is_root = route == "/"
        || site
            .locales
            .iter()
            .any(|locale| route == format!("/{locale}/"));
    (
        with_trailing_slash(route, site.trailing_slash, is_root),
        problem,
    )
}

/// The title of a page that has none.
pub(super) fn fallback_title(file: &SourceFile, front: &FrontMatter) -> String {
    match file.root.kind {
        RootKind::Docs => routes::doc_base_id(&file.root, &file.relative, front),
        RootKind::Blog => routes::post_slug(&file.relative).1,
        RootKind::Pages | RootKind::Plain => {
            let name = file.relative.rsplit('/').next().unwrap_or(&file.relative);
            name.rsplit_once('.')
                .map_or(name, |(stem, _)| stem)
                .to_owned()
        }
    }
}

/// The route of a file in a plain folder: its path without the extension; `index` and `README`
/// stand for their folder.
fn plain(relative: &str) -> String {
    let (dir, file) = relative.rsplit_once('/').unwrap_or(("", relative));
    let name = routes::stem(file);
    let index = name.eq_ignore_ascii_case("index") || name.eq_ignore_ascii_case("readme");
    if index {
        join(&[dir, "/"])
    } else {
        join(&[dir, name])
    }
}
