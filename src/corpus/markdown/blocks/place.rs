//! Places in a text that was parsed apart from its page → places in the page's source.

use std::ops::Range;

/// Where the text being parsed stands in the source.
pub(super) enum Place<'p> {
    Same,
    /// Lines whose indentation was taken away: offset in the text, offset in the outer text.
    Lines(&'p Place<'p>, Vec<(usize, usize)>),
}

impl Place<'_> {
    pub(super) fn source(&self, offset: usize) -> usize {
        match self {
            Self::Same => offset,
            Self::Lines(outer, lines) => {
                let next = lines.partition_point(|(at, _)| *at <= offset);
                let (at, outer_at) = next.checked_sub(1).map_or((0, 0), |i| lines[i]);
                outer.source(outer_at + (offset - at))
            }
        }
    }

    pub(super) fn range(&self, range: Range<usize>) -> Range<usize> {
        let start = self.source(range.start);
        // The end is looked up from the last byte: the next line may be somewhere else.
        let end = if range.end > range.start {
            self.source(range.end - 1) + 1
        } else {
            start
        };
        start..end
    }
}
