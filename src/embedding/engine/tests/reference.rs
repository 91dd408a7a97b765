//! BERT written out in f64 over random weights: the oracle whole encoders are compared with.

use super::{Noise, normal_cdf};
use crate::embedding::weights::{Activation, Encoding, Pooling, Shape, Tensor, Weights, names};
use std::collections::BTreeMap;

pub fn shape() -> Shape {
    Shape {
        hidden: 96,
        layers: 3,
        heads: 3,
        feed_forward: 192,
        vocabulary: 50,
        positions: 64,
        token_types: 2,
        epsilon: 1e-12,
        activation: Activation::Gelu,
        pooling: Pooling::Mean,
    }
}

/// Random weights of a plausible size: matrices and words as Q4_0 blocks, one kind as f32.
pub fn weights(seed: u64) -> Weights {
    weights_of(shape(), seed)
}

pub fn weights_of(shape: Shape, seed: u64) -> Weights {
    let mut noise = Noise(seed);
    let mut tensors = BTreeMap::new();
    for (name, sizes) in names::all(&shape) {
        let numbers = sizes.iter().product();
        let norm = name.contains("LayerNorm");
        let (encoding, bytes) = if name == names::WORDS
            || name.ends_with("weight")
                && sizes.len() == 2
                && !name.contains("embeddings")
                && !name.contains(names::DOWN)
        {
            (Encoding::Q4_0, blocks(&mut noise, numbers, 0.025))
        } else {
            let (middle, spread) = match (norm, name.ends_with("bias")) {
                (true, false) => (1.0, 0.3),
                (true, true) => (0.0, 0.2),
                (false, _) => (0.0, 0.12),
            };
            let values = noise.take(numbers, spread).into_iter().map(|x| middle + x);
            (Encoding::F32, values.flat_map(f32::to_le_bytes).collect())
        };
        let tensor = Tensor::new(sizes, encoding, bytes.into()).expect("the bytes fill the shape");
        tensors.insert(name, tensor);
    }
    Weights::new(shape, tensors).expect("every tensor is there")
}

fn blocks(noise: &mut Noise, numbers: usize, step: f32) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..numbers / 32 {
        let step = step * (1.0 + 0.5 * noise.next());
        out.extend(half::f16::from_f32(step).to_le_bytes());
        out.extend((0..16).map(|_| ((noise.next() + 1.0) * 127.9) as u8));
    }
    out
}

/// The embedding of one sequence, by definition.
pub fn encode(weights: &Weights, tokens: &[u32]) -> Vec<f32> {
    let shape = weights.shape();
    let row = |name: &str, index: usize| {
        let mut row = vec![0.0; shape.hidden];
        weights.tensor(name).row_into(index, &mut row);
        row
    };
    let kind = row(names::TOKEN_TYPES, 0);
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        let (word, place) = (
            row(names::WORDS, *token as usize),
            row(names::POSITIONS, position),
        );
        let sum = |d: usize| f64::from(word[d]) + f64::from(place[d]) + f64::from(kind[d]);
        rows.push((0..shape.hidden).map(sum).collect());
    }
    normalise(&mut rows, weights, &|part| {
        format!("{}.{part}", names::EMBEDDING_NORM)
    });
    for layer in 0..shape.layers {
        let q = project(&rows, weights, layer, names::QUERY);
        let k = project(&rows, weights, layer, names::KEY);
        let v = project(&rows, weights, layer, names::VALUE);
        let mixed = attend(&q, &k, &v, shape.hidden / shape.heads);
        let update = project(&mixed, weights, layer, names::ATTENTION_OUTPUT);
        add(&mut rows, update);
        let name = |part: &str| format!("encoder.layer.{layer}.{}.{part}", names::ATTENTION_NORM);
        normalise(&mut rows, weights, &name);
        let mut inner = project(&rows, weights, layer, names::UP);
        for x in inner.iter_mut().flatten() {
            *x *= normal_cdf(*x);
        }
        add(&mut rows, project(&inner, weights, layer, names::DOWN));
        let name = |part: &str| format!("encoder.layer.{layer}.{}.{part}", names::OUTPUT_NORM);
        normalise(&mut rows, weights, &name);
    }
    if shape.pooling == Pooling::Cls {
        rows.truncate(1);
    }
    let column = |d: usize| rows.iter().map(|row| row[d]).sum::<f64>();
    let sums: Vec<f64> = (0..shape.hidden).map(column).collect();
    let length = sums.iter().map(|x| x * x).sum::<f64>().sqrt();
    sums.into_iter().map(|x| (x / length) as f32).collect()
}

fn project(rows: &[Vec<f64>], weights: &Weights, layer: usize, part: &str) -> Vec<Vec<f64>> {
    let matrix = weights.tensor(&names::weight(layer, part));
    let numbers = matrix.to_f32();
    let bias = weights.tensor(&names::bias(layer, part)).to_f32();
    let output = |row: &Vec<f64>, (weights, bias): (&[f32], &f32)| {
        let products = row.iter().zip(weights).map(|(x, w)| x * f64::from(*w));
        products.sum::<f64>() + f64::from(*bias)
    };
    let outputs = |row| {
        numbers
            .chunks(matrix.columns())
            .zip(&bias)
            .map(move |o| output(row, o))
    };
    rows.iter().map(|row| outputs(row).collect()).collect()
}

fn attend(q: &[Vec<f64>], k: &[Vec<f64>], v: &[Vec<f64>], width: usize) -> Vec<Vec<f64>> {
    let mut out = vec![vec![0.0; q[0].len()]; q.len()];
    for head in (0..q[0].len()).step_by(width) {
        for (q, out) in q.iter().zip(&mut out) {
            let dot = |k: &Vec<f64>| -> f64 {
                (head..head + width).map(|d| q[d] * k[d]).sum::<f64>() / (width as f64).sqrt()
            };
            let scores: Vec<f64> = k.iter().map(|k| dot(k).exp()).collect();
            let sum: f64 = scores.iter().sum();
            for (score, v) in scores.iter().zip(v) {
                for d in head..head + width {
                    out[d] += score / sum * v[d];
                }
            }
        }
    }
    out
}

fn add(rows: &mut [Vec<f64>], update: Vec<Vec<f64>>) {
    for (x, y) in rows.iter_mut().flatten().zip(update.into_iter().flatten()) {
        *x += y;
    }
}

fn normalise(rows: &mut [Vec<f64>], weights: &Weights, name: &dyn Fn(&str) -> String) {
    let weight = weights.tensor(&name("weight")).to_f32();
    let bias = weights.tensor(&name("bias")).to_f32();
    for row in rows {
        let n = row.len() as f64;
        let mean = row.iter().sum::<f64>() / n;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let inverse = 1.0 / (variance + f64::from(weights.shape().epsilon)).sqrt();
        for ((x, w), b) in row.iter_mut().zip(&weight).zip(&bias) {
            *x = (*x - mean) * inverse * f64::from(*w) + f64::from(*b);
        }
    }
}
