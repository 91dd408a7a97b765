//! The stem of a word: Porter 2 for English, a light suffix rule for Urdu.
//!
//! Urdu inflects nouns and adjectives with few endings; cutting the plural and oblique ones is
//! enough for search. Words in other languages are left as they are.

use super::{Script, script_of};
use rust_stemmers::{Algorithm, Stemmer};
use std::borrow::Cow;

/// Urdu plural and oblique endings, longest first (folded spelling).
const URDU_ENDINGS: [&str; 6] = ["یوں", "یاں", "وں", "یں", "ات", "ئے"];

/// A stem keeps at least this many letters, so that short words stay apart.
const URDU_MIN_STEM: usize = 3;

/// Stem of one folded word.
pub fn stem(word: &str) -> Cow<'_, str> {
    match word.chars().next().map(script_of) {
        Some(Script::Latin) if word.is_ascii() => english().stem(word),
        Some(Script::Arabic) => Cow::Borrowed(urdu(word)),
        _ => Cow::Borrowed(word),
    }
}

fn english() -> &'static Stemmer {
    static STEMMER: std::sync::OnceLock<Stemmer> = std::sync::OnceLock::new();
    STEMMER.get_or_init(|| Stemmer::create(Algorithm::English))
}

fn urdu(word: &str) -> &str {
    for ending in URDU_ENDINGS {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.chars().count() >= URDU_MIN_STEM
        {
            return stem;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflected_words_share_a_stem() {
        assert_eq!(stem("running"), stem("runs"));
        assert_eq!(stem("کتابوں"), stem("کتاب"));
        assert_eq!(stem("مشینیں"), stem("مشین"));
    }

    #[test]
    fn short_urdu_words_are_left_alone() {
        assert_eq!(stem("ہیں"), "ہیں");
        assert_eq!(stem("بات"), "بات");
    }
}
