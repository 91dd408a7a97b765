//! The product for any CPU: the scalar twin of the others.
//!
//! Activations are widened to 16 bits once per block of rows, and each column's weights pass once
//! over the eight rows of a block. On x86-64 the dot product names `pmaddwd`, which belongs to the
//! architecture's baseline (SSE2) and which the compiler finds only half of by itself; elsewhere it
//! is plain Rust.

use super::{MOST_INPUTS, Rows, Weights, check};

/// Rows that share one pass over a column's weights.
const ROWS: usize = 8;

/// A block of rows, widened. 8 rows of 1,536 inputs; more inputs make the blocks lower.
const WIDE: usize = 8 * 1536;
const _: () = assert!(WIDE >= MOST_INPUTS);

pub fn product(rows: Rows<'_>, weights: Weights<'_>, out: &mut [f32]) {
    check(rows, weights, out);
    let Weights {
        inputs,
        outputs,
        packed,
        columns,
    } = weights;
    let mut wide = [0i16; WIDE];
    let height = (WIDE / inputs).min(ROWS);
    let blocks = rows
        .bytes
        .chunks(height * inputs)
        .zip(rows.scales.chunks(height));
    for ((bytes, scales), out) in blocks.zip(out.chunks_mut(height * outputs)) {
        for (wide, byte) in wide.iter_mut().zip(bytes) {
            *wide = i16::from(*byte);
        }
        // A last, lower block repeats its first row in the idle places.
        let row = |r: usize| &wide[if r < scales.len() { r } else { 0 } * inputs..][..inputs];
        let block: [&[i16]; ROWS] = std::array::from_fn(row);
        for (column, weights) in packed.chunks_exact(inputs).enumerate() {
            let sums = match scales.len() {
                1 => [dot([block[0]], weights)[0]; ROWS],
                2..=4 => {
                    let [a, b, c, d] = dot([block[0], block[1], block[2], block[3]], weights);
                    [a, b, c, d, 0, 0, 0, 0]
                }
                _ => dot(block, weights),
            };
            for (r, (scale, sum)) in scales.iter().zip(sums).enumerate() {
                let offset = scale.low * columns.sum[column] + columns.bias[column];
                out[r * outputs + column] =
                    sum as f32 * (scale.step * columns.step[column]) + offset;
            }
        }
    }
}

/// The dot products of `N` rows with one column; lengths are equal and multiples of 8.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn dot<const N: usize>(rows: [&[i16]; N], weights: &[i8]) -> [i32; N] {
    use std::arch::x86_64::*;
    assert!(rows.iter().all(|row| row.len() == weights.len()));
    // SAFETY: SSE2 is part of x86-64; loads of 8 numbers begin at multiples of 8 below the common
    // length, which is a multiple of 8.
    unsafe {
        let mut sums = [_mm_setzero_si128(); N];
        for k in (0..weights.len() / 8 * 8).step_by(8) {
            let bytes = _mm_loadl_epi64(weights.as_ptr().add(k).cast());
            let wide = _mm_srai_epi16::<8>(_mm_unpacklo_epi8(bytes, bytes));
            for (sum, row) in sums.iter_mut().zip(rows) {
                let x = _mm_loadu_si128(row.as_ptr().add(k).cast());
                *sum = _mm_add_epi32(*sum, _mm_madd_epi16(x, wide));
            }
        }
        sums.map(|sum| {
            let two = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b01_00_11_10>(sum));
            _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<0b10_11_00_01>(two)))
        })
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn dot<const N: usize>(rows: [&[i16]; N], weights: &[i8]) -> [i32; N] {
    rows.map(|row| {
        row.iter()
            .zip(weights)
            .map(|(x, w)| i32::from(*x) * i32::from(*w))
            .sum()
    })
}
