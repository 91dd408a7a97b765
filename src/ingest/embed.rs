//! Gives a draft its vectors: reused where the text is unchanged, computed where it is not.

use super::IngestError;
use super::calibrate::calibrate;
use super::noise::NoiseVectors;
use super::partial::Partial;
use super::progress::Pace;
use crate::embedding::{Embedder, InputKind};
use crate::index::vector::Details;
use crate::index::{Draft, Embedded, EmbeddingKey, Ordinal, Reusable, State, VectorsManifest};
use crate::language::Language;
use std::collections::HashMap;

/// Bytes of text handed to the model at a time: about 4,000 tokens, enough to keep every model
/// thread busy, little enough that a question never waits long behind it.
const BATCH_BYTES: usize = 16_384;

/// Chunks whose lengths are looked at together, to bound the memory of sorting a large corpus.
const WINDOW_CHUNKS: usize = 8_192;

/// Computes what is missing and returns the draft with vectors. `report` is told (embedded so
/// far, rate, time left) and stops the work by returning false.
pub fn embed(
    mut draft: Draft,
    state: &State,
    old: Option<&Embedded>,
    embedder: &dyn Embedder,
    report: &mut dyn FnMut(usize, &Pace) -> bool,
) -> Result<Option<Draft>, IngestError> {
    let model = embedder.identity();
    let store = draft.store()?;
    let keys = store.embedding_keys()?;
    let mut file = draft.vectors(model.dimension)?;
    let (mut partial, unfinished) = Partial::open(state.root(), model)?;
    let mut known = match old {
        Some(old) => old.reusable_vectors(model)?,
        None => HashMap::new(),
    };
    known.extend(
        unfinished
            .iter()
            .map(|(key, (vector, details))| (*key, Reusable { vector, details })),
    );

    let mut missing: Vec<Ordinal> = Vec::new();
    let mut first_of: HashMap<EmbeddingKey, Ordinal> = HashMap::new();
    let mut twins: Vec<(Ordinal, Ordinal)> = Vec::new();
    for (ordinal, key) in keys.iter().enumerate() {
        let ordinal = ordinal as Ordinal;
        if let Some(known) = known.get(key) {
            file.write(ordinal, known.vector, known.details)?;
        } else if let Some(&first) = first_of.get(key) {
            twins.push((ordinal, first));
        } else {
            first_of.insert(*key, ordinal);
            missing.push(ordinal);
        }
    }
    drop(known);
    drop(unfinished);

    let mut done = keys.len() - missing.len() - twins.len();
    let bytes_total = missing.len();
    let mut pace = Pace::new(bytes_total);
    if !report(done, &pace) {
        return Ok(None);
    }
    let mut twins_of: HashMap<Ordinal, Vec<Ordinal>> = HashMap::new();
    for (twin, first) in twins {
        twins_of.entry(first).or_default().push(twin);
    }
    let mut unreadable = 0;
    for window in missing.chunks(WINDOW_CHUNKS) {
        let texts = store.embedding_texts(window)?;
        let (mut waiting, unread): (Vec<(Ordinal, String)>, Vec<_>) = window
            .iter()
            .copied()
            .zip(texts)
            .partition(|(_, text)| embedder.reads(text));
        // Their rows stay zero, which no question is near to.
        for (ordinal, _) in unread {
            unreadable += 1 + twins_of.get(&ordinal).map_or(0, Vec::len);
        }
        for batch in batches(&mut waiting) {
            let vectors = embed_batch(batch, embedder)?;
            let ordinals: Vec<Ordinal> = batch.iter().map(|(ordinal, _)| *ordinal).collect();
            let details = embed_details(store.detail_texts(&ordinals)?, embedder)?;
            for ((ordinal, vector), details) in ordinals.iter().zip(&vectors).zip(&details) {
                let computed = Reusable { vector, details };
                partial.append(&keys[*ordinal as usize], computed)?;
                file.write(*ordinal, vector, details)?;
                for twin in twins_of.get(ordinal).into_iter().flatten() {
                    file.write(*twin, vector, details)?;
                    done += 1;
                }
            }
            partial.flush()?;
            done += batch.len();
            pace.advance(batch.len(), batch.len());
            if !report(done, &pace) {
                return Ok(None);
            }
        }
    }
    file.finish()?;
    if unreadable > 0 {
        tracing::warn!(
            chunks = unreadable,
            model = %model.name,
            "some of the documentation is in a script that the embedding model does not know and is found by its words only; models/README.md tells how to make one for every script, to be given with --model"
        );
    }
    let languages: Vec<Language> = store.places.iter().map(|place| place.language).collect();
    let noise = NoiseVectors::of(embedder, state.root())?;
    let calibration = calibrate(draft.rows(model.dimension)?.as_ref(), &languages, noise);
    let draft = draft.with_vectors(VectorsManifest {
        model: model.clone(),
        calibration,
    })?;
    partial.remove();
    Ok(Some(draft))
}

/// The details of each chunk of a batch, encoded. Together they are about as long as the batch.
fn embed_details(
    texts: Vec<Vec<String>>,
    embedder: &dyn Embedder,
) -> Result<Vec<Vec<u8>>, IngestError> {
    let mut vectors: Vec<Vec<Vec<f32>>> = vec![Vec::new(); texts.len()];
    let mut waiting: Vec<(Ordinal, String)> = (0..)
        .zip(texts)
        .flat_map(|(at, texts)| texts.into_iter().map(move |text| (at, text)))
        .filter(|(_, text)| embedder.reads(text))
        .collect();
    for batch in batches(&mut waiting) {
        for ((at, _), vector) in batch.iter().zip(embed_batch(batch, embedder)?) {
            vectors[*at as usize].push(vector);
        }
    }
    let encoded = vectors.iter().map(|group| Details::encode(group));
    Ok(encoded.collect())
}

/// The texts, longest first, in batches of texts that are about as long.
fn batches(texts: &mut [(Ordinal, String)]) -> impl Iterator<Item = &[(Ordinal, String)]> {
    texts.sort_by_key(|(_, text)| std::cmp::Reverse(text.len()));
    let mut rest: &[(Ordinal, String)] = texts;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (batch, after) = rest.split_at(batch_length(rest));
        rest = after;
        Some(batch)
    })
}

fn embed_batch(
    batch: &[(Ordinal, String)],
    embedder: &dyn Embedder,
) -> Result<Vec<Vec<f32>>, IngestError> {
    let texts: Vec<String> = batch.iter().map(|(_, text)| text.clone()).collect();
    Ok(embedder.embed(InputKind::Passage, &texts)?)
}

/// How many of the texts (longest first) make one batch.
fn batch_length(texts: &[(Ordinal, String)]) -> usize {
    let longest = texts.first().map_or(1, |(_, text)| text.len().max(64));
    (BATCH_BYTES / longest).clamp(1, texts.len())
}
