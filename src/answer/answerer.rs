//! One question from its session to its last event: the order of things, and who does them.
//!
//! Session → what is really asked ([`conversation`]) → passages → an answer that is generated,
//! quoted or withheld → checked → kept → done. It does not know HTTP, prompts or databases.

use super::conversation::{self, Exchange};
use super::generator::Generator;
use super::generator::quoting::SentenceScorer;
use super::outcome::Outcome;
use super::remembered::{Known, Remembered, Repeatable};
use super::support::Meanings;
use super::wording::{Wording, wording};
use super::{Answer, AnswerError, AnswerEvent, Mode, Question};
use crate::guard::Gate;
use crate::language::{Language, detect};
use crate::retrieval::Search;
use crate::stage;
use crate::store::{Store, StoreError};
use crate::telemetry::request;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tracing::Instrument;

/// Events a slow reader may lag behind before the work waits for them.
const EVENTS_AHEAD: usize = 64;
/// Messages of a session that are looked at: the last few turns.
const HISTORY_MESSAGES: u32 = 8;
/// Seconds after which a refused question may come again: a search takes far less.
pub(super) const RETRY_AFTER_S: u64 = 1;

/// What an answerer is made of.
pub struct Parts {
    pub search: Arc<dyn Search>,
    pub store: Store,
    /// `None` quotes.
    pub generator: Option<Arc<dyn Generator>>,
    /// Scores sentences by meaning when quoting; words alone without it.
    pub scorer: Option<Arc<dyn SentenceScorer>>,
    /// Checks what a model wrote by meaning as well; words alone without it.
    pub meanings: Option<Meanings>,
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
    /// Who computes the questions' vectors, for the figures.
    pub embedding_model: String,
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
            embedding_model: String::new(),
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
            meanings: None,
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
                .instrument(stage!("remembered"))
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

    /// How many answers wait for their turn, of how many that may.
    pub fn waiting(&self) -> (usize, usize) {
        self.parts.gate.waiting()
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
        let telling = async move {
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
        };
        tokio::spawn(request::carry(telling.instrument(stage!("answer"))));
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
    let session = async {
        match &question.session_id {
            Some(id) => parts.store.sessions.touch(id).await,
            None => parts.store.sessions.create().await,
        }
    };
    let session = session.instrument(stage!("session")).await;
    let session = session.map_err(|error| store_error(&error))?;
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
    outcome.keep(&asking).instrument(stage!("keep")).await
}

impl Asking<'_> {
    /// The model that writes, unless quotes are asked for.
    pub(super) fn generator(&self) -> Option<&Arc<dyn Generator>> {
        let wanted = !self.question.brought.quoting;
        self.parts.generator.as_ref().filter(|_| wanted)
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

pub(super) fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
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
