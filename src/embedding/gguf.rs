//! Reads an encoder from a GGUF file held in memory, without copying its tensors.
//!
//! candle parses the header; the tensors stay slices of the given bytes. It reads what
//! `models/convert.py` writes: llama.cpp's names for BERT, plus keys of our own (`rag.prefix.…`).

use super::EmbedError;
use super::weights::{Activation, Encoding, Pooling, Shape, Tensor, Weights, names};
use bytes::Bytes;
use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{Content, Value};
use std::collections::BTreeMap;
use std::io::Cursor;

/// What a GGUF file says besides its tensors.
#[derive(Debug)]
pub struct Gguf {
    pub weights: Weights,
    pub name: String,
    pub query_prefix: String,
    pub passage_prefix: String,
}

/// Takes a file apart. The error is a clause for "cannot use …: {error}".
pub fn read(bytes: Bytes) -> Result<Gguf, EmbedError> {
    let content = Content::read(&mut Cursor::new(&bytes[..]))
        .map_err(|e| EmbedError::Model(format!("not a readable GGUF file ({e})")))?;
    let keys = Keys(&content);
    let architecture = keys.text("general.architecture")?;
    if architecture != "bert" {
        return Err(EmbedError::Model(format!(
            "it holds a `{architecture}` model; only `bert` encoders can be used"
        )));
    }
    let pooling = match keys.number("bert.pooling_type")? {
        1 => Pooling::Mean,
        2 => Pooling::Cls,
        other => {
            return Err(EmbedError::Model(format!(
                "pooling type {other} is not supported; mean (1) and CLS (2) are"
            )));
        }
    };
    let mut tensors = BTreeMap::new();
    for (name, info) in &content.tensor_infos {
        let Some(ours) = hugging_face_name(name) else {
            continue;
        };
        let encoding = match info.ggml_dtype {
            GgmlDType::F32 => Encoding::F32,
            GgmlDType::F16 => Encoding::F16,
            GgmlDType::BF16 => Encoding::Bf16,
            GgmlDType::Q4_0 => Encoding::Q4_0,
            other => {
                return Err(EmbedError::Model(format!(
                    "tensor `{name}` is stored as {other:?}; f32, f16, bf16 and Q4_0 can be read"
                )));
            }
        };
        let shape = info.shape.dims().to_vec();
        let elements = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        let start = usize::try_from(content.tensor_data_offset.saturating_add(info.offset)).ok();
        let range = (|| {
            let (start, size) = (start?, encoding.size_bytes(elements?)?);
            let end = start.checked_add(size)?;
            (end <= bytes.len()).then_some(start..end)
        })();
        let tensor = range
            .and_then(|range| Tensor::new(shape, encoding, bytes.slice(range)))
            .ok_or_else(|| {
                EmbedError::Model(format!(
                    "the file is cut off or damaged: tensor `{name}` reaches beyond its {} bytes",
                    bytes.len()
                ))
            })?;
        tensors.insert(ours, tensor);
    }
    let rows = |name: &str| tensors.get(name).map_or(0, |t: &Tensor| t.shape()[0]);
    let shape = Shape {
        hidden: keys.number("bert.embedding_length")?,
        layers: keys.number("bert.block_count")?,
        heads: keys.number("bert.attention.head_count")?,
        feed_forward: keys.number("bert.feed_forward_length")?,
        positions: keys.number("bert.context_length")?,
        vocabulary: rows(names::WORDS),
        token_types: rows(names::TOKEN_TYPES),
        epsilon: keys.float("bert.attention.layer_norm_epsilon")?,
        activation: Activation::Gelu,
        pooling,
    };
    Ok(Gguf {
        weights: Weights::new(shape, tensors)?,
        name: keys.text("general.name")?,
        query_prefix: keys.text("rag.prefix.query").unwrap_or_default(),
        passage_prefix: keys.text("rag.prefix.passage").unwrap_or_default(),
    })
}

struct Keys<'a>(&'a Content);

impl Keys<'_> {
    fn value(&self, key: &str) -> Result<&Value, EmbedError> {
        self.0
            .metadata
            .get(key)
            .ok_or_else(|| EmbedError::Model(format!("the key `{key}` is missing")))
    }

    fn text(&self, key: &str) -> Result<String, EmbedError> {
        let value = self.value(key)?.to_string();
        value.cloned().map_err(|_| wrong(key, "text"))
    }

    fn number(&self, key: &str) -> Result<usize, EmbedError> {
        let value = self.value(key)?.to_u32();
        value
            .map(|n| n as usize)
            .map_err(|_| wrong(key, "a whole number"))
    }

    fn float(&self, key: &str) -> Result<f32, EmbedError> {
        self.value(key)?
            .to_f32()
            .map_err(|_| wrong(key, "a number"))
    }
}

fn wrong(key: &str, expected: &str) -> EmbedError {
    EmbedError::Model(format!("the key `{key}` is not {expected}"))
}

/// llama.cpp's name of a tensor → Hugging Face's.
fn hugging_face_name(name: &str) -> Option<String> {
    let known = match name {
        "token_embd.weight" => Some(names::WORDS),
        "position_embd.weight" => Some(names::POSITIONS),
        "token_types.weight" => Some(names::TOKEN_TYPES),
        _ => None,
    };
    if let Some(known) = known {
        return Some(known.to_owned());
    }
    let (stem, end) = name.rsplit_once('.')?;
    if stem == "token_embd_norm" {
        return Some(format!("{}.{end}", names::EMBEDDING_NORM));
    }
    let (layer, part) = stem.strip_prefix("blk.")?.split_once('.')?;
    let part = match part {
        "attn_q" => names::QUERY,
        "attn_k" => names::KEY,
        "attn_v" => names::VALUE,
        "attn_output" => names::ATTENTION_OUTPUT,
        "attn_output_norm" => names::ATTENTION_NORM,
        "ffn_up" => names::UP,
        "ffn_down" => names::DOWN,
        "layer_output_norm" => names::OUTPUT_NORM,
        _ => return None,
    };
    Some(format!("encoder.layer.{layer}.{part}.{end}"))
}
