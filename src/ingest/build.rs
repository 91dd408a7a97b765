//! A generation from documents that lie in no folder: question sets, benches.

use super::IngestError;
use super::embed::embed;
use super::prepare::{self, CorpusHash};
use crate::corpus::{CHUNKER_VERSION, Document};
use crate::embedding::Embedder;
use crate::index::{About, Builder, Embedded, State};
use std::sync::Arc;

/// Builds (or reopens, if nothing changed) the generation of `documents` in `state`. `report` is
/// told how many chunks are embedded, of how many.
pub fn build(
    state: &State,
    documents: Vec<Document>,
    embedder: &Arc<dyn Embedder>,
    report: &mut dyn FnMut(usize, usize),
) -> Result<Embedded, IngestError> {
    let mut hash = CorpusHash::of("", "");
    documents
        .iter()
        .for_each(|d| hash.add(&d.id, &d.route, &d.hash));
    let hash = hash.finish();
    let living = state.current().and_then(|path| Embedded::open(&path).ok());
    if let Some(living) = &living {
        let manifest = living.manifest();
        let model = manifest.vectors.as_ref().map(|v| &v.model);
        if manifest.corpus_hash == hash
            && manifest.chunker_version == CHUNKER_VERSION
            && model == Some(embedder.identity())
            && let Some(path) = state.current()
        {
            return Ok(Embedded::open(&path)?);
        }
    }
    let mut builder = Builder::begin(state)?;
    for prepared in prepare::chunk_all(documents, "", embedder.as_ref()) {
        builder.add(&prepared.document, prepared.chunks)?;
    }
    let draft = builder.finish(About {
        site_title: String::new(),
        corpus_hash: hash,
        chunker_version: CHUNKER_VERSION,
    })?;
    let chunks = draft.chunks();
    let mut tell = |done: usize, _: &super::progress::Pace| {
        report(done, chunks);
        true
    };
    let mut draft = embed(draft, state, living.as_ref(), embedder.as_ref(), &mut tell)?
        .expect("nobody stops this run");
    let index = draft.open()?;
    draft.publish(state)?;
    state.sweep();
    Ok(index)
}
