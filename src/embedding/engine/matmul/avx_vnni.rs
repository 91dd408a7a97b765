//! The product with the VEX form of `vpdpbusd`: 32 multiply-adds per instruction.
//!
//! Sixteen registers hold a tile of 6 rows × 16 columns, so a panel is passed over in two halves.

use super::{PANEL, Rows, Weights, check, tiles};
use crate::embedding::engine::rows::RowScale;
use std::arch::x86_64::*;

/// Rows in a tile, at most.
const TILE: usize = 6;

/// # Safety
/// The CPU has avx2, fma and avxvnni.
#[target_feature(enable = "avx2,fma,avxvnni")]
pub unsafe fn product(rows: Rows<'_>, weights: Weights<'_>, out: &mut [f32]) {
    check(rows, weights, out);
    for half in 0..weights.outputs / (PANEL / 2) {
        for (first, count) in tiles(rows.scales.len(), TILE) {
            // SAFETY: `check` proved that rows, panel and result are inside their slices, and the
            // features are the caller's promise.
            unsafe {
                match count {
                    1 => tile::<1>(rows, weights, out, half, first),
                    2 => tile::<2>(rows, weights, out, half, first),
                    3 => tile::<3>(rows, weights, out, half, first),
                    4 => tile::<4>(rows, weights, out, half, first),
                    5 => tile::<5>(rows, weights, out, half, first),
                    _ => tile::<6>(rows, weights, out, half, first),
                }
            }
        }
    }
}

/// # Safety
/// As [`product`]; the half panel and the `M` rows from `first` exist.
#[target_feature(enable = "avx2,fma,avxvnni")]
unsafe fn tile<const M: usize>(
    rows: Rows<'_>,
    weights: Weights<'_>,
    out: &mut [f32],
    half: usize,
    first: usize,
) {
    let Weights { inputs, packed, .. } = weights;
    // SAFETY: rows first..first + M and the panel exist (the caller), in slices whose lengths
    // `check` compared.
    unsafe {
        let a = rows.bytes.as_ptr().add(first * inputs);
        let b = packed
            .as_ptr()
            .add((half / 2) * PANEL * inputs + (half % 2) * 64);
        let mut sums = [[_mm256_setzero_si256(); 2]; M];
        for k in (0..inputs).step_by(4) {
            let from = b.add(k * PANEL);
            let left = _mm256_load_si256(from.cast());
            let right = _mm256_load_si256(from.add(32).cast());
            for (r, sum) in sums.iter_mut().enumerate() {
                let x = _mm256_set1_epi32(a.add(r * inputs + k).cast::<i32>().read_unaligned());
                sum[0] = _mm256_dpbusd_avx_epi32(sum[0], x, left);
                sum[1] = _mm256_dpbusd_avx_epi32(sum[1], x, right);
            }
        }
        finish(&sums, rows, weights, out, half * (PANEL / 2), first);
    }
}

/// Integer sums to f32 results, for a tile of 16 columns.
///
/// # Safety
/// The CPU has avx2 and fma; the tile lies inside slices that passed `check`.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn finish<const M: usize>(
    sums: &[[__m256i; 2]; M],
    rows: Rows<'_>,
    weights: Weights<'_>,
    out: &mut [f32],
    column: usize,
    first: usize,
) {
    let Weights {
        outputs, columns, ..
    } = weights;
    // SAFETY: the caller vouches for the tile.
    unsafe {
        for half in 0..2 {
            let column = column + 8 * half;
            let step = _mm256_loadu_ps(columns.step.as_ptr().add(column));
            let sum = _mm256_loadu_ps(columns.sum.as_ptr().add(column));
            let bias = _mm256_loadu_ps(columns.bias.as_ptr().add(column));
            for (r, sums) in sums.iter().enumerate() {
                let RowScale {
                    step: row_step,
                    low,
                } = *rows.scales.as_ptr().add(first + r);
                let offset = _mm256_fmadd_ps(_mm256_set1_ps(low), sum, bias);
                let factor = _mm256_mul_ps(_mm256_set1_ps(row_step), step);
                let y = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[half]), factor, offset);
                _mm256_storeu_ps(out.as_mut_ptr().add((first + r) * outputs + column), y);
            }
        }
    }
}
