//! Answers without a generator: the sentences that answer, verbatim, each with its citation.
//!
//! Evidence is cut into units (sentences, list items, table rows; [`units`]), each unit is scored
//! against what the question asks for ([`asked`], [`score`], [`faults`], [`meaning`]), a few that read well together are
//! chosen ([`choose`]) and written down ([`render`]). It invents no word and knows no server.

mod asked;
mod choose;
mod faults;
mod meaning;
mod procedure;
mod render;
mod score;
mod units;

use super::super::evidence::Evidence;
use asked::Asked;
pub use meaning::{ByMeaning, SentenceScorer};

/// A quoted answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quoted {
    /// With `[n]` after each sentence; `n` counts the evidence in the order it is quoted.
    pub text: String,
    /// Position in the evidence given, and the sentence that answers best, per `n`.
    pub cited: Vec<(usize, String)>,
    /// How much (0–1) of the question's topic the quoted sentences hold.
    pub coverage: f32,
}

/// Quotes the evidence for `query`, which is `question` as it stands on its own; `None` when there
/// is nothing to quote.
pub(crate) async fn quote(
    query: &str,
    question: &str,
    evidence: &[Evidence],
    scorer: Option<&dyn SentenceScorer>,
) -> Option<Quoted> {
    let asked = Asked::of(query, question);
    let units = units::units(evidence);
    let words = score::words(&asked, evidence, &units);
    let best_coverage = words.iter().map(|w| w.coverage).fold(0.0, f32::max);
    let meaning = match scorer {
        Some(scorer) => meaning::meaning(query, evidence, &units, best_coverage, scorer).await,
        None => None,
    };
    let scored = score::scores(&asked, evidence, &units, &words, meaning.as_deref());
    let chosen = choose::choose(&asked, evidence, &units, &scored);
    render::render(evidence, &units, &scored, &chosen)
}

/// The same text with `[n]` replaced by the n-th of `numbers`.
pub(crate) fn renumber(text: &str, numbers: &[usize]) -> String {
    render::renumber(text, numbers)
}
