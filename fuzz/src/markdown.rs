//! A page's source in every format: it is read, cut and shown, and what is shown is harmless.
//!
//! The first byte says what kind of file the rest is.

use html5gum::{Token, Tokenizer};
use rag_chatbot::corpus::{self, ChunkBudget, Corpus, RouteTable};
use std::fs;
use std::sync::LazyLock;
use tempfile::TempDir;

/// A project's settings; as the text of a page they are words like any other.
pub const DOCUSAURUS: &str = "module.exports = {\n  title: 'T', url: 'https://e.org', \
     baseUrl: '/', presets: [['classic', {docs: {}}]],\n};\n";

/// One folder per kind of file, found once; only the page's text changes.
static SITES: LazyLock<Vec<(TempDir, Corpus)>> = LazyLock::new(|| {
    [
        &["page.md"][..],
        &["page.mdx"],
        &["docs/page.md", "docusaurus.config.js"],
        &["page.html"],
        &["page.txt"],
    ]
    .into_iter()
    .map(site)
    .collect()
});

fn site(files: &[&str]) -> (TempDir, Corpus) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        fs::write(path, DOCUSAURUS).expect("written");
    }
    let corpus = corpus::discover(&corpus::Options::new(folder.path())).expect("a corpus");
    assert_eq!(corpus.files.len(), 1, "{files:?}: {:?}", corpus.warnings);
    (folder, corpus)
}

pub fn try_on(data: &[u8]) {
    let Some((kind, text)) = data.split_first() else {
        return;
    };
    if let Ok(text) = std::str::from_utf8(text) {
        // As POST /ingest takes it.
        corpus::read_markdown("Chapter", text);
    }
    let (_folder, corpus) = &SITES[usize::from(*kind) % SITES.len()];
    page(corpus, text);
}

/// Reads this as the corpus's only page.
pub fn page(corpus: &Corpus, text: &[u8]) {
    let (site, file) = (&corpus.site, &corpus.files[0]);
    fs::write(&file.path, text).expect("written");
    let reading = corpus::read(site, file);
    let (routes, _) = RouteTable::new(&reading.document);
    corpus::document_markdown(site, file);
    harmless(&corpus::document_html(site, file, &routes));
    let Some(document) = reading.document else {
        return;
    };
    let budget = ChunkBudget {
        max_tokens: 100,
        overlap_tokens: 10,
        count: &|text| text.len() / 4 + 1,
    };
    let blocks = document.sections.iter().flat_map(|s| &s.blocks);
    let has_text = blocks.clone().any(|b| !b.text.trim().is_empty());
    assert!(blocks.clone().all(|b| b.range.start <= b.range.end));
    let chunks = corpus::chunk(&document, site, &budget);
    assert!(!has_text || !chunks.is_empty(), "text was lost");
}

/// Nothing in it runs a script, loads anything from elsewhere by itself, or sends a form.
fn harmless(html: &str) {
    for token in Tokenizer::new(html).flatten() {
        let Token::StartTag(tag) = token else {
            continue;
        };
        let name = String::from_utf8_lossy(&tag.name).to_lowercase();
        let is_active = matches!(
            name.as_str(),
            "script" | "style" | "iframe" | "object" | "embed" | "form" | "base" | "meta" | "link"
        );
        assert!(!is_active, "<{name}> in {html}");
        for (attribute, value) in &tag.attributes {
            let attribute = String::from_utf8_lossy(attribute).to_lowercase();
            let value = String::from_utf8_lossy(value).trim().to_lowercase();
            assert!(
                !attribute.starts_with("on") && attribute != "style" && attribute != "srcdoc",
                "{attribute} in {html}"
            );
            let is_address = matches!(attribute.as_str(), "href" | "src" | "action");
            let runs = value.starts_with("javascript:") || value.starts_with("vbscript:");
            assert!(!(is_address && runs), "{value} in {html}");
        }
    }
}
