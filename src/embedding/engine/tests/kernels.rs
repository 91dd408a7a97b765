//! Kernel by kernel.

use super::super::attention::AttentionShape;
use super::super::matmul::{Columns, Layout, Rows, Weights};
use super::super::rows::{self, Norm, RowScale};
use super::super::scratch::Aligned;
use super::super::{InstructionSet, kernels::Kernels, lanes::portable::Portable};
use super::{Noise, assert_close, every_path, normal_cdf};
use proptest::prelude::*;

/// A product's arguments in plain vectors; weights column by column.
#[derive(Debug, Clone)]
struct Case {
    inputs: usize,
    outputs: usize,
    bytes: Vec<u8>,
    scales: Vec<RowScale>,
    weights: Vec<i8>,
    columns: Columns,
}

impl Case {
    fn run(&self, kernels: &Kernels) -> Vec<f32> {
        let mut packed = Aligned::<i8>::new();
        let place = packed.take(self.weights.len());
        for (at, weight) in self.weights.iter().enumerate() {
            place[kernels
                .layout
                .place(at / self.inputs, at % self.inputs, self.inputs)] = *weight;
        }
        let rows = Rows {
            bytes: &self.bytes,
            scales: &self.scales,
        };
        let (inputs, outputs, columns) = (self.inputs, self.outputs, &self.columns);
        let mut out = vec![f32::NAN; self.scales.len() * outputs];
        kernels.product(
            rows,
            Weights {
                inputs,
                outputs,
                packed: place,
                columns,
            },
            &mut out,
        );
        out
    }

    /// The sums written out, integers exact.
    fn twin(&self) -> Vec<f32> {
        let mut out = Vec::new();
        for (row, scale) in self.bytes.chunks(self.inputs).zip(&self.scales) {
            for (column, weights) in self.weights.chunks(self.inputs).enumerate() {
                let sum: i64 = row
                    .iter()
                    .zip(weights)
                    .map(|(x, w)| i64::from(*x) * i64::from(*w))
                    .sum();
                let columns = &self.columns;
                let step = f64::from(scale.step) * f64::from(columns.step[column]);
                let offset = f64::from(scale.low) * f64::from(columns.sum[column]);
                out.push((sum as f64 * step + offset + f64::from(columns.bias[column])) as f32);
            }
        }
        out
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (
        1usize..40,
        prop_oneof![Just(32usize), Just(96), Just(384), Just(1536)],
        1usize..4,
    );
    sizes.prop_flat_map(|(rows, inputs, panels)| {
        let outputs = panels * 32;
        (
            prop::collection::vec(any::<u8>(), rows * inputs),
            prop::collection::vec((0.001f32..0.1, -4.0f32..4.0), rows),
            prop::collection::vec(-127i8..=127, outputs * inputs),
            prop::collection::vec((0.0001f32..0.01, -1.0f32..1.0), outputs),
        )
            .prop_map(move |(bytes, scales, weights, columns)| Case {
                inputs,
                outputs,
                bytes,
                scales: scales
                    .iter()
                    .map(|&(step, low)| RowScale { step, low })
                    .collect(),
                columns: Columns {
                    step: columns.iter().map(|c| c.0).collect(),
                    sum: sums(&weights, inputs, columns.iter().map(|c| c.0)),
                    bias: columns.iter().map(|c| c.1).collect(),
                },
                weights,
            })
    })
}

/// What `Columns::sum` promises.
fn sums(weights: &[i8], inputs: usize, steps: impl Iterator<Item = f32>) -> Vec<f32> {
    let whole = |column: &[i8]| column.iter().map(|w| i32::from(*w)).sum::<i32>() as f32;
    weights
        .chunks(inputs)
        .zip(steps)
        .map(|(column, step)| step * whole(column))
        .collect()
}

fn numbers() -> impl Strategy<Value = Vec<f32>> {
    (1usize..13).prop_flat_map(|n| prop::collection::vec(-20.0f32..20.0, n * 32))
}

/// Bytes of two paths may differ by one where a number lies between two steps.
fn assert_same_bytes(found: &[u8], expected: &[u8], what: &str) {
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(a.abs_diff(*b) <= 1, "{what}, byte {i}: {a}, not {b}");
    }
}

fn assert_same_scale(found: RowScale, expected: RowScale, what: &str) {
    assert_close(
        &[found.step, found.low],
        &[expected.step, expected.low],
        1e-5,
        what,
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn products_equal_the_sums_written_out(case in cases()) {
        let expected = case.twin();
        for (isa, kernels) in every_path() {
            assert_close(&case.run(kernels), &expected, 2e-5, isa.name());
        }
    }

    #[test]
    fn quantised_rows_stay_within_half_a_step_and_paths_agree(row in numbers()) {
        let twin = Kernels::of(InstructionSet::Portable).expect("every machine has it");
        let mut expected = vec![0; row.len()];
        let expected_scale = twin.quantise(&row, &mut expected);
        for (isa, kernels) in every_path() {
            let mut bytes = vec![0; row.len()];
            let scale = kernels.quantise(&row, &mut bytes);
            assert_same_scale(scale, expected_scale, isa.name());
            assert_same_bytes(&bytes, &expected, isa.name());
            for (x, byte) in row.iter().zip(&bytes) {
                let back = scale.low + scale.step * f32::from(*byte);
                prop_assert!((back - x).abs() <= scale.step * 0.5001 + 1e-6, "{isa}: {x} became {back}");
            }
        }
    }

    #[test]
    fn gelu_is_within_two_ten_thousandths_on_every_path(row in numbers()) {
        for (isa, kernels) in every_path() {
            let mut found = row.clone();
            let mut bytes = vec![0; row.len()];
            let scale = kernels.gelu_quantise(&mut found, &mut bytes);
            for ((x, y), byte) in row.iter().zip(&found).zip(&bytes) {
                let expected = f64::from(*x) * normal_cdf(f64::from(*x));
                let allowed = 2e-4f64.max(1.6e-5 * f64::from(x.abs()));
                prop_assert!((f64::from(*y) - expected).abs() < allowed, "{isa}: gelu({x}) = {y}");
                let back = scale.low + scale.step * f32::from(*byte);
                prop_assert!((back - y).abs() <= scale.step * 0.5001 + 1e-6, "{isa}: {y} became {back}");
            }
        }
    }

    #[test]
    fn residual_and_norm_equal_their_definition(row in numbers(), seed in any::<u64>()) {
        let n = row.len();
        let mut noise = Noise(seed);
        let plus = noise.take(n, 3.0);
        let norm = Norm { weight: noise.take(n, 2.0), bias: noise.take(n, 1.0) };
        let sums: Vec<f64> = row.iter().zip(&plus).map(|(a, b)| f64::from(a + b)).collect();
        let mean = sums.iter().sum::<f64>() / n as f64;
        let variance = sums.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        let parts = sums.iter().zip(&norm.weight).zip(&norm.bias);
        let expected: Vec<f32> = parts
            .map(|((x, w), b)| {
                ((x - mean) / (variance + 1e-12).sqrt() * f64::from(*w) + f64::from(*b)) as f32
            })
            .collect();
        for (isa, kernels) in every_path() {
            let mut found = row.clone();
            let mut bytes = vec![0; n];
            let scale = kernels.add_norm_quantise(&mut found, &plus, &norm, 1e-12, &mut bytes);
            assert_close(&found, &expected, 1e-4, isa.name());
            for (y, byte) in found.iter().zip(&bytes) {
                let back = scale.low + scale.step * f32::from(*byte);
                prop_assert!((back - y).abs() <= scale.step * 0.5001 + 1e-6, "{isa}: {y} became {back}");
            }
        }
    }

    #[test]
    fn attention_equals_its_definition(tokens in 1usize..140, heads in 1usize..4, seed in any::<u64>()) {
        let shape = AttentionShape { tokens, heads, width: 32 };
        let hidden = heads * 32;
        let qkv = Noise(seed).take(tokens * hidden * 3, 2.0);
        let expected = plain_attention(shape, &qkv);
        for (isa, kernels) in every_path() {
            let mut found = vec![f32::NAN; tokens * hidden];
            let mut scratch = vec![f32::NAN; shape.scratch_len()];
            kernels.attend(shape, &qkv, &mut found, &mut scratch);
            // Values are below 2; the 16-bit way rounds them and their weights to 10 bits or more.
            assert_close(&found, &expected, 2e-3, isa.name());
        }
    }

    #[test]
    fn attention_without_questions_is_the_mean_of_the_values(tokens in 1usize..70, seed in any::<u64>()) {
        let shape = AttentionShape { tokens, heads: 1, width: 32 };
        let mut qkv = Noise(seed).take(tokens * 96, 2.0);
        for row in qkv.chunks_mut(96) {
            row[..32].fill(0.0);
        }
        let expected = plain_attention(shape, &qkv);
        for (isa, kernels) in every_path() {
            let mut found = vec![f32::NAN; tokens * 32];
            let mut scratch = vec![f32::NAN; shape.scratch_len()];
            kernels.attend(shape, &qkv, &mut found, &mut scratch);
            assert_close(&found, &expected, 2e-3, isa.name());
        }
    }

    #[test]
    fn powers_of_two_are_right_to_a_millionth_and_never_negative(x in -200.0f32..=0.0) {
        // SAFETY: plain Rust needs no CPU feature; the array is as long as the lanes.
        let found = unsafe {
            let mut out = [0.0f32; 8];
            let lanes = <Portable as super::super::lanes::Lanes>::splat(x);
            super::super::lanes::Lanes::store(rows::exp2(lanes), out.as_mut_ptr());
            out[0]
        };
        let expected = f64::from(x).exp2();
        prop_assert!((f64::from(found) - expected).abs() <= 4e-6 * expected + 2e-38);
    }
}

#[test]
fn the_largest_numbers_overflow_nowhere() {
    for (byte, weight) in [(255u8, 127i8), (255, -127), (0, 127)] {
        let weights = vec![weight; 32 * 1536];
        let case = Case {
            inputs: 1536,
            outputs: 32,
            bytes: vec![byte; 13 * 1536],
            scales: vec![
                RowScale {
                    step: 1.0,
                    low: 0.0
                };
                13
            ],
            columns: Columns {
                step: vec![1.0; 32],
                sum: sums(&weights, 1536, std::iter::repeat(1.0)),
                bias: vec![0.0; 32],
            },
            weights,
        };
        for (isa, kernels) in every_path() {
            assert_close(&case.run(kernels), &case.twin(), 1e-6, isa.name());
        }
    }
}

#[test]
fn a_constant_row_is_kept_by_its_offset_alone() {
    for (isa, kernels) in every_path() {
        let mut bytes = vec![9; 64];
        let scale = kernels.quantise(&[0.75; 64], &mut bytes);
        assert_eq!(
            scale,
            RowScale {
                step: 0.0,
                low: 0.75
            },
            "{isa}"
        );
        assert_eq!(bytes, vec![0; 64], "{isa}");
    }
}

#[test]
fn every_weight_has_its_own_place_in_a_layout() {
    for layout in [Layout::Panels, Layout::Columns] {
        let (inputs, outputs) = (64, 96);
        let mut seen = vec![false; inputs * outputs];
        for column in 0..outputs {
            for input in 0..inputs {
                let place = layout.place(column, input, inputs);
                assert!(
                    !std::mem::replace(&mut seen[place], true),
                    "{layout:?} {column} {input}"
                );
            }
        }
    }
}

fn plain_attention(shape: AttentionShape, qkv: &[f32]) -> Vec<f32> {
    let AttentionShape {
        tokens,
        heads,
        width,
    } = shape;
    let hidden = heads * width;
    let part = |token: usize, which: usize, head: usize| {
        &qkv[token * 3 * hidden + which * hidden + head * width..][..width]
    };
    let mut out = vec![0.0f32; tokens * hidden];
    for head in 0..heads {
        for token in 0..tokens {
            let scores: Vec<f64> = (0..tokens)
                .map(|key| {
                    let pairs = part(token, 0, head).iter().zip(part(key, 1, head));
                    pairs
                        .map(|(a, b)| f64::from(*a) * f64::from(*b))
                        .sum::<f64>()
                        / (width as f64).sqrt()
                })
                .collect();
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let weights: Vec<f64> = scores.iter().map(|s| (s - most).exp()).collect();
            let sum: f64 = weights.iter().sum();
            for d in 0..width {
                let values = (0..tokens).map(|key| f64::from(part(key, 2, head)[d]));
                let mixed: f64 = values.zip(&weights).map(|(v, w)| v * w).sum();
                out[token * hidden + head * width + d] = (mixed / sum) as f32;
            }
        }
    }
    out
}
