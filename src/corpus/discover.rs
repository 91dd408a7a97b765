//! Finds the documents of a data folder, whatever kind of site they make.
//!
//! It decides between a Docusaurus project and a plain folder and makes sure that every file has a
//! name of its own. How a folder is walked is in `files`, how a project is laid out in `docusaurus`.

use super::docusaurus;
use super::files::{EXTENSIONS, has_extension, list_files};
use super::site::{
    ContentRoot, Corpus, CorpusError, MarkdownFormat, Options, RootKind, Site, SiteKind,
};
use super::{Warning, url_path};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

/// Lists the documents in `options.data`. Fast: no file is opened but a project's configuration.
pub fn discover(options: &Options) -> Result<Corpus, CorpusError> {
    let given = &options.data;
    let data = given.canonicalize().map_err(|reason| match reason.kind() {
        std::io::ErrorKind::NotFound => CorpusError::Missing(given.clone()),
        _ => CorpusError::Unreadable {
            path: given.clone(),
            reason,
        },
    })?;
    if !data.is_dir() {
        return Err(CorpusError::NotAFolder(given.clone()));
    }
    std::fs::read_dir(&data).map_err(|reason| CorpusError::Unreadable {
        path: given.clone(),
        reason,
    })?;

    let mut corpus = match docusaurus::recognise(options, &data) {
        Some(project) => docusaurus::list(project),
        None => plain(options, data),
    };
    // Of two files with one address the first keeps it, and Docusaurus prefers `index` to `README`.
    corpus
        .files
        .sort_by(|a, b| (is_readme(&a.id), &a.id).cmp(&(is_readme(&b.id), &b.id)));
    let mut seen = HashSet::new();
    corpus.files.retain_mut(|file| {
        // Only names that are not text can become equal when made printable.
        if seen.insert(file.id.clone()) {
            return true;
        }
        corpus.warnings.push(Warning {
            path: file.id.clone(),
            reason: "another file has the same printable name; this one was left out".into(),
        });
        false
    });
    if corpus.files.is_empty() {
        corpus.warnings.push(Warning {
            path: ".".into(),
            reason: "no Markdown, MDX, HTML or text files were found".into(),
        });
    }
    Ok(corpus)
}

fn is_readme(id: &str) -> bool {
    let name = id.rsplit('/').next().unwrap_or(id);
    name.get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("readme."))
}

fn plain(options: &Options, data: PathBuf) -> Corpus {
    let mut warnings = Vec::new();
    let name = data.file_name().map_or_else(
        || "Documentation".into(),
        |n| n.to_string_lossy().into_owned(),
    );
    let site = Site {
        title: options.title.clone().unwrap_or_else(|| name.clone()),
        base_url: url_path::slashed(options.base_url.as_deref().unwrap_or("/")),
        url: None,
        kind: SiteKind::Plain,
        root: data.clone(),
        data: data.clone(),
        default_locale: "en".into(),
        locales: vec!["en".into()],
        versions: Vec::new(),
        build_dir: None,
        format: MarkdownFormat::Guess,
        trailing_slash: None,
        anchors_keep_case: false,
        comment_ids: true,
        max_file_bytes: options.max_file_bytes,
        makes_pages: options.makes_pages,
    };
    let root = Arc::new(ContentRoot {
        kind: RootKind::Plain,
        route: String::new(),
        strip_number_prefixes: false,
    });
    let files = list_files(&data, &data, &mut warnings)
        .into_iter()
        .filter(|found| has_extension(&found.relative, &EXTENSIONS))
        .map(|found| found.into_source(&root, "en", None, true))
        .collect();
    Corpus {
        site,
        files,
        warnings,
    }
}
