//! The table of kernels of one instruction set.
//!
//! The generic row and attention code is compiled once per instruction set here, with that set's
//! features switched on, and chosen by a table of function pointers when the encoder is built.

#[cfg(target_arch = "x86_64")]
use super::attention::words;
use super::attention::{AttentionShape, float};
use super::instruction_set::InstructionSet;
use super::lanes;
use super::matmul::{self, Layout, Rows, Weights};
use super::rows::{self, Norm, RowScale};

type AddNormQuantise = unsafe fn(&mut [f32], &[f32], &Norm, f32, &mut [u8]) -> RowScale;

/// What a forward pass calls. The functions need the features of `isa`, so the table is only
/// handed out where they exist: that makes calling them sound.
pub(super) struct Kernels {
    pub isa: InstructionSet,
    pub layout: Layout,
    product: unsafe fn(Rows<'_>, Weights<'_>, &mut [f32]),
    quantise: unsafe fn(&[f32], &mut [u8]) -> RowScale,
    gelu_quantise: unsafe fn(&mut [f32], &mut [u8]) -> RowScale,
    add_norm_quantise: AddNormQuantise,
    attend: unsafe fn(AttentionShape, &[f32], &mut [f32], &mut [f32]),
}

impl Kernels {
    /// The kernels of `isa`, if this machine can run them.
    pub fn of(isa: InstructionSet) -> Option<&'static Self> {
        if !isa.is_available() {
            return None;
        }
        match isa {
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512Vnni => Some(&avx512_vnni::KERNELS),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::AvxVnni => Some(&avx_vnni::KERNELS),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => Some(&avx2::KERNELS),
            #[cfg(target_arch = "aarch64")]
            InstructionSet::NeonDotprod => Some(&neon_dotprod::KERNELS),
            InstructionSet::Portable => Some(&portable::KERNELS),
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }

    /// `out = rows · weights + bias`, in f32.
    pub fn product(&self, rows: Rows<'_>, weights: Weights<'_>, out: &mut [f32]) {
        // SAFETY: `of` checked the features; the kernel checks the lengths.
        unsafe { (self.product)(rows, weights, out) }
    }

    pub fn quantise(&self, row: &[f32], bytes: &mut [u8]) -> RowScale {
        // SAFETY: as above.
        unsafe { (self.quantise)(row, bytes) }
    }

    pub fn gelu_quantise(&self, row: &mut [f32], bytes: &mut [u8]) -> RowScale {
        // SAFETY: as above.
        unsafe { (self.gelu_quantise)(row, bytes) }
    }

    pub fn add_norm_quantise(
        &self,
        row: &mut [f32],
        plus: &[f32],
        norm: &Norm,
        epsilon: f32,
        bytes: &mut [u8],
    ) -> RowScale {
        // SAFETY: as above.
        unsafe { (self.add_norm_quantise)(row, plus, norm, epsilon, bytes) }
    }

    pub fn attend(&self, shape: AttentionShape, qkv: &[f32], out: &mut [f32], scratch: &mut [f32]) {
        // SAFETY: as above.
        unsafe { (self.attend)(shape, qkv, out, scratch) }
    }
}

/// Compiles the generic code for one instruction set: module, name, lanes, the block sizes of
/// attention, the product's kernel and layout, and the features.
macro_rules! kernels {
    ($module:ident, $isa:ident, $lanes:ty, $attention:ident [$r:literal, $c:literal, $v:literal], $product:path,
     $layout:ident $(, #[$attribute:meta])?) => {
        mod $module {
            use super::*;

            pub static KERNELS: Kernels = Kernels {
                isa: InstructionSet::$isa,
                layout: Layout::$layout,
                product: $product,
                quantise,
                gelu_quantise,
                add_norm_quantise,
                attend,
            };

            $(#[$attribute])?
            unsafe fn quantise(row: &[f32], bytes: &mut [u8]) -> RowScale {
                // SAFETY: the features are on, and the callee checks the lengths.
                unsafe { rows::quantise::<$lanes>(row, bytes) }
            }

            $(#[$attribute])?
            unsafe fn gelu_quantise(row: &mut [f32], bytes: &mut [u8]) -> RowScale {
                // SAFETY: as above.
                unsafe { rows::gelu_quantise::<$lanes>(row, bytes) }
            }

            $(#[$attribute])?
            unsafe fn add_norm_quantise(
                row: &mut [f32],
                plus: &[f32],
                norm: &Norm,
                epsilon: f32,
                bytes: &mut [u8],
            ) -> RowScale {
                // SAFETY: as above.
                unsafe {
                    rows::add_norm_quantise::<$lanes>(row, plus, norm, epsilon, bytes)
                }
            }

            $(#[$attribute])?
            unsafe fn attend(
                shape: AttentionShape,
                qkv: &[f32],
                out: &mut [f32],
                scratch: &mut [f32],
            ) {
                // SAFETY: as above; the block sizes fit the lanes and the registers.
                unsafe { $attention::attend::<$lanes, $r, $c, $v>(shape, qkv, out, scratch) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
kernels!(avx512_vnni, Avx512Vnni, lanes::avx512::Avx512, words [6, 4, 2],
    matmul::avx512_vnni::product, Panels,
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]);

#[cfg(target_arch = "x86_64")]
kernels!(avx_vnni, AvxVnni, lanes::avx2::Avx2, words [6, 2, 2],
    matmul::avx_vnni::product, Panels, #[target_feature(enable = "avx2,fma")]);

#[cfg(target_arch = "x86_64")]
kernels!(avx2, Avx2, lanes::avx2::Avx2, words [6, 2, 2],
    matmul::avx2::product, Panels, #[target_feature(enable = "avx2,fma")]);

#[cfg(target_arch = "aarch64")]
kernels!(neon_dotprod, NeonDotprod, lanes::neon::Neon, float [4, 4, 4],
    matmul::neon_dotprod::product, Panels, #[target_feature(enable = "neon,dotprod")]);

kernels!(
    portable,
    Portable,
    lanes::portable::Portable,
    float [2, 2, 2],
    matmul::portable::product,
    Columns
);
