//! Writes a draft with documents and words while the next files are being read.

use super::IngestError;
use super::prepare::{self, Batch, CorpusHash};
use super::survey::{Seen, Survey};
use crate::corpus::{CHUNKER_VERSION, Corpus, Document, Warning};
use crate::embedding::Embedder;
use crate::index::{About, Builder, Draft, Embedded, State};
use std::sync::mpsc::sync_channel;

/// Batches that wait for the writer: reading and writing take about as long as each other.
const BATCHES_AHEAD: usize = 1;

/// A draft without vectors, and what was wrong with its files.
pub struct Written {
    pub draft: Draft,
    pub warnings: Vec<Warning>,
}

/// Reads, chunks and writes everything. Memory is bounded by a few batches of files.
pub fn write_words(
    state: &State,
    corpus: Corpus,
    pushed: Vec<Document>,
    embedder: &dyn Embedder,
    seen: &mut Seen,
) -> Result<Written, IngestError> {
    let Corpus {
        site,
        files,
        mut warnings,
    } = corpus;
    let mut builder = Builder::begin(state)?;
    let mut hash = CorpusHash::new(&site);
    let mut write = |batch: Batch| -> Result<(), IngestError> {
        warnings.extend(batch.warnings);
        for prepared in batch.documents {
            let document = &prepared.document;
            hash.add(&document.id, &document.route, &document.hash);
            builder.add(&prepared.document, prepared.chunks)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let (sender, batches) = sync_channel(BATCHES_AHEAD);
        let (site, files) = (&site, &files);
        scope.spawn(move || {
            for batch in prepare::prepare_files(site, files, embedder, seen) {
                // The writer has failed and says so itself.
                if sender.send(batch).is_err() {
                    return;
                }
            }
        });
        batches.into_iter().try_for_each(&mut write)
    })?;
    write(Batch {
        documents: prepare::chunk_all(pushed, &site.title, embedder),
        warnings: Vec::new(),
    })?;
    let draft = builder.finish(About {
        site_title: site.title,
        corpus_hash: hash.finish(),
        chunker_version: CHUNKER_VERSION,
    })?;
    Ok(Written { draft, warnings })
}

/// Writes only what has changed, and takes the rest over from the living index. `None` when too much
/// has changed for that.
pub fn update_words(
    state: &State,
    living: &Embedded,
    survey: Survey,
    site_title: &str,
    embedder: &dyn Embedder,
) -> Result<Option<Draft>, IngestError> {
    let is_ours = living.manifest().chunker_version == CHUNKER_VERSION;
    let Some(changed) = survey.changed.filter(|_| is_ours) else {
        return Ok(None);
    };
    let pages = &survey.pages;
    let keep = |id: &str, hash: &str| pages.get(id).is_some_and(|now| now == hash);
    let mut builder = Builder::continuing(state, living, &keep)?;
    for prepared in prepare::chunk_all(changed, site_title, embedder) {
        builder.add(&prepared.document, prepared.chunks)?;
    }
    let draft = builder.finish(About {
        site_title: site_title.to_owned(),
        corpus_hash: survey.hash,
        chunker_version: CHUNKER_VERSION,
    })?;
    Ok(Some(draft))
}
