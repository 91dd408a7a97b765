//! The hybrid search: embeds the question, searches both arms, fuses, folds and judges.

use super::answerable::{Signals, THRESHOLD};
use super::fusion::{Fused, fuse};
use super::{Explain, KnownScopes, Passage, RetrievalError, Retrieved, Scope, Search};
use crate::embedding::{EmbedError, EmbeddingQueue};
use crate::index::{Filter, Index, IndexError, Probe, StoredChunk};
use crate::language::{self, Language};
use crate::stage;
use crate::telemetry::request::{self, Stage};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument;

/// Candidates per arm: deeper lists changed no result's first ten on the development sets.
pub const DEPTH: usize = 50;

/// How long a question may wait for its vector before it is searched by words: a remote embedding
/// server may be away, and its client tries several times.
const EMBEDDING_PATIENCE: Duration = Duration::from_secs(3);

/// Gives the living index, or `None` before there is one.
pub type Snapshot = Arc<dyn Fn() -> Option<Arc<dyn Index>> + Send + Sync>;

/// Finds passages in the living index.
#[derive(Clone)]
pub struct Retriever {
    snapshot: Snapshot,
    queue: EmbeddingQueue,
}

/// One search of one scope, before it is judged.
struct Attempt {
    fused: Vec<Fused>,
    signals: Signals,
    words_ms: f64,
    vectors_ms: f64,
    fuse_ms: f64,
}

impl Retriever {
    pub fn new(snapshot: Snapshot, queue: EmbeddingQueue) -> Self {
        Self { snapshot, queue }
    }

    /// Fused candidates without reading their chunks, for measuring.
    pub async fn rank(
        &self,
        query: &str,
        scope: &Scope,
    ) -> Result<(Vec<Fused>, Signals), RetrievalError> {
        let index = (self.snapshot)().ok_or(RetrievalError::NotReady)?;
        let language = language::detect(query);
        let vector = self.embed(index.as_ref(), query, language).await?;
        let attempt = attempt(index.as_ref(), query, language, vector, scope).await?;
        Ok((attempt.fused, attempt.signals))
    }

    async fn embed(
        &self,
        index: &dyn Index,
        query: &str,
        language: Language,
    ) -> Result<Option<Vec<f32>>, RetrievalError> {
        if index.summary().vectors == 0 || !self.queue.embedder().reads(query) {
            return Ok(None);
        }
        let embedding = self.queue.embed_query(query.to_owned());
        let Ok(embedded) = tokio::time::timeout(EMBEDDING_PATIENCE, embedding).await else {
            tracing::warn!("a question was not embedded in time; it is searched by words");
            return Ok(None);
        };
        match embedded {
            Ok(vector) => Ok(Some(match &index.summary().calibration {
                Some(calibration) => calibration.centred(language, vector),
                None => vector,
            })),
            Err(EmbedError::Overloaded) => Err(RetrievalError::Overloaded),
            Err(error) => {
                // Words still answer when the model does not.
                tracing::warn!(%error, "a question could not be embedded; it is searched by words");
                Ok(None)
            }
        }
    }
}

#[async_trait]
impl Search for Retriever {
    async fn search(
        &self,
        query: &str,
        scope: &Scope,
        top_k: usize,
    ) -> Result<Retrieved, RetrievalError> {
        let index = (self.snapshot)().ok_or(RetrievalError::NotReady)?;
        let language = language::detect(query);
        let started = Instant::now();
        let embedding = self.embed(index.as_ref(), query, language);
        let vector = embedding.instrument(stage!("embed")).await?;
        let embed_ms = elapsed_ms(started);
        if vector.is_some() {
            request::took_ms(Stage::Embed, embed_ms);
        }
        let words_only = vector.is_none();
        let still_indexing = index.summary().vectors == 0 && index.summary().chunks > 0;

        let mut best = attempt(index.as_ref(), query, language, vector.clone(), scope).await?;
        let mut fallback = None;
        for wider in wider_scopes(scope) {
            if best.signals.probability() >= THRESHOLD {
                break;
            }
            let other = attempt(index.as_ref(), query, language, vector.clone(), &wider).await?;
            if other.signals.probability() > best.signals.probability() {
                best = other;
                fallback = Some(wider);
            }
        }

        let answerable = best.signals.probability();
        let reading = drop_translations(index.as_ref(), best.fused, language, top_k);
        let ordered = reading.instrument(stage!("read")).await?;
        Ok(Retrieved {
            passages: ordered,
            answerable,
            signals: best.signals,
            found: answerable >= THRESHOLD,
            language,
            fallback,
            embed_ms,
            words_ms: best.words_ms,
            vectors_ms: best.vectors_ms,
            fuse_ms: best.fuse_ms,
            words_only,
            still_indexing,
        })
    }

    fn generation(&self) -> Option<String> {
        let index = (self.snapshot)()?;
        Some(index.summary().generation.clone())
    }

    fn known_scopes(&self) -> KnownScopes {
        let mut known = KnownScopes::default();
        if let Some(index) = (self.snapshot)() {
            for document in index.documents() {
                if !known.locales.contains(&document.locale) {
                    known.locales.push(document.locale.clone());
                }
                if let Some(version) = &document.version
                    && !known.versions.contains(version)
                {
                    known.versions.push(version.clone());
                }
            }
        }
        known
    }
}

async fn attempt(
    index: &dyn Index,
    query: &str,
    language: Language,
    vector: Option<Vec<f32>>,
    scope: &Scope,
) -> Result<Attempt, RetrievalError> {
    let has_vector = vector.is_some();
    let probe = Probe {
        text: query.to_owned(),
        vector,
        filter: Filter {
            locale: scope.locale.clone(),
            version: scope.version.clone(),
            path: scope.path.clone(),
            latest_only: scope.version.is_none(),
        },
        depth: DEPTH,
    };
    let candidates = index.search(probe).await.map_err(failed)?;
    let started = Instant::now();
    let fused = stage!("fuse").in_scope(|| fuse(&candidates));
    let summary = index.summary();
    let calibration = summary.calibration.as_ref();
    let signals = Signals::of(language, &candidates, &fused, summary.chunks, calibration);
    let fuse_ms = elapsed_ms(started);
    request::took_ms(Stage::Words, candidates.words_ms);
    if has_vector {
        request::took_ms(Stage::Vectors, candidates.vectors_ms);
    }
    request::took_ms(Stage::Fuse, fuse_ms);
    Ok(Attempt {
        fused,
        signals,
        words_ms: candidates.words_ms,
        vectors_ms: candidates.vectors_ms,
        fuse_ms,
    })
}

/// Where else to look when the reader's own locale, then version, has no answer.
fn wider_scopes(scope: &Scope) -> Vec<Scope> {
    let mut wider = Vec::new();
    if scope.locale.is_some() {
        wider.push(Scope {
            locale: None,
            ..scope.clone()
        });
    }
    if scope.version.is_some() {
        wider.push(Scope {
            locale: None,
            version: None,
            ..scope.clone()
        });
    }
    wider
}

/// Reads the best chunks; of a page that exists in several locales, one is kept: the one in the
/// question's language, else the one that was found first.
async fn drop_translations(
    index: &dyn Index,
    fused: Vec<Fused>,
    language: Language,
    top_k: usize,
) -> Result<Vec<Passage>, RetrievalError> {
    // Twice as many as are wanted: about half may be translations of the other half.
    let considered: Vec<Fused> = fused.into_iter().take(top_k * 2).collect();
    let ordinals = considered.iter().map(|f| f.candidate.ordinal).collect();
    let chunks = index.chunks(ordinals).await.map_err(failed)?;
    let best = considered
        .first()
        .map_or(0.0, |f| f.score)
        .max(f32::EPSILON);
    let mut passages: Vec<Passage> = considered
        .iter()
        .zip(chunks)
        .map(|(fused, chunk)| passage(fused, chunk, best))
        .collect();
    let mut locale_of: HashMap<String, String> = HashMap::new();
    for passage in &passages {
        let document = &passage.document;
        let kept = locale_of
            .entry(page_of(document))
            .or_insert_with(|| document.locale.clone());
        if document.locale == language.code.as_str() {
            *kept = document.locale.clone();
        }
    }
    passages.retain(|p| locale_of.get(&page_of(&p.document)) == Some(&p.document.locale));
    passages.truncate(top_k);
    Ok(passages)
}

/// The page's route without its locale: what translations of one page share.
fn page_of(document: &super::PassageDocument) -> String {
    let prefix = format!("/{}/", document.locale);
    match document.route.strip_prefix(&prefix) {
        Some(rest) => format!("/{rest}"),
        None => document.route.clone(),
    }
}

fn passage(fused: &Fused, chunk: StoredChunk, best: f32) -> Passage {
    let candidate = &fused.candidate;
    Passage {
        id: chunk.id,
        document: chunk.document,
        anchor: chunk.anchor,
        heading: chunk.heading,
        heading_path: chunk.heading_path,
        breadcrumb: chunk.breadcrumb,
        blocks: chunk.blocks,
        language: chunk.language,
        score: fused.score,
        relevance: (fused.score / best).clamp(0.0, 1.0),
        explain: Explain {
            words_rank: candidate.words_rank,
            words_score: Some(candidate.words.combined()),
            vector_rank: candidate.vector_rank,
            vector_score: candidate.cosine,
        },
    }
}

fn failed(error: IndexError) -> RetrievalError {
    RetrievalError::Index(error.to_string())
}

fn elapsed_ms(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}
