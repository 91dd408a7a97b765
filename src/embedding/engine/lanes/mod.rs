//! A vector of f32 as wide as the machine's, behind one trait, so that softmax, layer norm, GELU,
//! quantisation and attention are written once (`rows.rs`, `attention.rs`) and compiled for each
//! instruction set.
//!
//! Doesn't know what is computed with it.

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
#[cfg(target_arch = "aarch64")]
pub mod neon;
pub mod portable;

/// `N` f32 numbers worked on at once.
///
/// # Safety
/// Every function may be called only from code compiled for, and running on, a CPU with the
/// features of the implementation; pointers must be valid for `N` numbers.
pub trait Lanes: Copy {
    const N: usize;

    unsafe fn splat(x: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    /// `self · by + plus`
    unsafe fn mul_add(self, by: Self, plus: Self) -> Self;
    /// To the nearest whole number, ties to even.
    unsafe fn round(self) -> Self;
    /// `self · 2ⁿ` for whole numbers n in −126..=0.
    unsafe fn scale_by_power(self, n: Self) -> Self;
    unsafe fn sum(self) -> f32;
    unsafe fn lowest(self) -> f32;
    unsafe fn highest(self) -> f32;
    /// Rounds to the nearest whole number and writes one byte each; the numbers are in 0..=255.
    unsafe fn store_bytes(self, to: *mut u8);
}
