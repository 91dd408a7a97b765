//! Whether the cited text supports a sentence: are its words, numbers and names there?
//!
//! Words can show that a sentence has nothing to do with what it cites; they cannot prove that it
//! is true. Across languages only what both would write alike is compared.

use super::evidence::Evidence;
use super::sentences::{is_arabic, sentences};
use super::terms::{Stems, Term, terms};
use crate::language::{Script, script_of};

/// A sentence is supported when this share of its terms stands in the passage. Measured with
/// SQuAD's questions, which paraphrase a sentence of their paragraph: 91 % (Urdu: 83 %) reach it
/// against that paragraph, 8 % against another one of the same article.
const SUPPORTED_SHARE: f32 = 0.5;
/// The same, of the names and numbers alone, where sentence and passage differ in language.
const SUPPORTED_NAMES: f32 = 0.5;

/// The words of one evidence, read once for all sentences.
pub(crate) struct Ground {
    pub id: usize,
    stems: Stems,
    arabic: bool,
}

impl Ground {
    pub fn of(evidence: &Evidence) -> Self {
        let text = evidence.text();
        let mut stems = Stems::of(&text);
        stems.add(&Stems::of(&evidence.place()));
        Self {
            id: evidence.id,
            stems,
            arabic: is_arabic(&text),
        }
    }

    /// The share (0–1) of the sentence's terms found here; `None` when nothing can be compared.
    pub fn support(&self, sentence: &str) -> Option<f32> {
        let mut said = terms(sentence);
        if is_arabic(sentence) != self.arabic {
            said.retain(is_same_everywhere);
        }
        if said.is_empty() {
            return None;
        }
        let found: f32 = said.iter().map(|term| self.stems.holds(term)).sum();
        Some(found / said.len() as f32)
    }

    /// Whether this text supports the sentence. What cannot be compared is not held against it.
    pub fn supports(&self, sentence: &str) -> bool {
        let bar = if is_arabic(sentence) == self.arabic {
            SUPPORTED_SHARE
        } else {
            SUPPORTED_NAMES
        };
        self.support(sentence).is_none_or(|share| share >= bar)
    }
}

/// Numbers, and Latin terms that Urdu too writes in Latin letters.
fn is_same_everywhere(term: &Term) -> bool {
    term.stem
        .chars()
        .all(|c| !matches!(script_of(c), Script::Arabic))
        && (term.stem.chars().any(|c| c.is_ascii_digit()) || !term.parts.is_empty())
}

/// The sentences of a generated answer that no passage supports, citations taken off.
///
/// A sentence need not repeat the citation that stands at its paragraph's end, so all passages
/// are asked. Code and headings claim nothing.
pub(crate) fn unsupported(text: &str, grounds: &[Ground]) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced || line.trim_start().starts_with('#') {
            continue;
        }
        for sentence in sentences(&without_citations(line)) {
            let claims = terms(sentence).len() >= MIN_CLAIM_TERMS;
            if claims && !grounds.iter().any(|ground| ground.supports(sentence)) {
                found.push(sentence.to_owned());
            }
        }
    }
    found
}

/// Fewer terms than this claim nothing: "Here is how:", "Yes."
const MIN_CLAIM_TERMS: usize = 3;

fn without_citations(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('[') {
        let end = rest[at..].find(']').map(|end| at + end + 1);
        match end.filter(|end| rest[at + 1..end - 1].bytes().all(|b| b.is_ascii_digit())) {
            Some(end) => {
                out.push_str(rest[..at].trim_end_matches(' '));
                rest = &rest[end..];
            }
            None => {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}
