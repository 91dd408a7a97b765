//! Plain text: paragraphs between blank lines, no headings.

use super::BlockKind;
use super::block_builder::{Draft, RawBlock};

pub(super) fn read(text: &str) -> Vec<RawBlock> {
    let mut blocks = Vec::new();
    let mut draft = Draft::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            finish(std::mem::take(&mut draft), &mut blocks);
        } else {
            draft.push(line, at..at + line.len());
        }
        at += line.len();
    }
    finish(draft, &mut blocks);
    blocks
}

fn finish(draft: Draft, blocks: &mut Vec<RawBlock>) {
    if let Some(block) = draft.finish(BlockKind::Paragraph, false) {
        blocks.push(RawBlock {
            block,
            level: 0,
            id: None,
        });
    }
}
