//! A BERT-type encoder's tensors and sizes, however they were stored.
//!
//! Both engines read from here: candle asks for whole f32 tensors, the int8 engine for matrices to
//! pack and for single rows of the word table. Bytes stay as the file has them (the embedded
//! model's stay in the binary's read-only pages), so nothing is unpacked until it is asked for.
//! It doesn't know file formats; `gguf.rs` and `safetensors.rs` do.
//!
//! Tensors carry the names BERT has on Hugging Face (`encoder.layer.0.attention.self.query.weight`),
//! without any prefix such as `bert.`; [`names`] spells them.

use super::EmbedError;
use bytes::Bytes;
use half::{bf16, f16};
use std::collections::BTreeMap;

/// Elements in one Q4_0 block, and its bytes: an f16 scale and 16 bytes of nibbles (ggml).
pub const Q4_0_BLOCK: usize = 32;
pub const Q4_0_BYTES: usize = 18;

/// The sizes and choices that make one BERT differ from another.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    pub feed_forward: usize,
    pub vocabulary: usize,
    /// Rows of the position table that a sequence may use, counted from its first token.
    pub positions: usize,
    pub token_types: usize,
    pub epsilon: f32,
    pub activation: Activation,
    pub pooling: Pooling,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// x · Φ(x) with the error function.
    Gelu,
    /// GELU's tanh approximation.
    GeluTanh,
    Relu,
}

/// How token vectors become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    Mean,
    Cls,
}

/// How a tensor's numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    F32,
    F16,
    Bf16,
    /// ggml's 4-bit blocks along a row: `d × (nibble − 8)`.
    Q4_0,
}

impl Encoding {
    /// Bytes of so many elements, or `None` when they don't fill whole blocks.
    pub fn size_bytes(self, elements: usize) -> Option<usize> {
        match self {
            Self::F32 => elements.checked_mul(4),
            Self::F16 | Self::Bf16 => elements.checked_mul(2),
            Self::Q4_0 => elements
                .is_multiple_of(Q4_0_BLOCK)
                .then(|| (elements / Q4_0_BLOCK).checked_mul(Q4_0_BYTES))
                .flatten(),
        }
    }
}

/// One tensor: little-endian bytes, rows first (`shape[0]` outputs of `shape[1]` inputs each).
#[derive(Debug, Clone)]
pub struct Tensor {
    shape: Vec<usize>,
    encoding: Encoding,
    bytes: Bytes,
}

impl Tensor {
    /// `None` when the bytes aren't as many as shape and encoding ask for.
    pub fn new(shape: Vec<usize>, encoding: Encoding, bytes: Bytes) -> Option<Self> {
        let elements = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
        let columns = *shape.last()?;
        encoding.size_bytes(columns)?;
        (encoding.size_bytes(elements)? == bytes.len()).then_some(Self {
            shape,
            encoding,
            bytes,
        })
    }

    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Elements in a row (the whole tensor when it is a vector).
    pub fn columns(&self) -> usize {
        *self
            .shape
            .last()
            .expect("a tensor has at least one dimension")
    }

    /// All elements, row after row.
    pub fn to_f32(&self) -> Vec<f32> {
        let mut out = vec![0.0; self.shape.iter().product()];
        unpack(self.encoding, &self.bytes, &mut out);
        out
    }

    /// Writes row `index` into `out`, which is [`Tensor::columns`] long.
    pub fn row_into(&self, index: usize, out: &mut [f32]) {
        unpack(self.encoding, self.row_bytes(index), out);
    }

    /// Row `index` as it is stored.
    pub fn row_bytes(&self, index: usize) -> &[u8] {
        let size = self.row_size();
        &self.bytes[index * size..(index + 1) * size]
    }

    /// The same tensor without its first rows, sharing the bytes.
    pub(super) fn skip_rows(&self, rows: usize) -> Option<Self> {
        let mut shape = self.shape.clone();
        shape[0] = shape[0].checked_sub(rows)?;
        let bytes = self.bytes.slice(rows * self.row_size()..);
        Self::new(shape, self.encoding, bytes)
    }

    fn row_size(&self) -> usize {
        self.encoding
            .size_bytes(self.columns())
            .expect("checked when the tensor was made")
    }
}

fn unpack(encoding: Encoding, bytes: &[u8], out: &mut [f32]) {
    match encoding {
        Encoding::F32 => {
            for (x, b) in out.iter_mut().zip(bytes.as_chunks().0) {
                *x = f32::from_le_bytes(*b);
            }
        }
        Encoding::F16 => {
            for (x, b) in out.iter_mut().zip(bytes.as_chunks().0) {
                *x = f16::from_le_bytes(*b).to_f32();
            }
        }
        Encoding::Bf16 => {
            for (x, b) in out.iter_mut().zip(bytes.as_chunks().0) {
                *x = bf16::from_le_bytes(*b).to_f32();
            }
        }
        Encoding::Q4_0 => {
            let blocks = bytes.as_chunks::<Q4_0_BYTES>().0;
            for (x, block) in out.as_chunks_mut::<Q4_0_BLOCK>().0.iter_mut().zip(blocks) {
                let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
                for (i, nibbles) in block[2..].iter().enumerate() {
                    x[i] = scale * (f32::from(nibbles & 15) - 8.0);
                    x[i + Q4_0_BLOCK / 2] = scale * (f32::from(nibbles >> 4) - 8.0);
                }
            }
        }
    }
}

/// A whole encoder, complete and of consistent sizes.
#[derive(Debug, Clone)]
pub struct Weights {
    shape: Shape,
    tensors: BTreeMap<String, Tensor>,
}

impl Weights {
    /// Checks that every tensor the sizes call for is there with the right shape. Superfluous ones
    /// (a pooler, a language-model head) are dropped.
    pub fn new(shape: Shape, mut found: BTreeMap<String, Tensor>) -> Result<Self, EmbedError> {
        if shape.heads == 0 || !shape.hidden.is_multiple_of(shape.heads) {
            return Err(EmbedError::Model(format!(
                "a hidden size of {} cannot be split over {} heads",
                shape.hidden, shape.heads
            )));
        }
        // Before the names of so many layers are made: the number is the file's own claim.
        if shape.layers > found.len() {
            return Err(EmbedError::Model(format!(
                "{} layers are more than its {} tensors can be",
                shape.layers,
                found.len()
            )));
        }
        let mut tensors = BTreeMap::new();
        for (name, expected) in names::all(&shape) {
            let tensor = found
                .remove(&name)
                .ok_or_else(|| EmbedError::Model(format!("tensor `{name}` is missing")))?;
            if tensor.shape() != expected {
                return Err(EmbedError::Model(format!(
                    "tensor `{name}` is {:?}, expected {expected:?}",
                    tensor.shape()
                )));
            }
            tensors.insert(name, tensor);
        }
        Ok(Self { shape, tensors })
    }

    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// One of the tensors [`names::all`] lists.
    pub fn tensor(&self, name: &str) -> &Tensor {
        self.tensors
            .get(name)
            .expect("the constructor checked that every tensor is there")
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(name, t)| (name.as_str(), t))
    }
}

/// The names of BERT's tensors.
pub mod names {
    use super::Shape;

    pub const WORDS: &str = "embeddings.word_embeddings.weight";
    pub const POSITIONS: &str = "embeddings.position_embeddings.weight";
    pub const TOKEN_TYPES: &str = "embeddings.token_type_embeddings.weight";
    pub const EMBEDDING_NORM: &str = "embeddings.LayerNorm";

    pub const QUERY: &str = "attention.self.query";
    pub const KEY: &str = "attention.self.key";
    pub const VALUE: &str = "attention.self.value";
    pub const ATTENTION_OUTPUT: &str = "attention.output.dense";
    pub const ATTENTION_NORM: &str = "attention.output.LayerNorm";
    pub const UP: &str = "intermediate.dense";
    pub const DOWN: &str = "output.dense";
    pub const OUTPUT_NORM: &str = "output.LayerNorm";

    /// `encoder.layer.{layer}.{part}.weight`
    pub fn weight(layer: usize, part: &str) -> String {
        format!("encoder.layer.{layer}.{part}.weight")
    }

    /// `encoder.layer.{layer}.{part}.bias`
    pub fn bias(layer: usize, part: &str) -> String {
        format!("encoder.layer.{layer}.{part}.bias")
    }

    /// Every tensor of such an encoder, with its shape.
    pub fn all(shape: &Shape) -> Vec<(String, Vec<usize>)> {
        let (h, f) = (shape.hidden, shape.feed_forward);
        let mut all = vec![
            (WORDS.to_owned(), vec![shape.vocabulary, h]),
            (POSITIONS.to_owned(), vec![shape.positions, h]),
            (TOKEN_TYPES.to_owned(), vec![shape.token_types, h]),
            (format!("{EMBEDDING_NORM}.weight"), vec![h]),
            (format!("{EMBEDDING_NORM}.bias"), vec![h]),
        ];
        for layer in 0..shape.layers {
            for (part, out, inward) in [
                (QUERY, h, h),
                (KEY, h, h),
                (VALUE, h, h),
                (ATTENTION_OUTPUT, h, h),
                (UP, f, h),
                (DOWN, h, f),
            ] {
                all.push((weight(layer, part), vec![out, inward]));
                all.push((bias(layer, part), vec![out]));
            }
            for part in [ATTENTION_NORM, OUTPUT_NORM] {
                all.push((weight(layer, part), vec![h]));
                all.push((bias(layer, part), vec![h]));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_q4_0_block_holds_low_nibbles_first_and_subtracts_eight() {
        let mut block = vec![0u8; Q4_0_BYTES];
        block[..2].copy_from_slice(&f16::from_f32(0.5).to_le_bytes());
        block[2] = 0x1f; // element 0 is 15, element 16 is 1
        let tensor = Tensor::new(vec![1, 32], Encoding::Q4_0, block.into()).expect("one block");
        let values = tensor.to_f32();
        assert_eq!(values[0], 3.5);
        assert_eq!(values[16], -3.5);
        assert_eq!(values[1], -4.0);
    }

    #[test]
    fn a_row_is_the_same_alone_and_in_the_whole() {
        let bytes: Vec<u8> = (0..4 * Q4_0_BYTES as u32)
            .map(|i| (i * 7 % 61) as u8)
            .collect();
        let tensor = Tensor::new(vec![2, 64], Encoding::Q4_0, bytes.into()).expect("four blocks");
        let mut row = vec![0.0; 64];
        tensor.row_into(1, &mut row);
        assert_eq!(row, tensor.to_f32()[64..]);
        let rest = tensor.skip_rows(1).expect("a row is left");
        assert_eq!(row, rest.to_f32());
    }

    #[test]
    fn bytes_that_do_not_fill_the_shape_make_no_tensor() {
        let three = || Bytes::from_static(&[0; 12]);
        assert!(Tensor::new(vec![4], Encoding::F32, three()).is_none());
        assert!(Tensor::new(vec![3], Encoding::F32, three()).is_some());
        assert!(Tensor::new(vec![usize::MAX, 3], Encoding::F32, three()).is_none());
        assert!(Tensor::new(vec![12], Encoding::Q4_0, three()).is_none());
    }

    #[test]
    fn half_precision_is_read() {
        let bytes: Vec<u8> = [f16::from_f32(1.5), f16::from_f32(-2.0)]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let tensor = Tensor::new(vec![2], Encoding::F16, bytes.into()).expect("two halves");
        assert_eq!(tensor.to_f32(), [1.5, -2.0]);
        let bytes: Vec<u8> = bf16::from_f32(0.25).to_le_bytes().to_vec();
        let tensor = Tensor::new(vec![1], Encoding::Bf16, bytes.into()).expect("one brain float");
        assert_eq!(tensor.to_f32(), [0.25]);
    }
}
