//! What a generator writes, on its way to the reader: filtered, held back with `--strict`, paid for.
//!
//! It does not know what becomes of the text.

use super::AnswerEvent;
use super::answerer::{Asking, ms_since};
use super::citation::{Allowed, Filter};
use super::evidence::Evidence;
use super::generator::{GenerateError, Generator, Used, estimate_tokens};
use super::prompt::ChatMessage;
use super::support::{Support, claims, without_unsupported};
use crate::stage;
use crate::telemetry::metrics::CITATIONS_REMOVED;
use crate::telemetry::request::{self, Stage};
use crate::telemetry::traces::STAGES;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;
use tracing::Instrument;
use tracing::field::Empty;

/// Name of the generator that needs none.
const QUOTING: &str = "quoting";

/// Text that has been shown already.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    pub text: String,
    pub used: Used,
    pub generator: String,
    pub model: String,
    pub cost_usd: f64,
    pub generation_ms: f64,
}

impl Written {
    /// Text of ours, not of a model.
    pub fn by_us(text: String) -> Self {
        Self {
            text,
            generator: QUOTING.to_owned(),
            ..Self::default()
        }
    }

    /// Lets the generator write, shows what may be shown, and returns it; with the error, what
    /// was shown before it.
    pub async fn stream(
        asking: &Asking<'_>,
        generator: &dyn Generator,
        messages: &[ChatMessage],
        evidence: &[Evidence],
        support: &Arc<Support>,
    ) -> Result<Self, (GenerateError, Self)> {
        let sources = evidence
            .iter()
            .map(|one| one.source(one.nearest_sentence(&asking.question.text)))
            .collect();
        asking.send(AnswerEvent::Sources(sources)).await;
        let judging = Arc::clone(support);
        let judge = move |sentence: &str, number: usize| judging.supports(number, sentence);
        let allowed = Allowed {
            passages: evidence.len(),
            urls: evidence.iter().map(|one| one.url.clone()).collect(),
            link_removed: asking.words.link_removed,
        };
        let shown = Shown::new(asking, Filter::new(allowed, Box::new(judge)), support);
        shown.run(generator, messages).await
    }

    /// The same without citations.
    pub async fn stream_uncited(
        asking: &Asking<'_>,
        generator: &dyn Generator,
        messages: &[ChatMessage],
        support: &Arc<Support>,
    ) -> Result<Self, (GenerateError, Self)> {
        let allowed = Allowed {
            passages: 0,
            urls: Vec::new(),
            link_removed: asking.words.link_removed,
        };
        let filter = Filter::new(allowed, Box::new(|_, _| false));
        Shown::new(asking, filter, support)
            .run(generator, messages)
            .await
    }
}

/// A generator's text on its way to the reader.
struct Shown<'a> {
    asking: &'a Asking<'a>,
    filter: Filter,
    support: &'a Support,
    text: String,
    /// With `--strict`: lines that are not complete yet.
    held: String,
}

impl<'a> Shown<'a> {
    fn new(asking: &'a Asking<'a>, filter: Filter, support: &'a Support) -> Self {
        Self {
            asking,
            filter,
            support,
            text: String::new(),
            held: String::new(),
        }
    }

    async fn run(
        mut self,
        generator: &dyn Generator,
        messages: &[ChatMessage],
    ) -> Result<Written, (GenerateError, Written)> {
        let writing = Instant::now();
        let (out, mut pieces) = mpsc::channel::<String>(32);
        let max_tokens = self.asking.parts.options.max_tokens;
        let mut said = String::new();
        let support = self.support;
        let relaying = async {
            while let Some(piece) = pieces.recv().await {
                if said.is_empty() {
                    request::took(Stage::FirstToken, writing.elapsed());
                    tracing::trace!(target: STAGES, "first token");
                }
                said.push_str(&piece);
                support.learn(&self.filter.due(&piece)).await;
                let visible = self.filter.push(&piece);
                self.show(&visible).await;
            }
            support.learn(&self.filter.due_at_end()).await;
            let rest = self.filter.finish();
            self.show(&rest).await;
            self.show_held().await;
            support.learn(&claims(&self.text)).await;
        };
        let span = stage!(
            "generate",
            generator = generator.name(),
            model = generator.model(),
            prompt_tokens = Empty,
            completion_tokens = Empty,
            otel.status_code = Empty,
        );
        let work = async { tokio::join!(generator.generate(messages, max_tokens, out), relaying) };
        // The passages are read while the generator thinks; nothing waits for that at the end.
        let reading = async {
            support.read().await;
            std::future::pending().await
        };
        let (result, ()) = tokio::select! {
            done = work.instrument(span.clone()) => done,
            never = reading => never,
        };
        if result.is_err() {
            span.record("otel.status_code", "ERROR");
        }
        request::took(Stage::Generation, writing.elapsed());
        let removed = self.filter.removed();
        if removed > 0 {
            metrics::counter!(CITATIONS_REMOVED).increment(removed as u64);
            tracing::info!(removed, "citations that nothing supports were taken out");
        }
        // A failed answer was paid for as well.
        let used = result.as_ref().copied().unwrap_or_else(|_| Used {
            prompt: if said.is_empty() {
                0
            } else {
                messages.iter().map(|m| estimate_tokens(&m.content)).sum()
            },
            completion: estimate_tokens(&said),
        });
        span.record("prompt_tokens", used.prompt);
        span.record("completion_tokens", used.completion);
        let written = Written {
            text: self.text,
            used,
            generator: generator.name().to_owned(),
            model: generator.model().to_owned(),
            cost_usd: generator.cost_usd(used),
            generation_ms: ms_since(writing),
        };
        match result {
            Ok(_) => Ok(written),
            Err(error) => Err((error, written)),
        }
    }

    async fn show(&mut self, visible: &str) {
        if visible.is_empty() {
            return;
        }
        if !self.asking.parts.options.strict {
            self.text.push_str(visible);
            self.asking
                .send(AnswerEvent::Token(visible.to_owned()))
                .await;
            return;
        }
        self.held.push_str(visible);
    }

    /// With `--strict` an answer is shown when all of it has been checked.
    async fn show_held(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let held = std::mem::take(&mut self.held);
        self.support.learn(&claims(&held)).await;
        let kept = without_unsupported(&held, self.support, self.asking.words.link_removed);
        if !kept.is_empty() {
            self.text.push_str(&kept);
            self.asking.send(AnswerEvent::Token(kept)).await;
        }
    }
}
