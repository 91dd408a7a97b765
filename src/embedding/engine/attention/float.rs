//! Attention in f32, for machines without a fast product of 16-bit numbers, and for sequences too
//! long for `words.rs`.
//!
//! Blocks of `R` questions against `C` vectors of keys are sized per instruction set so that the
//! sums stay in registers.

use super::{AttentionShape, KEY_BLOCK, MOST_ROWS};
use crate::embedding::engine::lanes::Lanes;
use crate::embedding::engine::rows::exp2;

/// `qkv` holds a row of q, k and v (heads side by side in each) per token; `out` gets a row of
/// heads per token.
///
/// # Safety
/// The CPU has `L`'s features. `R` ≤ 8, `C · L::N` divides 64 and `V · L::N` divides the width.
#[inline(always)]
pub unsafe fn attend<L: Lanes, const R: usize, const C: usize, const V: usize>(
    shape: AttentionShape,
    qkv: &[f32],
    out: &mut [f32],
    scratch: &mut [f32],
) {
    let AttentionShape {
        tokens,
        heads,
        width,
    } = shape;
    let hidden = heads * width;
    let padded = shape.padded();
    assert!(R <= MOST_ROWS && KEY_BLOCK.is_multiple_of(C * L::N) && width.is_multiple_of(V * L::N));
    assert!(qkv.len() == tokens * hidden * 3 && out.len() == tokens * hidden);
    assert!(scratch.len() >= shape.scratch_len());
    let (keys, rest) = scratch.split_at_mut(padded * width);
    let (values, scores) = rest.split_at_mut(tokens * width);
    // exp(s/√d) = 2^(s · log₂e/√d)
    let scale = std::f32::consts::LOG2_E / (width as f32).sqrt();
    // SAFETY: the asserts above bound every offset below; `padded` is a multiple of C · L::N.
    unsafe {
        for head in 0..heads {
            let q = qkv.as_ptr().add(head * width);
            let k = q.add(hidden);
            let v = q.add(2 * hidden);
            gather_head(k, v, tokens, width, 3 * hidden, padded, scale, keys, values);
            let mut first = 0;
            while first < tokens {
                // The last block repeats its last row rather than have a kernel of its own.
                let row = |r: usize| (first + r).min(tokens - 1);
                let mut questions = [q; R];
                for (r, question) in questions.iter_mut().enumerate() {
                    *question = q.add(row(r) * 3 * hidden);
                }
                for key in (0..padded.min(tokens.next_multiple_of(C * L::N))).step_by(C * L::N) {
                    let mut sums = [[L::splat(0.0); C]; R];
                    for d in 0..width {
                        let from = keys.as_ptr().add(d * padded + key);
                        let mut column = [L::splat(0.0); C];
                        for (c, lanes) in column.iter_mut().enumerate() {
                            *lanes = L::load(from.add(c * L::N));
                        }
                        for (sums, question) in sums.iter_mut().zip(questions) {
                            let x = L::splat(*question.add(d));
                            for (sum, key) in sums.iter_mut().zip(column) {
                                *sum = x.mul_add(key, *sum);
                            }
                        }
                    }
                    for (r, sums) in sums.iter().enumerate() {
                        for (c, sum) in sums.iter().enumerate() {
                            sum.store(scores.as_mut_ptr().add(r * padded + key + c * L::N));
                        }
                    }
                }
                let mut inverse = [0.0f32; R];
                for (r, inverse) in inverse.iter_mut().enumerate() {
                    *inverse = soften::<L>(&mut scores[r * padded..][..padded], tokens);
                }
                for part in (0..width).step_by(V * L::N) {
                    let mut sums = [[L::splat(0.0); V]; R];
                    for key in 0..tokens {
                        let from = values.as_ptr().add(key * width + part);
                        let mut value = [L::splat(0.0); V];
                        for (c, lanes) in value.iter_mut().enumerate() {
                            *lanes = L::load(from.add(c * L::N));
                        }
                        for (r, sums) in sums.iter_mut().enumerate() {
                            let p = L::splat(*scores.as_ptr().add(r * padded + key));
                            for (sum, value) in sums.iter_mut().zip(value) {
                                *sum = p.mul_add(value, *sum);
                            }
                        }
                    }
                    for (r, sums) in sums.iter().enumerate() {
                        let to = out.as_mut_ptr().add(row(r) * hidden + head * width + part);
                        for (c, sum) in sums.iter().enumerate() {
                            sum.mul(L::splat(inverse[r])).store(to.add(c * L::N));
                        }
                    }
                }
                first += R;
            }
        }
    }
}

/// Copies one head's keys (turned, scaled, padded with zeros) and values into dense scratch.
///
/// # Safety
/// `k` and `v` are valid for `tokens` rows of `width` numbers, `stride` apart.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn gather_head(
    k: *const f32,
    v: *const f32,
    tokens: usize,
    width: usize,
    stride: usize,
    padded: usize,
    scale: f32,
    keys: &mut [f32],
    values: &mut [f32],
) {
    for token in 0..tokens {
        // SAFETY: the caller vouches for these rows.
        let (k, v) = unsafe {
            (
                std::slice::from_raw_parts(k.add(token * stride), width),
                std::slice::from_raw_parts(v.add(token * stride), width),
            )
        };
        values[token * width..][..width].copy_from_slice(v);
        for (d, x) in k.iter().enumerate() {
            keys[d * padded + token] = x * scale;
        }
    }
    for d in 0..width {
        keys[d * padded + tokens..(d + 1) * padded].fill(0.0);
    }
}

/// Turns a row of scores (log₂) into weights, the greatest being 1; returns 1 / their sum.
///
/// # Safety
/// The CPU has `L`'s features; the row's length is a multiple of `L::N`.
#[inline(always)]
unsafe fn soften<L: Lanes>(row: &mut [f32], tokens: usize) -> f32 {
    let used = tokens.next_multiple_of(L::N);
    assert!(used <= row.len());
    row[tokens..used].fill(f32::NEG_INFINITY);
    // SAFETY: offsets stay below `used`, checked above.
    unsafe {
        let mut high = L::splat(f32::NEG_INFINITY);
        for at in (0..used).step_by(L::N) {
            high = high.max(L::load(row.as_ptr().add(at)));
        }
        let high = L::splat(high.highest());
        let mut sum = L::splat(0.0);
        for at in (0..used).step_by(L::N) {
            let place = row.as_mut_ptr().add(at);
            let p = exp2(L::load(place).sub(high));
            p.store(place);
            sum = sum.add(p);
        }
        1.0 / sum.sum()
    }
}
