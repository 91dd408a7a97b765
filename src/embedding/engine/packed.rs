//! Weights as the kernels want them: int8 per output column, in panels, all in one block of memory
//! in the order a forward pass reads them.
//!
//! Doesn't know the instruction set beyond its [`Layout`], nor how activations are made.

use super::EngineError;
use super::matmul::{self, Columns, Layout};
use super::rows::Norm;
use crate::embedding::weights::{Tensor, Weights, names};
use memmap2::MmapMut;

/// Every linear layer of an encoder, packed, with its norms.
pub(super) struct PackedWeights {
    memory: MmapMut,
    pub layers: Vec<PackedLayer>,
    pub embedding_norm: Norm,
}

pub(super) struct PackedLayer {
    /// Query, key and value side by side: one product.
    pub qkv: Linear,
    pub attention_output: Linear,
    pub attention_norm: Norm,
    pub intermediate: Linear,
    pub output: Linear,
    pub output_norm: Norm,
}

pub(super) struct Linear {
    inputs: usize,
    outputs: usize,
    /// Where its weights begin in the common memory.
    start: usize,
    columns: Columns,
}

impl PackedWeights {
    /// Quantises and packs; the weights themselves aren't needed afterwards.
    pub fn new(weights: &Weights, layout: Layout) -> Result<Self, EngineError> {
        let shape = weights.shape();
        let (hidden, wide) = (shape.hidden, shape.feed_forward);
        let per_layer = 4 * hidden * hidden + 2 * hidden * wide;
        let memory = MmapMut::map_anon((per_layer * shape.layers).max(1))?;
        // 21 MB in pages of 4 KB are more than the TLB holds. Only advice: refused, it is slower.
        #[cfg(target_os = "linux")]
        if let Err(error) = memory.advise(memmap2::Advice::HugePage) {
            tracing::debug!(%error, "no huge pages for the packed weights");
        }
        let mut packer = Packer {
            weights,
            memory,
            used: 0,
            layout,
        };
        let layers = (0..shape.layers).map(|layer| packer.layer(layer)).collect();
        Ok(Self {
            memory: packer.memory,
            layers,
            embedding_norm: Norm::new(weights, names::EMBEDDING_NORM),
        })
    }

    pub fn linear<'a>(&'a self, linear: &'a Linear) -> matmul::Weights<'a> {
        let bytes = &self.memory[linear.start..][..linear.inputs * linear.outputs];
        // SAFETY: i8 has u8's size and alignment, and every bit pattern is valid.
        let packed =
            unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast::<i8>(), bytes.len()) };
        matmul::Weights {
            inputs: linear.inputs,
            outputs: linear.outputs,
            packed,
            columns: &linear.columns,
        }
    }

    pub fn size_bytes(&self) -> usize {
        self.memory.len()
    }
}

impl Norm {
    fn new(weights: &Weights, name: &str) -> Self {
        let read = |part: &str| weights.tensor(&format!("{name}.{part}")).to_f32();
        Self {
            weight: read("weight"),
            bias: read("bias"),
        }
    }

    fn of_layer(weights: &Weights, layer: usize, part: &str) -> Self {
        Self {
            weight: weights.tensor(&names::weight(layer, part)).to_f32(),
            bias: weights.tensor(&names::bias(layer, part)).to_f32(),
        }
    }
}

struct Packer<'a> {
    weights: &'a Weights,
    memory: MmapMut,
    used: usize,
    layout: Layout,
}

impl Packer<'_> {
    fn layer(&mut self, layer: usize) -> PackedLayer {
        PackedLayer {
            qkv: self.linear(layer, &[names::QUERY, names::KEY, names::VALUE]),
            attention_output: self.linear(layer, &[names::ATTENTION_OUTPUT]),
            attention_norm: Norm::of_layer(self.weights, layer, names::ATTENTION_NORM),
            intermediate: self.linear(layer, &[names::UP]),
            output: self.linear(layer, &[names::DOWN]),
            output_norm: Norm::of_layer(self.weights, layer, names::OUTPUT_NORM),
        }
    }

    /// Packs linear layers of equal shape, side by side, as one.
    fn linear(&mut self, layer: usize, parts: &[&str]) -> Linear {
        let tensors: Vec<&Tensor> = parts
            .iter()
            .map(|part| self.weights.tensor(&names::weight(layer, part)))
            .collect();
        let (outputs, inputs) = (tensors[0].shape()[0], tensors[0].columns());
        let start = self.used;
        self.used += inputs * outputs * parts.len();
        let place = &mut self.memory[start..self.used];
        let mut columns = Columns::default();
        let mut row = vec![0.0; inputs];
        for (p, tensor) in tensors.iter().enumerate() {
            let bias = self.weights.tensor(&names::bias(layer, parts[p]));
            columns.bias.extend(bias.to_f32());
            for output in 0..outputs {
                tensor.row_into(output, &mut row);
                let step = row.iter().fold(0.0f32, |most, w| most.max(w.abs())) / 127.0;
                let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
                let mut sum = 0i32;
                for (input, w) in row.iter().enumerate() {
                    let whole = round(w * inverse);
                    sum += i32::from(whole);
                    place[self.layout.place(p * outputs + output, input, inputs)] = whole as u8;
                }
                columns.step.push(step);
                // Of the rounded weights, not the true ones: then `low` and the bytes err alike
                // and the errors of a row's common offset cancel.
                columns.sum.push(step * sum as f32);
            }
        }
        Linear {
            inputs,
            outputs: outputs * parts.len(),
            start,
            columns,
        }
    }
}

/// To the nearest whole number, for |x| ≤ 127, without the call to libm that a `round` costs where
/// SSE4.1 isn't assumed: 21 million calls would be half of the time an encoder takes to load.
fn round(x: f32) -> i8 {
    const ROUNDER: f32 = 12_582_912.0; // 1.5 · 2²³, whose last mantissa bit is worth 1
    ((x + ROUNDER).to_bits() as i32 - ROUNDER.to_bits() as i32) as i8
}
