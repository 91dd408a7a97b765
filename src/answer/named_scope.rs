//! A version or language that a question names ("in version 29", "اردو میں").
//!
//! It does not know what is searched for there.

use crate::language::fold;
use crate::retrieval::{KnownScopes, Scope};

/// A version or language that the question names, where the reader has not chosen one.
pub(super) fn named_scope(question: &str, scope: &Scope, known: &KnownScopes) -> Scope {
    let folded = fold(question);
    let mut named = scope.clone();
    if let Some(version) = named_version(&folded, &known.versions) {
        named.version = Some(version);
    }
    let locale = [
        ("ur", ["in urdu", "اردو میں"]),
        ("en", ["in english", "انگریزی میں"]),
    ]
    .into_iter()
    .find(|(_, phrases)| phrases.iter().any(|phrase| folded.contains(&fold(phrase))))
    .and_then(|(code, _)| {
        let same = |l: &&String| l.split(['-', '_']).next() == Some(code);
        known.locales.iter().find(same).cloned()
    });
    if locale.is_some() {
        named.locale = locale;
    }
    named
}

/// `version 29` names `29.7` when that is the newest that begins so.
fn named_version(folded: &str, versions: &[String]) -> Option<String> {
    let words: Vec<&str> = folded
        .split(|c: char| c.is_whitespace() || matches!(c, '?' | '؟' | ',' | '،' | '!' | '۔'))
        .map(|w| w.trim_end_matches('.'))
        .filter(|w| !w.is_empty())
        .collect();
    let is_marker = |word: &str| {
        matches!(word, "version" | "versions" | "v" | "release" | "docs") || word == fold("ورژن")
    };
    words.iter().enumerate().find_map(|(at, word)| {
        let marked = at
            .checked_sub(1)
            .is_some_and(|before| is_marker(words[before]))
            || words.get(at + 1).is_some_and(|after| is_marker(after));
        let number = word.strip_prefix('v').unwrap_or(word);
        let numeric = number.starts_with(|c: char| c.is_ascii_digit());
        let explicit = numeric && (marked || word.starts_with('v'));
        // A name with a point in it (`29.7`) needs no marker.
        let exact = versions
            .iter()
            .find(|v| v.eq_ignore_ascii_case(word) || (numeric && v.eq_ignore_ascii_case(number)));
        if let Some(exact) = exact.filter(|_| explicit || (numeric && number.contains('.'))) {
            return Some(exact.clone());
        }
        if !explicit {
            return None;
        }
        versions
            .iter()
            .filter(|v| {
                v.strip_prefix(number)
                    .is_some_and(|rest| rest.starts_with('.'))
            })
            .max_by_key(|v| {
                v.split('.')
                    .map(|p| p.parse::<u64>().unwrap_or(0))
                    .collect::<Vec<_>>()
            })
            .cloned()
    })
}

/// Whether a word names a version or language, and no topic.
pub(super) fn is_scope_word(stem: &str, known: &KnownScopes) -> bool {
    let is_version = known.versions.iter().any(|v| {
        v == stem
            || v.strip_prefix(stem)
                .is_some_and(|rest| rest.starts_with('.'))
    });
    is_version
        || ["version", "urdu", "english", "ورژن", "اردو", "انگریزی"]
            .iter()
            .any(|w| fold(w) == stem)
}
