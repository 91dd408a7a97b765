//! The parts of the documentation as requests name them.

use super::problem::{Code, Problem};
use crate::index::{Index, PassageDocument};
use crate::retrieval::Scope;
use std::sync::Arc;

/// One look at the index: it stays the same while a request is handled. `None` before the first.
pub struct Catalogue(pub Option<Arc<dyn Index>>);

impl Catalogue {
    fn documents(&self) -> &[Arc<PassageDocument>] {
        self.0.as_ref().map_or(&[], |index| index.documents())
    }

    /// The scope a question names. `book_version` counts where the site has such a version:
    /// clients send it to sites without versions too.
    pub fn scope(
        &self,
        locale: Option<String>,
        version: Option<String>,
        path: Option<String>,
        book_version: Option<&str>,
        chapter: Option<&str>,
    ) -> Result<Scope, Problem> {
        let version = self.version(version).or_else(|| {
            let known = book_version.filter(|name| self.has_version(name));
            known.map(str::to_owned)
        });
        let path = match chapter.map(str::trim).filter(|chapter| !chapter.is_empty()) {
            Some(chapter) => Some(self.chapter(chapter).ok_or_else(|| {
                Problem::new(
                    Code::InvalidField,
                    "`chapter_filter` names no chapter: give a page's title or path.",
                )
            })?),
            None => path,
        };
        Ok(Scope {
            locale,
            version,
            path,
        })
    }

    /// The version to search in. Docusaurus calls the pages of a site without versions "current"; such
    /// a name keeps nothing apart there.
    pub fn version(&self, asked: Option<String>) -> Option<String> {
        asked.filter(|_| {
            self.documents()
                .iter()
                .any(|document| document.version.is_some())
        })
    }

    fn has_version(&self, name: &str) -> bool {
        self.documents()
            .iter()
            .any(|document| document.version.as_deref() == Some(name))
    }

    /// The route of a chapter named by its path, its title or its folder.
    fn chapter(&self, name: &str) -> Option<String> {
        let below = |route: &str, folder: &str| {
            route == folder
                || route
                    .strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        let documents = self.documents();
        if name.starts_with('/') {
            let folder = name.trim_end_matches('/');
            return documents
                .iter()
                .any(|document| below(&document.route, folder))
                .then(|| folder.to_owned());
        }
        let titled = documents
            .iter()
            .find(|document| document.title.eq_ignore_ascii_case(name))
            .map(|document| document.route.clone());
        titled.or_else(|| {
            let folder = format!("/{}", name.trim_matches('/'));
            documents.iter().find_map(|document| {
                let at = document.route.find(&folder)?;
                let end = at + folder.len();
                below(&document.route, &document.route[..end])
                    .then(|| document.route[..end].to_owned())
            })
        })
    }
}
