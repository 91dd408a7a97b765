//! Routes and heading ids are those of a real Docusaurus build, in both directions.

use crate::built_site::{self, Pages};
use rag_chatbot::corpus::{self, Document, Options};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What we make of the same sources.
fn ours(project: &Path) -> (corpus::Site, Vec<Document>) {
    let corpus = corpus::discover(&Options::new(project)).expect("the project can be read");
    assert!(corpus.warnings.is_empty(), "{:?}", corpus.warnings);
    let documents = corpus
        .files
        .iter()
        .filter_map(|file| corpus::read(&corpus.site, file).document)
        .collect();
    (corpus.site, documents)
}

fn as_pages(documents: &[Document]) -> Pages {
    documents
        .iter()
        .map(|document| {
            let ids = document
                .sections
                .iter()
                .filter_map(|s| s.anchor.clone())
                .collect();
            (built_site::decoded(&document.route), ids)
        })
        .collect()
}

fn assert_same_pages(project: &Path, build: &Path) -> usize {
    let (site, documents) = ours(project);
    let ours = as_pages(&documents);
    let mut theirs = built_site::crawl(build, &site.base_url);
    // Docusaurus shows the original where a translation is missing; that is no document of its own.
    theirs.retain(|route, ids| {
        let original = site
            .locales
            .iter()
            .find_map(|locale| route.strip_prefix(&format!("/{locale}/")))
            .map(|rest| format!("/{rest}"));
        let fallback = !ours.contains_key(route)
            && original.is_some_and(|original| ours.get(&original) == Some(ids));
        !fallback
    });
    let mut differences = Vec::new();
    for (route, ids) in &theirs {
        match ours.get(route) {
            None => differences.push(format!("built but not read: {route}")),
            Some(own) if own != ids => {
                differences.push(format!("{route}\n  built {ids:?}\n  read  {own:?}"))
            }
            Some(_) => {}
        }
    }
    differences.extend(
        ours.keys()
            .filter(|route| !theirs.contains_key(*route))
            .map(|route| format!("read but not built: {route}")),
    );
    assert!(
        differences.is_empty(),
        "{} of {} pages differ:\n{}",
        differences.len(),
        theirs.len(),
        differences.join("\n")
    );
    assert!(!theirs.is_empty(), "the build has no pages");
    theirs.len()
}

#[test]
fn our_own_handbook_has_the_routes_and_heading_ids_of_its_build() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let build = project.join("build");
    // Built by `make docs`; nothing to compare with before.
    if !build.join("index.html").is_file() {
        return;
    }
    eprintln!("{} pages", assert_same_pages(&project, &build));
}

#[test]
fn the_fixture_site_has_the_routes_and_heading_ids_of_its_build() {
    // Without Node there is no Docusaurus to compare with; CI has it.
    let Some(project) = built_fixture() else {
        return;
    };
    let pages = assert_same_pages(&project, &project.join("build"));
    assert!(pages > 50, "only {pages} pages were compared");
}

/// A copy of the fixture site with its build, made once for each state of its files.
fn built_fixture() -> Option<PathBuf> {
    let node = Command::new("npm")
        .arg("--version")
        .output()
        .is_ok_and(|out| out.status.success());
    if !node {
        return None;
    }
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/docusaurus-site");
    let mut files = Vec::new();
    list(&fixture, &fixture, &mut files);
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in &files {
        hasher.update(file.to_string_lossy().as_bytes());
        hasher.update(&std::fs::read(fixture.join(file)).expect("the fixture can be read"));
    }
    let hash = hasher.finalize().to_hex();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docusaurus-fixture");
    let project = cache.join(&hash[..16]);
    let done = project.join("build/.done");
    if done.is_file() {
        return Some(project);
    }
    // Older states are of no use any more; neither is a build that was interrupted.
    let _ = std::fs::remove_dir_all(&cache);
    for file in &files {
        let to = project.join(file);
        std::fs::create_dir_all(to.parent().expect("a file has a folder"))
            .expect("the copy can be made");
        std::fs::copy(fixture.join(file), to).expect("the copy can be made");
    }
    for arguments in [&["ci", "--no-audit", "--no-fund"][..], &["run", "build"]] {
        let out = Command::new("npm")
            .args(arguments)
            .current_dir(&project)
            .env("CI", "true")
            .output()
            .expect("npm can be started");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(
            out.status.success(),
            "npm {arguments:?}: {said}{}",
            String::from_utf8_lossy(&out.stdout)
        );
    }
    std::fs::write(done, "").expect("the build can be marked as done");
    Some(project)
}

fn list(folder: &Path, root: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder)
        .expect("the fixture can be read")
        .flatten()
    {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if folder != root
                || !["node_modules", "build", ".docusaurus"]
                    .iter()
                    .any(|n| name == *n)
            {
                list(&path, root, files);
            }
        } else {
            files.push(path.strip_prefix(root).expect("below the root").to_owned());
        }
    }
}
