//! Four f32 in a NEON register.

use super::Lanes;
use std::arch::aarch64::*;

#[derive(Clone, Copy)]
pub struct Neon(float32x4_t);

// SAFETY (of every block below): NEON belongs to every aarch64 target we compile for, and the
// trait's contract makes the callers vouch for the pointers.
impl Lanes for Neon {
    const N: usize = 4;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { vdupq_n_f32(x) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { vld1q_f32(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { vst1q_f32(to, self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vsubq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vmulq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vminq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vmaxq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, by: Self, plus: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vfmaq_f32(plus.0, self.0, by.0) })
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vrndnq_f32(self.0) })
    }
    #[inline(always)]
    unsafe fn scale_by_power(self, n: Self) -> Self {
        // SAFETY: see above. 2ⁿ is the f32 whose exponent field is n + 127.
        unsafe {
            let n = vshlq_n_s32::<23>(vcvtnq_s32_f32(n.0));
            let power = vaddq_s32(n, vreinterpretq_s32_f32(vdupq_n_f32(1.0)));
            Self(vmulq_f32(self.0, vreinterpretq_f32_s32(power)))
        }
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: see above.
        unsafe { vaddvq_f32(self.0) }
    }
    #[inline(always)]
    unsafe fn lowest(self) -> f32 {
        // SAFETY: see above.
        unsafe { vminvq_f32(self.0) }
    }
    #[inline(always)]
    unsafe fn highest(self) -> f32 {
        // SAFETY: see above.
        unsafe { vmaxvq_f32(self.0) }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        // SAFETY: see above.
        unsafe {
            let words = vmovn_u32(vcvtnq_u32_f32(self.0));
            let bytes = vmovn_u16(vcombine_u16(words, words));
            to.cast::<u32>()
                .write_unaligned(vget_lane_u32::<0>(vreinterpret_u32_u8(bytes)));
        }
    }
}
