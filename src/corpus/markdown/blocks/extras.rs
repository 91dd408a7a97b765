//! Text that stands in tags and behind `:::`, put among the blocks as blocks of its own.

use crate::corpus::BlockKind;
use crate::corpus::block_builder::{Draft, RawBlock};
use crate::corpus::markdown::mask::{Extra, Masked};
use pulldown_cmark::{Event, Options, Parser};

/// Titles of admonitions and labels of tabs, at their places among the blocks.
pub(super) fn merge(blocks: &mut Vec<RawBlock>, masked: &Masked) {
    if masked.extras.is_empty() {
        return;
    }
    let mut merged = Vec::with_capacity(blocks.len() + masked.extras.len());
    let mut extras = masked.extras.iter().peekable();
    for raw in blocks.drain(..) {
        while let Some(extra) = extras.next_if(|e| e.range.start < raw.block.range.start) {
            merged.extend(extra_block(extra));
        }
        merged.push(raw);
    }
    merged.extend(extras.filter_map(extra_block));
    *blocks = merged;
}

fn extra_block(extra: &Extra) -> Option<RawBlock> {
    let mut draft = Draft::default();
    for (event, range) in Parser::new_ext(&extra.text, Options::empty()).into_offset_iter() {
        if let Event::Text(words) | Event::Code(words) = event {
            draft.push(
                &words,
                extra.range.start + range.start..extra.range.start + range.end,
            );
        }
    }
    draft.cover(extra.range.clone());
    draft
        .finish(BlockKind::Paragraph, false)
        .map(|block| RawBlock {
            block,
            level: 0,
            id: None,
        })
}
