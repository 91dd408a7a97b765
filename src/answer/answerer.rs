//! One question from its session to its last event: the order of things, and who does them.
//!
//! Session → what is really asked ([`conversation`]) → passages → an answer that is generated,
//! quoted or withheld → checked → kept → done. It does not know HTTP, prompts or databases.

use super::conversation::{self, Context, Exchange};
use super::evidence::{self, Evidence};
use super::generator::quoting::{self, SentenceScorer};
use super::generator::{GenerateError, Generator, Used, estimate_tokens};
use super::outcome::{Outcome, Written};
use super::remembered::{Known, Remembered, Repeatable};
use super::wording::{Wording, wording};
use super::{Answer, AnswerError, AnswerEvent, Mode, Question, abstention, prompt, selection};
use crate::guard::Gate;
use crate::language::{Language, detect};
use crate::retrieval::{RetrievalError, Retrieved, Search};
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Events a slow reader may lag behind before the work waits for them.
const EVENTS_AHEAD: usize = 64;
/// Messages of a session that are looked at: the last few turns.
const HISTORY_MESSAGES: u32 = 8;
/// Seconds after which a refused question may come again: a search takes far less.
const RETRY_AFTER_S: u64 = 1;
/// The same while the documentation is being read for the first time.
const NOT_READY_RETRY_S: u64 = 5;

/// What an answerer is made of.
pub struct Parts {
    pub search: Arc<dyn Search>,
    pub store: Store,
    /// `None` quotes.
    pub generator: Option<Arc<dyn Generator>>,
    /// Scores sentences by meaning when quoting; words alone without it.
    pub scorer: Option<Arc<dyn SentenceScorer>>,
    /// How many answers are generated at once.
    pub gate: Gate,
    pub options: Options,
}

#[derive(Debug, Clone)]
pub struct Options {
    /// What the prompt calls the site.
    pub site_name: String,
    /// Sentences that the passages don't support are left out, not only marked.
    pub strict: bool,
    /// Longest generated answer.
    pub max_tokens: u32,
    /// How long an answer is given again to the same question; zero for never.
    pub remember_for: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            site_name: "this site".to_owned(),
            strict: false,
            // Some 500 words: longer answers should be pages.
            max_tokens: 800,
            remember_for: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Parts {
    /// Quoting answers, with everything else as it is by default.
    pub fn new(search: Arc<dyn Search>, store: Store) -> Self {
        let limits = crate::guard::Options::default();
        Self {
            search,
            store,
            generator: None,
            scorer: None,
            gate: Gate::new(limits.max_generations, limits.max_wait),
            options: Options::default(),
        }
    }
}

/// Answers questions; cheap to clone.
#[derive(Clone)]
pub struct Answerer {
    parts: Arc<Parts>,
    remembered: Arc<Option<Remembered>>,
}

impl Answerer {
    pub fn new(parts: Parts) -> Self {
        Self {
            remembered: Arc::new(Remembered::new(&parts)),
            parts: Arc::new(parts),
        }
    }

    /// Starts answering. Dropping the receiver cancels the work, upstream included.
    pub fn ask(&self, question: Question) -> mpsc::Receiver<AnswerEvent> {
        let looked_up = self.look_up(&question);
        self.start(question, looked_up)
    }

    /// The answer alone. Dropping the future cancels the work.
    pub async fn answer(&self, question: Question) -> Result<Answer, AnswerError> {
        let looked_up = self.look_up(&question);
        if let LookedUp::Known(known) = looked_up {
            // No need for a task and its channel, which would cost more than all the rest.
            return known
                .again(&self.parts.store, &question, Instant::now())
                .await;
        }
        let mut events = self.start(question, looked_up);
        while let Some(event) = events.recv().await {
            match event {
                AnswerEvent::Done(answer) => return Ok(*answer),
                AnswerEvent::Failed(error) => return Err(error),
                AnswerEvent::Session(_) | AnswerEvent::Sources(_) | AnswerEvent::Token(_) => {}
            }
        }
        // Without a last event the process is going down.
        Err(AnswerError::Overloaded {
            retry_after_s: RETRY_AFTER_S,
        })
    }

    fn look_up(&self, question: &Question) -> LookedUp {
        let Some((remembered, generation)) = self
            .remembered
            .as_ref()
            .as_ref()
            .zip(self.parts.search.generation())
        else {
            return LookedUp::Unique;
        };
        match remembered.repeatable(question, generation) {
            None => LookedUp::Unique,
            Some(asked) => match remembered.recall(&asked) {
                Some(known) => LookedUp::Known(known),
                None => LookedUp::New(asked),
            },
        }
    }

    fn start(&self, question: Question, looked_up: LookedUp) -> mpsc::Receiver<AnswerEvent> {
        let (events, receiver) = mpsc::channel(EVENTS_AHEAD);
        let this = self.clone();
        tokio::spawn(async move {
            let work = async {
                let last = match this.tell(question, looked_up, &events).await {
                    Ok(answer) => AnswerEvent::Done(Box::new(answer)),
                    Err(error) => AnswerEvent::Failed(error),
                };
                send(&events, last).await;
            };
            tokio::select! {
                () = work => {}
                () = events.closed() => {}
            }
        });
        receiver
    }

    async fn tell(
        &self,
        question: Question,
        looked_up: LookedUp,
        events: &mpsc::Sender<AnswerEvent>,
    ) -> Result<Answer, AnswerError> {
        let asked = match looked_up {
            LookedUp::Known(known) => {
                let again = known.again(&self.parts.store, &question, Instant::now());
                let answer = again.await?;
                send(events, AnswerEvent::Session(answer.session_id.clone())).await;
                send(events, AnswerEvent::Sources(answer.sources.clone())).await;
                send(events, AnswerEvent::Token(answer.text.clone())).await;
                return Ok(answer);
            }
            LookedUp::New(asked) => Some(asked),
            LookedUp::Unique => None,
        };
        answer(&self.parts, question, events, &|outcome, language| {
            if let (Some(remembered), Some(asked)) = (self.remembered.as_ref(), &asked) {
                remembered.keep(asked, outcome, language);
            }
        })
        .await
    }
}

/// What is remembered of a question.
enum LookedUp {
    Known(Arc<Known>),
    /// Nothing yet, but its answer may be remembered.
    New(Repeatable),
    /// It stands in a conversation, or nothing is to be remembered.
    Unique,
}

/// What one question needs along its way.
pub(super) struct Asking<'a> {
    pub parts: &'a Parts,
    pub events: &'a mpsc::Sender<AnswerEvent>,
    pub question: &'a Question,
    pub session_id: String,
    pub language: Language,
    pub words: &'static Wording,
    pub history: Vec<Exchange>,
    pub started: Instant,
}

/// Answers what is not remembered; `learn` is told what came out.
async fn answer(
    parts: &Parts,
    question: Question,
    events: &mpsc::Sender<AnswerEvent>,
    learn: &(dyn Fn(&Outcome, Language) + Sync),
) -> Result<Answer, AnswerError> {
    let started = Instant::now();
    let session = match &question.session_id {
        Some(id) => parts.store.sessions.touch(id).await,
        None => parts.store.sessions.create().await,
    }
    .map_err(|error| store_error(&error))?;
    send(events, AnswerEvent::Session(session.id.clone())).await;
    let history = match &question.session_id {
        Some(id) => {
            let kept = parts.store.turns.recent(id, HISTORY_MESSAGES).await;
            conversation::exchanges(kept.map_err(|error| store_error(&error))?)
        }
        None => {
            let known = parts.search.known_scopes();
            conversation::replay(&question.brought.earlier, &question.scope, &known)
        }
    };
    let language = detect(&question.text);
    let asking = Asking {
        parts,
        events,
        question: &question,
        session_id: session.id,
        language,
        words: wording(language),
        history,
        started,
    };
    let outcome = match question.mode {
        Mode::SelectedText => asking.ask_selection().await,
        Mode::FullBook => asking.ask_documentation().await?,
    };
    learn(&outcome, language);
    outcome.keep(&asking).await
}

impl Asking<'_> {
    async fn ask_documentation(&self) -> Result<Outcome, AnswerError> {
        let (context, rewriting) = self.understand().await;
        let searching = Instant::now();
        let found = self
            .parts
            .search
            .search(&context.query, &context.scope, self.question.top_k)
            .await
            .map_err(|error| retrieval_error(&error))?;
        let retrieval_ms = ms_since(searching);
        let notice = self.scope_notice(&found, &context);
        let words_only = found.words_only;
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
        if is_found {
            outcome.add_notice(notice);
        }
        if words_only {
            outcome.add_notice(Some(self.words.still_indexing.to_owned()));
        }
        outcome.is_lasting &= !found.words_only;
        outcome.context = context;
        Ok(outcome)
    }

    /// The model that writes, unless quotes are asked for.
    fn generator(&self) -> Option<&Arc<dyn Generator>> {
        let wanted = !self.question.brought.quoting;
        self.parts.generator.as_ref().filter(|_| wanted)
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
        let messages = prompt::from_passages(
            &self.parts.options.site_name,
            &self.question.text,
            self.language,
            &evidence,
            &self.history,
            &self.question.brought.instructions,
        );
        let written = Written::stream(self, generator.as_ref(), &messages, &evidence).await;
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
            Ok(written) => Outcome::generated(self, written, &evidence),
            Err((error, said)) => {
                log_failure(generator.as_ref(), &error);
                if said.text.trim().is_empty() {
                    let failed = Some(self.failure_notice(&error));
                    return self.quote(context, &evidence, failed).await;
                }
                self.go_on_quoting(context, said, &evidence).await
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
        let Some(quoted) =
            quoting::quote(&context.query, &self.question.text, evidence, scorer).await
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
        outcome.add_trouble(trouble);
        outcome
    }

    /// After a generator broke off: what it said stays, and quotes follow under the same numbers.
    async fn go_on_quoting(
        &self,
        context: &Context,
        mut said: Written,
        evidence: &[Evidence],
    ) -> Outcome {
        let scorer = self.parts.scorer.as_deref();
        if let Some(quoted) =
            quoting::quote(&context.query, &self.question.text, evidence, scorer).await
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
        let mut outcome = Outcome::generated(self, said, evidence);
        outcome.add_trouble(Some(self.words.generator_stopped));
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

    async fn ask_selection(&self) -> Outcome {
        let text = self.question.selected_text.as_deref().unwrap_or_default();
        let selection = selection::evidence(text);
        self.send(AnswerEvent::Sources(Vec::new())).await;
        let Some(generator) = self.generator() else {
            return self.quote_selection(&selection, None).await;
        };
        let Some(permit) = self.parts.gate.enter().await else {
            return self
                .quote_selection(&selection, Some(self.words.generator_busy))
                .await;
        };
        let messages = prompt::from_selection(
            &self.parts.options.site_name,
            &self.question.text,
            self.language,
            text,
            &self.history,
        );
        let alone = std::slice::from_ref(&selection);
        let written = Written::stream_uncited(self, generator.as_ref(), &messages, alone).await;
        drop(permit);
        match written {
            Ok(written) if written.text.trim() == self.words.not_in_selection => {
                Outcome::abstained(self, written, Vec::new())
            }
            Ok(written) => Outcome::generated(self, written, alone).without_sources(),
            Err((error, said)) => {
                log_failure(generator.as_ref(), &error);
                if said.text.trim().is_empty() {
                    return self
                        .quote_selection(&selection, Some(self.failure_notice(&error)))
                        .await;
                }
                let mut outcome = Outcome::generated(self, said, alone).without_sources();
                outcome.add_trouble(Some(self.words.generator_stopped));
                outcome
            }
        }
    }

    async fn quote_selection(&self, selection: &Evidence, trouble: Option<&str>) -> Outcome {
        let scorer = self.parts.scorer.as_deref();
        let found = selection::quote(&self.question.text, selection, scorer).await;
        let is_found = found.is_some();
        let text = found.unwrap_or_else(|| self.words.not_in_selection.to_owned());
        self.send(AnswerEvent::Token(text.clone())).await;
        let mut outcome = if is_found {
            Outcome::quoted(text, Vec::new(), self.language.code.as_str().to_owned())
        } else {
            Outcome::abstained(self, Written::by_us(text), Vec::new())
        };
        outcome.add_trouble(trouble);
        outcome
    }

    /// Said when the generator wrote nothing.
    fn failure_notice(&self, error: &GenerateError) -> &'static str {
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

    pub async fn send(&self, event: AnswerEvent) {
        send(self.events, event).await;
    }
}

/// A reader who has left is noticed by `closed()`; what can't be delivered is dropped here.
async fn send(events: &mpsc::Sender<AnswerEvent>, event: AnswerEvent) {
    let _ = events.send(event).await;
}

/// Records that the documentation does not answer `question`; `nearest` are URLs.
pub(super) async fn record_gap(
    store: &Store,
    question: &Question,
    language: Language,
    nearest: Vec<String>,
) {
    let locale = question.scope.locale.clone();
    let locale = locale.unwrap_or_else(|| language.code.as_str().to_owned());
    let recorded = store.gaps.record(&question.text, &locale, &nearest).await;
    if let Err(error) = recorded {
        tracing::warn!(%error, "a documentation gap could not be recorded");
    }
}

fn urls(evidence: &[Evidence]) -> Vec<String> {
    evidence.iter().map(|one| one.url.clone()).collect()
}

pub(super) fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

fn log_failure(generator: &dyn Generator, error: &GenerateError) {
    if *error == GenerateError::OutOfBudget {
        // The budget has said so itself, once.
        return;
    }
    tracing::warn!(
        generator = generator.name(),
        model = generator.model(),
        %error,
        "the generator failed; quoting instead"
    );
}

pub(super) fn store_error(error: &StoreError) -> AnswerError {
    match error {
        StoreError::NotFound => AnswerError::SessionNotFound,
        StoreError::Busy(reason) => {
            tracing::error!(%reason, "the conversation could not be kept");
            AnswerError::NotKept {
                retry_after_s: RETRY_AFTER_S,
            }
        }
        StoreError::Open(reason) | StoreError::Failed(reason) => {
            tracing::error!(%reason, "the chat database failed");
            AnswerError::Internal
        }
    }
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
