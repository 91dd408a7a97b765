//! Eight f32 in plain Rust: the scalar twin of every vector path, and the path of machines we
//! know nothing about.

use super::Lanes;

#[derive(Clone, Copy)]
pub struct Portable([f32; 8]);

/// Adding and subtracting 1.5 · 2²³ rounds an f32 below 2²² to the nearest whole number, ties to
/// even, without the call to libm that `round_ties_even` costs where SSE4.1 isn't assumed.
const ROUNDER: f32 = 12_582_912.0;

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = self.0;
        for (a, b) in out.iter_mut().zip(other.0) {
            *a = f(*a, b);
        }
        Self(out)
    }
}

impl Lanes for Portable {
    const N: usize = 8;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; 8])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for 8 numbers.
        Self(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for 8 numbers.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn mul_add(self, by: Self, plus: Self) -> Self {
        // Not f32::mul_add: without FMA that is a call to libm.
        self.zip(by, |a, b| a * b)
            .zip(plus, |product, c| product + c)
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        let mut out = self.0;
        for a in &mut out {
            *a = (*a + ROUNDER) - ROUNDER;
        }
        Self(out)
    }
    #[inline(always)]
    unsafe fn scale_by_power(self, n: Self) -> Self {
        self.zip(n, |x, n| {
            // n + ROUNDER holds the whole number n in its low bits.
            let exponent = (n + ROUNDER).to_bits() << 23;
            x * f32::from_bits(exponent.wrapping_add(1.0f32.to_bits()))
        })
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        let a = self.0;
        ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
    }
    #[inline(always)]
    unsafe fn lowest(self) -> f32 {
        self.0.into_iter().fold(f32::INFINITY, f32::min)
    }
    #[inline(always)]
    unsafe fn highest(self) -> f32 {
        self.0.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        let out = self.0.map(|x| (x + ROUNDER).to_bits() as u8);
        // SAFETY: the caller vouches for 8 bytes.
        unsafe { to.cast::<[u8; 8]>().write_unaligned(out) }
    }
}
