//! Answers without a generator: the sentences that answer, verbatim, each with its citation.
//!
//! Evidence is cut into units (sentences, list items, table rows; [`units`]), each unit is scored
//! against what the question asks for ([`asked`], [`score`]), a few that read well together are
//! chosen ([`choose`]) and written down ([`render`]). It invents no word and knows no server.

mod asked;
mod choose;
mod render;
mod score;
mod units;

use super::super::evidence::Evidence;
use asked::Asked;

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

/// Scores sentences by meaning, for questions in another language than the page's. One number in
/// 0–1 per sentence, comparable within the call; `None` when it cannot be done now.
pub trait SentenceScorer: Send + Sync {
    fn score(&self, question: &str, sentences: &[&str]) -> Option<Vec<f32>>;
}

/// Quotes the evidence for `question`; `None` when there is nothing to quote.
pub(crate) fn quote(
    question: &str,
    evidence: &[Evidence],
    scorer: Option<&dyn SentenceScorer>,
) -> Option<Quoted> {
    let asked = Asked::of(question);
    let units = units::units(evidence);
    let scored = score::scores(&asked, evidence, &units, scorer);
    let chosen = choose::choose(&asked, evidence, &units, &scored);
    render::render(evidence, &units, &scored, &chosen)
}

/// The same text with `[n]` replaced by the n-th of `numbers`.
pub(crate) fn renumber(text: &str, numbers: &[usize]) -> String {
    render::renumber(text, numbers)
}
