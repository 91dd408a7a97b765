//! The data folder and its living generation.

use super::embed::embed;
use super::noise::NoiseVectors;
use super::prepare;
use super::progress::{Phase, Progress};
use super::pushed::{Folder, Pushed};
use super::survey::{Seen, Survey};
use super::walked::{Walked, changed_at};
use super::words::{update_words, write_words};
use super::{IngestError, watch};
use crate::corpus::{self, CHUNKER_VERSION, Corpus, Site, Warning};
use crate::embedding::Embedder;
use crate::index::{Draft, Embedded, Index, Manifest, State};
use crate::telemetry::metrics::{
    INDEX_BUILD_DURATION, INDEX_CHECKED, INDEX_FAILURES, INDEX_GENERATIONS,
};
use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch as channel;

#[derive(Debug, Clone)]
pub struct Options {
    pub corpus: corpus::Options,
    /// Folder for everything that is kept; the index lives in its `index/`.
    pub state: PathBuf,
}

/// Where nobody has looked at the folder for this long, it is looked at when the documents were
/// changed: often enough for the alert, which waits for half an hour.
const LOOK_AT_AGE_EVERY: Duration = Duration::from_secs(5 * 60);

/// What a look at the data folder led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing had changed.
    Unchanged,
    /// A new generation is living.
    Rebuilt { documents: usize, chunks: usize },
    /// The library is closing.
    Stopped,
}

/// Owns the data folder and the generations made from it.
pub struct Library {
    options: Options,
    embedder: Arc<dyn Embedder>,
    state: State,
    pushed: Folder,
    living: ArcSwapOption<Embedded>,
    site: ArcSwapOption<Site>,
    warnings: ArcSwap<Vec<Warning>>,
    progress: channel::Sender<Progress>,
    /// One look at a time; what the last one saw.
    working: Mutex<Seen>,
    stopping: AtomicBool,
    walked: Walked,
    /// Held for as long as the process works on the state folder.
    _lock: File,
}

impl Library {
    /// Takes the state folder and opens the generation in it, if there is a sound one.
    pub fn open(options: Options, embedder: Arc<dyn Embedder>) -> Result<Arc<Self>, IngestError> {
        let lock = lock(&options.state)?;
        let state = State::open(&options.state.join("index"))?;
        let living = open_living(&state);
        // What a killed process had begun is not gone on with.
        state.sweep();
        let library = Self {
            pushed: Folder::new(&options.state),
            living: ArcSwapOption::from_pointee(living),
            site: ArcSwapOption::empty(),
            warnings: ArcSwap::default(),
            progress: channel::Sender::new(Progress::starting()),
            working: Mutex::default(),
            stopping: AtomicBool::new(false),
            walked: Walked::default(),
            _lock: lock,
            options,
            embedder,
            state,
        };
        let generation = library
            .index()
            .map(|index| index.summary().generation.clone());
        library.progress.send_modify(|p| p.generation = generation);
        Ok(Arc::new(library))
    }

    /// The living generation; `None` before the first one.
    pub fn index(&self) -> Option<Arc<Embedded>> {
        self.living.load_full()
    }

    /// What is known of the site; `None` before the folder was first looked at.
    pub fn site(&self) -> Option<Arc<Site>> {
        self.site.load_full()
    }

    /// Files that could not be read, or only in part, when the folder was last looked at.
    pub fn warnings(&self) -> Arc<Vec<Warning>> {
        self.warnings.load_full()
    }

    /// How far indexing is; changes can be awaited.
    pub fn progress(&self) -> channel::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// What the model makes of questions that have nothing to do with one another. Blocking.
    pub fn unrelated_questions(&self) -> Result<NoiseVectors, IngestError> {
        NoiseVectors::of(self.embedder.as_ref(), self.state.root())
    }

    /// Looks at the folder and, if anything changed, builds and publishes a new generation.
    /// Blocking, for as long as embedding takes.
    pub fn refresh(&self) -> Result<Outcome, IngestError> {
        let mut seen = self
            .working
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let started = Instant::now();
        let result = self.rebuild(&mut seen);
        if let Ok(Outcome::Rebuilt { .. }) = &result {
            metrics::histogram!(INDEX_BUILD_DURATION).record(started.elapsed());
        }
        if let Err(error) = &result {
            // What was written so far is of no use, and may be what filled the disk.
            self.state.sweep();
            metrics::counter!(INDEX_FAILURES).increment(1);
            self.progress.send_modify(|p| {
                p.phase = Phase::Failed;
                p.last_error = Some(error.to_string());
            });
        }
        result
    }

    /// Keeps a pushed document and indexes it. False if it was there already. Blocking.
    pub fn push(&self, document: &Pushed) -> Result<bool, IngestError> {
        let added = self.pushed.add(document)?;
        if added {
            self.refresh()?;
        }
        Ok(added)
    }

    /// Starts a thread that indexes now and, with `watch`, after every change of the folder.
    pub fn spawn(self: &Arc<Self>, watch: bool) {
        let library = Arc::clone(self);
        let work = move || {
            library.refresh_and_log();
            if watch {
                let options = &library.options;
                watch::watch(&options.corpus.data, &options.state, || {
                    library.refresh_and_log();
                    !library.is_stopping()
                });
            }
        };
        std::thread::Builder::new()
            .name("ingest".to_owned())
            .spawn(work)
            .expect("a thread can be started at this point");
        self.tell_of_age();
    }

    /// Starts a thread that tells when the documents were changed where nothing else looks: without
    /// `--watch`, and where the thread that indexes hangs. An index that nobody makes anew, for
    /// whatever reason, has to be noticed.
    fn tell_of_age(self: &Arc<Self>) {
        let library = Arc::downgrade(self);
        let look = move || {
            loop {
                std::thread::sleep(LOOK_AT_AGE_EVERY);
                let Some(library) = library.upgrade().filter(|one| !one.is_stopping()) else {
                    return;
                };
                if !library.walked.is_within(LOOK_AT_AGE_EVERY) {
                    library.documents_changed_at();
                }
            }
        };
        std::thread::Builder::new()
            .name("documents-age".to_owned())
            .spawn(look)
            .expect("a thread can be started at this point");
    }

    /// The latest time of a file of the documentation; `None` where none is known. Blocking.
    pub fn documents_changed_at(&self) -> Option<Timestamp> {
        changed_at(&self.walk().ok()?)
    }

    /// What the folder holds; when it was changed is told on the way.
    fn walk(&self) -> Result<Corpus, IngestError> {
        let corpus = prepare::discover(&self.options.corpus)?;
        self.walked.tell(&corpus);
        Ok(corpus)
    }

    /// Ends running work at the next batch; what was embedded is kept for the next start.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn refresh_and_log(&self) {
        let started = Instant::now();
        match self.refresh() {
            Ok(Outcome::Rebuilt { documents, chunks }) => {
                let seconds = started.elapsed().as_secs_f64();
                tracing::info!(documents, chunks, seconds, "the documentation is indexed");
            }
            Ok(Outcome::Unchanged | Outcome::Stopped) => {}
            Err(error) if self.index().is_some() => {
                tracing::error!(event = "index.failed", %error, "the documentation could not be indexed; the last index still answers");
            }
            Err(error) => {
                tracing::error!(event = "index.failed", %error, "the documentation could not be indexed, and there is no index from before: no question can be answered");
            }
        }
    }

    fn rebuild(&self, seen: &mut Seen) -> Result<Outcome, IngestError> {
        self.report(|p| {
            p.last_error = None;
            if p.phase != Phase::Ready {
                p.phase = Phase::Reading;
            }
        });
        let corpus = self.walk()?;
        let pushed = self.pushed.documents(&corpus.site);
        self.site.store(Some(Arc::new(corpus.site.clone())));
        let living = self.index();
        let embedder = self.embedder.as_ref();
        let continued = match &living {
            None => None,
            Some(index) => {
                let survey = seen.survey(&corpus, &pushed, &index.document_hashes()?);
                self.keep_warnings(survey.warnings.clone());
                let manifest = index.manifest();
                let vectors = manifest.vectors.as_ref();
                let vectors_fit = vectors.is_some_and(|v| v.model == *embedder.identity());
                if fits(manifest, &survey) && vectors_fit {
                    self.ready();
                    return Ok(Outcome::Unchanged);
                }
                if fits(manifest, &survey) {
                    Some(Draft::of(&self.state, index)?)
                } else {
                    update_words(&self.state, index, survey, &corpus.site.title, embedder)?
                }
            }
        };
        let draft = match continued {
            Some(draft) => draft,
            None => {
                let written = write_words(&self.state, corpus, pushed, embedder, seen)?;
                self.keep_warnings(written.warnings);
                written.draft
            }
        };
        let documents = draft.documents();
        let draft = if living.is_some() {
            draft
        } else {
            // Nobody is answered yet: words answer while the vectors are computed.
            self.make_living(draft)?;
            let index = self.index().expect("just made living");
            Draft::of(&self.state, &index)?
        };
        let chunks = draft.chunks();
        self.report(|p| {
            p.phase = Phase::Embedding;
            p.documents = documents;
            p.chunks_total = chunks;
        });
        let mut report = |done: usize, pace: &super::progress::Pace| {
            self.report(|p| {
                p.chunks_embedded = done;
                p.rate_per_s = pace.rate_per_s();
                p.eta_s = pace.eta_s();
            });
            !self.is_stopping()
        };
        let Some(draft) = embed(draft, &self.state, living.as_deref(), embedder, &mut report)?
        else {
            return Ok(Outcome::Stopped);
        };
        self.make_living(draft)?;
        self.ready();
        Ok(Outcome::Rebuilt { documents, chunks })
    }

    /// Makes the draft the living generation, first in this process and then on disk: a reader need
    /// not wait for the disk, and a crash in between costs the next start what was changed last.
    fn make_living(&self, mut draft: Draft) -> Result<(), IngestError> {
        let before = self.index();
        let index = draft.open()?;
        let summary = index.summary().clone();
        // First living, then told of: whoever waits for the generation may ask at once.
        self.living.store(Some(Arc::new(index)));
        metrics::counter!(INDEX_GENERATIONS).increment(1);
        self.report(|p| {
            p.documents = summary.documents;
            p.chunks_total = summary.chunks;
            p.generation = Some(summary.generation);
        });
        if let Err(error) = draft.publish(&self.state) {
            // Its files go when the folder is swept.
            self.living.store(before);
            return Err(error.into());
        }
        self.state.sweep();
        Ok(())
    }

    fn ready(&self) {
        let summary = self.index().map(|index| index.summary().clone());
        metrics::gauge!(INDEX_CHECKED).set(Timestamp::now().as_second() as f64);
        self.report(|p| {
            p.phase = Phase::Ready;
            p.eta_s = None;
            if let Some(summary) = summary {
                p.documents = summary.documents;
                p.chunks_total = summary.chunks;
                p.chunks_embedded = summary.vectors;
            }
        });
    }

    fn keep_warnings(&self, warnings: Vec<Warning>) {
        let old = self.warnings();
        for warning in warnings.iter().filter(|w| !old.contains(w)) {
            tracing::warn!(path = %warning.path, reason = %warning.reason, "a document was not read, or only in part");
        }
        self.report(|p| p.warnings = warnings.len());
        self.warnings.store(Arc::new(warnings));
    }

    fn report(&self, change: impl FnOnce(&mut Progress)) {
        self.progress.send_modify(change);
    }
}

/// Whether the index holds just what the folder does.
fn fits(manifest: &Manifest, survey: &Survey) -> bool {
    manifest.corpus_hash == survey.hash && manifest.chunker_version == CHUNKER_VERSION
}

fn lock(state: &Path) -> Result<File, IngestError> {
    let wrong = |source| IngestError::State {
        path: state.display().to_string(),
        source,
    };
    std::fs::create_dir_all(state).map_err(wrong)?;
    let file = File::create(state.join("lock")).map_err(wrong)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(IngestError::Locked(state.display().to_string()))
        }
        Err(std::fs::TryLockError::Error(source)) => Err(wrong(source)),
    }
}

/// The generation on disk, or `None` and one line in the log when it has to be rebuilt.
fn open_living(state: &State) -> Option<Embedded> {
    let path = state.current()?;
    match Embedded::open(&path) {
        Ok(index) => Some(index),
        Err(error) => {
            tracing::warn!(%error, "the index on disk cannot be used and is built anew");
            None
        }
    }
}
