//! What makes a sentence, an item or a row a poor quote, whatever the question: it announces what is
//! missing, leans on what stands before it, points elsewhere, or gives orders to a machine.

use super::units::Unit;
use crate::answer::evidence::Evidence;
use crate::corpus::BlockKind;
use crate::language::fold;

/// A title that takes this share of an entry is what the entry is about.
const NAMED_SHARE: f32 = 0.3;

/// Entries that are links show .5–.75 of their source, nineteen in twenty others more than that.
const VISIBLE_SHARE: f32 = 0.72;

/// What makes a unit a poor quote.
pub(super) fn faults(evidence: &[Evidence], units: &[Unit<'_>], at: usize) -> f32 {
    let unit = &units[at];
    let announced = units.get(at + 1).is_some_and(|next| {
        next.evidence == unit.evidence
            && next.block != unit.block
            && (next.kind != BlockKind::Paragraph || unit.kind != BlockKind::Paragraph)
    });
    let opens_block =
        at == 0 || units[at - 1].evidence != unit.evidence || units[at - 1].block != unit.block;
    let words = unit.text.split_whitespace().count();
    let mut faults = 0.0;
    // What it announces was a picture, or is in another part of the page.
    if unit.announces && !announced {
        faults += 0.3;
    }
    if unit.text.ends_with(['?', '؟']) {
        faults += 0.3;
    }
    // `Default: undefined`, `Alias: -c`: true, but seldom what was asked.
    if words < 4 || (words < 7 && !unit.text.ends_with(['.', '۔', '!', ':'])) {
        faults += if unit.kind == BlockKind::Paragraph {
            0.25
        } else {
            0.1
        };
    }
    if words > 60 {
        faults += 0.1;
    }
    if unit.leans_back {
        // At the start of a paragraph what it leans on can't be taken along.
        faults += if opens_block { 0.12 } else { 0.05 };
    }
    if unit.text.contains("://") {
        faults += 0.05;
    }
    if points_elsewhere(unit.text) {
        faults += 0.15;
    }
    if names_a_page(unit, evidence) {
        faults += 0.6;
    } else if is_mostly_links(unit, evidence) {
        faults += 0.3;
    }
    if commands_a_machine(unit.text) {
        faults += 0.6;
    }
    faults
}

/// "See …", "Check out …": a pointer, not an answer.
fn points_elsewhere(text: &str) -> bool {
    let folded = fold(text);
    [
        "see ",
        "check out",
        "read more",
        "refer to",
        "for more ",
        "learn more",
        "visit ",
        "the code for this",
        "مزید ",
    ]
    .iter()
    .any(|opening| folded.starts_with(opening))
}

/// An entry of a list of links: a good part of it is the title of another page found, or of another
/// section of its own. The page itself answers better.
fn names_a_page(unit: &Unit<'_>, evidence: &[Evidence]) -> bool {
    if !matches!(unit.kind, BlockKind::ListItem | BlockKind::Table) {
        return false;
    }
    let own = &evidence[unit.evidence];
    let text = fold(unit.text);
    let names = |title: &str| {
        let title = fold(title);
        title.contains(' ')
            && text.contains(&title)
            && title.chars().count() as f32 >= NAMED_SHARE * text.chars().count() as f32
    };
    evidence.iter().any(|other| {
        (other.doc_id != own.doc_id && names(&other.title))
            || (other.url != own.url && names(&other.section))
    })
}

/// Whether much of an entry's source is what a reader doesn't see: the addresses of links.
fn is_mostly_links(unit: &Unit<'_>, evidence: &[Evidence]) -> bool {
    let block = &evidence[unit.evidence].blocks[unit.block];
    matches!(unit.kind, BlockKind::ListItem | BlockKind::Table)
        && (block.text.len() as f32) < VISIBLE_SHARE * block.range.len() as f32
}

/// Text meant for a language model answers no reader's question.
fn commands_a_machine(text: &str) -> bool {
    let folded = fold(text);
    let marks = [
        "previous instructions",
        "prior instructions",
        "above instructions",
        "system prompt",
        "as an ai",
        "language model must",
        "ignore all",
        "disregard ",
        "you are now",
        "پچھلی ہدایات",
        "تمام ہدایات",
        "ہدایات کو نظر انداز",
        "سسٹم پرامپٹ",
    ];
    marks.iter().any(|mark| folded.contains(&fold(mark)))
}
