//! The product every layer is made of: rows of bytes times packed int8 weights, plus bias, to f32.
//!
//! Says what a product is and how weights are laid out; one file per instruction set computes it.
//! Doesn't know where the rows come from.

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512_vnni;
#[cfg(target_arch = "x86_64")]
pub mod avx_vnni;
#[cfg(target_arch = "aarch64")]
pub mod neon_dotprod;
pub mod portable;

use super::rows::RowScale;

/// Output columns in a panel: two 512-bit registers of i32, four of 256 bits, eight of 128.
pub const PANEL: usize = 32;

/// Inputs a product may have, at most; some kernels widen rows on the stack.
pub const MOST_INPUTS: usize = 8192;

/// How weights lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Panels of 32 columns; in a panel, for each four inputs, each column's four weights: what
    /// the dot-product instructions read in one load.
    Panels,
    /// One column after the other, as in the file.
    Columns,
}

impl Layout {
    /// Where the weight of (column, input) lies.
    #[inline]
    pub fn place(self, column: usize, input: usize, inputs: usize) -> usize {
        match self {
            Self::Columns => column * inputs + input,
            Self::Panels => {
                let (panel, column) = (column / PANEL, column % PANEL);
                panel * PANEL * inputs + (input / 4) * 4 * PANEL + column * 4 + input % 4
            }
        }
    }
}

/// What turns a column's integer sum into its f32 result.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// One step of the column's int8 weights.
    pub step: Vec<f32>,
    /// The sum of the column's weights, times its step: what a row's `low` is multiplied with, and
    /// what a kernel that shifts the bytes of its rows makes up for it with.
    pub sum: Vec<f32>,
    pub bias: Vec<f32>,
}

/// Weights ready for a kernel: `outputs` columns of `inputs` int8 numbers.
#[derive(Debug, Clone, Copy)]
pub struct Weights<'a> {
    pub inputs: usize,
    pub outputs: usize,
    /// In the kernel's [`Layout`]; aligned to 64 bytes where that is `Panels`.
    pub packed: &'a [i8],
    pub columns: &'a Columns,
}

/// Rows of activations: `scales.len()` rows of `inputs` bytes.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    pub bytes: &'a [u8],
    pub scales: &'a [RowScale],
}

/// Checks that the parts fit together; every kernel's memory accesses rest on it.
#[inline(always)]
pub fn check(rows: Rows<'_>, weights: Weights<'_>, out: &[f32]) {
    let Weights {
        inputs,
        outputs,
        packed,
        columns,
    } = weights;
    assert!(inputs <= MOST_INPUTS && inputs.is_multiple_of(PANEL) && outputs.is_multiple_of(PANEL));
    assert!(packed.len() == inputs * outputs && packed.as_ptr().addr().is_multiple_of(64));
    assert!(columns.step.len() == outputs);
    assert!(columns.sum.len() == outputs && columns.bias.len() == outputs);
    assert!(rows.bytes.len() == rows.scales.len() * inputs);
    assert!(out.len() == rows.scales.len() * outputs);
}

/// Splits `rows` into the fewest tiles of at most `most` rows, of sizes as equal as can be: 13 rows
/// are 7 and 6, not 12 and 1, which would leave most of a register tile idle.
#[inline(always)]
pub fn tiles(rows: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = rows.div_ceil(most);
    (0..count).map(move |tile| {
        let first = tile * rows / count;
        (first, (tile + 1) * rows / count - first)
    })
}
