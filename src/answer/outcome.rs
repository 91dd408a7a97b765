//! What came out of answering: checked and kept.
//!
//! It does not know how the text was found or written.

use super::answerer::{Asking, ms_since, store_error};
use super::citation;
use super::conversation::Context;
use super::evidence::{Evidence, one_line};
use super::generator::Used;
use super::sentences::sentences;
use super::support::{Support, claims, unsupported};
use super::written::Written;
use super::{Answer, AnswerError, Mode, Question, Source, Usage};
use crate::language::Language;
use crate::store::{Message, Role, StoreError, new_id};
use crate::telemetry::metrics::UNSUPPORTED_SENTENCES;
use jiff::Timestamp;
use serde_json::Value;
use std::time::Instant;

/// An answer that only needs keeping.
#[derive(Clone)]
pub(super) struct Outcome {
    pub written: Written,
    pub sources: Vec<Source>,
    pub locale: String,
    pub abstained: bool,
    pub unsupported: Vec<String>,
    pub notice: Option<String>,
    /// Nothing went wrong that may be well again at the next question.
    pub is_lasting: bool,
    pub context: Context,
    pub retrieval_ms: f64,
    pub embedding_tokens: u64,
}

impl Outcome {
    fn new(written: Written, sources: Vec<Source>, locale: String) -> Self {
        Self {
            written,
            sources,
            locale,
            abstained: false,
            unsupported: Vec::new(),
            notice: None,
            is_lasting: true,
            context: Context::default(),
            retrieval_ms: 0.0,
            embedding_tokens: 0,
        }
    }

    /// Sentences of the documentation: grounded by what they are.
    pub fn quoted(text: String, sources: Vec<Source>, locale: String) -> Self {
        Self::new(Written::by_us(text), sources, locale)
    }

    /// A model's text: its cited sources, and the sentences nothing supports.
    pub fn generated(
        asking: &Asking<'_>,
        written: Written,
        evidence: &[Evidence],
        support: &Support,
    ) -> Self {
        let unsupported = unsupported(&written.text, support);
        let cited = citation::cited(&written.text);
        let mut sources: Vec<Source> = cited
            .iter()
            .filter_map(|number| evidence.iter().find(|one| one.id == *number))
            .map(|one| one.source(quoted_for(&written.text, one)))
            .collect();
        if sources.is_empty() {
            // A model that cites nothing: the reader can check where something of it stands.
            let claims = claims(&written.text);
            sources = evidence
                .iter()
                .filter(|one| support.supports_one(one.id, &claims))
                .map(|one| one.source(one.nearest_sentence(&written.text)))
                .collect();
        }
        let first = cited
            .first()
            .and_then(|n| evidence.iter().find(|one| one.id == *n));
        let locale = first
            .or(evidence.first())
            .map(|one| one.locale.clone())
            .unwrap_or_default();
        let cites = !cited.is_empty() || asking.question.mode == Mode::SelectedText;
        let mut outcome = Self::new(written, sources, locale);
        outcome.unsupported = unsupported;
        if !cites && outcome.unsupported.is_empty() {
            outcome.unsupported = vec![one_line(&outcome.written.text)];
        }
        let count = outcome.unsupported.len() as u64;
        metrics::counter!(UNSUPPORTED_SENTENCES).increment(count);
        outcome
    }

    pub fn abstained(asking: &Asking<'_>, written: Written, sources: Vec<Source>) -> Self {
        let locale = asking.question.scope.locale.clone();
        let locale = locale.unwrap_or_else(|| asking.language.code.as_str().to_owned());
        Self {
            abstained: true,
            ..Self::new(written, sources, locale)
        }
    }

    pub fn without_sources(mut self) -> Self {
        self.sources.clear();
        self
    }

    pub fn add_notice(&mut self, notice: Option<String>) {
        self.notice = match (self.notice.take(), notice) {
            (Some(first), Some(second)) => Some(format!("{first} {second}")),
            (first, second) => first.or(second),
        };
    }

    /// Says what went wrong on the way, if anything did; the next reader may have more luck.
    pub fn add_trouble(&mut self, trouble: Option<&str>) {
        self.is_lasting &= trouble.is_none();
        self.add_notice(trouble.map(str::to_owned));
    }

    /// The same for another reader, who uses nothing and waits for nothing.
    pub fn to_be_repeated(&self) -> Self {
        let mut again = self.clone();
        again.written.used = Used::default();
        again.written.cost_usd = 0.0;
        again.written.generation_ms = 0.0;
        again.retrieval_ms = 0.0;
        again.embedding_tokens = 0;
        again
    }

    /// Memory that it takes, nearly.
    pub fn size_bytes(&self) -> usize {
        let source = |s: &Source| {
            let headings: usize = s.heading_path.iter().map(String::len).sum();
            let names = s.doc_id.len() + s.title.len() + s.chapter.len() + s.section.len();
            size_of::<Source>() + headings + names + s.url.len() + s.content.len() + s.quote.len()
        };
        size_of::<Self>()
            + self.written.text.len()
            + self.unsupported.iter().map(String::len).sum::<usize>()
            + self.context.query.len()
            + self.sources.iter().map(source).sum::<usize>()
    }

    /// Keeps the turn; the answer is on disk when this returns.
    pub async fn keep(mut self, asking: &Asking<'_>) -> Result<Answer, AnswerError> {
        let (question, mut answer) =
            self.messages(asking.question, &asking.session_id, asking.language);
        answer.text = self.written.text.clone();
        answer.sources = serde_json::to_value(&self.sources).unwrap_or_default();
        let message_id = answer.id.clone();
        match asking.parts.store.turns.append(question, answer).await {
            Ok(()) => {}
            Err(StoreError::NotFound) => return Err(AnswerError::SessionNotFound),
            Err(error) => {
                // The reader has the answer on screen: better to say what is missing.
                store_error(&error);
                self.add_notice(Some(asking.words.not_saved.to_owned()));
            }
        }
        let session_id = asking.session_id.clone();
        Ok(self.answer(session_id, message_id, asking.question.mode, asking.started))
    }

    /// What the reader is told of it.
    pub fn answer(
        self,
        session_id: String,
        message_id: String,
        mode: Mode,
        started: Instant,
    ) -> Answer {
        Answer {
            message_id,
            session_id,
            usage: self.usage(),
            text: self.written.text,
            sources: self.sources,
            mode,
            locale: self.locale,
            abstained: self.abstained,
            grounded: self.unsupported.is_empty(),
            generator: self.written.generator,
            model: self.written.model,
            notice: self.notice,
            unsupported: self.unsupported,
            cached: false,
            retrieval_ms: self.retrieval_ms,
            generation_ms: self.written.generation_ms,
            total_ms: ms_since(started),
        }
    }

    fn usage(&self) -> Usage {
        Usage {
            embedding: self.embedding_tokens,
            prompt: self.written.used.prompt,
            completion: self.written.used.completion,
            estimated_cost_usd: self.written.cost_usd,
        }
    }

    /// The question and the answer as they are kept; what the answer says is left to be filled in.
    pub fn messages(
        &self,
        question: &Question,
        session_id: &str,
        language: Language,
    ) -> (Message, Message) {
        let now = Timestamp::now();
        let question = Message {
            id: new_id(),
            session_id: session_id.to_owned(),
            role: Role::User,
            text: question.text.clone(),
            sources: Value::Null,
            abstained: false,
            generator: String::new(),
            locale: language.code.as_str().to_owned(),
            usage: Value::Null,
            context: serde_json::to_value(&self.context).unwrap_or_default(),
            created_at: now,
            rating: None,
        };
        let answer = Message {
            id: new_id(),
            session_id: session_id.to_owned(),
            role: Role::Assistant,
            text: String::new(),
            sources: Value::Null,
            abstained: self.abstained,
            generator: self.written.generator.clone(),
            locale: self.locale.clone(),
            usage: serde_json::to_value(self.usage()).unwrap_or_default(),
            context: Value::Null,
            created_at: now,
            rating: None,
        };
        (question, answer)
    }
}

/// The sentence of the page nearest to what the answer says with this citation.
fn quoted_for(text: &str, evidence: &Evidence) -> String {
    let mark = format!("[{}]", evidence.id);
    let cut = text.find(&mark).unwrap_or(text.len());
    let claim = sentences(&text[..cut]).last().copied().unwrap_or(text);
    evidence.nearest_sentence(claim)
}
