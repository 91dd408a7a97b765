//! An answer from the documentation: passages found, then generated, quoted or withheld.
//!
//! It does not know sessions or how the answer is kept.

use super::answerer::{Asking, RETRY_AFTER_S, ms_since, record_gap};
use super::conversation::{self, Context};
use super::evidence::{self, Evidence};
use super::generator::quoting;
use super::generator::{GenerateError, Generator, Used, estimate_tokens};
use super::outcome::Outcome;
use super::support::Support;
use super::written::Written;
use super::{AnswerError, AnswerEvent, abstention, prompt};
use crate::retrieval::{RetrievalError, Retrieved};
use crate::stage;
use crate::telemetry::metrics::TOKENS_USED;
use crate::telemetry::request::{self, Stage};
use std::time::Instant;
use tracing::Instrument;

/// Seconds after which to ask again while the documentation is being read for the first time.
const NOT_READY_RETRY_S: u64 = 5;

impl Asking<'_> {
    pub(super) async fn ask_documentation(&self) -> Result<Outcome, AnswerError> {
        let understanding = self.understand().instrument(stage!("understand"));
        let (context, rewriting) = understanding.await;
        if !conversation::has_topic(&context.query) {
            return Ok(self.ask_for_topic().await);
        }
        let searching = Instant::now();
        let found = self
            .parts
            .search
            .search(&context.query, &context.scope, self.question.top_k)
            .instrument(stage!("search"))
            .await
            .map_err(|error| retrieval_error(&error))?;
        let retrieval_ms = ms_since(searching);
        let notice = self.scope_notice(&found, &context);
        let still_indexing = found.still_indexing;
        let is_found = found.found && !found.passages.is_empty();
        let evidence = evidence::number(found.passages);
        let mut outcome = if is_found {
            self.ask_evidence(&context, evidence).await
        } else {
            self.abstain(&evidence).await
        };
        outcome.retrieval_ms = retrieval_ms;
        outcome.written.used.prompt += rewriting.prompt;
        outcome.written.used.completion += rewriting.completion;
        if let Some(generator) = &self.parts.generator {
            outcome.written.cost_usd += generator.cost_usd(rewriting);
        }
        outcome.embedding_tokens = estimate_tokens(&context.query);
        let model = self.parts.options.embedding_model.clone();
        metrics::counter!(TOKENS_USED, "kind" => "embedding", "model" => model)
            .increment(outcome.embedding_tokens);
        if is_found {
            outcome.add_notice(notice);
        }
        if still_indexing {
            outcome.add_notice(Some(self.words.still_indexing.to_owned()));
        }
        outcome.is_lasting &= !found.words_only;
        outcome.context = context;
        Ok(outcome)
    }

    /// The question on its own, and what finding it out has used.
    async fn understand(&self) -> (Context, Used) {
        let question = self.question;
        let known = self.parts.search.known_scopes();
        let mut context =
            conversation::resolve(&question.text, &question.scope, &self.history, &known);
        let mut used = Used::default();
        if let (Some(generator), false) = (self.generator(), self.history.is_empty())
            && let Some((query, tokens)) =
                conversation::rewrite(&question.text, &self.history, generator.as_ref()).await
        {
            context.query = query;
            used = tokens;
        }
        (context, used)
    }

    async fn ask_evidence(&self, context: &Context, evidence: Vec<Evidence>) -> Outcome {
        let Some(generator) = self.generator() else {
            return self.quote(context, &evidence, None).await;
        };
        let Some(permit) = self.parts.gate.enter().await else {
            let busy = Some(self.words.generator_busy);
            return self.quote(context, &evidence, busy).await;
        };
        let writing = Instant::now();
        let messages = stage!("prompt").in_scope(|| {
            prompt::from_passages(
                &self.parts.options.site_name,
                &self.question.text,
                self.language,
                &evidence,
                &self.history,
                &self.question.brought.instructions,
            )
        });
        request::took(Stage::Prompt, writing.elapsed());
        let support = Support::of(self, &evidence);
        let generator = generator.as_ref();
        let written = Written::stream(self, generator, &messages, &evidence, &support).await;
        drop(permit);
        match written {
            Ok(written) if written.text.trim() == self.words.not_found => {
                self.gap(urls(&evidence)).await;
                Outcome::abstained(self, written, Vec::new())
            }
            Ok(written) if written.text.trim().is_empty() => {
                // Strictly, nothing of it was supported; the documentation's own words are.
                let mut quoted = self.quote(context, &evidence, None).await;
                quoted.written.used = written.used;
                quoted.written.cost_usd = written.cost_usd;
                quoted
            }
            Ok(written) => Outcome::generated(self, written, &evidence, &support),
            Err((error, said)) => {
                log_failure(generator, &error);
                if said.text.trim().is_empty() {
                    let failed = Some(self.failure_notice(&error));
                    return self.quote(context, &evidence, failed).await;
                }
                self.go_on_quoting(context, said, &evidence, &support).await
            }
        }
    }

    /// Quotes, renumbering the sources in the order they are quoted.
    async fn quote(
        &self,
        context: &Context,
        evidence: &[Evidence],
        trouble: Option<&str>,
    ) -> Outcome {
        let writing = Instant::now();
        let scorer = self.parts.scorer.as_deref();
        let Some(quoted) = quoting::quote(&context.query, &self.question.text, evidence, scorer)
            .instrument(stage!("quote"))
            .await
        else {
            return self.abstain(evidence).await;
        };
        let sources = quoted
            .cited
            .iter()
            .enumerate()
            .map(|(at, (position, quote))| {
                let renumbered = Evidence {
                    id: at + 1,
                    ..evidence[*position].clone()
                };
                renumbered.source(quote.clone())
            })
            .collect::<Vec<_>>();
        let locale = quoted
            .cited
            .first()
            .map(|(at, _)| evidence[*at].locale.clone());
        self.send(AnswerEvent::Sources(sources.clone())).await;
        self.send(AnswerEvent::Token(quoted.text.clone())).await;
        let mut outcome = Outcome::quoted(quoted.text, sources, locale.unwrap_or_default());
        outcome.written.generation_ms = ms_since(writing);
        request::took(Stage::Generation, writing.elapsed());
        outcome.add_trouble(trouble);
        outcome
    }

    /// After a generator broke off: what it said stays, and quotes follow under the same numbers.
    async fn go_on_quoting(
        &self,
        context: &Context,
        mut said: Written,
        evidence: &[Evidence],
        support: &Support,
    ) -> Outcome {
        let scorer = self.parts.scorer.as_deref();
        if let Some(quoted) = quoting::quote(&context.query, &self.question.text, evidence, scorer)
            .instrument(stage!("quote"))
            .await
        {
            let numbers: Vec<usize> = quoted
                .cited
                .iter()
                .map(|(at, _)| evidence[*at].id)
                .collect();
            let more = format!(
                "\n\n{}\n\n{}",
                self.words.quotes_follow,
                quoting::renumber(&quoted.text, &numbers)
            );
            self.send(AnswerEvent::Token(more.clone())).await;
            said.text.push_str(&more);
        }
        let mut outcome = Outcome::generated(self, said, evidence, support);
        outcome.add_trouble(Some(self.words.generator_stopped));
        outcome
    }

    /// A greeting, or a question that names nothing: no gap in the documentation, and nothing to
    /// remember.
    async fn ask_for_topic(&self) -> Outcome {
        let text = self.words.no_topic.to_owned();
        self.send(AnswerEvent::Sources(Vec::new())).await;
        self.send(AnswerEvent::Token(text.clone())).await;
        let mut outcome = Outcome::abstained(self, Written::by_us(text), Vec::new());
        outcome.is_lasting = false;
        outcome
    }

    async fn abstain(&self, evidence: &[Evidence]) -> Outcome {
        let nearest = abstention::nearest(evidence, self.language);
        let text = abstention::message(self.language, &nearest);
        let sources: Vec<_> = nearest
            .iter()
            .map(|one| one.source(one.nearest_sentence(&self.question.text)))
            .collect();
        self.send(AnswerEvent::Sources(sources.clone())).await;
        self.send(AnswerEvent::Token(text.clone())).await;
        self.gap(urls(&nearest)).await;
        Outcome::abstained(self, Written::by_us(text), sources)
    }

    /// Records that the documentation does not answer this; `nearest` are URLs.
    async fn gap(&self, nearest: Vec<String>) {
        record_gap(&self.parts.store, self.question, self.language, nearest).await;
    }

    /// Said when the generator wrote nothing.
    pub(super) fn failure_notice(&self, error: &GenerateError) -> &'static str {
        match error {
            GenerateError::OutOfBudget => self.words.generator_paused,
            _ => self.words.generator_failed,
        }
    }

    /// Said when the reader's locale or version had nothing and another was searched.
    fn scope_notice(&self, found: &Retrieved, context: &Context) -> Option<String> {
        let fallback = found.fallback.as_ref()?;
        let notice = if fallback.locale == context.scope.locale {
            self.words.other_version
        } else {
            self.words.other_locale
        };
        Some(notice.to_owned())
    }
}

fn urls(evidence: &[Evidence]) -> Vec<String> {
    evidence.iter().map(|one| one.url.clone()).collect()
}

pub(super) fn log_failure(generator: &dyn Generator, error: &GenerateError) {
    if *error == GenerateError::OutOfBudget {
        // The budget has said so itself, once.
        return;
    }
    tracing::warn!(
        event = "performance.upstream_failed",
        generator = generator.name(),
        model = generator.model(),
        %error,
        "the generator failed; quoting instead"
    );
}

fn retrieval_error(error: &RetrievalError) -> AnswerError {
    match error {
        RetrievalError::NotReady => AnswerError::NotReady {
            retry_after_s: NOT_READY_RETRY_S,
        },
        RetrievalError::Overloaded => AnswerError::Overloaded {
            retry_after_s: RETRY_AFTER_S,
        },
        RetrievalError::Index(reason) => {
            tracing::error!(%reason, "the index failed");
            AnswerError::Internal
        }
    }
}
