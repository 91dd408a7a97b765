//! What happens to one row (one token) between two matrix products: GELU, residual and layer
//! norm, mean and length, and the rounding to bytes that the next product wants.
//!
//! Written once over [`Lanes`]; doesn't know the instruction set nor the model's layout.
//! Row lengths are multiples of 16 numbers, as `EncoderShape::check` demands.

use super::lanes::Lanes;

/// How the bytes of one quantised row stand for its numbers: `x ≈ low + step · byte`.
///
/// Range and offset belong to the row alone, so one unusual token can't coarsen another. The
/// range needn't contain zero: GELU's output, −0.17 at the lowest, keeps nearly all 256 steps.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RowScale {
    pub step: f32,
    pub low: f32,
}

/// A layer norm's two vectors.
pub struct Norm {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// Rounds a row to bytes.
///
/// # Safety
/// The CPU has `L`'s features; `row` and `bytes` have the same length, a multiple of `L::N`.
#[inline(always)]
pub unsafe fn quantise<L: Lanes>(row: &[f32], bytes: &mut [u8]) -> RowScale {
    assert!(row.len() == bytes.len() && row.len().is_multiple_of(L::N));
    // SAFETY: every offset stays below the common length, checked above.
    unsafe {
        let mut low = L::splat(f32::INFINITY);
        let mut high = L::splat(f32::NEG_INFINITY);
        for at in (0..row.len()).step_by(L::N) {
            let x = L::load(row.as_ptr().add(at));
            low = low.min(x);
            high = high.max(x);
        }
        round_between::<L>(row, low.lowest(), high.highest(), bytes)
    }
}

/// Applies GELU in place and rounds the result to bytes.
///
/// # Safety
/// As for [`quantise`].
#[inline(always)]
pub unsafe fn gelu_quantise<L: Lanes>(row: &mut [f32], bytes: &mut [u8]) -> RowScale {
    assert!(row.len() == bytes.len() && row.len().is_multiple_of(L::N));
    // SAFETY: every offset stays below the common length, checked above.
    unsafe {
        let mut low = L::splat(f32::INFINITY);
        let mut high = L::splat(f32::NEG_INFINITY);
        for at in (0..row.len()).step_by(L::N) {
            let place = row.as_mut_ptr().add(at);
            let y = gelu(L::load(place));
            y.store(place);
            low = low.min(y);
            high = high.max(y);
        }
        round_between::<L>(row, low.lowest(), high.highest(), bytes)
    }
}

/// Adds `plus` to `row`, applies layer norm in place and rounds the result to bytes.
///
/// # Safety
/// As for [`quantise`]; all slices have the same length.
#[inline(always)]
pub unsafe fn add_norm_quantise<L: Lanes>(
    row: &mut [f32],
    plus: &[f32],
    norm: &Norm,
    epsilon: f32,
    bytes: &mut [u8],
) -> RowScale {
    let (n, Norm { weight, bias }) = (row.len(), norm);
    assert!(n == plus.len() && n == weight.len() && n == bias.len() && n == bytes.len());
    assert!(n.is_multiple_of(L::N));
    // SAFETY: every offset stays below the common length, checked above.
    unsafe {
        let mut sum = L::splat(0.0);
        for at in (0..n).step_by(L::N) {
            let place = row.as_mut_ptr().add(at);
            let x = L::load(place).add(L::load(plus.as_ptr().add(at)));
            x.store(place);
            sum = sum.add(x);
        }
        let mean = L::splat(sum.sum() / n as f32);
        let mut squares = L::splat(0.0);
        for at in (0..n).step_by(L::N) {
            let d = L::load(row.as_ptr().add(at)).sub(mean);
            squares = d.mul_add(d, squares);
        }
        let inverse = L::splat(1.0 / (squares.sum() / n as f32 + epsilon).sqrt());
        let mut low = L::splat(f32::INFINITY);
        let mut high = L::splat(f32::NEG_INFINITY);
        for at in (0..n).step_by(L::N) {
            let place = row.as_mut_ptr().add(at);
            let d = L::load(place).sub(mean).mul(inverse);
            let y = d.mul_add(
                L::load(weight.as_ptr().add(at)),
                L::load(bias.as_ptr().add(at)),
            );
            y.store(place);
            low = low.min(y);
            high = high.max(y);
        }
        round_between::<L>(row, low.lowest(), high.highest(), bytes)
    }
}

/// # Safety
/// As for [`quantise`], with the lengths already checked.
#[inline(always)]
unsafe fn round_between<L: Lanes>(row: &[f32], low: f32, high: f32, bytes: &mut [u8]) -> RowScale {
    let step = (high - low) / 255.0;
    // A constant row has no range; its bytes are all 0 and `low` says the rest. Rows that are not
    // finite end here too: they give a vector that is not finite, never bytes out of range.
    let inverse = if step > 0.0 && step.is_finite() {
        1.0 / step
    } else {
        0.0
    };
    let step = if inverse > 0.0 { step } else { 0.0 };
    // SAFETY: the lengths are equal and multiples of L::N, says the caller.
    unsafe {
        let scale = L::splat(inverse);
        // (x − low) · inverse, clamped because the product may round to just above 255.
        let top = L::splat(255.0);
        let bottom = L::splat(0.0);
        let low_lanes = L::splat(low);
        for at in (0..row.len()).step_by(L::N) {
            let x = L::load(row.as_ptr().add(at)).sub(low_lanes).mul(scale);
            x.min(top)
                .max(bottom)
                .store_bytes(bytes.as_mut_ptr().add(at));
        }
    }
    RowScale { step, low }
}

/// x · Φ(x), with Φ(x) − ½ as an odd polynomial of degree 13 on −4..4, constant beyond.
///
/// The coefficients are a minimax fit (Lawson's iteration) of x·(Φ(x) − ½); the result is off by
/// at most 1.9e-4 for |x| ≤ 12 and 1.5e-5·|x| beyond: a hundredth of a step of the bytes it is
/// rounded to.
///
/// # Safety
/// The CPU has `L`'s features.
#[inline(always)]
pub unsafe fn gelu<L: Lanes>(x: L) -> L {
    const ODD: [f32; 7] = [
        2.278_143_9e-8,
        -1.598_602_2e-6,
        4.795_551_6e-5,
        -8.140_154_5e-4,
        8.772_388e-3,
        -6.457_311e-2,
        3.978_833_6e-1,
    ];
    // SAFETY: only arithmetic, and the caller vouches for the features.
    unsafe {
        let t = x.min(L::splat(4.0)).max(L::splat(-4.0));
        let square = t.mul(t);
        let mut p = L::splat(ODD[0]);
        for c in &ODD[1..] {
            p = p.mul_add(square, L::splat(*c));
        }
        x.mul(p.mul_add(t, L::splat(0.5)))
    }
}

/// 2ˣ for x ≤ 127, at least 2⁻¹²⁶: a polynomial of degree 4 (minimax, relative error 2.6e-6) on the fraction.
///
/// # Safety
/// The CPU has `L`'s features.
#[inline(always)]
pub unsafe fn exp2<L: Lanes>(x: L) -> L {
    const POLYNOMIAL: [f32; 5] = [
        9.685_711e-3,
        5.592_202_8e-2,
        2.402_186_5e-1,
        6.931_21e-1,
        1.0,
    ];
    // SAFETY: only arithmetic, and the caller vouches for the features.
    unsafe {
        // Below 2⁻¹²⁶ the exponent field would wrap; such a weight is nothing beside 1.
        let x = x.max(L::splat(-126.0));
        let n = x.round();
        let f = x.sub(n);
        let mut p = L::splat(POLYNOMIAL[0]);
        for c in &POLYNOMIAL[1..] {
            p = p.mul_add(f, L::splat(*c));
        }
        p.scale_by_power(n)
    }
}
