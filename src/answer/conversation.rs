//! Follow-up questions: what "and in version 29?" asks, given what was asked before.
//!
//! With a generator, one call rewrites the question so that it stands on its own. Without one, or
//! when that fails, the terms and the scope of the last turn are carried over where the question
//! shows that it leans on them. It does not know how the answer is found or written.

pub(super) use super::follow_up::has_topic;
use super::follow_up::leans_on_history;
use super::generator::Generator;
use super::named_scope::{is_scope_word, named_scope};
use super::prompt;
use super::terms::{Term, terms};
use crate::retrieval::{KnownScopes, Scope};
use crate::store::{Message, Role};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::mpsc;

/// Terms carried over: the topic, not the whole talk.
const MAX_CARRIED: usize = 8;
/// Turns of a conversation kept elsewhere that are looked at: as many as of one kept here.
const MAX_REPLAYED: usize = 4;
/// A reader waits for the rewriting before anything is searched.
const REWRITE_TIMEOUT: Duration = Duration::from_secs(4);
/// Tokens of a rewritten question; questions have at most 500 letters.
const REWRITE_TOKENS: u32 = 200;
const MAX_QUESTION_CHARS: usize = 600;

/// One earlier turn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exchange {
    pub question: String,
    pub answer: String,
    pub context: Context,
}

/// What a turn was searched with; kept with the question.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// The question as it stands on its own.
    #[serde(default)]
    pub query: String,
    #[serde(default)]
    pub scope: Scope,
}

/// Pairs up stored messages, oldest first.
pub(crate) fn exchanges(messages: Vec<Message>) -> Vec<Exchange> {
    let mut found: Vec<Exchange> = Vec::new();
    for message in messages {
        match message.role {
            Role::User => found.push(Exchange {
                context: serde_json::from_value(message.context).unwrap_or_default(),
                question: message.text,
                answer: String::new(),
            }),
            Role::Assistant => {
                if let Some(last) = found.last_mut() {
                    last.answer = message.text;
                }
            }
        }
    }
    found
}

impl Exchange {
    /// A turn that somebody else has kept.
    pub fn new(question: String, answer: String) -> Self {
        Self {
            question,
            answer,
            context: Context::default(),
        }
    }
}

/// The last turns of a conversation kept elsewhere, each with what it would have been searched with.
pub(crate) fn replay(earlier: &[Exchange], scope: &Scope, known: &KnownScopes) -> Vec<Exchange> {
    let recent = &earlier[earlier.len().saturating_sub(MAX_REPLAYED)..];
    let mut turns: Vec<Exchange> = Vec::with_capacity(recent.len());
    for exchange in recent {
        let context = resolve(&exchange.question, scope, &turns, known);
        turns.push(Exchange {
            context,
            ..exchange.clone()
        });
    }
    turns
}

/// What to search for: the question on its own, and where.
pub(crate) fn resolve(
    question: &str,
    scope: &Scope,
    history: &[Exchange],
    known: &KnownScopes,
) -> Context {
    let Some(last) = history.last().filter(|_| leans_on_history(question)) else {
        return Context {
            query: question.to_owned(),
            scope: named_scope(question, scope, known),
        };
    };
    let before = if last.context.query.is_empty() {
        &last.question
    } else {
        &last.context.query
    };
    let own = terms(question);
    let named = named_scope(question, scope, known);
    let carried = Scope {
        locale: named.locale.or_else(|| last.context.scope.locale.clone()),
        version: named.version.or_else(|| last.context.scope.version.clone()),
        path: named.path.or_else(|| last.context.scope.path.clone()),
    };
    // A question of the same words but another version must not carry the old one along.
    let asks_elsewhere = own.iter().all(|term| is_scope_word(&term.stem, known));
    let query = if asks_elsewhere {
        without_scope_words(before, known)
    } else {
        format!("{} {question}", topic(before, &own, known))
    };
    Context {
        query,
        scope: carried,
    }
}

/// Lets the generator write the question so that it stands on its own; `None` when it can't.
pub(crate) async fn rewrite(
    question: &str,
    history: &[Exchange],
    generator: &dyn Generator,
) -> Option<(String, super::generator::Used)> {
    let messages = prompt::standalone(question, history);
    let (out, mut written) = mpsc::channel::<String>(32);
    let collect = async {
        let mut text = String::new();
        while let Some(piece) = written.recv().await {
            text.push_str(&piece);
        }
        text
    };
    let both = async { tokio::join!(generator.generate(&messages, REWRITE_TOKENS, out), collect) };
    let (used, text) = tokio::time::timeout(REWRITE_TIMEOUT, both).await.ok()?;
    let used = used
        .inspect_err(|error| tracing::info!(%error, "a follow-up was not rewritten"))
        .ok()?;
    let line = text.trim().lines().next().unwrap_or_default();
    let line = line.trim().trim_matches(['"', '“', '”']).trim();
    let usable = !line.is_empty() && line.chars().count() <= MAX_QUESTION_CHARS;
    usable.then(|| (line.to_owned(), used))
}

/// The earlier question's topic: its terms that the new one doesn't say itself, as it spelled them.
fn topic(before: &str, own: &[Term], known: &KnownScopes) -> String {
    let carried: Vec<&str> = before
        .split_whitespace()
        .filter(|word| {
            let word_terms = terms(word);
            !word_terms.is_empty()
                && word_terms
                    .iter()
                    .all(|t| !own.contains(t) && !is_scope_word(&t.stem, known))
        })
        .collect();
    // The topic of a longer talk is what was named last.
    let skipped = carried.len().saturating_sub(MAX_CARRIED);
    carried[skipped..].join(" ")
}

fn without_scope_words(before: &str, known: &KnownScopes) -> String {
    let kept: Vec<&str> = before
        .split_whitespace()
        .filter(|word| {
            let word_terms = terms(word);
            word_terms.is_empty() || !word_terms.iter().all(|t| is_scope_word(&t.stem, known))
        })
        .collect();
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(question: &str) -> Vec<Exchange> {
        vec![Exchange {
            question: question.to_owned(),
            answer: "…".to_owned(),
            context: Context {
                query: question.to_owned(),
                scope: Scope {
                    locale: Some("en".to_owned()),
                    ..Scope::default()
                },
            },
        }]
    }

    fn known() -> KnownScopes {
        KnownScopes {
            locales: vec!["en".to_owned(), "ur".to_owned()],
            versions: vec!["30.4".to_owned(), "29.7".to_owned(), "29.10".to_owned()],
        }
    }

    fn resolved(before: &str, question: &str) -> Context {
        resolve(question, &Scope::default(), &history(before), &known())
    }

    #[test]
    fn a_follow_up_carries_the_topic_and_the_scope() {
        let context = resolved("How do I mock a module?", "how do I undo that?");
        assert_eq!(context.query, "mock module? how do I undo that?");
        assert_eq!(context.scope.locale.as_deref(), Some("en"));
        let urdu = resolved("موڈیول کو mock کیسے کریں؟", "اسے واپس کیسے کریں؟");
        assert!(urdu.query.contains("mock"), "{}", urdu.query);
    }

    #[test]
    fn a_named_version_or_language_changes_the_scope_alone() {
        let context = resolved("How do I mock a module?", "and in version 29?");
        assert_eq!(context.query, "How do I mock a module?");
        assert_eq!(context.scope.version.as_deref(), Some("29.10"));
        let context = resolved("What is a node?", "اور اردو میں؟");
        assert_eq!(context.query, "What is a node?");
        assert_eq!(context.scope.locale.as_deref(), Some("ur"));
        let direct = resolve("mock in 30.4?", &Scope::default(), &[], &known());
        assert_eq!(direct.scope.version.as_deref(), Some("30.4"));
    }

    #[test]
    fn a_question_that_stands_on_its_own_is_left_alone() {
        for question in [
            "How is coverage collected with babel and workers?",
            "What does testPathIgnorePatterns do?",
            "ROS 2 میں ایک نوڈ کیسے لکھا جاتا ہے؟",
        ] {
            assert_eq!(resolved("What is a mock?", question).query, question);
        }
    }
}
