//! Whether the cited text supports a sentence: are its words, names and numbers there, and does it
//! say no where the text says no?
//!
//! Words can show that a sentence has nothing to do with what it cites; they cannot prove that it
//! is true. Across languages only what both would write alike is compared.

mod checked;
#[cfg(test)]
mod measured;

pub(crate) use checked::{supports_any, unsupported, without_unsupported};

use super::evidence::Evidence;
use super::sentences::{is_arabic, sentences};
use super::terms::{Stems, Term, terms};
use crate::language::{Script, fold, script_of};

/// A sentence is supported when this share of its terms stands in the passage. Learned on
/// SQuAD's and XQuAD's paragraphs (quality page; `measured`).
const SUPPORTED_SHARE: f32 = 0.5;
/// The same, of the names and numbers alone, where sentence and passage differ in language.
const SUPPORTED_NAMES: f32 = 0.5;
/// Sentences of the passage that hold this share of what the best of them holds are about the
/// same thing: one of them must agree in its negation.
const ABOUT_THE_SAME: f32 = 0.8;

/// The words of one evidence, read once for all sentences.
pub(crate) struct Ground {
    pub id: usize,
    stems: Stems,
    sentences: Vec<Said>,
    arabic: bool,
}

/// One sentence of the evidence.
struct Said {
    stems: Stems,
    terms: usize,
    negated: bool,
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
        let said = |sentence: &str| Said {
            stems: Stems::of(sentence),
            terms: terms(sentence).len(),
            negated: is_negated(sentence),
        };
        Self {
            id,
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

    /// Whether this text supports the sentence. What cannot be compared is not held against it.
    pub fn supports(&self, sentence: &str) -> bool {
        let bar = if is_arabic(sentence) == self.arabic {
            SUPPORTED_SHARE
        } else {
            SUPPORTED_NAMES
        };
        self.support(sentence).is_none_or(|share| share >= bar)
            && self.has_numbers(sentence)
            && self.agrees(sentence)
    }

    /// A number that the passage does not hold was made up, however well the rest fits.
    fn has_numbers(&self, sentence: &str) -> bool {
        let all = numbers(sentence);
        all.iter().all(|number| self.stems.contains(number))
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
        let negated = is_negated(sentence);
        // A claim that leaves a part out may leave out the part that says no.
        let is_whole = |said: &Said| held(said) >= ABOUT_THE_SAME * said.terms as f32;
        self.sentences
            .iter()
            .filter(|said| held(said) >= ABOUT_THE_SAME * best)
            .any(|said| said.negated == negated || (!negated && !is_whole(said)))
    }
}

/// Numbers, and Latin terms that Urdu too writes in Latin letters.
fn is_same_everywhere(term: &Term) -> bool {
    term.stem
        .chars()
        .all(|c| !matches!(script_of(c), Script::Arabic))
        && (term.stem.chars().any(|c| c.is_ascii_digit()) || !term.parts.is_empty())
}

/// The numbers a sentence names, as stems (`20`, `1960s`); the number of a list's item is none.
fn numbers(sentence: &str) -> Vec<String> {
    let is_number = |stem: &String| stem.starts_with(|c: char| c.is_ascii_digit());
    let stems = terms(without_item_mark(sentence)).into_iter();
    let parts = stems.flat_map(|term| match term.parts.is_empty() {
        true => vec![term.stem],
        false => term.parts,
    });
    parts.filter(is_number).collect()
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
    words.filter(says_no).count() % 2 == 1
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
        assert!(ground.supports("The water is kept warm for 20 minutes."));
        assert!(ground.supports("1. In version 29 the water is kept warm for 20 minutes."));
        assert!(!ground.supports("The water is kept warm for 25 minutes."));
    }

    #[test]
    fn a_sentence_that_says_the_opposite_is_not_supported() {
        let english = ground("The filter is washable. The lid must not be opened while it boils.");
        assert!(english.supports("The lid must not be opened while the water boils."));
        assert!(!english.supports("The lid must be opened while it boils."));
        assert!(!english.supports("The filter isn't washable."));
        let urdu = ground("ابلتے وقت ڈھکن نہیں کھولنا چاہیے۔ فلٹر دھویا جا سکتا ہے۔");
        assert!(urdu.supports("ابلتے وقت ڈھکن نہیں کھولنا چاہیے۔"));
        assert!(!urdu.supports("ابلتے وقت ڈھکن کھولنا چاہیے۔"));
    }
}
