//! The words of a text as search sees them: folded, with code identifiers whole and split.
//!
//! `testPathIgnorePatterns` is one word to someone who copies it and four to someone who
//! describes it; both find it, because the parts stand at the identifier's place beside it.

use super::{fold, script_of};

/// Longest word kept, in bytes; longer ones are hashes or data and are cut here.
const MAX_WORD_BYTES: usize = 64;

/// A searchable word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded spelling.
    pub text: String,
    /// Byte range in the text it came from.
    pub start: usize,
    pub end: usize,
    /// Place in the text; the parts of an identifier share their identifier's.
    pub position: usize,
    /// True for a part of an identifier that also stands whole.
    pub is_part: bool,
}

/// All words of `text` in order.
pub fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut position = 0;
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        let inside = is_word_letter(letter) || (start.is_some() && joins(text, at, letter));
        match (start, inside) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                push_word(text, from, at, position, &mut found);
                position += 1;
                start = None;
            }
            _ => {}
        }
        if start == Some(at) && script_of(letter).is_unspaced() {
            let end = at + letter.len_utf8();
            push_word(text, at, end, position, &mut found);
            position += 1;
            start = None;
        } else if let Some(from) = start
            && script_of(letter).is_unspaced()
        {
            push_word(text, from, at, position, &mut found);
            push_word(text, at, at + letter.len_utf8(), position + 1, &mut found);
            position += 2;
            start = None;
        }
    }
    found
}

/// Letters, digits and marks, and what is invisible inside a word (joiners, tatweel, vowels).
fn is_word_letter(letter: char) -> bool {
    letter.is_alphanumeric()
        || matches!(
            letter,
            '_' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{0640}' | '\u{200C}' | '\u{200D}'
        )
        || ('\u{0900}'..='\u{0DFF}').contains(&letter)
        || ('\u{0300}'..='\u{036F}').contains(&letter)
}

/// Punctuation that holds an identifier or number together when letters stand on both sides:
/// `jest.config.js`, `test-environment`, `2.0`, `don't`.
fn joins(text: &str, at: usize, letter: char) -> bool {
    if !matches!(letter, '.' | '-' | '\'' | '’') {
        return false;
    }
    let before = text[..at].chars().next_back();
    let after = text[at + letter.len_utf8()..].chars().next();
    let stands = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    stands(before) && stands(after)
}

fn push_word(text: &str, start: usize, end: usize, position: usize, found: &mut Vec<Word>) {
    let raw = &text[start..end];
    let mut whole = fold(raw);
    let owner = whole
        .strip_suffix("'s")
        .or_else(|| whole.strip_suffix("’s"))
        .map(str::to_owned);
    let possessive = owner.is_some();
    whole = owner.unwrap_or(whole);
    if whole.is_empty() {
        return;
    }
    truncate(&mut whole);
    let parts = if possessive {
        Vec::new()
    } else {
        identifier_parts(raw)
    };
    if parts.len() > 1 {
        for part in parts {
            let mut folded = fold(part);
            truncate(&mut folded);
            if !folded.is_empty() && folded != whole {
                found.push(Word {
                    text: folded,
                    start,
                    end,
                    position,
                    is_part: true,
                });
            }
        }
    }
    found.push(Word {
        text: whole,
        start,
        end,
        position,
        is_part: false,
    });
}

fn truncate(word: &mut String) {
    if word.len() > MAX_WORD_BYTES {
        word.truncate(word.floor_char_boundary(MAX_WORD_BYTES));
    }
}

/// Parts of an ASCII identifier: at punctuation and at the humps of camelCase and ABCWord.
fn identifier_parts(word: &str) -> Vec<&str> {
    if !word.is_ascii() || word.len() > MAX_WORD_BYTES {
        return Vec::new();
    }
    let bytes = word.as_bytes();
    let mut parts = Vec::new();
    let mut start = 0;
    for at in 0..bytes.len() {
        let letter = bytes[at];
        if !letter.is_ascii_alphanumeric() {
            parts.push(&word[start..at]);
            start = at + 1;
        } else if at > start {
            let before = bytes[at - 1];
            let after = bytes.get(at + 1);
            let hump = letter.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(u8::is_ascii_lowercase)));
            if hump {
                parts.push(&word[start..at]);
                start = at;
            }
        }
    }
    parts.push(&word[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text).into_iter().map(|w| w.text).collect()
    }

    #[test]
    fn identifiers_stand_whole_and_split() {
        assert_eq!(
            texts("`testPathIgnorePatterns`"),
            [
                "test",
                "path",
                "ignore",
                "patterns",
                "testpathignorepatterns"
            ]
        );
        assert_eq!(
            texts("jest.config.js"),
            ["jest", "config", "js", "jest.config.js"]
        );
        assert_eq!(texts("--ci"), ["ci"]);
        assert_eq!(
            texts("XMLHttpRequest"),
            ["xml", "http", "request", "xmlhttprequest"]
        );
        assert_eq!(texts("Jest's"), ["jest"]);
    }

    #[test]
    fn urdu_words_are_split_at_urdu_punctuation() {
        assert_eq!(texts("ٹیسٹ، ماڈل؟ نوڈ۔"), ["ٹیسٹ", "ماڈل", "نوڈ"]);
    }

    #[test]
    fn unspaced_scripts_give_a_word_per_letter() {
        assert_eq!(texts("a测试b"), ["a", "测", "试", "b"]);
    }

    proptest::proptest! {
        #[test]
        fn every_word_points_into_its_text(text in "\\PC*") {
            for word in words(&text) {
                proptest::prop_assert!(text.get(word.start..word.end).is_some());
                proptest::prop_assert!(!word.text.is_empty());
            }
        }
    }
}
