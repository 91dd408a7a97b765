//! An answerer over a real index of a few pages, and a way to collect its events.

use rag_chatbot::answer::openai::{self, OpenAi, Price, Retries};
use rag_chatbot::answer::{
    Answer, AnswerError, AnswerEvent, Answerer, Brought, Generator, Metered, Mode, Parts, Question,
    Source,
};
use rag_chatbot::embedding::{self, Embedder, EmbeddingQueue};
use rag_chatbot::guard::Budget;
use rag_chatbot::guard::budget::Limits;
use rag_chatbot::index::Index;
use rag_chatbot::ingest::{Library, Options};
use rag_chatbot::retrieval::{Retriever, Scope, Snapshot};
use rag_chatbot::secret::Secret;
use rag_chatbot::store::{self, Store};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Everything one test asks.
pub struct Rig {
    pub answerer: Answerer,
    pub store: Store,
    _folder: tempfile::TempDir,
}

/// What a question led to.
#[derive(Debug, Default)]
pub struct Told {
    pub session: Option<String>,
    pub sources: Vec<Source>,
    pub tokens: Vec<String>,
    pub done: Option<Answer>,
    pub failed: Option<AnswerError>,
}

impl Told {
    pub fn answer(&self) -> &Answer {
        self.done
            .as_ref()
            .unwrap_or_else(|| panic!("no answer: {:?}", self.failed))
    }
}

impl Rig {
    /// Quotes, or asks the model behind `base_url`.
    pub fn new(retriever: Retriever, base_url: Option<&str>) -> Self {
        Self::with(retriever, base_url, |_| {})
    }

    /// The same with its parts changed.
    pub fn with(
        retriever: Retriever,
        base_url: Option<&str>,
        change: impl FnOnce(&mut Parts),
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = store::open(&store::Options {
            database_url: "sqlite:".to_owned(),
            state_dir: folder.path().to_owned(),
            session_timeout: Duration::from_secs(3600),
            retention: std::time::Duration::from_secs(90 * 24 * 60 * 60),
            keyring: store::Keyring::default(),
        })
        .expect("an empty folder opens");
        let mut parts = Parts::new(Arc::new(retriever), store.clone());
        parts.generator = base_url.map(|url| {
            let model = OpenAi::new(model_options(url)).expect("a loopback address is fine");
            let budget = Budget::new(Limits::default(), Arc::clone(&store.ledger));
            Arc::new(Metered::new(Arc::new(model), budget)) as Arc<dyn Generator>
        });
        change(&mut parts);
        Self {
            answerer: Answerer::new(parts),
            store,
            _folder: folder,
        }
    }

    pub async fn ask(&self, text: &str) -> Told {
        self.ask_with(question(text)).await
    }

    pub async fn ask_in(&self, session: &str, text: &str) -> Told {
        let session_id = Some(session.to_owned());
        self.ask_with(Question {
            session_id,
            ..question(text)
        })
        .await
    }

    pub async fn ask_with(&self, question: Question) -> Told {
        let mut events = self.answerer.ask(question);
        let mut told = Told::default();
        while let Some(event) = events.recv().await {
            match event {
                AnswerEvent::Session(id) => told.session = Some(id),
                AnswerEvent::Sources(sources) => told.sources = sources,
                AnswerEvent::Token(text) => told.tokens.push(text),
                AnswerEvent::Done(answer) => told.done = Some(*answer),
                AnswerEvent::Failed(error) => told.failed = Some(error),
            }
        }
        told
    }
}

pub fn question(text: &str) -> Question {
    Question {
        text: text.to_owned(),
        session_id: None,
        mode: Mode::FullBook,
        selected_text: None,
        scope: Scope::default(),
        top_k: 5,
        request_id: "test".to_owned(),
        brought: Brought::default(),
    }
}

/// Short limits, so that a server that hangs is given up on within a test's patience.
pub fn model_options(base_url: &str) -> openai::Options {
    openai::Options {
        base_url: base_url.to_owned(),
        api_key: Some(Secret::new("sk-marker")),
        model: "test-model".to_owned(),
        total_timeout: Duration::from_secs(20),
        idle_timeout: Duration::from_millis(700),
        connect_timeout: Duration::from_secs(2),
        retries: Retries {
            max: 2,
            base: Duration::from_millis(5),
            longest: Duration::from_secs(2),
        },
        price: Price {
            prompt_usd: 1.0,
            completion_usd: 2.0,
        },
    }
}

/// The kettle's handbook in English and Urdu, indexed once for all tests.
pub fn handbook() -> Retriever {
    static INDEXED: OnceLock<Indexed> = OnceLock::new();
    INDEXED.get_or_init(|| index(HANDBOOK)).retriever.clone()
}

/// Any pages, indexed for one test.
pub struct Indexed {
    pub retriever: Retriever,
    _folder: tempfile::TempDir,
}

/// Writes and indexes pages given as (path, text).
pub fn index(pages: &[(&str, &str)]) -> Indexed {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("docs");
    for (path, text) in pages {
        let path = data.join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let retriever = retriever(&data, &folder.path().join("state"));
    Indexed {
        retriever,
        _folder: folder,
    }
}

/// This repository's own documentation, indexed once for all tests.
pub fn own_docs() -> Retriever {
    static INDEXED: OnceLock<Indexed> = OnceLock::new();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    INDEXED
        .get_or_init(|| index_folder(&docs))
        .retriever
        .clone()
}

/// Any documentation folder, indexed for one test.
pub fn index_folder(data: &Path) -> Indexed {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let retriever = retriever(data, &folder.path().join("state"));
    Indexed {
        retriever,
        _folder: folder,
    }
}

/// The model threads all tests share.
pub fn queue() -> &'static EmbeddingQueue {
    static QUEUE: OnceLock<EmbeddingQueue> = OnceLock::new();
    QUEUE.get_or_init(|| {
        let options = embedding::Options::default();
        let embedder: Arc<dyn Embedder> = embedding::open(&options).expect("the built-in model");
        EmbeddingQueue::start(embedder, &options).expect("model threads")
    })
}

fn retriever(data: &Path, state: &Path) -> Retriever {
    let queue = queue();
    let options = Options {
        corpus: rag_chatbot::corpus::Options::new(data),
        state: state.to_owned(),
    };
    let library = Library::open(options, Arc::clone(queue.embedder())).expect("a library");
    library.refresh().expect("the pages are indexed");
    let snapshot: Snapshot = Arc::new(move || library.index().map(|index| index as Arc<dyn Index>));
    Retriever::new(snapshot, queue.clone())
}

pub const HANDBOOK: &[(&str, &str)] = &[
    (
        "boiling.md",
        "# Boiling water\n\nThe kettle boils one litre of water in three minutes. It switches \
         itself off when the water boils.\n\n## Starting\n\nTo start the kettle, do this:\n\n\
         1. Fill it up to the `MAX` mark.\n2. Close the lid.\n3. Press the start button.\n\n\
         ## Boil-dry protection\n\nBoil-dry protection is a switch that cuts the power when there \
         is no water in the kettle. Let the kettle cool for ten minutes before you use it again.\n",
    ),
    (
        "cleaning.md",
        "# Cleaning\n\nDescale the kettle once a month.\n\n## Descaling\n\nFill the kettle with \
         equal parts of vinegar and water. Boil it once and leave it for an hour. Rinse it twice \
         with clear water.\n\n## The filter\n\nThe limescale filter sits behind the spout. Pull it \
         upwards to take it out, and rinse it under the tap.\n",
    ),
    (
        "settings.md",
        "# Settings\n\n## `keepWarm`\n\nDefault: `20`\n\nThe option `keepWarm` sets for how many \
         minutes the water is kept warm after it has boiled. Zero turns it off.\n\n```toml\n\
         [kettle]\nkeepWarm = 20\n```\n\n## `beep`\n\nThe option `beep` chooses whether the kettle \
         beeps when the water has boiled.\n",
    ),
    (
        "ur/safai.md",
        "# صفائی\n\nکیتلی کو مہینے میں ایک بار صاف کریں۔ صفائی کے لیے سرکہ اور پانی برابر مقدار میں \
         ڈالیں۔ پھر اسے ایک بار ابالیں اور ایک گھنٹہ چھوڑ دیں۔\n\n## فلٹر\n\nفلٹر کیتلی کی ٹونٹی کے پیچھے \
         لگا ہوتا ہے۔ اسے اوپر کی طرف کھینچ کر نکالیں اور نل کے نیچے دھوئیں۔\n",
    ),
];
