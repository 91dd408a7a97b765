//! The product with AVX-512 `vpdpbusd`: 64 multiply-adds per instruction.
//!
//! A tile of 12 rows × 32 columns keeps 24 sums, two registers of weights and one of activations
//! in the 32 registers there are. Each panel of weights (12 KB at 384 inputs) is read once per
//! call and stays in the first-level cache while the tiles of rows pass over it.

use super::{PANEL, Rows, Weights, check, tiles};
use crate::embedding::engine::rows::RowScale;
use std::arch::x86_64::*;

/// Rows in a tile, at most.
const TILE: usize = 12;

/// How far ahead weights are asked for, in bytes. A query's few rows read them at the speed of
/// the third-level cache, whose latency this covers.
const AHEAD: usize = 2048;

/// # Safety
/// The CPU has avx512f, avx512bw and avx512vnni.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub unsafe fn product(rows: Rows<'_>, weights: Weights<'_>, out: &mut [f32]) {
    check(rows, weights, out);
    for panel in 0..weights.outputs / PANEL {
        for (first, count) in tiles(rows.scales.len(), TILE) {
            // SAFETY: `check` proved that rows, panel and result are inside their slices, and the
            // features are the caller's promise.
            unsafe {
                match count {
                    1 => tile::<1>(rows, weights, out, panel, first),
                    2 => tile::<2>(rows, weights, out, panel, first),
                    3 => tile::<3>(rows, weights, out, panel, first),
                    4 => tile::<4>(rows, weights, out, panel, first),
                    5 => tile::<5>(rows, weights, out, panel, first),
                    6 => tile::<6>(rows, weights, out, panel, first),
                    7 => tile::<7>(rows, weights, out, panel, first),
                    8 => tile::<8>(rows, weights, out, panel, first),
                    9 => tile::<9>(rows, weights, out, panel, first),
                    10 => tile::<10>(rows, weights, out, panel, first),
                    11 => tile::<11>(rows, weights, out, panel, first),
                    _ => tile::<12>(rows, weights, out, panel, first),
                }
            }
        }
    }
}

/// # Safety
/// As [`product`]; `panel` and the `M` rows from `first` exist.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn tile<const M: usize>(
    rows: Rows<'_>,
    weights: Weights<'_>,
    out: &mut [f32],
    panel: usize,
    first: usize,
) {
    let Weights {
        inputs,
        outputs,
        packed,
        columns,
    } = weights;
    // SAFETY: rows first..first + M and the panel exist (the caller), in slices whose lengths
    // `check` compared; a prefetch may point anywhere.
    unsafe {
        let a = rows.bytes.as_ptr().add(first * inputs);
        let b = packed.as_ptr().add(panel * PANEL * inputs);
        let mut sums = [[_mm512_setzero_si512(); 2]; M];
        for k in (0..inputs).step_by(4) {
            let from = b.add(k * PANEL);
            _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(AHEAD));
            _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(AHEAD + 64));
            let left = _mm512_load_si512(from.cast());
            let right = _mm512_load_si512(from.add(64).cast());
            for (r, sum) in sums.iter_mut().enumerate() {
                let x = _mm512_set1_epi32(a.add(r * inputs + k).cast::<i32>().read_unaligned());
                sum[0] = _mm512_dpbusd_epi32(sum[0], x, left);
                sum[1] = _mm512_dpbusd_epi32(sum[1], x, right);
            }
        }
        let column = panel * PANEL;
        for half in 0..2 {
            let column = column + 16 * half;
            let step = _mm512_loadu_ps(columns.step.as_ptr().add(column));
            let sum = _mm512_loadu_ps(columns.sum.as_ptr().add(column));
            let bias = _mm512_loadu_ps(columns.bias.as_ptr().add(column));
            for (r, sums) in sums.iter().enumerate() {
                let RowScale {
                    step: row_step,
                    low,
                } = *rows.scales.as_ptr().add(first + r);
                let offset = _mm512_fmadd_ps(_mm512_set1_ps(low), sum, bias);
                let factor = _mm512_mul_ps(_mm512_set1_ps(row_step), step);
                let y = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[half]), factor, offset);
                _mm512_storeu_ps(out.as_mut_ptr().add((first + r) * outputs + column), y);
            }
        }
    }
}
