//! What is said when the documentation holds no answer: so, the nearest pages, how to ask better.
//!
//! Whether to abstain is decided by retrieval's calibrated signals, not here.

use super::evidence::Evidence;
use super::wording::wording;
use crate::language::Language;

/// Sections named. More than a few near misses help nobody.
const MAX_NEAREST: usize = 3;

/// The sections to name, at most one per page: those in the question's script, since a near miss
/// that can't be read is no help; any, where there are none.
pub(crate) fn nearest(evidence: &[Evidence], question: Language) -> Vec<Evidence> {
    let readable = |one: &&Evidence| one.language.script == question.script;
    let any_readable = evidence.iter().any(|one| readable(&one));
    let mut named: Vec<Evidence> = Vec::new();
    for one in evidence.iter().filter(|one| !any_readable || readable(one)) {
        if named.len() < MAX_NEAREST && named.iter().all(|n| n.doc_id != one.doc_id) {
            let id = named.len() + 1;
            named.push(Evidence { id, ..one.clone() });
        }
    }
    named
}

/// The message, in the reader's language. `[n]` is the section's source.
pub(crate) fn message(language: Language, nearest: &[Evidence]) -> String {
    let words = wording(language);
    let mut text = words.not_found.to_owned();
    if !nearest.is_empty() {
        text.push_str("\n\n");
        text.push_str(words.nearest);
        text.push('\n');
        for one in nearest {
            text.push_str(&format!(
                "\n- {} [{}]",
                super::citation::as_text(&one.place()),
                one.id
            ));
        }
    }
    text.push_str("\n\n");
    text.push_str(words.rephrase);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::detect;

    fn section(page: &str, text: &str) -> Evidence {
        Evidence {
            id: 0,
            doc_id: page.to_owned(),
            title: page.to_owned(),
            section: page.to_owned(),
            heading_path: Vec::new(),
            url: format!("/{page}"),
            locale: String::new(),
            language: detect(text),
            strength: 1.0,
            relevance: 0.0,
            blocks: Vec::new(),
        }
    }

    #[test]
    fn pages_in_the_readers_script_are_named_and_others_only_where_there_are_none() {
        let evidence = [
            section("ur", "روبوٹ کی بیٹری"),
            section("en", "The battery"),
        ];
        let pages = |question: &str| -> Vec<(usize, String)> {
            let named = nearest(&evidence, detect(question));
            named.into_iter().map(|one| (one.id, one.doc_id)).collect()
        };
        assert_eq!(pages("How do I bake bread?"), [(1, "en".to_owned())]);
        assert_eq!(pages("روٹی کیسے پکائیں؟"), [(1, "ur".to_owned())]);
        assert_eq!(pages("मैं रोटी कैसे बनाऊँ?").len(), 2);
    }
}
