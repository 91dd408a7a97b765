//! The index that lives in this process: store, words and vectors of one generation.

use super::calibration::{Sample, Usual};
use super::generation::{self, Manifest};
use super::passing::{Passing, Remembered};
use super::store;
use super::vector::{Details, Exact, Graph, HNSW_FROM_ROWS, Hit, dot_f32, is_of_read_text};
use super::{
    Candidate, Candidates, Index, IndexError, Ordinal, PassageDocument, Probe, StoredChunk,
    StoredSections, Summary, WordScores, lexical,
};
use crate::embedding::ModelIdentity;
use crate::stage;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Name of the vectors' file within a generation.
pub const VECTORS_FILE: &str = "vectors.f32";

/// Name of their details' file.
pub const DETAILS_FILE: &str = "details.i8";

/// Filters that let fewer rows pass than this share scan what passes instead of the graph, which
/// would be walked mostly over rows that do not count.
const GRAPH_MIN_PASSING: f32 = 0.3;

/// A verified generation, opened.
pub struct Embedded {
    inner: Arc<Inner>,
}

/// What was computed for a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Reusable<'e> {
    pub vector: &'e [f32],
    /// As `Details::encode` made them.
    pub details: &'e [u8],
}

struct Inner {
    path: PathBuf,
    manifest: Manifest,
    summary: Summary,
    store: Arc<store::Reader>,
    words: lexical::Reader,
    vectors: Option<Arc<Exact>>,
    details: Option<Details>,
    graph: Option<Graph>,
    sample: Sample,
    /// Each document's chunks.
    chunks_of: Vec<Range<Ordinal>>,
    passing: Remembered,
    /// Documents in the order of their routes.
    by_route: Vec<Arc<PassageDocument>>,
}

impl Embedded {
    /// Opens the generation at `path` after verifying every file of it.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let manifest = generation::verify(path)?;
        let store = store::Reader::open(path)?;
        let vectors = match &manifest.vectors {
            Some(vectors) => Some(Exact::open(
                &path.join(VECTORS_FILE),
                vectors.model.dimension,
            )?),
            None => None,
        };
        Self::of(path, manifest, Arc::new(store), vectors.map(Arc::new))
    }

    /// The generation at `path`, of which some is opened already.
    pub(super) fn of(
        path: &Path,
        manifest: Manifest,
        store: Arc<store::Reader>,
        vectors: Option<Arc<Exact>>,
    ) -> Result<Self, IndexError> {
        let words = lexical::Reader::open(path)?;
        if words.len() != store.places.len() {
            return Err(IndexError::Damaged("words and store disagree".into()));
        }
        if vectors
            .as_ref()
            .is_some_and(|v| v.len() != store.places.len())
        {
            return Err(IndexError::Damaged("vectors and store disagree".into()));
        }
        let details = match &vectors {
            Some(rows) => Some(Details::open(
                &path.join(DETAILS_FILE),
                rows.dimension(),
                rows.len(),
            )?),
            None => None,
        };
        let graph = match &vectors {
            Some(rows) if rows.len() >= HNSW_FROM_ROWS && Graph::is_saved(path) => {
                Some(Graph::load(path)?)
            }
            _ => None,
        };
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let summary = Summary {
            generation: name.unwrap_or_default(),
            documents: manifest.documents,
            sections: manifest.sections,
            chunks: manifest.chunks,
            vectors: vectors.as_ref().map_or(0, |rows| rows.len()),
            built_at: manifest.built_at,
            site_title: manifest.site_title.clone(),
            calibration: manifest
                .vectors
                .as_ref()
                .and_then(|v| v.calibration.clone()),
            vector_search: if graph.is_some() { "hnsw" } else { "exact" },
        };
        let sample = Sample::of(store.places.iter().map(|place| place.language));
        let mut chunks_of = vec![0..0; store.documents.len()];
        for (ordinal, place) in (0..).zip(&store.places) {
            let chunks: &mut Range<Ordinal> = &mut chunks_of[place.document as usize];
            if chunks.start == chunks.end {
                *chunks = ordinal..ordinal;
            }
            chunks.end = ordinal + 1;
        }
        let mut by_route = store.documents.clone();
        by_route.sort_by(|a, b| a.route.cmp(&b.route));
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                manifest,
                summary,
                store,
                words,
                vectors,
                details,
                graph,
                sample,
                chunks_of,
                passing: Remembered::default(),
                by_route,
            }),
        })
    }

    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    pub fn manifest(&self) -> &Manifest {
        &self.inner.manifest
    }

    pub(super) fn store(&self) -> &store::Reader {
        &self.inner.store
    }

    /// Every document's hash by its id.
    pub fn document_hashes(&self) -> Result<HashMap<String, String>, IndexError> {
        Ok(self.inner.store.document_hashes()?.into_iter().collect())
    }

    /// Vectors by embedding key, for the next generation; empty if made by another model.
    pub fn reusable_vectors(
        &self,
        model: &ModelIdentity,
    ) -> Result<HashMap<store::EmbeddingKey, Reusable<'_>>, IndexError> {
        let inner = &self.inner;
        let (Some(exact), Some(details), Some(made_by)) =
            (&inner.vectors, &inner.details, &inner.manifest.vectors)
        else {
            return Ok(HashMap::new());
        };
        if made_by.model != *model {
            return Ok(HashMap::new());
        }
        let keys = self.inner.store.embedding_keys()?;
        let rows = keys.into_iter().enumerate();
        Ok(rows
            .map(|(row, key)| {
                let row = row as u32;
                let reusable = Reusable {
                    vector: exact.row(row),
                    details: details.group(row),
                };
                (key, reusable)
            })
            .collect())
    }

    /// Embedding keys of all chunks, in their order.
    pub fn embedding_keys(&self) -> Result<Vec<store::EmbeddingKey>, IndexError> {
        self.inner.store.embedding_keys()
    }

    /// What the embedding model is given for the chunks at `ordinals`.
    pub fn embedding_texts(&self, ordinals: &[Ordinal]) -> Result<Vec<String>, IndexError> {
        self.inner.store.embedding_texts(ordinals)
    }

    /// The same search as [`Index::search`], on the calling thread.
    pub fn search_blocking(&self, probe: &Probe) -> Result<Candidates, IndexError> {
        self.inner.search(probe)
    }

    /// The same as [`Index::chunks`], on the calling thread.
    pub fn chunks_blocking(&self, ordinals: &[Ordinal]) -> Result<Vec<StoredChunk>, IndexError> {
        self.inner.store.chunks(ordinals)
    }
}

impl Inner {
    fn search(&self, probe: &Probe) -> Result<Candidates, IndexError> {
        let documents = &self.store.documents;
        let passing = self
            .passing
            .passing(&probe.filter, documents, &self.chunks_of);
        let allowed = |ordinal: Ordinal| match &passing {
            Some(passing) => {
                passing.documents[self.store.places[ordinal as usize].document as usize]
            }
            None => true,
        };
        let filter: Option<&(dyn Fn(Ordinal) -> bool + Sync)> =
            passing.as_ref().map(|_| &allowed as _);

        let started = Instant::now();
        let span = stage!("words").entered();
        let question = self.words.question(&probe.text)?;
        let by_words = self.words.search(&question, probe.depth, filter)?;
        drop(span);
        let words_ms = elapsed_ms(started);

        let started = Instant::now();
        let span = stage!("vectors").entered();
        let by_vector = match (&self.vectors, &probe.vector) {
            (Some(rows), Some(vector)) => {
                self.nearest(rows, vector, probe.depth, filter, passing.as_deref())
            }
            _ => Vec::new(),
        };
        drop(span);
        let vectors_ms = elapsed_ms(started);

        let mut order: Vec<Ordinal> = Vec::with_capacity(by_words.len() + by_vector.len());
        let mut ranks: HashMap<Ordinal, (Option<usize>, Option<usize>)> = HashMap::new();
        for (rank, (ordinal, _)) in by_words.iter().enumerate() {
            order.push(*ordinal);
            ranks.entry(*ordinal).or_default().0 = Some(rank + 1);
        }
        for (rank, (ordinal, _)) in by_vector.iter().enumerate() {
            let entry = ranks.entry(*ordinal).or_insert_with(|| {
                order.push(*ordinal);
                (None, None)
            });
            entry.1 = Some(rank + 1);
        }
        // The words' own finds are scored already, and stand first.
        let mut scores: Vec<WordScores> = by_words.iter().map(|(_, scores)| *scores).collect();
        scores.extend(self.words.scores(&question, &order[by_words.len()..])?);
        let details = match (&self.details, &probe.vector) {
            (Some(details), Some(vector)) => Some(details.asked(vector)),
            _ => None,
        };
        let found: Vec<Candidate> = order
            .iter()
            .zip(scores)
            .map(|(&ordinal, words)| {
                let place = self.store.places[ordinal as usize];
                let (words_rank, vector_rank) = ranks[&ordinal];
                let cosine = match (&self.vectors, &probe.vector) {
                    (Some(rows), Some(vector)) => {
                        let cosine = dot_f32(vector, rows.row(ordinal));
                        is_of_read_text(cosine).then_some(cosine)
                    }
                    _ => None,
                };
                Candidate {
                    ordinal,
                    document: place.document,
                    section: place.section,
                    language: place.language,
                    words,
                    cosine,
                    detail: details.as_ref().and_then(|asked| asked.nearest(ordinal)),
                    words_rank,
                    vector_rank,
                }
            })
            .collect();
        let cosine = |c: &Candidate| c.cosine.unwrap_or(f32::MIN);
        let nearest = found.iter().max_by(|a, b| cosine(a).total_cmp(&cosine(b)));
        let usual = match (&self.vectors, &probe.vector, nearest) {
            (Some(rows), Some(vector), Some(nearest)) => {
                self.sample.usual(rows, vector, nearest.language.script)
            }
            _ => Usual::default(),
        };
        Ok(Candidates {
            found,
            coverage: question.coverage(),
            named: question.asks_for_a_name(),
            words_maximum: question.maximum(),
            rarity: question.rarity(),
            usual,
            words_ms,
            vectors_ms,
        })
    }

    fn nearest(
        &self,
        rows: &Exact,
        vector: &[f32],
        depth: usize,
        filter: Option<&(dyn Fn(Ordinal) -> bool + Sync)>,
        passing: Option<&Passing>,
    ) -> Vec<Hit> {
        let share = passing.map_or(1.0, |passing| passing.share);
        let mut hits = match &self.graph {
            Some(graph) if share >= GRAPH_MIN_PASSING => graph.search(rows, vector, depth, filter),
            _ => match passing {
                None => rows.search(vector, depth, None),
                Some(passing) => rows.search_in(vector, depth, &passing.chunks, None),
            },
        };
        hits.retain(|(_, cosine)| is_of_read_text(*cosine));
        hits
    }
}

fn elapsed_ms(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}

#[async_trait::async_trait]
impl Index for Embedded {
    fn summary(&self) -> &Summary {
        &self.inner.summary
    }

    async fn search(&self, probe: Probe) -> Result<Candidates, IndexError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.search(&probe)).await
    }

    async fn chunks(&self, ordinals: Vec<Ordinal>) -> Result<Vec<StoredChunk>, IndexError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.store.chunks(&ordinals)).await
    }

    fn documents(&self) -> &[Arc<PassageDocument>] {
        &self.inner.by_route
    }

    async fn sections(&self, document: &str) -> Result<Option<StoredSections>, IndexError> {
        let inner = Arc::clone(&self.inner);
        let document = document.to_owned();
        blocking(move || inner.store.sections(&document)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexError> + Send + 'static,
) -> Result<T, IndexError> {
    let span = tracing::Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(result) => result,
        Err(error) => Err(IndexError::Engine(format!(
            "a search thread failed: {error}"
        ))),
    }
}
