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
    /// `self · 2ⁿ` for whole numbers n in −126..=127.
    unsafe fn scale_by_power(self, n: Self) -> Self;
    unsafe fn sum(self) -> f32;
    unsafe fn lowest(self) -> f32;
    unsafe fn highest(self) -> f32;
    /// Rounds to the nearest whole number and writes one byte each; the numbers are in 0..=255.
    unsafe fn store_bytes(self, to: *mut u8);
}

/// Lanes whose CPU multiplies pairs of 16-bit numbers and adds the two products.
///
/// # Safety
/// As for [`Lanes`].
#[cfg(target_arch = "x86_64")]
pub trait WordLanes: Lanes {
    /// `N` 32-bit numbers, or as many pairs of 16-bit ones.
    type Sums: Copy;

    unsafe fn no_sums() -> Self::Sums;
    unsafe fn load_pairs(from: *const i32) -> Self::Sums;
    unsafe fn splat_pair(pair: i32) -> Self::Sums;
    /// Adds to each sum the two products of its pairs.
    unsafe fn add_products(sums: Self::Sums, a: Self::Sums, b: Self::Sums) -> Self::Sums;
    unsafe fn to_floats(sums: Self::Sums) -> Self;
    /// Rounds to the nearest whole number and writes 16 bits each; the numbers are in ±32,767.
    unsafe fn store_words(self, to: *mut i16);
    /// Rounds as `store_words` does and writes pairs: a number of `first`, then one of `second`.
    unsafe fn store_pairs(first: Self, second: Self, to: *mut i32);
}
