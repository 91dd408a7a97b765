//! Answers given before: the same question of the same documentation needs no second search.
//!
//! Only first questions of a conversation are remembered: what a follow-up means depends on what
//! was said. The reader gets a conversation of their own all the same, kept like any other.

use super::answerer::{Parts, record_gap, store_error};
use super::outcome::Outcome;
use super::{Answer, AnswerError, Mode, Question};
use crate::cache::{Key, Memory};
use crate::language::{Language, fold};
use crate::store::{SharedAnswer, Store, new_id};
use crate::telemetry::metrics::ANSWER_CACHE;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Answers remembered; a documentation's readers ask fewer different questions in a day.
const ANSWERS: usize = 16_384;
/// Memory for them: a quoted answer with its sources takes some 4 kB.
const MAX_BYTES: u64 = 64 << 20;

/// An answer apart from whom it is given to.
pub(super) struct Known {
    outcome: Outcome,
    said: Arc<SharedAnswer>,
    language: Language,
}

/// The answers of one answerer.
pub(super) struct Remembered {
    known: Memory<Known>,
    /// What else an answer depends on; the same for the whole life of the process.
    settings: String,
}

/// A question whose answer may be remembered.
pub(super) struct Repeatable {
    generation: String,
    key: Key,
}

impl Remembered {
    /// `None` when nothing is to be remembered.
    pub fn new(parts: &Parts) -> Option<Self> {
        let max_age: Duration = parts.options.remember_for;
        let model = parts.generator.as_ref();
        let model = model.map(|g| format!("{} {}", g.name(), g.model()));
        (!max_age.is_zero()).then(|| Self {
            known: Memory::new(ANSWERS, MAX_BYTES, max_age),
            settings: format!("{model:?} {:?}", parts.options),
        })
    }

    /// The question as it is remembered; `None` for one that stands in a conversation, or that is
    /// asked of a selection.
    pub fn repeatable(&self, question: &Question, generation: String) -> Option<Repeatable> {
        let brought = &question.brought;
        let alone = question.session_id.is_none()
            && brought.earlier.is_empty()
            && brought.instructions.is_empty();
        if !alone || question.mode != Mode::FullBook {
            return None;
        }
        let folded = fold(&question.text);
        let mut words = String::with_capacity(folded.len());
        for word in folded.split_whitespace() {
            words.push_str(word);
            words.push(' ');
        }
        let scope = &question.scope;
        let or_none =
            |part: &Option<String>| part.as_ref().map_or(String::new(), |p| format!("={p}"));
        let key = Key::of([
            words.as_str(),
            &or_none(&scope.locale),
            &or_none(&scope.version),
            &or_none(&scope.path),
            &question.top_k.to_string(),
            if brought.quoting { "quoting" } else { "" },
            &generation,
            &self.settings,
        ]);
        Some(Repeatable { generation, key })
    }

    pub fn recall(&self, asked: &Repeatable) -> Option<Arc<Known>> {
        let known = self.known.recall(&asked.generation, &asked.key);
        let outcome = if known.is_some() { "hit" } else { "miss" };
        metrics::counter!(ANSWER_CACHE, "outcome" => outcome).increment(1);
        known
    }

    /// Remembers an outcome that another reader would get as well.
    pub fn keep(&self, asked: &Repeatable, outcome: &Outcome, language: Language) {
        if outcome.is_lasting {
            let outcome = outcome.to_be_repeated();
            // Twice: for the reader and for the database.
            let size_bytes = 2 * outcome.size_bytes();
            let sources = serde_json::to_value(&outcome.sources).unwrap_or_default();
            let said = SharedAnswer::new(outcome.written.text.clone(), &sources);
            let known = Known {
                outcome,
                said: Arc::new(said),
                language,
            };
            self.known
                .keep(&asked.generation, asked.key, known, size_bytes);
        }
    }
}

impl Known {
    /// The answer in a new conversation, which is on disk when this returns.
    pub async fn again(
        &self,
        store: &Store,
        question: &Question,
        started: Instant,
    ) -> Result<Answer, AnswerError> {
        let session_id = new_id();
        let (asked, answer) = self.outcome.messages(question, &session_id, self.language);
        let message_id = answer.id.clone();
        let begun = store
            .turns
            .begin(asked, answer, Arc::clone(&self.said))
            .await;
        begun.map_err(|error| store_error(&error))?;
        let outcome = self.outcome.clone();
        if outcome.abstained {
            let nearest = outcome.sources.iter().map(|s| s.url.clone()).collect();
            record_gap(store, question, self.language, nearest).await;
        }
        Ok(Answer {
            cached: true,
            ..outcome.answer(session_id, message_id, question.mode, started)
        })
    }
}
