//! The forward pass of a group of sequences on one thread: embeddings, layers, pooling.
//!
//! Sequences lie one after the other without padding; only attention looks at their bounds.
//! Doesn't know the instruction set, nor how sequences became groups.

use super::attention::AttentionShape;
use super::kernels::Kernels;
use super::matmul::Rows;
use super::packed::{PackedLayer, PackedWeights};
use super::rows::Norm;
use super::scratch::{FEED_FORWARD_ROWS, Scratch};
use crate::embedding::weights::{Pooling, Shape, Tensor};

/// An encoder ready to run.
pub(super) struct Model {
    pub shape: Shape,
    /// Stays as it is in the file; rows are unpacked one by one.
    pub words: Tensor,
    /// Position rows with the token type's row already added.
    pub positions: Vec<f32>,
    pub weights: PackedWeights,
    pub kernels: &'static Kernels,
}

impl Model {
    /// Encodes `sequences` (cut to the position table's length, none empty) into one row of `out` each.
    pub fn forward(&self, sequences: &[&[u32]], out: &mut [f32], scratch: &mut Scratch) {
        let lengths = || sequences.iter().map(|tokens| self.length(tokens));
        let rows: usize = lengths().sum();
        scratch.reserve(&self.shape, rows, lengths().max().unwrap_or(0));
        self.embed(sequences, rows, scratch);
        for layer in &self.weights.layers {
            self.attention(layer, sequences, rows, scratch);
            self.feed_forward(layer, rows, scratch);
        }
        self.pool(sequences, rows, scratch, out);
    }

    /// Tokens of a sequence that are encoded.
    pub fn length(&self, tokens: &[u32]) -> usize {
        tokens.len().min(self.shape.positions)
    }

    fn embed(&self, sequences: &[&[u32]], rows: usize, scratch: &mut Scratch) {
        let n = self.shape.hidden;
        let hidden = scratch.hidden.take(rows * n);
        let update = scratch.update.take(rows * n);
        let tokens = sequences
            .iter()
            .flat_map(|s| s[..self.length(s)].iter().enumerate());
        for ((position, word), row) in tokens.zip(hidden.chunks_exact_mut(n)) {
            // The vocabulary's size is part of the model; a token beyond it can only come from
            // another model's tokenizer, and any word is as wrong as another.
            let word = (*word as usize).min(self.shape.vocabulary - 1);
            self.words.row_into(word, row);
            for (x, p) in row.iter_mut().zip(&self.positions[position * n..][..n]) {
                *x += p;
            }
        }
        update.fill(0.0);
        self.add_norm(&self.weights.embedding_norm, rows, scratch);
    }

    /// Adds the update to the hidden state, normalises, and leaves the bytes for the next product.
    fn add_norm(&self, norm: &Norm, rows: usize, scratch: &mut Scratch) {
        let n = self.shape.hidden;
        let hidden = scratch.hidden.take(rows * n).chunks_exact_mut(n);
        let update = scratch.update.take(rows * n).chunks_exact(n);
        let bytes = scratch.bytes.take(rows * n).chunks_exact_mut(n);
        for (((row, plus), bytes), scale) in hidden.zip(update).zip(bytes).zip(&mut scratch.scales)
        {
            let epsilon = self.shape.epsilon;
            *scale = self
                .kernels
                .add_norm_quantise(row, plus, norm, epsilon, bytes);
        }
    }

    fn attention(&self, layer: &PackedLayer, sequences: &[&[u32]], rows: usize, s: &mut Scratch) {
        let n = self.shape.hidden;
        let bytes = s.bytes.take(rows * n);
        let scales = &mut s.scales[..rows];
        let qkv = s.qkv.take(rows * 3 * n);
        let context = s.context.take(rows * n);
        self.kernels
            .product(Rows { bytes, scales }, self.weights.linear(&layer.qkv), qkv);
        let mut first = 0;
        for tokens in sequences.iter().map(|tokens| self.length(tokens)) {
            let shape = AttentionShape {
                tokens,
                heads: self.shape.heads,
                width: n / self.shape.heads,
            };
            let qkv = &qkv[first * 3 * n..][..tokens * 3 * n];
            let context = &mut context[first * n..][..tokens * n];
            self.kernels
                .attend(shape, qkv, context, s.attention.take(shape.scratch_len()));
            first += tokens;
        }
        for ((row, bytes), scale) in context
            .chunks_exact(n)
            .zip(bytes.chunks_exact_mut(n))
            .zip(scales.iter_mut())
        {
            *scale = self.kernels.quantise(row, bytes);
        }
        let update = s.update.take(rows * n);
        let output = self.weights.linear(&layer.attention_output);
        self.kernels.product(Rows { bytes, scales }, output, update);
        self.add_norm(&layer.attention_norm, rows, s);
    }

    fn feed_forward(&self, layer: &PackedLayer, rows: usize, s: &mut Scratch) {
        let (n, wide) = (self.shape.hidden, self.shape.feed_forward);
        let bytes = s.bytes.take(rows * n);
        let update = s.update.take(rows * n);
        let blocks = bytes.chunks(FEED_FORWARD_ROWS * n);
        let blocks = blocks.zip(s.scales[..rows].chunks(FEED_FORWARD_ROWS));
        for ((bytes, scales), update) in blocks.zip(update.chunks_mut(FEED_FORWARD_ROWS * n)) {
            let rows = scales.len();
            let inner = s.wide.take(rows * wide);
            let inner_bytes = s.wide_bytes.take(rows * wide);
            let intermediate = self.weights.linear(&layer.intermediate);
            self.kernels
                .product(Rows { bytes, scales }, intermediate, inner);
            for ((row, bytes), scale) in inner
                .chunks_exact_mut(wide)
                .zip(inner_bytes.chunks_exact_mut(wide))
                .zip(&mut s.wide_scales)
            {
                *scale = self.kernels.gelu_quantise(row, bytes);
            }
            let rows = Rows {
                bytes: inner_bytes,
                scales: &s.wide_scales[..rows],
            };
            self.kernels
                .product(rows, self.weights.linear(&layer.output), update);
        }
        self.add_norm(&layer.output_norm, rows, s);
    }

    /// The mean of each sequence's rows (or its first, if the model says so), brought to length 1.
    fn pool(&self, sequences: &[&[u32]], rows: usize, s: &mut Scratch, out: &mut [f32]) {
        let n = self.shape.hidden;
        let mut hidden = s.hidden.take(rows * n).chunks_exact(n);
        for (tokens, out) in sequences.iter().zip(out.chunks_exact_mut(n)) {
            out.fill(0.0);
            for (i, row) in hidden.by_ref().take(self.length(tokens)).enumerate() {
                if i > 0 && self.shape.pooling == Pooling::Cls {
                    continue;
                }
                for (sum, x) in out.iter_mut().zip(row) {
                    *sum += x;
                }
            }
            let length = out.iter().map(|x| x * x).sum::<f32>().sqrt();
            let inverse = if length > 0.0 { 1.0 / length } else { 0.0 };
            for x in out {
                *x *= inverse;
            }
        }
    }
}
