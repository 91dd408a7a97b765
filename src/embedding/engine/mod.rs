//! An int8 encoder for BERT-type sentence models, on the CPU.
//!
//! Weights are rounded to int8 per output column when loaded, activations to bytes per token as
//! they arise; sums, softmax and norms are exact or f32. Kernels are chosen for the CPU at run time.
//! Knows nothing of text, files or queues: token ids in, unit vectors out. The only module besides
//! the vector distances that may use `unsafe`; each kernel is held to its twin in plain Rust.
//!
//! ```text
//! Weights ─► packed (int8 panels) ───────┐
//! token ids ─► groups ─► forward: embed ─┴► [qkv ► attention ► output ► norm ► feed-forward ► norm] × layers ─► mean ─► out
//! ```

mod attention;
mod forward;
mod instruction_set;
mod kernels;
mod lanes;
mod matmul;
mod packed;
mod rows;
mod scratch;
#[cfg(test)]
mod tests;

pub use instruction_set::{InstructionSet, UnknownInstructionSet, available, detect};

use super::weights::{Activation, Shape, Weights, names};
use super::{EmbedError, Encoder};
use forward::Model;
use kernels::Kernels;
use packed::PackedWeights;
use scratch::ScratchPool;

/// Why the engine doesn't take a model or a setting. The reference engine takes them all.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(
        "{what} is {found}, and the int8 engine needs a multiple of {multiple}, at most {most}"
    )]
    Size {
        what: &'static str,
        found: usize,
        multiple: usize,
        most: usize,
    },
    #[error("the int8 engine knows GELU with the error function, not {0:?}")]
    Activation(Activation),
    #[error("this machine has no {0}")]
    InstructionSet(InstructionSet),
    #[error("no memory for the packed weights ({0})")]
    Memory(#[from] std::io::Error),
}

impl EngineError {
    /// Another engine can run the model; no other instruction set can.
    pub fn is_about_the_model(&self) -> bool {
        matches!(self, Self::Size { .. } | Self::Activation(_))
    }
}

/// A loaded encoder. Shared freely between threads; each call works in a scratch of its own.
pub struct Int8Encoder {
    model: Model,
    scratches: ScratchPool,
    /// Absent where one thread was asked for: the caller's.
    threads: Option<rayon::ThreadPool>,
}

/// Tokens a group of sequences may hold. 256 rows of state (hidden, q, k, v, context) are 2.7 MB,
/// of which a layer touches less than the 1 MB of a second-level cache at a time, and reading a
/// layer's 1.8 MB of weights once per 256 rows costs 2 % of the arithmetic on them.
const GROUP_TOKENS: usize = 256;

/// Fewer tokens than this aren't split further for the sake of another thread.
const LEAST_GROUP_TOKENS: usize = 24;

impl Int8Encoder {
    /// Quantises and packs `weights` for `isa`, to run on `threads` threads per call.
    pub fn new(
        weights: &Weights,
        isa: InstructionSet,
        threads: usize,
    ) -> Result<Self, EngineError> {
        check(weights.shape())?;
        let kernels = Kernels::of(isa).ok_or(EngineError::InstructionSet(isa))?;
        let packed = PackedWeights::new(weights, kernels.layout)?;
        let shape = weights.shape().clone();
        // A sentence uses the first token type alone, so its row belongs to every position.
        let mut token_type = vec![0.0; shape.hidden];
        weights
            .tensor(names::TOKEN_TYPES)
            .row_into(0, &mut token_type);
        let mut positions = weights.tensor(names::POSITIONS).to_f32();
        for row in positions.chunks_exact_mut(shape.hidden) {
            for (x, t) in row.iter_mut().zip(&token_type) {
                *x += t;
            }
        }
        let threads = (threads > 1)
            .then(|| {
                rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .thread_name(|i| format!("engine-{i}"))
                    .build()
            })
            .transpose()
            .map_err(std::io::Error::other)?;
        let words = weights.tensor(names::WORDS).clone();
        let model = Model {
            shape,
            words,
            positions,
            weights: packed,
            kernels,
        };
        Ok(Self {
            model,
            scratches: ScratchPool::default(),
            threads,
        })
    }

    /// Encodes each sequence of token ids into a row of `out`: the mean over its tokens, of
    /// length 1. Sequences longer than the position table are cut; an empty one gives zeros.
    ///
    /// # Panics
    /// If `out` doesn't hold [`hidden`](Self::hidden) numbers per sequence.
    pub fn encode_into(&self, sequences: &[&[u32]], out: &mut [f32]) {
        let n = self.hidden();
        assert_eq!(out.len(), sequences.len() * n, "one row per sequence");
        if sequences.is_empty() {
            return;
        }
        let Some(pool) = &self.threads else {
            let mut rest = (sequences, out);
            while !rest.0.is_empty() {
                let (group, tail) = rest.0.split_at(self.group(rest.0, GROUP_TOKENS));
                let (rows, others) = rest.1.split_at_mut(group.len() * n);
                self.scratches
                    .with(|scratch| self.model.forward(group, rows, scratch));
                rest = (tail, others);
            }
            return;
        };
        let tokens: usize = sequences.iter().map(|s| self.model.length(s)).sum();
        let share = tokens.div_ceil(pool.current_num_threads());
        // Equally many groups for each thread: 600 tokens on two are four of 150, not 256, 256, 88.
        let turns = share.div_ceil(GROUP_TOKENS).max(1);
        let most = share.div_ceil(turns).max(LEAST_GROUP_TOKENS);
        if self.group(sequences, most) == sequences.len() {
            self.scratches
                .with(|scratch| self.model.forward(sequences, out, scratch));
            return;
        }
        pool.install(|| self.encode_groups(sequences, out, most));
    }

    /// Numbers in a vector.
    pub fn hidden(&self) -> usize {
        self.model.shape.hidden
    }

    pub fn instruction_set(&self) -> InstructionSet {
        self.model.kernels.isa
    }

    /// Bytes of packed weights held in memory.
    pub fn packed_bytes(&self) -> usize {
        self.model.weights.size_bytes()
    }

    /// How many of the first sequences make a group of about `most` tokens; at least one.
    fn group(&self, sequences: &[&[u32]], most: usize) -> usize {
        let mut tokens = 0;
        let fitting = sequences.iter().take_while(|sequence| {
            tokens += self.model.length(sequence);
            tokens <= most
        });
        fitting.count().max(1)
    }

    /// Takes groups off the front; the pool's threads share them out among themselves.
    fn encode_groups(&self, sequences: &[&[u32]], out: &mut [f32], most: usize) {
        let (group, rest) = sequences.split_at(self.group(sequences, most));
        let (rows, others) = out.split_at_mut(group.len() * self.hidden());
        rayon::join(
            || {
                self.scratches
                    .with(|scratch| self.model.forward(group, rows, scratch))
            },
            || {
                if !rest.is_empty() {
                    self.encode_groups(rest, others, most);
                }
            },
        );
    }
}

impl Encoder for Int8Encoder {
    fn encode(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let borrowed: Vec<&[u32]> = sequences.iter().map(Vec::as_slice).collect();
        let mut out = vec![0.0; sequences.len() * self.hidden()];
        self.encode_into(&borrowed, &mut out);
        Ok(out
            .chunks_exact(self.hidden())
            .map(<[f32]>::to_vec)
            .collect())
    }
}

/// The kernels work on whole panels and vectors, and widen rows in buffers of a fixed size.
fn check(shape: &Shape) -> Result<(), EngineError> {
    let most = matmul::MOST_INPUTS;
    let sizes = [
        ("the hidden size", shape.hidden, matmul::PANEL),
        ("the feed-forward size", shape.feed_forward, matmul::PANEL),
        ("a head's size", shape.hidden / shape.heads, matmul::PANEL),
    ];
    for (what, found, multiple) in sizes {
        if found == 0 || found > most || !found.is_multiple_of(multiple) {
            return Err(EngineError::Size {
                what,
                found,
                multiple,
                most,
            });
        }
    }
    match shape.activation {
        Activation::Gelu => Ok(()),
        other => Err(EngineError::Activation(other)),
    }
}
