//! Attention on 16-bit numbers with 32-bit sums: two multiply-adds where f32 has one.
//!
//! Each head's q, k and v are rounded with one step per sequence: q and k to 13 bits and more, v to
//! as many as the sum over the sequence leaves room for (10 bits and sign at 256 tokens), weights to
//! 1/8,191 of the largest. All of it is finer than the bytes the result is rounded to next.

use super::{AttentionShape, KEY_BLOCK, MOST_ROWS, float};
use crate::embedding::engine::lanes::{Lanes, WordLanes};
use crate::embedding::engine::rows::exp2;

/// The weight of a row's strongest key. 13 bits: a weight is then off by at most 6e-5 of it, and v
/// keeps 9 bits at 512 tokens.
const FULL_WEIGHT: f32 = 8191.0;

/// Beyond this, v would keep less than 8 bits; `float` takes over.
const MOST_TOKENS: usize = 1024;

/// Sums stay below 2³¹.
const SUM_LIMIT: f32 = 2_147_480_000.0;

/// As [`float::attend`].
///
/// # Safety
/// The CPU has `L`'s features. `R` ≤ 8, `C · L::N` divides 64 and `V · L::N` divides the width.
#[inline(always)]
pub unsafe fn attend<L: WordLanes, const R: usize, const C: usize, const V: usize>(
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
    if tokens > MOST_TOKENS {
        // SAFETY: the same contract.
        return unsafe { float::attend::<L, R, C, V>(shape, qkv, out, scratch) };
    }
    assert!(R <= MOST_ROWS && KEY_BLOCK.is_multiple_of(C * L::N) && width.is_multiple_of(V * L::N));
    assert!(width.is_multiple_of(2 * L::N) && L::N.is_multiple_of(2));
    assert!(qkv.len() == tokens * hidden * 3 && out.len() == tokens * hidden);
    assert!(scratch.len() >= shape.scratch_len());
    let pairs = tokens.div_ceil(2);
    let (keys, rest) = scratch.split_at_mut(padded * width / 2);
    let (values, rest) = rest.split_at_mut(pairs * width);
    let (scores, rest) = rest.split_at_mut(R * padded);
    let (weights, rest) = rest.split_at_mut(R * padded / 2);
    let questions = &mut rest[..R * width / 2];
    // Scratch is f32 by type only: i32 pairs and i16 words have no stricter alignment.
    let keys = keys.as_mut_ptr().cast::<i32>();
    let values = values.as_mut_ptr().cast::<i32>();
    let scores = scores.as_mut_ptr();
    let weights = weights.as_mut_ptr().cast::<i16>();
    let questions = questions.as_mut_ptr().cast::<i16>();
    let key_limit = (SUM_LIMIT / width as f32).sqrt().min(32_767.0).floor();
    let value_limit = (SUM_LIMIT / (FULL_WEIGHT * tokens as f32))
        .min(32_767.0)
        .floor();
    // Numbers are rounded to even at the very end of their range at most: the limits hold.
    // SAFETY: the asserts above and the slices just cut bound every offset below.
    unsafe {
        for head in 0..heads {
            let q = qkv.as_ptr().add(head * width);
            let k = q.add(hidden);
            let v = q.add(2 * hidden);
            let stride = 3 * hidden;
            let (q_step, q_inverse) = step::<L>(q, tokens, width, stride, key_limit);
            let (k_step, k_inverse) = step::<L>(k, tokens, width, stride, key_limit);
            let (v_step, v_inverse) = step::<L>(v, tokens, width, stride, value_limit);
            pack_keys::<L>(k, tokens, width, stride, padded, k_inverse, questions, keys);
            pack_values::<L>(v, tokens, width, stride, v_inverse, values);
            // exp(s/√d) = 2^(s · log₂e/√d)
            let factor = q_step * k_step * std::f32::consts::LOG2_E / (width as f32).sqrt();
            // Never 0 (all q or k being 0), so that it still tells padding from keys.
            let factor = factor.max(1e-30);
            let mut first = 0;
            while first < tokens {
                // The last block repeats its last row rather than have a kernel of its own.
                let row = |r: usize| (first + r).min(tokens - 1);
                for r in 0..R {
                    let from = q.add(row(r) * stride);
                    for d in (0..width).step_by(L::N) {
                        let x = L::load(from.add(d)).mul(L::splat(q_inverse));
                        x.store_words(questions.add(r * width + d));
                    }
                }
                let mut key = 0;
                while key + C * L::N <= tokens {
                    score::<L, R, C>(questions, keys, width, padded, key, scores);
                    key += C * L::N;
                }
                while key < tokens {
                    score::<L, R, 1>(questions, keys, width, padded, key, scores);
                    key += L::N;
                }
                let mut scales = [0.0f32; R];
                for (r, scale) in scales.iter_mut().enumerate() {
                    let (scores, weights) = (scores.add(r * padded), weights.add(r * padded));
                    *scale = v_step / soften::<L>(scores, weights, tokens, factor);
                }
                for part in (0..width).step_by(V * L::N) {
                    let sums = mix::<L, R, V>(weights, values, width, padded, part, pairs);
                    for (r, sums) in sums.iter().enumerate() {
                        let to = out.as_mut_ptr().add(row(r) * hidden + head * width + part);
                        for (c, sum) in sums.iter().enumerate() {
                            let y = L::to_floats(*sum).mul(L::splat(scales[r]));
                            y.store(to.add(c * L::N));
                        }
                    }
                }
                first += R;
            }
        }
    }
}

/// The step that brings a head's numbers into ±`limit`, and its inverse.
///
/// # Safety
/// The CPU has `L`'s features; `from` is valid for `tokens` rows, `stride` apart.
#[inline(always)]
unsafe fn step<L: Lanes>(
    from: *const f32,
    tokens: usize,
    width: usize,
    stride: usize,
    limit: f32,
) -> (f32, f32) {
    // SAFETY: the caller vouches for the rows.
    unsafe {
        // Two pairs of extremes, so that one's comparison needn't wait for the other's.
        let mut low = [L::splat(0.0); 2];
        let mut high = [L::splat(0.0); 2];
        for token in 0..tokens {
            let row = from.add(token * stride);
            for d in (0..width).step_by(2 * L::N) {
                for i in 0..2 {
                    let x = L::load(row.add(d + i * L::N));
                    low[i] = low[i].min(x);
                    high[i] = high[i].max(x);
                }
            }
        }
        let most = high[0]
            .max(high[1])
            .highest()
            .max(-low[0].min(low[1]).lowest());
        if most > 0.0 && most.is_finite() {
            (most / limit, limit / most)
        } else {
            (0.0, 0.0)
        }
    }
}

/// Rounds a head's keys and turns them: for each two dimensions, every key's pair, zeros beyond.
///
/// # Safety
/// As [`step`]; `keys` is valid for `width / 2 · padded` pairs and `row` for `width` words.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn pack_keys<L: WordLanes>(
    k: *const f32,
    tokens: usize,
    width: usize,
    stride: usize,
    padded: usize,
    inverse: f32,
    row: *mut i16,
    keys: *mut i32,
) {
    // SAFETY: the caller vouches for the pointers.
    unsafe {
        for token in 0..tokens {
            for d in (0..width).step_by(L::N) {
                let x = L::load(k.add(token * stride + d)).mul(L::splat(inverse));
                x.store_words(row.add(d));
            }
            for pair in 0..width / 2 {
                *keys.add(pair * padded + token) = row.cast::<i32>().add(pair).read_unaligned();
            }
        }
        let used = tokens.next_multiple_of(L::N);
        for pair in 0..width / 2 {
            for token in tokens..used {
                *keys.add(pair * padded + token) = 0;
            }
        }
    }
}

/// Rounds a head's values and pairs each two tokens', the last with zero if it is alone.
///
/// # Safety
/// As [`step`]; `values` is valid for `⌈tokens / 2⌉ · width` pairs.
#[inline(always)]
unsafe fn pack_values<L: WordLanes>(
    v: *const f32,
    tokens: usize,
    width: usize,
    stride: usize,
    inverse: f32,
    values: *mut i32,
) {
    // SAFETY: the caller vouches for the pointers.
    unsafe {
        let scale = L::splat(inverse);
        for pair in 0..tokens.div_ceil(2) {
            let even = v.add(2 * pair * stride);
            for d in (0..width).step_by(L::N) {
                let first = L::load(even.add(d)).mul(scale);
                let second = if 2 * pair + 1 < tokens {
                    L::load(even.add(stride + d)).mul(scale)
                } else {
                    L::splat(0.0)
                };
                L::store_pairs(first, second, values.add(pair * width + d));
            }
        }
    }
}

/// Scores of `R` questions against `C` vectors of keys.
///
/// # Safety
/// As [`attend`], with the pointers it made.
#[inline(always)]
unsafe fn score<L: WordLanes, const R: usize, const C: usize>(
    questions: *const i16,
    keys: *const i32,
    width: usize,
    padded: usize,
    key: usize,
    scores: *mut f32,
) {
    // SAFETY: the caller vouches for the pointers.
    unsafe {
        let mut sums = [[L::no_sums(); C]; R];
        for pair in 0..width / 2 {
            let from = keys.add(pair * padded + key);
            let mut column = [L::no_sums(); C];
            for (c, lanes) in column.iter_mut().enumerate() {
                *lanes = L::load_pairs(from.add(c * L::N));
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let x = questions
                    .add(r * width + 2 * pair)
                    .cast::<i32>()
                    .read_unaligned();
                let x = L::splat_pair(x);
                for (sum, key) in sums.iter_mut().zip(column) {
                    *sum = L::add_products(*sum, x, key);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (c, sum) in sums.iter().enumerate() {
                L::to_floats(*sum).store(scores.add(r * padded + key + c * L::N));
            }
        }
    }
}

/// Turns a row of scores into whole weights, the greatest being [`FULL_WEIGHT`]; returns their sum.
///
/// # Safety
/// The CPU has `L`'s features; both rows are valid up to the next multiple of `L::N`.
#[inline(always)]
unsafe fn soften<L: WordLanes>(
    scores: *mut f32,
    weights: *mut i16,
    tokens: usize,
    factor: f32,
) -> f32 {
    let used = tokens.next_multiple_of(L::N);
    // SAFETY: the caller vouches for the rows.
    unsafe {
        for at in tokens..used {
            *scores.add(at) = f32::MIN;
        }
        let mut high = L::splat(f32::MIN);
        for at in (0..used).step_by(L::N) {
            high = high.max(L::load(scores.add(at)));
        }
        // 2^(factor · (score − highest)) · FULL_WEIGHT
        let factor_lanes = L::splat(factor);
        let offset = L::splat(FULL_WEIGHT.log2() - factor * high.highest());
        let mut sum = L::splat(0.0);
        for at in (0..used).step_by(L::N) {
            let weight = exp2(L::load(scores.add(at)).mul_add(factor_lanes, offset)).round();
            sum = sum.add(weight);
            weight.store_words(weights.add(at));
        }
        sum.sum()
    }
}

/// Sums of values by weight, for `R` questions and `V` vectors of a head's width.
///
/// # Safety
/// As [`attend`], with the pointers it made.
#[inline(always)]
unsafe fn mix<L: WordLanes, const R: usize, const V: usize>(
    weights: *const i16,
    values: *const i32,
    width: usize,
    padded: usize,
    part: usize,
    pairs: usize,
) -> [[L::Sums; V]; R] {
    // SAFETY: the caller vouches for the pointers.
    unsafe {
        let mut sums = [[L::no_sums(); V]; R];
        for pair in 0..pairs {
            let from = values.add(pair * width + part);
            let mut value = [L::no_sums(); V];
            for (c, lanes) in value.iter_mut().enumerate() {
                *lanes = L::load_pairs(from.add(c * L::N));
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let x = weights
                    .add(r * padded + 2 * pair)
                    .cast::<i32>()
                    .read_unaligned();
                let x = L::splat_pair(x);
                for (sum, value) in sums.iter_mut().zip(value) {
                    *sum = L::add_products(*sum, x, value);
                }
            }
        }
        sums
    }
}
