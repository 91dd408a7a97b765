//! Fixed questions about everyday life, which documentation has no answer to, as vectors.
//!
//! They depend on the model alone, so they are computed once and kept beside the generations. The
//! file is a cache: one that is missing, torn or of another model is made anew.

use super::IngestError;
use crate::embedding::{Embedder, InputKind};
use crate::language::{Script, detect};
use std::path::Path;

/// Lines starting with `#` are comments.
const QUESTIONS: &str = include_str!("noise_questions.txt");

const NAME: &str = "noise.vectors";

/// The questions' vectors by the language they are asked in.
#[derive(Debug, PartialEq)]
pub struct NoiseVectors {
    pub english: Vec<Vec<f32>>,
    pub urdu: Vec<Vec<f32>>,
}

impl NoiseVectors {
    /// Those of this model, from `folder` where it has them.
    pub fn of(embedder: &dyn Embedder, folder: &Path) -> Result<Self, IngestError> {
        let path = folder.join(NAME);
        let key = key(embedder);
        let dimension = embedder.identity().dimension;
        if let Some(kept) = std::fs::read(&path)
            .ok()
            .and_then(|bytes| read(&bytes, &key, dimension))
        {
            return Ok(kept);
        }
        let of = |script: Script| {
            let questions: Vec<String> = everyday_questions(script).map(str::to_owned).collect();
            embedder.embed(InputKind::Query, &questions)
        };
        let computed = Self {
            english: of(Script::Latin)?,
            urdu: of(Script::Arabic)?,
        };
        // Without the file they are computed again the next time.
        if let Err(error) = std::fs::write(&path, computed.bytes(&key)) {
            tracing::debug!(%error, "the vectors of the noise questions were not kept");
        }
        Ok(computed)
    }

    fn bytes(&self, key: &blake3::Hash) -> Vec<u8> {
        let vectors = self.english.iter().chain(&self.urdu).flatten();
        let values: Vec<u8> = vectors.flat_map(|value| value.to_le_bytes()).collect();
        let checksum = blake3::keyed_hash(key.as_bytes(), &values);
        [checksum.as_bytes().as_slice(), &values].concat()
    }
}

/// What the vectors depend on: the model, how it is asked, and the questions.
fn key(embedder: &dyn Embedder) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&serde_json::to_vec(embedder.identity()).expect("an identity serialises"));
    hasher.update(QUESTIONS.as_bytes());
    hasher.finalize()
}

/// `None` for a file that was made for something else or is not whole.
fn read(bytes: &[u8], key: &blake3::Hash, dimension: usize) -> Option<NoiseVectors> {
    let (checksum, values) = bytes.split_at_checked(blake3::OUT_LEN)?;
    if blake3::keyed_hash(key.as_bytes(), values)
        != *<&[u8; blake3::OUT_LEN]>::try_from(checksum).ok()?
    {
        return None;
    }
    let values: Vec<f32> = values
        .chunks_exact(size_of::<f32>())
        .map(|value| f32::from_le_bytes([value[0], value[1], value[2], value[3]]))
        .collect();
    let mut vectors: Vec<Vec<f32>> = values.chunks(dimension).map(<[f32]>::to_vec).collect();
    let urdu = vectors.split_off(everyday_questions(Script::Latin).count().min(vectors.len()));
    Some(NoiseVectors {
        english: vectors,
        urdu,
    })
}

/// Questions about everyday life in this script: what has nothing to do with any documentation.
pub fn everyday_questions(script: Script) -> impl Iterator<Item = &'static str> {
    let lines = QUESTIONS.lines().filter(|line| !line.starts_with('#'));
    lines.filter(move |line| detect(line).script == script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_questions_are_urdu_and_none_is_asked_twice() {
        let (english, urdu): (Vec<_>, Vec<_>) = (
            everyday_questions(Script::Latin).collect(),
            everyday_questions(Script::Arabic).collect(),
        );
        assert_eq!(english.len(), urdu.len());
        let mut all = [english, urdu].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 150);
    }

    #[test]
    fn kept_vectors_are_read_back_and_those_of_another_model_or_a_torn_file_are_not() {
        let count = everyday_questions(Script::Latin).count();
        let vectors = |value: f32| vec![vec![value, 1.0 - value]; count];
        let kept = NoiseVectors {
            english: vectors(0.25),
            urdu: vectors(0.75),
        };
        let model = blake3::hash(b"a model");
        let bytes = kept.bytes(&model);
        assert_eq!(read(&bytes, &model, 2), Some(kept));
        assert_eq!(read(&bytes, &blake3::hash(b"another"), 2), None);
        assert_eq!(read(&bytes[..bytes.len() - 1], &model, 2), None);
        assert_eq!(read(b"", &model, 2), None);
    }
}
