//! Whether the cited text supports a sentence: are its words, names and numbers there, and does it
//! say no where the text says no?
//!
//! Words and meaning can show that a sentence has nothing to do with what it cites; they cannot
//! prove that it is true. Across languages meaning decides, and of the words only those that both
//! would write alike.

mod checked;
mod judged;
mod meaning;
#[cfg(test)]
mod measured;

pub(crate) use checked::{claims, unsupported, without_unsupported};
pub(crate) use judged::Support;
pub use meaning::Meanings;

use super::evidence::Evidence;
use super::sentences::{is_arabic, sentences};
use super::terms::{Stems, Term, terms};
use crate::language::{Script, fold, script_of};
use meaning::Near;

/// A sentence is supported when this share of its terms stands in the passage. Learned on
/// SQuAD's and XQuAD's paragraphs (quality page; `measured`).
const SUPPORTED_SHARE: f32 = 0.5;
/// The same, of the names and numbers alone, where sentence and passage differ in language.
const SUPPORTED_NAMES: f32 = 0.5;
/// What nearness counts beside the share of the terms, and what both reach together: learned on
/// SQuAD's and XQuAD's answers, which say in other words what a paragraph says (quality page;
/// benches/support/fit.py).
const NEARNESS_WEIGHT: f32 = 0.7;
const SUPPORTED_BY_BOTH: f32 = 0.75;
/// Where sentence and passage differ in language, nearness alone: 99 of 100 translated sentences
/// reach it, and 7 of 100 from the next paragraph of the page (27 at .3).
const SUPPORTED_ACROSS: f32 = 0.4;
/// Sentences of the passage that hold this share of what the best of them holds are about the
/// same thing: one of them must agree in its negation.
const ABOUT_THE_SAME: f32 = 0.8;

/// A sentence with fewer terms is understood by those around it.
const FULL_SENTENCE_TERMS: usize = 4;

/// The words of one evidence, read once for all sentences.
pub(crate) struct Ground {
    pub id: usize,
    text: String,
    stems: Stems,
    sentences: Vec<Said>,
    arabic: bool,
}

/// One sentence of the evidence.
struct Said {
    stems: Stems,
    terms: usize,
    negations: usize,
}

impl Ground {
    /// `question` may name numbers that the passage takes for granted ("in version 29").
    pub fn of(evidence: &Evidence, question: &str) -> Self {
        Self::new(evidence.id, &evidence.text(), &evidence.place(), question)
    }

    fn new(id: usize, text: &str, place: &str, question: &str) -> Self {
        let mut stems = Stems::of(text);
        stems.add(&Stems::of(place));
        stems.add(&Stems::of(&numbers(question).join(" ")));
        stems.add(&Stems::of(&plain_numbers(text).join(" ")));
        let said = |sentence: &str| Said {
            stems: Stems::of(sentence),
            terms: terms(sentence).len(),
            negations: negations(sentence),
        };
        Self {
            id,
            text: text.to_owned(),
            stems,
            sentences: sentences(text).into_iter().map(said).collect(),
            arabic: is_arabic(text),
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

    /// Whether this text supports the sentence, which is `near` it where that is known. What cannot
    /// be compared is not held against it.
    fn supports(&self, sentence: &str, near: Option<Near<'_>>) -> bool {
        let share = self.support(sentence);
        let is_about_it = if is_arabic(sentence) == self.arabic {
            match (share, near) {
                (Some(share), Some(near)) => {
                    share + NEARNESS_WEIGHT * near.nearness >= SUPPORTED_BY_BOTH
                }
                (share, _) => share.is_none_or(|share| share >= SUPPORTED_SHARE),
            }
        } else {
            share.is_none_or(|share| share >= SUPPORTED_NAMES)
                && near.is_none_or(|near| near.nearness >= SUPPORTED_ACROSS)
                && near.is_none_or(|near| is_negated(sentence) == is_negated(near.text))
        };
        is_about_it && self.has_numbers(sentence) && self.agrees(sentence)
    }

    /// Whether meaning can change the verdict that words alone would give.
    pub fn is_open(&self, sentence: &str) -> bool {
        self.has_numbers(sentence) && self.agrees(sentence)
    }

    /// A number that the passage does not hold was made up, however well the rest fits; so was one
    /// that it only says of something else.
    fn has_numbers(&self, sentence: &str) -> bool {
        let across = is_arabic(sentence) != self.arabic;
        let all = match across {
            true => plain_numbers(sentence),
            false => numbers(sentence),
        };
        if !all.iter().all(|number| self.stems.contains(number)) {
            return false;
        }
        let mut asked = terms(sentence);
        asked.retain(|term| !is_number(&term.stem));
        if all.is_empty() || asked.is_empty() || across {
            return true;
        }
        let is_about_it = |said: &Said| asked.iter().any(|term| said.stems.holds(term) > 0.5);
        all.iter().all(|number| {
            let holds = |at: &usize| self.sentences[*at].stems.contains(number);
            let mut places = (0..self.sentences.len()).filter(holds).peekable();
            // Those of the headings and of the question stand in no sentence.
            places.peek().is_none() || places.any(|at| self.around(at).iter().any(is_about_it))
        })
    }

    /// The sentence at `at`; with its neighbours, where it says next to nothing ("Default: 20").
    fn around(&self, at: usize) -> &[Said] {
        match self.sentences[at].terms < FULL_SENTENCE_TERMS {
            true => &self.sentences[at.saturating_sub(1)..(at + 2).min(self.sentences.len())],
            false => &self.sentences[at..=at],
        }
    }

    /// Whether some sentence about the same thing says no where this one does.
    fn agrees(&self, sentence: &str) -> bool {
        let asked = terms(sentence);
        if is_arabic(sentence) != self.arabic || asked.is_empty() {
            return true;
        }
        let held = |said: &Said| asked.iter().map(|term| said.stems.holds(term)).sum::<f32>();
        let best = self.sentences.iter().map(held).fold(0.0, f32::max);
        // Without a sentence that says most of it there is nothing to agree with.
        if best < SUPPORTED_SHARE * asked.len() as f32 {
            return true;
        }
        let said_no = negations(sentence);
        // A claim that leaves a part out may leave out the part that says no.
        let is_whole = |said: &Said| held(said) >= ABOUT_THE_SAME * said.terms as f32;
        self.sentences
            .iter()
            .filter(|said| held(said) >= ABOUT_THE_SAME * best)
            .any(|said| {
                let leaves_no_out = said_no < said.negations && !is_whole(said);
                said.negations % 2 == said_no % 2 || (said_no.is_multiple_of(2) && leaves_no_out)
            })
    }
}

/// Identifiers: what Urdu too writes in Latin letters. Numbers are compared by themselves.
fn is_same_everywhere(term: &Term) -> bool {
    term.stem
        .chars()
        .all(|c| !matches!(script_of(c), Script::Arabic))
        && !is_number(&term.stem)
        && !term.parts.is_empty()
}

/// The numbers a sentence names, as stems (`20`, `1960s`); the number of a list's item is none.
fn numbers(sentence: &str) -> Vec<String> {
    let stems = terms(without_item_mark(sentence)).into_iter();
    let parts = stems.flat_map(|term| match term.parts.is_empty() {
        true => vec![term.stem],
        false => term.parts,
    });
    parts.filter(|stem| is_number(stem)).collect()
}

/// The same without what one language writes after them (`1960s`).
fn plain_numbers(sentence: &str) -> Vec<String> {
    let mut all = numbers(sentence);
    for number in &mut all {
        number.retain(|c| c.is_ascii_digit());
    }
    all
}

fn is_number(stem: &str) -> bool {
    stem.starts_with(|c: char| c.is_ascii_digit())
}

/// `1. First step` → `First step`.
fn without_item_mark(line: &str) -> &str {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '*' | '•'));
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    match rest.strip_prefix(['.', ')']) {
        Some(item) if item.starts_with(char::is_whitespace) && rest.len() < line.len() => item,
        _ => line,
    }
}

/// Whether a sentence says no, an odd number of times.
fn is_negated(sentence: &str) -> bool {
    negations(sentence) % 2 == 1
}

/// How many times a sentence says no.
fn negations(sentence: &str) -> usize {
    let folded = fold(sentence).replace('’', "'");
    let says_no = |word: &&str| {
        matches!(
            *word,
            "not"
                | "no"
                | "never"
                | "cannot"
                | "without"
                | "neither"
                | "nor"
                | "none"
                | "نہیں"
                | "نہ"
                | "بغیر"
                | "مت"
        ) || word.ends_with("n't")
    };
    let words = folded.split(|c: char| !c.is_alphanumeric() && c != '\'');
    words.filter(says_no).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ground(text: &str) -> Ground {
        Ground::new(1, text, "Settings › keepWarm", "How is it in version 29?")
    }

    #[test]
    fn a_number_that_the_passage_does_not_hold_is_not_supported() {
        let ground = ground("The water is kept warm for 20 minutes. Zero turns it off.");
        assert!(ground.supports("The water is kept warm for 20 minutes.", None));
        assert!(ground.supports(
            "1. In version 29 the water is kept warm for 20 minutes.",
            None
        ));
        assert!(!ground.supports("The water is kept warm for 25 minutes.", None));
    }

    #[test]
    fn a_sentence_that_says_the_opposite_is_not_supported() {
        let english = ground("The filter is washable. The lid must not be opened while it boils.");
        assert!(english.supports("The lid must not be opened while the water boils.", None));
        assert!(!english.supports("The lid must be opened while it boils.", None));
        assert!(!english.supports("The filter isn't washable.", None));
        let urdu = ground("ابلتے وقت ڈھکن نہیں کھولنا چاہیے۔ فلٹر دھویا جا سکتا ہے۔");
        assert!(urdu.supports("ابلتے وقت ڈھکن نہیں کھولنا چاہیے۔", None));
        assert!(!urdu.supports("ابلتے وقت ڈھکن کھولنا چاہیے۔", None));
    }
}
