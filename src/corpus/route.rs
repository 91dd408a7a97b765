//! Which page answers at which route, and back.
//!
//! Compares routes the way a server does: percent-encoded or not, with or without the last slash.

use super::{Document, Warning};
use percent_encoding::percent_decode_str;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

#[derive(Debug, Default, Clone)]
pub struct RouteTable {
    by_route: HashMap<String, String>,
    by_document: HashMap<String, String>,
}

impl RouteTable {
    /// Of two documents with the same route the first keeps it; the other is named in a warning
    /// and has none.
    pub fn new<'d>(documents: impl IntoIterator<Item = &'d Document>) -> (Self, Vec<Warning>) {
        let mut table = Self::default();
        let mut warnings = Vec::new();
        for document in documents {
            if let Some(warning) = table.insert(&document.id, &document.route) {
                warnings.push(warning);
            }
        }
        (table, warnings)
    }

    /// Adds one document; the warning says that its route is taken.
    pub fn insert(&mut self, id: &str, route: &str) -> Option<Warning> {
        match self.by_route.entry(normalised(route)) {
            Entry::Occupied(taken) => Some(Warning {
                path: id.to_owned(),
                reason: format!(
                    "it was left out, because its address {route} already belongs to {}; give one \
                     of them another name or slug",
                    taken.get()
                ),
            }),
            Entry::Vacant(free) => {
                free.insert(id.to_owned());
                self.by_document.insert(id.to_owned(), route.to_owned());
                None
            }
        }
    }

    /// Id of the document served at a route.
    pub fn document(&self, route: &str) -> Option<&str> {
        self.by_route.get(&normalised(route)).map(String::as_str)
    }

    /// The document's own id, if it has a route.
    pub fn known(&self, document: &str) -> Option<&str> {
        self.by_document
            .get_key_value(document)
            .map(|(id, _)| id.as_str())
    }

    /// Route of a document.
    pub fn route(&self, document: &str) -> Option<&str> {
        self.by_document.get(document).map(String::as_str)
    }

    pub fn len(&self) -> usize {
        self.by_route.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_route.is_empty()
    }

    /// Routes and document ids, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_document
            .iter()
            .map(|(id, route)| (route.as_str(), id.as_str()))
    }
}

fn normalised(route: &str) -> String {
    let path = route.split(['#', '?']).next().unwrap_or("");
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let trimmed = decoded.trim_end_matches('/').trim_end_matches(".html");
    format!("/{}", trimmed.trim_start_matches('/'))
}
