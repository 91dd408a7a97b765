//! What is said when the documentation holds no answer: so, the nearest pages, how to ask better.
//!
//! Whether to abstain is decided by retrieval's calibrated signals, not here.

use super::evidence::Evidence;
use super::wording::wording;
use crate::language::Language;

/// Sections named. More than a few near misses help nobody.
const MAX_NEAREST: usize = 3;

/// The sections to name, at most one per page.
pub(crate) fn nearest(evidence: &[Evidence]) -> Vec<Evidence> {
    let mut named: Vec<Evidence> = Vec::new();
    for one in evidence {
        if named.len() < MAX_NEAREST && named.iter().all(|n| n.doc_id != one.doc_id) {
            let id = named.len() + 1;
            named.push(Evidence { id, ..one.clone() });
        }
    }
    named
}

/// The message, in the reader's language. `[n]` is the section's source.
pub(crate) fn message(language: Language, nearest: &[Evidence]) -> String {
    let words = wording(language);
    let mut text = words.not_found.to_owned();
    if !nearest.is_empty() {
        text.push_str("\n\n");
        text.push_str(words.nearest);
        text.push('\n');
        for one in nearest {
            text.push_str(&format!(
                "\n- {} [{}]",
                super::citation::as_text(&one.place()),
                one.id
            ));
        }
    }
    text.push_str("\n\n");
    text.push_str(words.rephrase);
    text
}
