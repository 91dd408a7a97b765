//! Runs a set: index its corpus once, ask its questions, compare with its labels.

use super::measures::Scores;
use super::set::{Entry, EvalError, Labels, Query, Set};
use super::trace;
use crate::corpus;
use crate::embedding::{Embedder, InputKind};
use crate::index::{Candidates, Embedded, Filter, Index, Probe, State};
use crate::ingest;
use crate::language::detect;
use crate::retrieval::fuse;
use serde::Serialize;
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Candidates per arm; the retriever's own.
const DEPTH: usize = crate::retrieval::DEPTH;

/// Constant of reciprocal rank fusion (Cormack et al. 2009).
const RRF_K: f64 = 60.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    Document,
    Section,
    Page,
}

impl Grain {
    pub fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Section => "section",
            Self::Page => "page",
        }
    }
}

/// What ranks: the product itself, or a baseline beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    Hybrid,
    Words,
    Vectors,
    ReciprocalRank,
}

impl Arm {
    pub const ALL: [Self; 4] = [
        Self::Hybrid,
        Self::Words,
        Self::Vectors,
        Self::ReciprocalRank,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Words => "words",
            Self::Vectors => "vectors",
            Self::ReciprocalRank => "reciprocal rank",
        }
    }
}

/// Scores of one set at one grain.
#[derive(Debug, Clone, Serialize)]
pub struct SetReport {
    pub name: String,
    pub grain: Grain,
    #[serde(flatten)]
    pub scores: Scores,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "by_name")]
    pub baselines: Vec<(Arm, Scores)>,
}

fn by_name<S: serde::Serializer>(
    baselines: &[(Arm, Scores)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(baselines.iter().map(|(arm, scores)| (arm.name(), scores)))
}

/// Measures sets with one embedder; indexes are kept under a folder and reused.
pub struct Evaluator {
    embedder: Arc<dyn Embedder>,
    state: PathBuf,
    baselines: bool,
    trace: Option<Box<dyn Write>>,
}

impl Evaluator {
    pub fn new(embedder: Arc<dyn Embedder>, state: &Path) -> Self {
        Self {
            embedder,
            state: state.to_owned(),
            baselines: false,
            trace: None,
        }
    }

    /// Also measures each arm alone and plain reciprocal rank fusion.
    pub fn with_baselines(mut self, baselines: bool) -> Self {
        self.baselines = baselines;
        self
    }

    /// Also writes every candidate's raw scores to `out`.
    pub fn with_trace(mut self, out: Option<Box<dyn Write>>) -> Self {
        self.trace = out;
        self
    }

    /// Measures one set: one report, or two for a set with sections. `report` is told how many
    /// chunks are embedded, of how many.
    pub fn run(
        &mut self,
        set: &Set,
        report: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<SetReport>, EvalError> {
        let index = self.index(set, report)?;
        let mut grains = vec![match set.section_labels {
            Some(_) => (
                Grain::Section,
                set.section_labels.as_ref().unwrap_or(&set.labels),
            ),
            None => (Grain::Document, &set.labels),
        }];
        if set.section_labels.is_some() {
            grains.push((Grain::Page, &set.labels));
        }
        let arms: &[Arm] = if self.baselines {
            &Arm::ALL
        } else {
            &[Arm::Hybrid]
        };
        let mut scores = vec![vec![Scores::default(); arms.len()]; grains.len()];
        for batch in set.queries.chunks(64) {
            let texts: Vec<String> = batch.iter().map(|q| q.text.clone()).collect();
            let vectors = self.embedder.embed(InputKind::Query, &texts)?;
            for (query, vector) in batch.iter().zip(vectors) {
                let candidates = index.search_blocking(&probe(&index, query, vector))?;
                let name = |document: u32| set.entries[document as usize].id.clone();
                if let Some(out) = &mut self.trace {
                    trace::write(out, &set.name, query, &candidates, &name)?;
                }
                for (a, arm) in arms.iter().enumerate() {
                    let ranked = rank(*arm, &candidates);
                    let ids: Vec<&str> = ranked
                        .iter()
                        .map(|&document| set.entries[document as usize].id.as_str())
                        .collect();
                    for (g, (grain, labels)) in grains.iter().enumerate() {
                        add(&mut scores[g][a], query, &ids, *grain, labels);
                    }
                }
            }
        }
        Ok(grains
            .iter()
            .zip(scores)
            .map(|((grain, _), scores)| SetReport {
                name: set.name.clone(),
                grain: *grain,
                scores: scores[0],
                baselines: arms.iter().copied().zip(scores).skip(1).collect(),
            })
            .collect())
    }

    pub(super) fn embedder(&self) -> &dyn Embedder {
        self.embedder.as_ref()
    }

    /// The index of the set's corpus: built, or reopened where it was built before.
    pub fn index(
        &self,
        set: &Set,
        report: &mut dyn FnMut(usize, usize),
    ) -> Result<Embedded, EvalError> {
        let state = State::open(&self.state.join(&set.corpus_hash[..16]))?;
        let documents = set.entries.iter().map(document).collect();
        Ok(ingest::build(&state, documents, &self.embedder, report)?)
    }
}

fn document(entry: &Entry) -> corpus::Document {
    let mut document = corpus::read_markdown(&entry.title, &entry.text);
    document.id.clone_from(&entry.id);
    document.route = format!("/{}", entry.id);
    document.latest_version = true;
    document.hash = blake3::hash(entry.text.as_bytes()).to_hex().to_string();
    document
}

/// What the retriever would look for.
pub(super) fn probe(index: &Embedded, query: &Query, vector: Vec<f32>) -> Probe {
    let vector = match &index.summary().calibration {
        Some(calibration) => calibration.centred(detect(&query.text), vector),
        None => vector,
    };
    Probe {
        text: query.text.clone(),
        vector: Some(vector),
        filter: Filter::default(),
        depth: DEPTH,
    }
}

/// Documents, best first, each once.
fn rank(arm: Arm, candidates: &Candidates) -> Vec<u32> {
    let mut seen = HashSet::new();
    let mut ranked: Vec<(u32, f64)> = match arm {
        Arm::Hybrid => fuse(candidates)
            .into_iter()
            .map(|f| (f.candidate.document, f64::from(f.score)))
            .collect(),
        _ => candidates
            .found
            .iter()
            .filter_map(|c| {
                let words = c.words_rank.map(|r| 1.0 / (RRF_K + r as f64));
                let vectors = c.vector_rank.map(|r| 1.0 / (RRF_K + r as f64));
                let score = match arm {
                    Arm::Words => words?,
                    Arm::Vectors => vectors?,
                    _ => words.unwrap_or(0.0) + vectors.unwrap_or(0.0),
                };
                Some((c.document, score))
            })
            .collect(),
    };
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.retain(|(document, _)| seen.insert(*document));
    ranked.into_iter().map(|(document, _)| document).collect()
}

fn add(scores: &mut Scores, query: &Query, ids: &[&str], grain: Grain, labels: &Labels) {
    let Some(relevant) = labels.get(&query.id) else {
        return;
    };
    if grain == Grain::Page {
        let mut seen = HashSet::new();
        let pages: Vec<&str> = ids
            .iter()
            .map(|id| id.split('#').next().unwrap_or(id))
            .filter(|page| seen.insert(*page))
            .collect();
        scores.add(&pages, relevant);
    } else {
        scores.add(ids, relevant);
    }
}
