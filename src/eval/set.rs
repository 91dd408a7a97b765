//! Question sets on disk, in the layout of BEIR: `corpus.jsonl`, `queries.jsonl`, `qrels.tsv`.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A set cannot be read; names file and line.
    #[error("{0}")]
    Set(String),
    #[error(transparent)]
    Ingest(#[from] crate::ingest::IngestError),
    #[error(transparent)]
    Index(#[from] crate::index::IndexError),
    #[error(transparent)]
    Embed(#[from] crate::embedding::EmbedError),
    #[error(transparent)]
    Retrieval(#[from] crate::retrieval::RetrievalError),
}

#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    #[serde(rename = "_id")]
    pub id: String,
    #[serde(default)]
    pub title: String,
    pub text: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Query {
    #[serde(rename = "_id")]
    pub id: String,
    pub text: String,
}

/// Relevance of corpus ids by question id.
pub type Labels = HashMap<String, HashMap<String, f64>>;

/// One labelled set.
pub struct Set {
    pub name: String,
    pub entries: Vec<Entry>,
    pub queries: Vec<Query>,
    pub labels: Labels,
    /// Labels of sections; then `entries` are sections and `labels` their pages.
    pub section_labels: Option<Labels>,
    /// BLAKE3 of the corpus file, hex: sets with the same corpus share an index.
    pub corpus_hash: String,
}

impl Set {
    pub fn read(folder: &Path) -> Result<Self, EvalError> {
        let sections = folder.join("corpus_sections.jsonl");
        let corpus = if sections.is_file() {
            sections.clone()
        } else {
            folder.join("corpus.jsonl")
        };
        let bytes = fs::read(&corpus).map_err(|e| wrong(&corpus, &e))?;
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned());
        Ok(Self {
            name: name.unwrap_or_default(),
            corpus_hash: blake3::hash(&bytes).to_hex().to_string(),
            entries: lines(&corpus)?,
            queries: lines(&folder.join("queries.jsonl"))?,
            labels: labels(&folder.join("qrels.tsv"))?,
            section_labels: match sections.is_file() {
                true => Some(labels(&folder.join("qrels_sections.tsv"))?),
                false => None,
            },
        })
    }
}

/// Questions alone, as lines of JSON with `_id` and `text`.
pub fn read_queries(path: &Path) -> Result<Vec<Query>, EvalError> {
    lines(path)
}

/// Folders below (or equal to) `root` that hold a labelled set, by name.
pub fn find_sets(root: &Path) -> Result<Vec<PathBuf>, EvalError> {
    let is_set = |path: &Path| {
        path.join("queries.jsonl").is_file()
            && path.join("qrels.tsv").is_file()
            && path.join("corpus.jsonl").is_file()
    };
    if is_set(root) {
        return Ok(vec![root.to_owned()]);
    }
    let mut sets: Vec<PathBuf> = fs::read_dir(root)
        .map_err(|e| wrong(root, &e))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_set(path))
        .collect();
    sets.sort();
    if sets.is_empty() {
        return Err(EvalError::Set(format!(
            "{} holds no question set (corpus.jsonl, queries.jsonl, qrels.tsv)",
            root.display()
        )));
    }
    Ok(sets)
}

pub fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, EvalError> {
    let text = fs::read_to_string(path).map_err(|e| wrong(path, &e))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| {
                EvalError::Set(format!("{} line {}: {error}", path.display(), number + 1))
            })
        })
        .collect()
}

fn labels(path: &Path) -> Result<Labels, EvalError> {
    let text = fs::read_to_string(path).map_err(|e| wrong(path, &e))?;
    let mut labels = Labels::new();
    for (number, line) in text.lines().enumerate().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [query, id, score] = fields.as_slice() else {
            let place = format!("{} line {}", path.display(), number + 1);
            return Err(EvalError::Set(format!(
                "{place}: three tab-separated fields expected"
            )));
        };
        let score = score.trim().parse().map_err(|_| {
            EvalError::Set(format!(
                "{} line {}: the score is no number",
                path.display(),
                number + 1
            ))
        })?;
        labels
            .entry((*query).to_owned())
            .or_default()
            .insert((*id).to_owned(), score);
    }
    Ok(labels)
}

fn wrong(path: &Path, error: &std::io::Error) -> EvalError {
    EvalError::Set(format!("cannot read {}: {error}", path.display()))
}
