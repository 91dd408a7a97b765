//! Evidence cut into what can be quoted on its own: sentences, list items, table rows, and code
//! blocks that go along with a sentence.

use crate::answer::evidence::Evidence;
use crate::answer::sentences::{leans_back, sentences};
use crate::answer::terms::Stems;
use crate::corpus::BlockKind;
use std::collections::HashSet;

/// Sentences read per answer: bounds the work whatever a page holds. Five passages of 512 tokens
/// have some 150.
const MAX_UNITS: usize = 600;

/// Units longer than this are no sentences (minified data, a wall of text) and not quoted.
const MAX_UNIT_BYTES: usize = 1_200;

/// A table's rows and a block of code longer than this many lines are not quoted whole.
pub(super) const MAX_CODE_LINES: usize = 30;

/// Something quotable.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    /// Position in the evidence.
    pub evidence: usize,
    pub block: usize,
    pub kind: BlockKind,
    /// Position among the units of its evidence.
    pub order: usize,
    pub text: &'a str,
    /// The number of the list's item that begins here, where the list counts.
    pub number: Option<u64>,
    pub stems: Stems,
    /// Announces what follows: ends with a colon.
    pub announces: bool,
    pub leans_back: bool,
}

impl Unit<'_> {
    /// Code is quoted with the sentence before it, never by itself.
    pub fn is_code(&self) -> bool {
        self.kind == BlockKind::Code
    }
}

/// Every unit of the evidence in order.
pub(super) fn units(evidence: &[Evidence]) -> Vec<Unit<'_>> {
    let mut units = Vec::new();
    for (position, one) in evidence.iter().enumerate() {
        let mut order = 0;
        // Parts of one section overlap.
        let mut seen = HashSet::new();
        for (block, piece) in one.blocks.iter().enumerate() {
            let texts = match piece.kind {
                BlockKind::Heading => continue,
                BlockKind::Code => vec![piece.text.trim_matches('\n')],
                BlockKind::Table => piece.text.lines().map(str::trim).collect(),
                BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Quote => {
                    sentences(&piece.text)
                }
            };
            for (place, text) in texts.into_iter().enumerate() {
                let is_code = piece.kind == BlockKind::Code;
                let long = if is_code {
                    text.lines().count() > MAX_CODE_LINES
                } else {
                    text.len() > MAX_UNIT_BYTES
                };
                if text.trim().is_empty() || long || is_rule(text) || !seen.insert(text) {
                    continue;
                }
                if units.len() == MAX_UNITS {
                    return units;
                }
                units.push(Unit {
                    evidence: position,
                    block,
                    kind: piece.kind,
                    order,
                    text,
                    number: piece.number.filter(|_| place == 0),
                    stems: if is_code {
                        Stems::default()
                    } else {
                        Stems::of(text)
                    },
                    announces: !is_code && text.ends_with([':', '：']),
                    leans_back: leans_back(text),
                });
                order += 1;
            }
        }
    }
    units
}

/// A line without a letter or digit: the rule under a table's head.
fn is_rule(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}
