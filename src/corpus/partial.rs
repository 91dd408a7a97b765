//! Markdown files that are imported into pages.

use super::decode;
use super::site::{Site, SourceFile};
use super::source::read_bytes;
use std::path::PathBuf;

/// A partial longer than this is not taken over into the pages that include it.
const MAX_PARTIAL_BYTES: u64 = 1024 * 1024;

/// The text of an imported Markdown file; only from inside the data folder.
pub(super) fn partial(site: &Site, file: &SourceFile, specifier: &str) -> Option<String> {
    let path: PathBuf = if let Some(rest) = specifier.strip_prefix("@site/") {
        site.root.join(rest)
    } else if specifier.starts_with('.') {
        file.path.parent()?.join(specifier)
    } else {
        return None;
    };
    let real = path.canonicalize().ok()?;
    if !real.starts_with(&site.data) || !real.is_file() {
        return None;
    }
    let (bytes, _) = read_bytes(&real, MAX_PARTIAL_BYTES).ok()?;
    Some(decode::decode(&bytes).text)
}

/// Used by the renderers too: partials resolved, dependencies not recorded.
pub(super) fn partials_of<'p>(
    site: &'p Site,
    file: &'p SourceFile,
) -> impl Fn(&str) -> Option<String> + 'p {
    move |specifier| partial(site, file, specifier)
}
