//! Sentences of a text in English, Urdu and their neighbours.
//!
//! Technical prose is full of full stops that end nothing (`2.0`, `jest.config.js`, `e.g.`), and
//! Urdu often has no space after its own full stop. It does not know what a sentence is worth.

use crate::language::{Script, script_of};

/// Words whose full stop does not end a sentence, lowercase, without the stop. Titles, Latin
/// abbreviations and those of references, as English style guides list them.
const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "etc", "vs", "cf", "al", "approx", "resp", "incl", "esp", "fig", "figs", "eq",
    "no", "nos", "sec", "ch", "vol", "ed", "eds", "pp", "p", "mr", "mrs", "ms", "dr", "prof", "st",
    "jr", "sr", "inc", "ltd", "co", "corp", "dept", "est", "u.s", "u.k", "a.m", "p.m",
];

/// Of the list above, those that end a sentence as often as not: they do when a capital follows.
const ENDING_ABBREVIATIONS: &[&str] = &["etc", "inc", "ltd", "co", "corp", "a.m", "p.m", "no", "p"];

/// The sentences of `text`, trimmed, in order; none is empty. Joined they hold every visible
/// character of the text.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut in_code = false;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let end = at + letter.len_utf8();
        let rest = &text[end..];
        if letter == '`' {
            // A lone backtick must not swallow the rest of the text.
            in_code = !in_code && paragraph(rest).contains('`');
        }
        let ends = match letter {
            '\n' => rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n'),
            _ if in_code => false,
            '۔' | '؟' | '।' | '。' | '！' | '？' => true,
            '.' | '!' | '?' | '…' => ends_here(&text[start..at], letter, rest),
            _ => false,
        };
        if !ends {
            continue;
        }
        let mut cut = end;
        while let Some(&(at, closing)) = letters.peek() {
            let repeated = matches!(closing, '.' | '!' | '?' | '؟' | '۔' | '…');
            if !repeated && !is_closing(closing) {
                break;
            }
            cut = at + closing.len_utf8();
            letters.next();
        }
        push(&text[start..cut], &mut found);
        start = cut;
    }
    push(&text[start..], &mut found);
    found
}

fn push<'a>(sentence: &'a str, found: &mut Vec<&'a str>) {
    let sentence = sentence.trim();
    if !sentence.is_empty() {
        found.push(sentence);
    }
}

/// Up to the next blank line.
fn paragraph(rest: &str) -> &str {
    rest.split_once("\n\n").map_or(rest, |(before, _)| before)
}

fn is_closing(letter: char) -> bool {
    matches!(letter, ')' | ']' | '"' | '\'' | '”' | '’' | '»' | '」')
}

/// Whether the Latin `mark` between `before` and `after` ends a sentence.
fn ends_here(before: &str, mark: char, after: &str) -> bool {
    let next = after.trim_start_matches(|c| is_closing(c) || matches!(c, '.' | '!' | '?'));
    if !next.starts_with(char::is_whitespace) {
        return next.is_empty();
    }
    let next = next.trim_start();
    let Some(first) = next.chars().next() else {
        return true;
    };
    let word = before
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '“'))
        .next()
        .unwrap_or_default();
    if mark == '.' && is_no_ending(before, word, first) {
        return false;
    }
    // English goes on in lowercase after `?` in a quotation; identifiers start sentences though.
    !first.is_lowercase() || starts_with_identifier(next)
}

fn is_no_ending(before: &str, word: &str, first: char) -> bool {
    let lower = word.to_lowercase();
    if ABBREVIATIONS.contains(&lower.as_str()) {
        return !(ENDING_ABBREVIATIONS.contains(&lower.as_str()) && first.is_uppercase());
    }
    let mut letters = word.chars();
    let initial = matches!((letters.next(), letters.next()), (Some(c), None) if c.is_uppercase())
        && word != "I"
        && first.is_uppercase();
    // `1. First step`: the number of a list item, alone at the start.
    let item = before.trim().len() == word.len() && word.bytes().all(|b| b.is_ascii_digit());
    initial || (item && !word.is_empty())
}

/// `jest.fn()`, `useEffect`, `snake_case` and `code` may open a sentence in lowercase.
fn starts_with_identifier(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    let word = word.trim_end_matches(['.', ',', ';', ':', '?', '!']);
    word.starts_with('`')
        || word.contains(['_', '(', '.', '/'])
        || word.chars().skip(1).any(|c| c.is_ascii_uppercase())
}

/// Whether a sentence leans on the one before it: it opens with a pronoun or a connective.
pub(crate) fn leans_back(sentence: &str) -> bool {
    let first = sentence
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '،' | '’' | '\''))
        .find(|word| !word.is_empty())
        .unwrap_or_default()
        .to_lowercase();
    matches!(
        first.as_str(),
        "this"
            | "that"
            | "these"
            | "those"
            | "it"
            | "its"
            | "they"
            | "them"
            | "their"
            | "he"
            | "she"
            | "his"
            | "her"
            | "such"
            | "however"
            | "but"
            | "also"
            | "therefore"
            | "thus"
            | "otherwise"
            | "then"
            | "instead"
            | "moreover"
            | "furthermore"
            | "additionally"
            | "similarly"
            | "conversely"
            | "here"
            | "hence"
            | "both"
            | "either"
            | "and"
            | "or"
            | "یہ"
            | "وہ"
            | "اس"
            | "ان"
            | "انہیں"
            | "اسے"
            | "لیکن"
            | "تاہم"
            | "مگر"
            | "پھر"
            | "لہذا"
            | "چنانچہ"
            | "اور"
            | "یا"
            | "ایسے"
            | "ایسی"
            | "ورنہ"
            | "البتہ"
    )
}

/// Whether a text is written in a script that joins letters from right to left.
pub(crate) fn is_arabic(text: &str) -> bool {
    let (mut arabic, mut latin) = (0usize, 0usize);
    for letter in text.chars() {
        match script_of(letter) {
            Script::Arabic => arabic += 1,
            Script::Latin => latin += 1,
            _ => {}
        }
    }
    // Urdu about software is full of Latin terms: a third is enough.
    arabic > 0 && arabic * 2 >= latin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_sentences_end_where_a_reader_ends_them() {
        for (text, expected) in [
            (
                "Jest 2.0 is out. It runs fast, e.g. on CI. See jest.config.js for details.",
                vec![
                    "Jest 2.0 is out.",
                    "It runs fast, e.g. on CI.",
                    "See jest.config.js for details.",
                ],
            ),
            (
                "Call it first. jest.fn() records calls. then nothing",
                vec!["Call it first.", "jest.fn() records calls. then nothing"],
            ),
            (
                "Really?! \"Yes.\" (It is so.) Done",
                vec!["Really?!", "\"Yes.\"", "(It is so.)", "Done"],
            ),
            (
                "1. Install it. 2. Run it.",
                vec!["1. Install it.", "2. Run it."],
            ),
            (
                "Written by J. Smith et al. in the U.S. Army, etc. The end.",
                vec![
                    "Written by J. Smith et al. in the U.S. Army, etc.",
                    "The end.",
                ],
            ),
            (
                "Use `a. B` here. Use ` there. Fine.",
                vec!["Use `a. B` here.", "Use ` there.", "Fine."],
            ),
            ("One\nline\n\nTwo", vec!["One\nline", "Two"]),
        ] {
            assert_eq!(sentences(text), expected, "{text}");
        }
    }

    #[test]
    fn urdu_sentences_end_at_urdu_marks_with_or_without_a_space() {
        assert_eq!(
            sentences("نوڈ ایک عمل ہے۔ٹاپک کیا ہے؟ ROS 2.0 میں \"سروس\" بھی ہے۔"),
            [
                "نوڈ ایک عمل ہے۔",
                "ٹاپک کیا ہے؟",
                "ROS 2.0 میں \"سروس\" بھی ہے۔"
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_visible_letter_is_lost(text in "[a-zA-Z0-9 .!?`()\"'۔؟کیہے\n]{0,200}") {
            let kept: String = sentences(&text).concat();
            let visible = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            proptest::prop_assert_eq!(visible(&kept), visible(&text));
        }
    }
}
