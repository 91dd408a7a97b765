//! Where the documents of the living index lie on disk and which page each of them is.
//!
//! The index keeps what is searched; a readable page is made from the source file, with its links,
//! tables and code. Looked up once per generation.

use crate::corpus::{self, RouteTable, SourceFile, document_html, document_markdown};
use crate::index::{Index, PassageDocument};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Finds documents' files and pages. Reads the disk: not for the async threads.
pub struct Shelf {
    options: corpus::Options,
    current: Mutex<Option<(String, Arc<Row>)>>,
}

/// The documents of one generation.
pub struct Row {
    site: Option<corpus::Site>,
    files: HashMap<String, SourceFile>,
    routes: RouteTable,
    documents: HashMap<String, Arc<PassageDocument>>,
}

impl Shelf {
    pub fn new(options: corpus::Options) -> Self {
        Self {
            options,
            current: Mutex::default(),
        }
    }

    /// What stands on the shelf for this generation of the index.
    pub fn row(&self, index: &dyn Index) -> Arc<Row> {
        let generation = &index.summary().generation;
        // A panic inside leaves the previous row, which is whole.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, row)) = current.as_ref()
            && of == generation
        {
            return Arc::clone(row);
        }
        let row = Arc::new(self.read(index));
        *current = Some((generation.clone(), Arc::clone(&row)));
        row
    }

    fn read(&self, index: &dyn Index) -> Row {
        let corpus = corpus::discover(&self.options)
            .inspect_err(|error| tracing::warn!(%error, "pages are shown from the index alone"))
            .ok();
        let (site, files) = corpus.map_or((None, Vec::new()), |c| (Some(c.site), c.files));
        let mut routes = RouteTable::default();
        for document in index.documents() {
            let _each_has_its_own = routes.insert(&document.id, &document.route);
        }
        Row {
            site,
            files: files
                .into_iter()
                .map(|file| (file.id.clone(), file))
                .collect(),
            routes,
            documents: index
                .documents()
                .iter()
                .map(|document| (document.id.clone(), Arc::clone(document)))
                .collect(),
        }
    }
}

impl Row {
    /// The document at this route.
    pub fn at(&self, route: &str) -> Option<&Arc<PassageDocument>> {
        self.documents.get(self.routes.document(route)?)
    }

    /// The document's page as HTML; `None` where it has no file (any more).
    pub fn html(&self, document: &PassageDocument) -> Option<String> {
        let file = self.files.get(&document.id)?;
        let html = document_html(self.site.as_ref()?, file, &self.routes);
        (!html.is_empty()).then_some(html)
    }

    /// The document as Markdown; `None` where it has no file (any more).
    pub fn markdown(&self, document: &PassageDocument) -> Option<String> {
        let text = document_markdown(self.site.as_ref()?, self.files.get(&document.id)?);
        (!text.is_empty()).then_some(text)
    }
}
