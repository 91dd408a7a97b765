//! A model ready to be run: identity, tokenizer and weights, from the binary or from a folder.
//!
//! It doesn't run anything, and leaves file formats to `gguf.rs` and `safetensors.rs`.

use super::tokenizer::Tokenizer;
use super::weights::{Shape, Weights};
use super::{EmbedError, ModelIdentity, gguf, safetensors};
use bytes::Bytes;
use std::path::Path;

/// multilingual-e5-small, see `models/README.md`. The weights stay in the binary's read-only pages,
/// so the parts nobody asks for never occupy memory.
static EMBEDDED_WEIGHTS: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/models/multilingual-e5-small-q4/model.gguf"
));
static EMBEDDED_TOKENIZER: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/models/multilingual-e5-small-q4/tokenizer.json"
));

/// What [`hash`] says of the two files above. Written down because computing it would read all
/// 41 MB at every start; a test holds it to the files.
const EMBEDDED_HASH: &str = "9499f9ca72e369d6c0e7284cd9e62c66e8d52bb35d765751491fd30373f111ef";

pub struct Model {
    pub identity: ModelIdentity,
    pub tokenizer: Tokenizer,
    pub weights: Weights,
}

/// The model inside the binary.
pub fn embedded() -> Result<Model, EmbedError> {
    let read = gguf::read(Bytes::from_static(EMBEDDED_WEIGHTS))?;
    let model = from_gguf(read, EMBEDDED_TOKENIZER, EMBEDDED_HASH.to_owned())?;
    Ok(model)
}

/// The model in a folder: `tokenizer.json` and either `model.gguf` or `model.safetensors`.
pub fn from_folder(folder: &Path) -> Result<Model, EmbedError> {
    read_folder(folder).map_err(|error| {
        EmbedError::Model(format!(
            "cannot use the model in {}: {error}. Get the folder again, or name another one with \
             --model; without --model the embedded model is used",
            folder.display()
        ))
    })
}

fn read_folder(folder: &Path) -> Result<Model, EmbedError> {
    let tokenizer = file(folder, "tokenizer.json")?
        .ok_or_else(|| EmbedError::Model("tokenizer.json is missing".to_owned()))?;
    if let Some(bytes) = file(folder, "model.gguf")? {
        let bytes = Bytes::from(bytes);
        let read = gguf::read(bytes.clone())
            .map_err(|error| EmbedError::Model(format!("model.gguf: {error}")))?;
        let hash = hash(&bytes, &tokenizer, read.weights.shape());
        return from_gguf(read, &tokenizer, hash);
    }
    let Some(bytes) = file(folder, safetensors::WEIGHTS_FILE)? else {
        return Err(EmbedError::Model(format!(
            "neither model.gguf nor {} is there (other weight files can't be read)",
            safetensors::WEIGHTS_FILE
        )));
    };
    let bytes = Bytes::from(bytes);
    let read = safetensors::read(folder, bytes.clone())?;
    let shape = read.weights.shape();
    let max_tokens = read
        .max_tokens
        .map_or(shape.positions, |limit| limit.min(shape.positions));
    let tokenizer_used = Tokenizer::new(&tokenizer, max_tokens)?;
    let pieces = tokenizer_used.highest_id() as usize + 1;
    if pieces > shape.vocabulary {
        return Err(EmbedError::Model(format!(
            "tokenizer.json has {pieces} pieces and the weights {}: they don't belong together",
            shape.vocabulary
        )));
    }
    let name = folder
        .file_name()
        .map_or_else(|| "model".into(), |n| n.to_string_lossy().into_owned());
    Ok(Model {
        identity: ModelIdentity {
            name,
            hash: hash(&bytes, &tokenizer, shape),
            dimension: shape.hidden,
            max_tokens,
            query_prefix: read.query_prefix,
            passage_prefix: read.passage_prefix,
        },
        tokenizer: tokenizer_used,
        weights: read.weights,
    })
}

fn from_gguf(read: gguf::Gguf, tokenizer: &[u8], hash: String) -> Result<Model, EmbedError> {
    let shape = read.weights.shape();
    let tokenizer = Tokenizer::new(tokenizer, shape.positions)?;
    if tokenizer.vocabulary() != shape.vocabulary {
        return Err(EmbedError::Model(format!(
            "tokenizer.json has {} pieces and model.gguf {}: they don't belong together",
            tokenizer.vocabulary(),
            shape.vocabulary
        )));
    }
    Ok(Model {
        identity: ModelIdentity {
            name: read.name,
            hash,
            dimension: shape.hidden,
            max_tokens: shape.positions,
            query_prefix: read.query_prefix,
            passage_prefix: read.passage_prefix,
        },
        tokenizer,
        weights: read.weights,
    })
}

/// Weights, tokenizer and the settings that change a vector without being in either.
fn hash(weights: &[u8], tokenizer: &[u8], shape: &Shape) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(weights.len() as u64).to_le_bytes());
    hasher.update(weights);
    hasher.update(tokenizer);
    hasher.update(format!("{:?} {:?}", shape.activation, shape.pooling).as_bytes());
    hasher.finalize().to_hex().to_string()
}

fn file(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, EmbedError> {
    match std::fs::read(folder.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(EmbedError::Model(format!("{name} cannot be read ({e})"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_written_down_is_that_of_the_embedded_files() {
        let model = embedded().expect("the embedded model is whole");
        let computed = hash(EMBEDDED_WEIGHTS, EMBEDDED_TOKENIZER, model.weights.shape());
        assert_eq!(model.identity.hash, computed);
    }
}
