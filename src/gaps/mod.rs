//! What the documentation lacks, as the list that a docs writer works from: questions asked in
//! vain, those that mean the same together, below the page that comes nearest to them.
//!
//! Questions are kept by the store; here they are put in order. Nobody waits for this but whoever
//! looks at the list, so vectors are computed when it is asked for and remembered. It does not
//! know answers or HTTP.

mod likeness;
mod report;

pub use report::{Counts, Group, Page, Report};

use crate::embedding::EmbeddingQueue;
use crate::ingest::Library;
use crate::language::detect;
use crate::store::{Gap, GapStore, StoreError};
use futures::StreamExt;
use likeness::Likeness;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Questions that one list is made of, the most frequent. A thousand vectors take 1.5 MB, and
/// nobody reads on.
pub const MAX_QUESTIONS: u32 = 1_000;

/// Vectors asked for at once: readers' questions wait for two at most.
const AT_ONCE: usize = 2;

/// Which gaps are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Open,
    Done,
    All,
}

/// The documentation's gaps, and what is needed to put them in order.
pub struct Gaps {
    store: Arc<dyn GapStore>,
    library: Arc<Library>,
    embeddings: EmbeddingQueue,
    /// By the gap's id; only of those in the last list.
    vectors: Mutex<HashMap<String, Arc<[f32]>>>,
    likeness: OnceCell<Arc<Likeness>>,
}

impl Gaps {
    pub fn new(
        store: Arc<dyn GapStore>,
        library: Arc<Library>,
        embeddings: EmbeddingQueue,
    ) -> Self {
        Self {
            store,
            library,
            embeddings,
            vectors: Mutex::default(),
            likeness: OnceCell::new(),
        }
    }

    /// The list as it is now.
    pub async fn report(&self, wanted: Wanted) -> Result<Report, StoreError> {
        let mut gaps = self.store.list(MAX_QUESTIONS).await?;
        gaps.retain(|gap| match wanted {
            Wanted::Open => gap.is_open(),
            Wanted::Done => !gap.is_open(),
            Wanted::All => true,
        });
        let titles = self.titles(&gaps);
        let likeness = self.likeness().await;
        let vectors = match &likeness {
            Some(likeness) => self.vectors(&gaps, likeness).await,
            None => HashMap::new(),
        };
        // Up to a million cosines: not on an async thread.
        let made = tokio::task::spawn_blocking(move || {
            Report::of(gaps, &vectors, likeness.as_deref(), &titles)
        });
        made.await
            .map_err(|error| StoreError::Failed(format!("the gaps could not be grouped: {error}")))
    }

    /// Says that these are done, or are not after all; returns how many there were.
    pub async fn mark(&self, ids: Vec<String>, is_done: bool) -> Result<u64, StoreError> {
        self.store.mark(ids, is_done).await
    }

    /// Titles of the pages that are near, by their addresses.
    fn titles(&self, gaps: &[Gap]) -> HashMap<String, String> {
        let Some(index) = self.library.index() else {
            return HashMap::new();
        };
        let near: HashSet<&str> = gaps.iter().filter_map(report::nearest_page).collect();
        let documents = crate::index::Index::documents(index.as_ref()).iter();
        documents
            .filter(|document| near.contains(document.route.as_str()))
            .map(|document| (document.route.clone(), document.title.clone()))
            .collect()
    }

    /// `None` where the model cannot be asked: each question then stands alone.
    async fn likeness(&self) -> Option<Arc<Likeness>> {
        let measured = self.likeness.get_or_try_init(|| async {
            let library = Arc::clone(&self.library);
            let vectors = tokio::task::spawn_blocking(move || library.unrelated_questions()).await;
            match vectors {
                Ok(Ok(unrelated)) => Ok(Arc::new(Likeness::measured(&unrelated))),
                Ok(Err(error)) => Err(error.to_string()),
                Err(error) => Err(error.to_string()),
            }
        });
        measured
            .await
            .inspect_err(|reason| tracing::warn!(reason, "gaps are not grouped by meaning"))
            .ok()
            .cloned()
    }

    /// What each question means, as far as the model says so in time.
    async fn vectors(&self, gaps: &[Gap], likeness: &Likeness) -> HashMap<String, Arc<[f32]>> {
        let mut known = self.take_known(gaps);
        let missing: Vec<(String, String)> = gaps
            .iter()
            .filter(|gap| !known.contains_key(&gap.id))
            .map(|gap| (gap.id.clone(), gap.question.clone()))
            .collect();
        let mut asked = futures::stream::iter(missing)
            .map(|(id, question)| async move {
                let script = detect(&question).script;
                (id, script, self.embeddings.embed_query(question).await)
            })
            .buffered(AT_ONCE);
        while let Some((id, script, vector)) = asked.next().await {
            match vector {
                Ok(vector) => {
                    known.insert(id, Arc::from(likeness.centred(script, vector)));
                }
                Err(error) => tracing::debug!(%error, "a gap has no vector"),
            }
        }
        drop(asked);
        *self.remembered() = known.clone();
        known
    }

    fn take_known(&self, gaps: &[Gap]) -> HashMap<String, Arc<[f32]>> {
        let known = self.remembered();
        let of = |gap: &Gap| Some((gap.id.clone(), Arc::clone(known.get(&gap.id)?)));
        gaps.iter().filter_map(of).collect()
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<[f32]>>> {
        self.vectors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
