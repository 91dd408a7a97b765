//! Which documents a filter lets pass, and their chunks; remembered for the filters asked for last.
//!
//! Readers of one site ask with the same few filters, and looking at every document would take as
//! long as the search itself. It does not know what is searched.

use super::{Filter, Ordinal, PassageDocument};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Locales times versions of a usual site, and some folders.
const REMEMBERED: usize = 64;

/// What a filter lets pass, when that is not everything.
pub struct Passing {
    /// By the document's place in the generation.
    pub documents: Vec<bool>,
    /// Their chunks; those of neighbours stand together.
    pub chunks: Vec<Range<Ordinal>>,
    /// Of all documents, 0–1.
    pub share: f32,
}

/// What was asked for last, the latest at the end.
#[derive(Default)]
pub struct Remembered(Mutex<Vec<(Filter, Option<Arc<Passing>>)>>);

impl Remembered {
    /// `None` when everything passes. `chunks_of` holds each document's chunks.
    pub fn passing(
        &self,
        filter: &Filter,
        documents: &[Arc<PassageDocument>],
        chunks_of: &[Range<Ordinal>],
    ) -> Option<Arc<Passing>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (filter, passing) = match known.iter().position(|(known, _)| known == filter) {
            Some(at) => known.remove(at),
            None => {
                known.truncate(REMEMBERED - 1);
                let passing = Passing::of(filter, documents, chunks_of).map(Arc::new);
                (filter.clone(), passing)
            }
        };
        known.insert(0, (filter, passing.clone()));
        passing
    }
}

impl Passing {
    fn of(
        filter: &Filter,
        documents: &[Arc<PassageDocument>],
        chunks_of: &[Range<Ordinal>],
    ) -> Option<Self> {
        let passing: Vec<bool> = documents.iter().map(|d| passes(filter, d)).collect();
        let count = passing.iter().filter(|passes| **passes).count();
        if count == documents.len() {
            return None;
        }
        let mut chunks: Vec<Range<Ordinal>> = Vec::new();
        for (own, _) in chunks_of
            .iter()
            .zip(&passing)
            .filter(|(_, passes)| **passes)
        {
            match chunks.last_mut() {
                Some(last) if last.end == own.start => last.end = own.end,
                _ => chunks.push(own.clone()),
            }
        }
        Some(Self {
            share: count as f32 / documents.len() as f32,
            documents: passing,
            chunks,
        })
    }
}

fn passes(filter: &Filter, document: &PassageDocument) -> bool {
    let locale = filter.locale.as_ref().is_none_or(|l| *l == document.locale);
    let version = match &filter.version {
        Some(version) => document.version.as_ref() == Some(version),
        None => !filter.latest_only || document.latest_version,
    };
    let path = filter
        .path
        .as_ref()
        .is_none_or(|p| is_below(&document.route, p));
    locale && version && path && !document.unlisted
}

/// Whether `route` is `path` or a page below it.
fn is_below(route: &str, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    route
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language;

    fn page(route: &str, locale: &str) -> Arc<PassageDocument> {
        Arc::new(PassageDocument {
            id: route.into(),
            title: route.into(),
            description: None,
            route: route.into(),
            locale: locale.into(),
            version: None,
            latest_version: true,
            unlisted: false,
            language: language::detect("A page in English."),
        })
    }

    #[test]
    fn what_passes_is_the_same_whether_it_is_remembered_or_not() {
        let documents = [
            page("/a", "en"),
            page("/b/c", "en"),
            page("/ur/a", "ur"),
            page("/b", "en"),
        ];
        let chunks_of = [0..2, 2..3, 3..7, 7..8];
        let remembered = Remembered::default();
        let asked = |locale: Option<&str>, path: Option<&str>| {
            let filter = Filter {
                locale: locale.map(str::to_owned),
                path: path.map(str::to_owned),
                ..Filter::default()
            };
            remembered.passing(&filter, &documents, &chunks_of)
        };
        // More filters than are remembered, each asked for twice.
        for turn in 0..2 * REMEMBERED {
            assert!(asked(None, None).is_none());
            let english = asked(Some("en"), None).expect("not all");
            assert_eq!(english.documents, [true, true, false, true]);
            assert_eq!(english.chunks, [0..3, 7..8]);
            let below = asked(None, Some("/b")).expect("not all");
            assert_eq!(below.chunks, [2..3, 7..8]);
            assert_eq!(below.share, 0.5);
            let nothing = asked(None, Some(&format!("/nowhere-{turn}"))).expect("not all");
            assert_eq!(nothing.chunks, []);
        }
    }
}
