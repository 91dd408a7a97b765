//! The product with AVX2, for CPUs without a byte dot product.
//!
//! `vpmaddubsw` would saturate (255 · 127 · 2 doesn't fit 16 bits), so bytes are widened to 16 bits,
//! even and odd inputs apart, and multiplied with `vpmaddwd`: exact, and the sums equal the other
//! paths' to the bit. Rows are widened once per block, weights in registers.

use super::avx_vnni::finish;
use super::{MOST_INPUTS, PANEL, Rows, Weights, check, tiles};
use std::arch::x86_64::*;

/// Rows in a tile, at most: 8 sums, 4 registers of widened weights, 4 for what is in flight. A
/// fifth row pushes a sum out of the registers and gains nothing.
const TILE: usize = 4;

/// Widened activations of a block of rows: 16 KB, half of a first-level cache.
#[repr(align(32))]
struct Widened([u16; MOST_INPUTS]);

/// # Safety
/// The CPU has avx2 and fma.
#[target_feature(enable = "avx2,fma")]
pub unsafe fn product(rows: Rows<'_>, weights: Weights<'_>, out: &mut [f32]) {
    check(rows, weights, out);
    let (inputs, outputs) = (weights.inputs, weights.outputs);
    let mut widened = Widened([0; MOST_INPUTS]);
    // As many rows as fit, in whole tiles where more than one does.
    let fitting = MOST_INPUTS / inputs;
    let height = if fitting > TILE {
        fitting / TILE * TILE
    } else {
        fitting
    };
    let blocks = rows
        .bytes
        .chunks(height * inputs)
        .zip(rows.scales.chunks(height));
    for ((bytes, scales), out) in blocks.zip(out.chunks_mut(height * outputs)) {
        // Of each four inputs the even two come first, as the weights' widening has them.
        for (wide, four) in widened.0.chunks_exact_mut(4).zip(bytes.chunks_exact(4)) {
            wide[0] = u16::from(four[0]);
            wide[1] = u16::from(four[2]);
            wide[2] = u16::from(four[1]);
            wide[3] = u16::from(four[3]);
        }
        let rows = Rows { bytes, scales };
        for half in 0..outputs / (PANEL / 2) {
            for (first, count) in tiles(scales.len(), TILE) {
                // SAFETY: `check` proved that rows, panel and result are inside their slices, and
                // the features are the caller's promise.
                unsafe {
                    match count {
                        1 => tile::<1>(&widened, rows, weights, out, half, first),
                        2 => tile::<2>(&widened, rows, weights, out, half, first),
                        3 => tile::<3>(&widened, rows, weights, out, half, first),
                        _ => tile::<4>(&widened, rows, weights, out, half, first),
                    }
                }
            }
        }
    }
}

/// # Safety
/// As [`product`]; the half panel and the `M` widened rows from `first` exist.
#[target_feature(enable = "avx2,fma")]
unsafe fn tile<const M: usize>(
    widened: &Widened,
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
        let a = widened.0.as_ptr().add(first * inputs);
        let b = packed
            .as_ptr()
            .add((half / 2) * PANEL * inputs + (half % 2) * 64);
        let mut sums = [[_mm256_setzero_si256(); 2]; M];
        for k in (0..inputs).step_by(4) {
            let from = b.add(k * PANEL);
            let left = _mm256_load_si256(from.cast());
            let right = _mm256_load_si256(from.add(32).cast());
            let even = [
                _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(left)),
                _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(right)),
            ];
            let odd = [_mm256_srai_epi16::<8>(left), _mm256_srai_epi16::<8>(right)];
            for (r, sum) in sums.iter_mut().enumerate() {
                let x = a.add(r * inputs + k).cast::<i32>();
                let x_even = _mm256_set1_epi32(x.read());
                sum[0] = _mm256_add_epi32(sum[0], _mm256_madd_epi16(x_even, even[0]));
                sum[1] = _mm256_add_epi32(sum[1], _mm256_madd_epi16(x_even, even[1]));
                let x_odd = _mm256_set1_epi32(x.add(1).read());
                sum[0] = _mm256_add_epi32(sum[0], _mm256_madd_epi16(x_odd, odd[0]));
                sum[1] = _mm256_add_epi32(sum[1], _mm256_madd_epi16(x_odd, odd[1]));
            }
        }
        finish(&sums, rows, weights, out, half * (PANEL / 2), first);
    }
}
