//! The request that is being handled: its id for every log line, and where its time went.
//!
//! It follows a request through the tasks that work for it ([`carry`]), so that no function has to
//! hand it on. It does not know HTTP.

use super::metrics::STAGE_DURATION;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A stage on a question's way, in the order they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Embed,
    Words,
    Vectors,
    Fuse,
    Prompt,
    /// From the prompt's sending to the model's first word.
    FirstToken,
    /// All of the writing: a model's, or the choosing of quotes.
    Generation,
}

impl Stage {
    pub const ALL: [Self; 7] = [
        Self::Embed,
        Self::Words,
        Self::Vectors,
        Self::Fuse,
        Self::Prompt,
        Self::FirstToken,
        Self::Generation,
    ];

    /// As the metric's label has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embed => "embed",
            Self::Words => "words",
            Self::Vectors => "vectors",
            Self::Fuse => "fuse",
            Self::Prompt => "prompt",
            Self::FirstToken => "first_token",
            Self::Generation => "generation",
        }
    }

    /// As the log's field has it.
    pub fn field(self) -> &'static str {
        match self {
            Self::Embed => "embed_ms",
            Self::Words => "words_ms",
            Self::Vectors => "vectors_ms",
            Self::Fuse => "fuse_ms",
            Self::Prompt => "prompt_ms",
            Self::FirstToken => "first_token_ms",
            Self::Generation => "generation_ms",
        }
    }
}

/// What the log tells of one request.
#[derive(Debug, Default)]
pub struct Request {
    pub id: String,
    /// Nanoseconds by stage; 0 where it was not come to.
    stages: [AtomicU64; Stage::ALL.len()],
    /// Hashed.
    session: OnceLock<String>,
    answer: OnceLock<Answered>,
    /// A key's id, where one was shown.
    key: OnceLock<String>,
}

/// What came of a question.
#[derive(Debug, Clone)]
pub struct Answered {
    pub generator: String,
    pub is_abstained: bool,
    pub is_cached: bool,
    pub total_ms: f64,
}

/// Hexadecimal characters of a hashed session: enough to tell conversations apart, and no way back.
const SESSION_CHARS: usize = 16;

tokio::task_local! {
    static CURRENT: Arc<Request>;
}

impl Request {
    pub fn new(id: String) -> Arc<Self> {
        Arc::new(Self {
            id,
            ..Self::default()
        })
    }

    /// Milliseconds that a stage took, if the request came to it.
    pub fn stage_ms(&self, stage: Stage) -> Option<f64> {
        let ns = self.stages[stage as usize].load(Ordering::Relaxed);
        (ns > 0).then_some(ns as f64 / 1e6)
    }

    pub fn session(&self) -> Option<&str> {
        self.session.get().map(String::as_str)
    }

    pub fn answered(&self) -> Option<&Answered> {
        self.answer.get()
    }

    pub fn key(&self) -> Option<&str> {
        self.key.get().map(String::as_str)
    }

    /// Says which conversation it belongs to. The id is the reader's secret, so its hash is kept;
    /// ids are random enough that nobody finds one by trying.
    pub fn in_session(&self, id: &str) {
        self.session.get_or_init(|| {
            let hash = blake3::derive_key("rag-chatbot log session", id.as_bytes());
            let hex = blake3::Hash::from_bytes(hash).to_hex();
            hex[..SESSION_CHARS].to_owned()
        });
    }

    pub fn with_key(&self, id: &str) {
        self.key.get_or_init(|| id.to_owned());
    }

    pub fn has_answer(&self, answered: Answered) {
        let _the_first_is_kept = self.answer.set(answered);
    }
}

/// The request being handled, if there is one.
pub fn current() -> Option<Arc<Request>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Does something with the request being handled, if there is one.
pub fn with_current<T>(tell: impl FnOnce(&Request) -> T) -> Option<T> {
    CURRENT.try_with(|request| tell(request)).ok()
}

/// Runs `work` for `request`.
pub async fn scope<F: Future>(request: Arc<Request>, work: F) -> F::Output {
    CURRENT.scope(request, work).await
}

/// Runs `work` for `request`, on the spot.
pub fn on_the_spot<T>(request: &Arc<Request>, work: impl FnOnce() -> T) -> T {
    CURRENT.sync_scope(Arc::clone(request), work)
}

/// `work` for the request being handled, also where another task does it.
pub fn carry<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let request = current();
    async move {
        match request {
            Some(request) => scope(request, work).await,
            None => work.await,
        }
    }
}

/// A stage took this long: for the figures, and for the line of the request.
pub fn took(stage: Stage, time: Duration) {
    metrics::histogram!(STAGE_DURATION, "stage" => stage.name()).record(time);
    let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    with_current(|request| {
        // A question may be searched again in a wider scope: both took their time.
        request.stages[stage as usize].fetch_add(ns.max(1), Ordering::Relaxed);
    });
}

/// The same, for who measures in milliseconds.
pub fn took_ms(stage: Stage, ms: f64) {
    took(
        stage,
        Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::{TABLE, Values};

    #[test]
    fn the_metrics_label_has_the_stages() {
        let metric = TABLE.iter().find(|metric| metric.name == STAGE_DURATION);
        let Some(Values::Set(declared)) = metric.map(|metric| metric.labels[0].values) else {
            panic!("the stages are a closed set");
        };
        assert_eq!(declared, Stage::ALL.map(Stage::name));
    }

    #[tokio::test]
    async fn a_request_is_known_in_the_tasks_that_work_for_it_and_nowhere_else() {
        let request = Request::new("r-1".to_owned());
        scope(Arc::clone(&request), async {
            let inside = carry(async {
                took(Stage::Embed, Duration::from_millis(2));
                took(Stage::Embed, Duration::from_millis(3));
                current().map(|request| request.id.clone())
            });
            assert_eq!(
                tokio::spawn(inside).await.expect("it ends").as_deref(),
                Some("r-1")
            );
            let other = tokio::spawn(async { current().is_none() });
            assert!(other.await.expect("it ends"));
        })
        .await;
        assert_eq!(request.stage_ms(Stage::Embed), Some(5.0));
        assert_eq!(request.stage_ms(Stage::Words), None);
    }

    #[test]
    fn a_session_is_told_by_its_hash() {
        let [one, same, other] = ["a", "a", "b"].map(|id| {
            let request = Request::new(String::new());
            request.in_session(id);
            request.session().map(str::to_owned)
        });
        assert_eq!(one.as_ref().map(String::len), Some(SESSION_CHARS));
        assert_eq!(one, same);
        assert_ne!(one, other);
    }
}
