//! Pages made of several files: the blocks of an imported file stand where its tag stands.
//!
//! It knows how much may be included, not where the files are.

use super::page::{Flavor, Page, Reader};
use super::{blocks, mask};
use crate::corpus::front_matter;
use std::cell::Cell;

/// Partials may hold partials; the sites we know go two deep.
const MAX_PARTIAL_DEPTH: usize = 4;

/// What partials may add to one page, so that a few files can't multiply into gigabytes.
pub(super) const MAX_INCLUDED_BYTES: usize = 8 * 1024 * 1024;

/// What including costs besides the text, which bounds the number of empty partials too.
const INCLUSION_BYTES: usize = 1024;

impl Reader<'_> {
    /// Reads `source` from `start` on (the front matter ends there); offsets are those of `source`.
    pub(in crate::corpus) fn read(&self, source: &str, start: usize) -> Page {
        self.read_at_depth(source, start, 0, &Cell::new(MAX_INCLUDED_BYTES))
    }

    fn read_at_depth(&self, source: &str, start: usize, depth: usize, left: &Cell<usize>) -> Page {
        let masked = mask::mask(source, start, self.flavor == Flavor::Mdx);
        let mut page = blocks::read(self, source, &masked);
        if depth < MAX_PARTIAL_DEPTH {
            for inclusion in masked.inclusions.iter().rev() {
                let Some(text) = (self.partials)(&inclusion.specifier) else {
                    continue;
                };
                if !spend(left, text.len()) {
                    break;
                }
                let body = front_matter::split(&text).1;
                let partial = Reader {
                    drop_title: false,
                    flavor: Flavor::Mdx,
                    ..*self
                };
                let mut included = partial.read_at_depth(&text, body, depth + 1, left);
                for raw in &mut included.blocks {
                    // Text of another file stands where its tag stands.
                    raw.block.range = inclusion.range.clone();
                    raw.block.segments.clear();
                }
                page.has_footnotes |= included.has_footnotes;
                let at = page
                    .blocks
                    .partition_point(|raw| raw.block.range.start < inclusion.range.start);
                page.blocks.splice(at..at, included.blocks);
            }
        }
        page
    }
}

/// Takes what a partial costs from what is left; false when that is not enough.
pub(super) fn spend(left: &Cell<usize>, bytes: usize) -> bool {
    let rest = left.get().checked_sub(bytes + INCLUSION_BYTES);
    left.set(rest.unwrap_or(0));
    rest.is_some()
}
