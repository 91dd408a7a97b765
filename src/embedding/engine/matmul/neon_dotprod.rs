//! The product with NEON's `sdot`: 16 multiply-adds per instruction, signed times signed.
//!
//! Bytes are read as `byte − 128` by flipping their highest bit, and the row's offset grows by 128
//! steps in return. The instruction is written as assembly because its intrinsic isn't stable yet.

use super::{PANEL, Rows, Weights, check, tiles};
use crate::embedding::engine::rows::RowScale;
use std::arch::aarch64::*;
use std::arch::asm;

/// Rows in a tile, at most: 4 × 16 columns are 16 sums; 4 registers of weights, 4 of activations.
const TILE: usize = 4;

/// Columns in a tile.
const WIDTH: usize = 16;

/// # Safety
/// The CPU has neon and dotprod.
#[target_feature(enable = "neon,dotprod")]
pub unsafe fn product(rows: Rows<'_>, weights: Weights<'_>, out: &mut [f32]) {
    check(rows, weights, out);
    for half in 0..weights.outputs / WIDTH {
        for (first, count) in tiles(rows.scales.len(), TILE) {
            // SAFETY: `check` proved that rows, panel and result are inside their slices, and the
            // features are the caller's promise.
            unsafe {
                match count {
                    1 => tile::<1>(rows, weights, out, half, first),
                    2 => tile::<2>(rows, weights, out, half, first),
                    3 => tile::<3>(rows, weights, out, half, first),
                    _ => tile::<4>(rows, weights, out, half, first),
                }
            }
        }
    }
}

/// Adds to each of four columns the products of its four weights and the row's four numbers of
/// lane `LANE`.
#[target_feature(enable = "neon,dotprod")]
#[inline]
fn sdot<const LANE: i32>(mut sum: int32x4_t, weights: int8x16_t, row: int8x16_t) -> int32x4_t {
    // SAFETY: registers only; the feature is on.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {weights:v}.16b, {row:v}.4b[{lane}]",
            sum = inout(vreg) sum,
            weights = in(vreg) weights,
            row = in(vreg) row,
            lane = const LANE,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// # Safety
/// As [`product`]; the half panel and the `M` rows from `first` exist.
#[target_feature(enable = "neon,dotprod")]
unsafe fn tile<const M: usize>(
    rows: Rows<'_>,
    weights: Weights<'_>,
    out: &mut [f32],
    half: usize,
    first: usize,
) {
    let Weights {
        inputs,
        outputs,
        packed,
        columns,
    } = weights;
    // SAFETY: rows first..first + M and the panel exist (the caller), in slices whose lengths
    // `check` compared; inputs are a multiple of 32, so of 16.
    unsafe {
        let a = rows.bytes.as_ptr().add(first * inputs);
        let b = packed
            .as_ptr()
            .add((half / 2) * PANEL * inputs + (half % 2) * 64);
        let highest_bit = vdupq_n_u8(0x80);
        let mut sums = [[vdupq_n_s32(0); 4]; M];
        for k in (0..inputs).step_by(16) {
            let mut x = [vdupq_n_s8(0); M];
            for (r, x) in x.iter_mut().enumerate() {
                let bytes = vld1q_u8(a.add(r * inputs + k));
                *x = vreinterpretq_s8_u8(veorq_u8(bytes, highest_bit));
            }
            macro_rules! four_inputs {
                ($lane:literal) => {
                    let from = b.add((k + 4 * $lane) * PANEL);
                    for quarter in 0..4 {
                        let w = vld1q_s8(from.add(16 * quarter));
                        for (sums, x) in sums.iter_mut().zip(x) {
                            sums[quarter] = sdot::<$lane>(sums[quarter], w, x);
                        }
                    }
                };
            }
            four_inputs!(0);
            four_inputs!(1);
            four_inputs!(2);
            four_inputs!(3);
        }
        for quarter in 0..4 {
            let column = half * WIDTH + 4 * quarter;
            let step = vld1q_f32(columns.step.as_ptr().add(column));
            let sum = vld1q_f32(columns.sum.as_ptr().add(column));
            let bias = vld1q_f32(columns.bias.as_ptr().add(column));
            for (r, sums) in sums.iter().enumerate() {
                let RowScale {
                    step: row_step,
                    low,
                } = *rows.scales.as_ptr().add(first + r);
                let offset = vfmaq_n_f32(bias, sum, low + 128.0 * row_step);
                let factor = vmulq_n_f32(step, row_step);
                let y = vfmaq_f32(offset, vcvtq_f32_s32(sums[quarter]), factor);
                vst1q_f32(out.as_mut_ptr().add((first + r) * outputs + column), y);
            }
        }
    }
}
