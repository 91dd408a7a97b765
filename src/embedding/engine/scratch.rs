//! Memory a forward pass works in, kept between calls so that a warm call allocates nothing.

use super::attention::AttentionShape;
use super::rows::RowScale;
use crate::embedding::weights::Shape;
use std::sync::{Mutex, PoisonError};

/// Rows of the feed-forward block worked on at once: 48 rows of 1,536 f32 and as many bytes are
/// 370 KB, which stays in a second-level cache; a multiple of the 12 rows of the largest tile.
pub(super) const FEED_FORWARD_ROWS: usize = 48;

/// A cache line: what vectors and packed rows are aligned to.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code, reason = "read through a pointer of another type")] [u8; 64]);

/// Numbers aligned to a cache line, growing to the largest size asked for.
pub(super) struct Aligned<T> {
    lines: Vec<Line>,
    numbers: std::marker::PhantomData<T>,
}

/// Types any bytes are a value of.
pub(super) trait Plain: Copy {}
impl Plain for f32 {}
impl Plain for u8 {}
impl Plain for i8 {}

impl<T: Plain> Aligned<T> {
    pub const fn new() -> Self {
        Self {
            lines: Vec::new(),
            numbers: std::marker::PhantomData,
        }
    }

    /// The first `len` numbers, with whatever an earlier call left in them.
    pub fn take(&mut self, len: usize) -> &mut [T] {
        let lines = (len * size_of::<T>()).div_ceil(64);
        if self.lines.len() < lines {
            self.lines.resize(lines, Line([0; 64]));
        }
        // SAFETY: the lines are initialised, long enough and better aligned than T, for which any
        // bytes are a value (`Plain`).
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), len) }
    }
}

/// Everything one thread needs for one group of sequences.
pub(super) struct Scratch {
    /// The hidden state, a row per token.
    pub hidden: Aligned<f32>,
    /// Its bytes, or those of the attention's result.
    pub bytes: Aligned<u8>,
    pub scales: Vec<RowScale>,
    pub qkv: Aligned<f32>,
    /// The attention's result.
    pub context: Aligned<f32>,
    /// What a layer adds to the hidden state.
    pub update: Aligned<f32>,
    pub wide: Aligned<f32>,
    pub wide_bytes: Aligned<u8>,
    pub wide_scales: Vec<RowScale>,
    pub attention: Aligned<f32>,
}

impl Scratch {
    fn new() -> Self {
        Self {
            hidden: Aligned::new(),
            bytes: Aligned::new(),
            scales: Vec::new(),
            qkv: Aligned::new(),
            context: Aligned::new(),
            update: Aligned::new(),
            wide: Aligned::new(),
            wide_bytes: Aligned::new(),
            wide_scales: Vec::new(),
            attention: Aligned::new(),
        }
    }

    /// Grows to hold `rows` tokens, the longest sequence having `longest`.
    pub fn reserve(&mut self, shape: &Shape, rows: usize, longest: usize) {
        let hidden = shape.hidden;
        self.hidden.take(rows * hidden);
        self.bytes.take(rows * hidden);
        self.scales
            .resize(self.scales.len().max(rows), RowScale::default());
        self.qkv.take(rows * 3 * hidden);
        self.context.take(rows * hidden);
        self.update.take(rows * hidden);
        self.wide.take(FEED_FORWARD_ROWS * shape.feed_forward);
        self.wide_bytes.take(FEED_FORWARD_ROWS * shape.feed_forward);
        self.wide_scales
            .resize(FEED_FORWARD_ROWS, RowScale::default());
        let longest = AttentionShape {
            tokens: longest,
            heads: shape.heads,
            width: hidden / shape.heads,
        };
        self.attention.take(longest.scratch_len());
    }
}

/// Scratches not in use. A call takes one and gives it back, so there are as many as calls that
/// ever ran at once.
#[derive(Default)]
pub(super) struct ScratchPool(Mutex<Vec<Scratch>>);

impl ScratchPool {
    pub fn with<R>(&self, work: impl FnOnce(&mut Scratch) -> R) -> R {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut scratch = taken.unwrap_or_else(Scratch::new);
        let result = work(&mut scratch);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(scratch);
        result
    }
}
