//! What a question asks for: its topic's terms, and the kind of sentence that would answer it.

use crate::answer::terms::{Term, terms};
use crate::language::fold;

/// What a term carried over from the turn before counts beside the question's own.
const CARRIED_WORTH: f32 = 0.5;

/// A question as the quoter sees it.
pub(super) struct Asked {
    pub terms: Vec<Term>,
    /// What each term counts.
    pub worth: Vec<f32>,
    pub kind: Kind,
    /// Part of it was carried over from the turn before.
    pub is_follow_up: bool,
}

/// The kind of answer wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// "What is a node?", "نوڈ کیا ہے؟"
    Definition,
    /// "How do I run one test?", "کیسے چلائیں؟"
    Steps,
    /// "Why …", "کیوں …"
    Reason,
    /// "How many", "when", "کتنے", "کب"
    Number,
    /// "Give an example of", "کوئی مثال"
    Example,
    Other,
}

impl Asked {
    /// `query` is the question as it stands on its own, `question` as it was asked.
    pub fn of(query: &str, question: &str) -> Self {
        let all = terms(query);
        let own = terms(question);
        // A follow-up that names nothing ("why?") asks for what was carried over.
        let is_follow_up = query != question && all.iter().any(|term| own.contains(term));
        let worth = |term: &Term| match is_follow_up && !own.contains(term) {
            true => CARRIED_WORTH,
            false => 1.0,
        };
        Self {
            worth: all.iter().map(worth).collect(),
            terms: all,
            is_follow_up,
            kind: kind(if is_follow_up { question } else { query }),
        }
    }

    /// Whether code belongs in the answer.
    pub fn wants_code(&self) -> bool {
        matches!(self.kind, Kind::Steps | Kind::Example)
    }
}

fn kind(question: &str) -> Kind {
    let folded = fold(question);
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|w| !w.is_empty())
        .collect();
    let has = |word: &str| words.contains(&word);
    let opens = |phrase: &str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.windows(phrase.len()).take(3).any(|w| w == phrase)
    };
    if has("example") || has("examples") || has("snippet") || has("مثال") || has("مثالیں")
    {
        Kind::Example
    } else if [
        "how many",
        "how much",
        "how long",
        "how often",
        "how old",
        "how far",
    ]
    .iter()
    .any(|p| opens(p))
        || opens("when")
        || has("کتنے")
        || has("کتنی")
        || has("کتنا")
        || has("کب")
        || opens("what year")
        || opens("which year")
    {
        Kind::Number
    } else if opens("how")
        || opens("ways to")
        || opens("steps to")
        || has("کیسے")
        || has("کیسا")
        || folded.contains("کس طرح")
        || has("طریقہ")
    {
        Kind::Steps
    } else if opens("why") || has("کیوں") || has("وجہ") {
        Kind::Reason
    } else if is_definition(&words, &folded) {
        Kind::Definition
    } else {
        Kind::Other
    }
}

/// "what is X", "what does X mean/do", "define X", "X کیا ہے", and a bare term.
fn is_definition(words: &[&str], folded: &str) -> bool {
    let [first, second, ..] = words else {
        return true;
    };
    let asks_what = matches!(*first, "what" | "what's" | "whats")
        && (matches!(*second, "is" | "are" | "does" | "do") || *first != "what");
    let ends = folded.trim_end_matches(|c: char| !c.is_alphanumeric());
    let asks_urdu = [
        "کیا ہے",
        "کیا ہیں",
        "کیا ہوتا ہے",
        "کیا ہوتی ہے",
        "کیا ہوتے ہیں",
        "کیا مراد ہے",
        "کا مطلب",
        "کسے کہتے ہیں",
        "کیا کرتا ہے",
        "کیا کرتی ہے",
    ]
    .iter()
    .any(|ending| ends.ends_with(&fold(ending)));
    // "What is the default timeout of a test in CI?" asks for a fact; few words ask for a meaning.
    let short = words.len() <= 8;
    ((asks_what || asks_urdu) && short)
        || matches!(
            *first,
            "define" | "definition" | "meaning" | "explain" | "describe"
        )
        || (words.len() <= 3
            && !matches!(
                *first,
                "is" | "are" | "can" | "does" | "do" | "which" | "who" | "where" | "when"
            ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_ask_for_different_kinds_of_sentences() {
        for (question, expected) in [
            ("What is a ROS 2 node?", Kind::Definition),
            ("testPathIgnorePatterns", Kind::Definition),
            ("What does --coverage do?", Kind::Definition),
            ("How do I mock a module?", Kind::Steps),
            ("Why is my test slow?", Kind::Reason),
            ("How many workers are started?", Kind::Number),
            ("Show an example of a custom matcher", Kind::Example),
            ("Which reporters come with Jest?", Kind::Other),
            ("نوڈ کیا ہے؟", Kind::Definition),
            ("ایک test کیسے چلاؤں؟", Kind::Steps),
            ("یہ سست کیوں ہے؟", Kind::Reason),
            ("کتنے نوڈ چلتے ہیں؟", Kind::Number),
        ] {
            assert_eq!(kind(question), expected, "{question}");
        }
    }

    #[test]
    fn a_follow_ups_own_words_count_more_than_those_carried_over() {
        let asked = Asked::of(
            "install start rag-chatbot? how do I stop it?",
            "how do I stop it?",
        );
        assert_eq!(asked.kind, Kind::Steps);
        for (term, worth) in asked.terms.iter().zip(&asked.worth) {
            let expected = if term.stem == "stop" {
                1.0
            } else {
                CARRIED_WORTH
            };
            assert_eq!(*worth, expected, "{term:?}");
        }
        let nameless = Asked::of("mock a module? why?", "why?");
        assert!(nameless.worth.iter().all(|worth| *worth == 1.0));
    }
}
