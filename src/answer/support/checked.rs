//! A generated text, sentence by sentence: which ones nothing supports, and the text without them.
//!
//! A sentence need not repeat the citation that stands at its paragraph's end, so all passages are
//! asked. Code and headings claim nothing.

use super::Support;
use crate::answer::sentences::sentences;
use crate::answer::terms::terms;
use std::ops::Range;

/// Fewer terms than this claim nothing: "Here is how:", "Yes."
const MIN_CLAIM_TERMS: usize = 3;

/// The sentences that no passage supports, citations taken off.
pub(crate) fn unsupported(text: &str, support: &Support) -> Vec<String> {
    let mut found = Vec::new();
    for (line, claims) in lines(text) {
        if claims {
            let withheld = withheld(line, |sentence| !is_supported(sentence, support)).into_iter();
            found.extend(withheld.map(|(sentence, _)| sentence));
        }
    }
    found
}

/// The sentences of the text that claim something, citations taken off.
pub(crate) fn claims(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (line, _) in lines(text).filter(|(_, claims)| *claims) {
        let (plain, _) = without_citations(line);
        let claims = sentences(&plain).into_iter().filter(|s| is_claim(s));
        found.extend(claims.map(str::to_owned));
    }
    found
}

fn is_claim(sentence: &str) -> bool {
    terms(sentence).len() >= MIN_CLAIM_TERMS
}

/// The text without those sentences and their citations, and without those that point at a link
/// which was taken out (`debris` stands in its place). A line that has nothing left goes.
pub(crate) fn without_unsupported(text: &str, support: &Support, debris: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for (line, claims) in lines(text) {
        let mut left = line.to_owned();
        if claims {
            let ranges = withheld(line, |sentence| {
                sentence.contains(debris) || !is_supported(sentence, support)
            });
            for (_, range) in ranges.iter().rev() {
                left.replace_range(range.clone(), "");
            }
            if !ranges.is_empty() && !left.chars().any(char::is_alphabetic) {
                continue;
            }
        }
        kept.push_str(left.trim_end());
        kept.push('\n');
    }
    kept.trim().to_owned()
}

/// Lines, and whether they claim something.
fn lines(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut fenced = false;
    text.lines().map(move |line| {
        let start = line.trim_start();
        let is_fence = start.starts_with("```");
        fenced ^= is_fence;
        (line, !fenced && !is_fence && !start.starts_with('#'))
    })
}

/// Whether a sentence claims nothing or some passage supports it.
fn is_supported(sentence: &str, support: &Support) -> bool {
    !is_claim(sentence) || support.any_supports(sentence)
}

/// The sentences of a line that are to go, each with where it stands, citations included.
fn withheld(line: &str, goes: impl Fn(&str) -> bool) -> Vec<(String, Range<usize>)> {
    let (plain, places) = without_citations(line);
    let starts: Vec<usize> = sentences(&plain)
        .iter()
        .map(|sentence| sentence.as_ptr() as usize - plain.as_ptr() as usize)
        .collect();
    let mut found = Vec::new();
    for (at, sentence) in sentences(&plain).into_iter().enumerate() {
        if goes(sentence) {
            let end = starts.get(at + 1).map_or(line.len(), |next| places[*next]);
            found.push((sentence.to_owned(), places[starts[at]]..end));
        }
    }
    found
}

/// The line without `[n]`, and for each byte of it where it stood.
fn without_citations(line: &str) -> (String, Vec<usize>) {
    let mut out = String::with_capacity(line.len());
    let mut places = Vec::with_capacity(line.len());
    let mut at = 0;
    while at < line.len() {
        let rest = &line[at..];
        let inside = rest.strip_prefix('[').and_then(|r| r.split_once(']'));
        match inside {
            Some((number, _))
                if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
            {
                let trimmed = out.trim_end_matches(' ').len();
                out.truncate(trimmed);
                places.truncate(trimmed);
                at += number.len() + 2;
            }
            _ => {
                let letter = rest.chars().next().expect("not at the end");
                out.push(letter);
                places.extend(at..at + letter.len_utf8());
                at += letter.len_utf8();
            }
        }
    }
    (out, places)
}

#[cfg(test)]
mod tests {
    use super::super::Ground;
    use super::*;

    const DEBRIS: &str = "(link left out)";

    fn grounds() -> Support {
        let text = "The kettle boils one litre of water. It switches itself off when it boils.";
        Support::new(vec![Ground::new(1, text, "Boiling", "")], None)
    }

    #[test]
    fn an_unsupported_sentence_goes_with_its_citation() {
        let text = "The kettle boils one litre of water [1]. Cats chase birds in quiet gardens \
                    [1]. It switches itself off. [1]\n\n- Cats chase birds in quiet gardens.\n- \
                    The kettle boils water.";
        assert_eq!(
            without_unsupported(text, &grounds(), DEBRIS),
            "The kettle boils one litre of water [1]. It switches itself off. [1]\n\n- The kettle \
             boils water."
        );
        assert_eq!(
            unsupported(text, &grounds()),
            [
                "Cats chase birds in quiet gardens.",
                "- Cats chase birds in quiet gardens."
            ]
        );
    }

    #[test]
    fn what_is_left_of_a_removed_link_goes_with_its_sentence() {
        let text = "The kettle boils one litre of water. [1] See (link left out).\n\n- (link left \
                    out)";
        assert_eq!(
            without_unsupported(text, &grounds(), DEBRIS),
            "The kettle boils one litre of water. [1]"
        );
    }

    #[test]
    fn only_sentences_that_say_something_are_claims() {
        let text = "Yes.\n# On water\nThe kettle boils one litre [1]. Here it is:";
        assert_eq!(claims(text), ["The kettle boils one litre."]);
    }

    #[test]
    fn code_and_headings_are_left_alone() {
        let text = "# Cats chase birds in gardens\n\n```\ncats chase birds in gardens\n```";
        assert_eq!(without_unsupported(text, &grounds(), DEBRIS), text);
        assert!(unsupported(text, &grounds()).is_empty());
    }
}
