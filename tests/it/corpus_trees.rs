//! The corpus module on the real trees, where they are at hand.

use rag_chatbot::corpus::{self, ChunkBudget, Document, Options, SiteKind};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

fn trees() -> Option<PathBuf> {
    // `../shared` of the repository, also from a work tree further down.
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|up| up.join("shared/corpora"))
        .find(|p| p.is_dir())
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

fn read_all(tree: &Path) -> (corpus::Corpus, Vec<Document>) {
    let corpus = corpus::discover(&Options::new(tree)).expect("the tree can be read");
    let documents = corpus
        .files
        .par_iter()
        .filter_map(|file| {
            let reading = corpus::read(&corpus.site, file);
            assert!(reading.warnings.is_empty(), "{:?}", reading.warnings);
            reading.document
        })
        .collect();
    (corpus, documents)
}

#[test]
fn every_real_tree_is_recognised_and_read_whole() {
    let Some(trees) = trees() else { return };
    for (name, at_least) in [
        ("jest", 170),
        ("docusaurus", 500),
        ("react_native_website", 2000),
        ("robotics_taha", 50),
    ] {
        let started = std::time::Instant::now();
        let (corpus, documents) = read_all(&trees.join(name));
        assert_eq!(corpus.site.kind, SiteKind::Docusaurus, "{name}");
        assert!(
            documents.len() >= at_least,
            "{name}: {} documents",
            documents.len()
        );
        let budget = ChunkBudget {
            max_tokens: 400,
            overlap_tokens: 40,
            count: &words,
        };
        let chunks: usize = documents
            .par_iter()
            .map(|d| corpus::chunk(d, &corpus.site, &budget).len())
            .sum();
        eprintln!(
            "{name}: {} files, {} documents, {chunks} chunks, versions {:?}, locales {:?}, {:?}",
            corpus.files.len(),
            documents.len(),
            corpus
                .site
                .versions
                .iter()
                .map(|v| (&v.name, &v.route, v.latest))
                .collect::<Vec<_>>(),
            corpus.site.locales,
            started.elapsed()
        );
        for warning in &corpus.warnings {
            eprintln!("{warning:?}");
        }
        let (routes, clashes) = corpus::RouteTable::new(&documents);
        // One folder of the robotics book has both an index and a README, which share a route.
        let expected = usize::from(name == "robotics_taha");
        assert_eq!(clashes.len(), expected, "{name}: {clashes:?}");
        assert_eq!(routes.len() + expected, documents.len());
    }
}
