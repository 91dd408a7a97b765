//! Whether a question can be understood at all, and whether on its own: by its terms, its pronouns
//! and how it opens.
//!
//! It does not know what was asked before.

use super::terms::terms;
use crate::language::fold;

/// A follow-up has few words of its own: with more it says what it is about.
const MAX_OWN_TERMS: usize = 4;
/// A question with a pronoun leans back only when it says even less.
const MAX_TERMS_WITH_PRONOUN: usize = 3;

/// Greetings and thanks, folded: they name nothing that a page could be about.
const COURTESIES: &[&str] = &[
    "hi",
    "hello",
    "hey",
    "hallo",
    "salam",
    "salaam",
    "thanks",
    "thank",
    "thx",
    "please",
    "ok",
    "okay",
    "bye",
    "goodbye",
    "ہیلو",
    "ہائے",
    "سلام",
    "السلام",
    "وعلیکم",
    "علیکم",
    "اسلام",
    "شکریہ",
    "مہربانی",
    "اچھا",
];

/// Words that ask how much of something, folded: of what must have been said before.
const MEASURES: &[&str] = &[
    "often", "long", "much", "many", "far", "soon", "old", "big", "بار", "دیر", "عرصہ", "کتنا",
    "کتنی", "کتنے",
];

/// Whether a question names something to look for.
pub(super) fn has_topic(question: &str) -> bool {
    !holds_only(question, &[COURTESIES, MEASURES].concat())
}

/// Whether every term of a text, if it has any, is one of these words.
fn holds_only(text: &str, words: &[&str]) -> bool {
    let known = terms(&words.join(" "));
    terms(text).iter().all(|term| known.contains(term))
}

/// Whether a question can't be understood without the one before it.
pub(super) fn leans_on_history(question: &str) -> bool {
    if holds_only(question, MEASURES) {
        return true;
    }
    let own = terms(question).len();
    if own > MAX_OWN_TERMS {
        return false;
    }
    let folded = fold(question);
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|w| !w.is_empty())
        .collect();
    let opens = |openings: &[&str]| {
        openings.iter().any(|opening| {
            let opening = fold(opening);
            folded
                .strip_prefix(&opening)
                .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        })
    };
    let goes_on = opens(&[
        "and",
        "but",
        "or",
        "what about",
        "how about",
        "what if",
        "then",
        "so",
        "also",
        "same",
        "instead",
        "why not",
        "in urdu",
        "in english",
        "in version",
        "for version",
        "another",
        "more",
        "tell me more",
        "go on",
        "continue",
        "for example",
        "an example",
        "اور",
        "لیکن",
        "مگر",
        "پھر",
        "تو",
        "مزید",
        "کوئی مثال",
        "مثال",
        "اردو میں",
        "انگریزی میں",
        "ورژن",
    ]);
    let pronoun = words.iter().any(|word| {
        matches!(
            *word,
            "it" | "that"
                | "this"
                | "them"
                | "they"
                | "those"
                | "these"
                | "there"
                | "its"
                | "their"
                | "one"
                | "ones"
                | "اسے"
                | "انہیں"
                | "اس"
                | "ان"
                | "یہ"
                | "وہ"
                | "اسی"
                | "انہی"
                | "ایسا"
                | "وہاں"
        )
    });
    goes_on || (pronoun && own <= MAX_TERMS_WITH_PRONOUN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_and_questions_without_a_word_of_a_topic_name_nothing() {
        for question in [
            "hi",
            "Hello!",
            "thank you",
            "???",
            "How often?",
            "ہیلو",
            "السلام علیکم",
            "👍",
        ] {
            assert!(!has_topic(question), "{question}");
        }
        for question in ["Hello, how do I install it?", "mock", "نوڈ کیا ہے؟", "429"] {
            assert!(has_topic(question), "{question}");
        }
    }

    #[test]
    fn a_question_of_how_much_asks_of_what_was_said_before_and_thanks_do_not() {
        assert!(leans_on_history("How often?") && leans_on_history("کتنی دیر؟"));
        assert!(!leans_on_history("thanks") && !leans_on_history("How long is a session kept?"));
    }
}
