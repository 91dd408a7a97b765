//! Attention of one sequence: softmax(q·kᵀ / √d)·v for every head.
//!
//! Two ways: `float.rs` in f32, and `words.rs` on 16-bit numbers, twice as fast where the CPU
//! multiplies pairs of them. Both are written once over vectors of any width. Doesn't know about
//! batches or projections.

pub mod float;
#[cfg(target_arch = "x86_64")]
pub mod words;

/// The shape of one call.
#[derive(Debug, Clone, Copy)]
pub struct AttentionShape {
    pub tokens: usize,
    pub heads: usize,
    /// Numbers per head; a multiple of 32.
    pub width: usize,
}

/// Most keys any kernel takes at once; rows of scores are padded to a multiple of it.
const KEY_BLOCK: usize = 64;

/// Question rows worked on at once, at most, by any kernel.
const MOST_ROWS: usize = 8;

impl AttentionShape {
    fn padded(self) -> usize {
        self.tokens.next_multiple_of(KEY_BLOCK)
    }

    /// f32 numbers of scratch a call needs, by the hungrier of the two ways: kᵀ, v, and the scores
    /// of one block of questions.
    pub fn scratch_len(self) -> usize {
        let rows = (self.padded() + self.tokens.next_multiple_of(2)) * self.width;
        rows + MOST_ROWS * (2 * self.padded() + self.width)
    }
}
