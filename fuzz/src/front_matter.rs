//! A page that begins with these bytes between `---` lines, as YAML.

use super::markdown::{DOCUSAURUS, page};
use rag_chatbot::corpus::{self, Corpus};
use std::fs;
use std::sync::LazyLock;
use tempfile::TempDir;

static SITE: LazyLock<(TempDir, Corpus)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("docs")).expect("created");
    fs::write(folder.path().join("docs/page.md"), "text").expect("written");
    fs::write(folder.path().join("docusaurus.config.js"), DOCUSAURUS).expect("written");
    let corpus = corpus::discover(&corpus::Options::new(folder.path())).expect("a corpus");
    (folder, corpus)
});

pub fn try_on(data: &[u8]) {
    let mut text = b"---\n".to_vec();
    text.extend(data);
    text.extend(b"\n---\n\n# Heading\n\nText.\n");
    page(&SITE.1, &text);
}
