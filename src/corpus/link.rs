//! Where the links and images of a document lead when its page is made from it.
//!
//! Authors link to files (`../setup.md#wifi`), readers open pages (`/setup#wifi`). A file that is a
//! document becomes its page's address, any other its place in the data folder. It does not know
//! whether anything is served there.

use super::files::EXTENSIONS;
use super::route::RouteTable;
use super::site::{Site, SiteKind, SourceFile};
use super::url_path::join;
use percent_encoding::percent_decode_str;

/// Names that stand for their folder.
const INDEXES: [&str; 4] = ["index", "Index", "README", "readme"];

/// Resolves what is written in one document.
pub(super) struct Links<'a> {
    pub site: &'a Site,
    pub file: &'a SourceFile,
    pub routes: &'a RouteTable,
}

impl Links<'_> {
    /// The address below the site's root for an address without a scheme and a host.
    pub(super) fn address(&self, written: &str) -> String {
        let end = written.find(['?', '#']).unwrap_or(written.len());
        let (path, rest) = written.split_at(end);
        if path.is_empty() || path.starts_with("//") {
            return written.to_owned();
        }
        let decoded = percent_decode_str(path).decode_utf8_lossy();
        let Some(place) = self.place(&decoded) else {
            return written.to_owned();
        };
        let page = self
            .document(&place)
            .or_else(|| self.routes.document(&format!("/{place}")));
        let base = self.site.base_url.trim_end_matches('/');
        if let Some(route) = page.and_then(|id| self.routes.route(id)) {
            return format!("{base}{route}{rest}");
        }
        let is_url = path.starts_with('/') || self.site.kind == SiteKind::Docusaurus;
        if is_url && has_no_extension(&place) {
            // Not a file: a route that nothing is known of, meant as it is written.
            return match path.starts_with('/') && !path.starts_with(&self.site.base_url) {
                true => format!("{base}{written}"),
                false => written.to_owned(),
            };
        }
        format!("{base}{}{rest}", join(&["/", &place]))
    }

    /// The path in the data folder, without dots; `None` where it would lead out of it.
    fn place(&self, path: &str) -> Option<String> {
        let below_base = path
            .strip_prefix(&*self.site.base_url)
            .or_else(|| path.strip_prefix('/'))
            .or_else(|| path.strip_prefix("@site/"));
        let folder = self
            .file
            .id
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        let mut segments: Vec<&str> = match below_base {
            Some(_) => Vec::new(),
            None => folder.split('/').filter(|s| !s.is_empty()).collect(),
        };
        for segment in below_base.unwrap_or(path).split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop()?;
                }
                _ => segments.push(segment),
            }
        }
        Some(segments.join("/"))
    }

    /// The document that a place in the data folder means, with or without its extension.
    fn document(&self, place: &str) -> Option<&str> {
        let known = |id: &str| self.routes.known(id);
        if let Some(id) = known(place) {
            return Some(id);
        }
        let folder = if place.is_empty() {
            String::new()
        } else {
            format!("{place}/")
        };
        EXTENSIONS.iter().find_map(|extension| {
            known(&format!("{place}.{extension}")).or_else(|| {
                INDEXES
                    .iter()
                    .find_map(|name| known(&format!("{folder}{name}.{extension}")))
            })
        })
    }
}

fn has_no_extension(place: &str) -> bool {
    let name = place.rsplit('/').next().unwrap_or(place);
    !name.contains('.')
}
