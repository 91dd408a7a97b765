//! The offline story on real folders and the built-in model: changes, crashes, damage.

use rag_chatbot::corpus;
use rag_chatbot::embedding::{self, Embedder, EmbeddingQueue};
use rag_chatbot::index::{Embedded, Index, State};
use rag_chatbot::ingest::{IngestError, Library, Options, Outcome, Phase, Pushed};
use rag_chatbot::retrieval::{Retrieved, Retriever, Scope, Search, Snapshot};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

/// The built-in model, loaded once for all tests of this binary.
pub fn model() -> Arc<dyn Embedder> {
    static MODEL: OnceLock<Arc<dyn Embedder>> = OnceLock::new();
    Arc::clone(MODEL.get_or_init(|| {
        embedding::open(&embedding::Options::default()).expect("the built-in model opens")
    }))
}

struct Folders {
    _root: tempfile::TempDir,
    docs: PathBuf,
    state: PathBuf,
}

impl Folders {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        let (docs, state) = (root.path().join("docs"), root.path().join("state"));
        fs::create_dir(&docs).expect("makes the folder");
        Self {
            _root: root,
            docs,
            state,
        }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.docs.join(name), text).expect("writes the page");
    }

    fn open(&self) -> Arc<Library> {
        Library::open(self.options(), model()).expect("the library opens")
    }

    fn options(&self) -> Options {
        Options {
            corpus: corpus::Options::new(&self.docs),
            state: self.state.clone(),
        }
    }

    fn with_pages() -> Self {
        let folders = Self::new();
        folders.write(
            "install.md",
            "# Install\n\nRun `npm install zebra` in your project.\n",
        );
        folders.write(
            "charge.md",
            "# Battery\n\nThe robot charges for two hours at the dock.\n",
        );
        folders.write(
            "ur.md",
            "# بیٹری\n\nروبوٹ کی بیٹری دو گھنٹے میں چارج ہوتی ہے۔\n",
        );
        folders
    }
}

fn ask(library: &Arc<Library>, question: &str) -> Retrieved {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let living = Arc::clone(library);
    let snapshot: Snapshot = Arc::new(move || living.index().map(|index| index as Arc<dyn Index>));
    let queue = EmbeddingQueue::start(model(), &embedding::Options::default()).expect("threads");
    let retriever = Retriever::new(snapshot, queue);
    runtime
        .block_on(retriever.search(question, &Scope::default(), 5))
        .expect("the search answers")
}

fn current(state: &Path) -> PathBuf {
    let state = State::open(&state.join("index")).expect("opens");
    state.current().expect("a living generation")
}

#[test]
fn questions_in_english_and_urdu_find_their_pages() {
    let folders = Folders::with_pages();
    let library = folders.open();
    assert_eq!(
        library.refresh().expect("indexes"),
        Outcome::Rebuilt {
            documents: 3,
            chunks: 3
        }
    );
    let found = ask(&library, "How long does the robot take to charge?");
    assert_eq!(found.passages[0].document.id, "charge.md");
    assert!(!found.words_only);
    let found = ask(&library, "بیٹری کتنی دیر میں چارج ہوتی ہے؟");
    assert_eq!(found.passages[0].document.id, "ur.md");
}

#[test]
fn a_changed_page_is_found_and_a_deleted_one_is_not() {
    let folders = Folders::with_pages();
    let library = folders.open();
    library.refresh().expect("indexes");
    assert_eq!(library.refresh().expect("looks again"), Outcome::Unchanged);
    folders.write(
        "install.md",
        "# Install\n\nRun `cargo install giraffe` instead.\n",
    );
    fs::remove_file(folders.docs.join("charge.md")).expect("removes");
    assert_eq!(
        library.refresh().expect("indexes"),
        Outcome::Rebuilt {
            documents: 2,
            chunks: 2
        }
    );
    let found = ask(&library, "cargo install giraffe");
    assert!(found.passages[0].text().contains("giraffe"));
    let found = ask(
        &library,
        "How long does the robot take to charge at the dock?",
    );
    assert!(found.passages.iter().all(|p| p.document.id != "charge.md"));
}

#[test]
fn an_index_that_takes_over_from_the_last_is_as_one_written_anew() {
    let folders = Folders::new();
    let animals = ["zebra", "giraffe", "numbat", "quokka", "wombat", "ocelot"];
    let page = |animal: &str, hours: usize| {
        format!(
            "# The {animal}\n\nWhat is known of the {animal}.\n\n## Sleep\n\nThe {animal} sleeps for \
             {hours} hours.\n\n## Food\n\nThe {animal} eats {hours} leaves a day.\n"
        )
    };
    for (hours, animal) in animals.iter().enumerate() {
        folders.write(&format!("{animal}.md"), &page(animal, hours));
    }
    let library = folders.open();
    library.refresh().expect("indexes");
    let found = |library: &Arc<Library>, animal: &str| -> Vec<(String, Option<f32>, String)> {
        let mut found: Vec<_> = ask(library, &format!("How long does the {animal} sleep?"))
            .passages
            .iter()
            .map(|p| (p.id.clone(), p.explain.words_score, p.text()))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    };
    let remove = |name: &str| fs::remove_file(folders.docs.join(name)).expect("removes");
    let changes: [&dyn Fn(); 4] = [
        &|| folders.write("numbat.md", &page("numbat", 77)),
        &|| remove("giraffe.md"),
        &|| folders.write("aardvark.md", &page("aardvark", 9)),
        &|| {
            folders.write(
                "zebra.md",
                "# The zebra\n\nNothing is known of the zebra.\n",
            );
            remove("ocelot.md");
        },
    ];
    for change in changes {
        change();
        library.refresh().expect("indexes");
        let anew = Folders::new();
        for entry in fs::read_dir(&folders.docs).expect("lists").flatten() {
            fs::copy(entry.path(), anew.docs.join(entry.file_name())).expect("copies");
        }
        let anew = anew.open();
        anew.refresh().expect("indexes");
        let (index, expected) = (library.index(), anew.index());
        let (index, expected) = (index.expect("lives"), expected.expect("lives"));
        let counts = |index: &Embedded| {
            let summary = index.summary();
            let sizes = (summary.documents, summary.sections, summary.chunks);
            (sizes, summary.vectors, index.manifest().corpus_hash.clone())
        };
        assert_eq!(counts(&index), counts(&expected));
        let keys = |index: &Embedded| {
            let mut keys = index.embedding_keys().expect("reads");
            keys.sort_unstable();
            keys
        };
        assert_eq!(keys(&index), keys(&expected));
        for animal in animals.iter().chain(&["aardvark"]) {
            assert_eq!(found(&library, animal), found(&anew, animal), "{animal}");
        }
    }
    assert_eq!(library.refresh().expect("looks again"), Outcome::Unchanged);
    let restarted = current(&folders.state);
    drop(library);
    assert_eq!(folders.open().index().expect("opens").path(), restarted);
}

#[test]
fn a_script_that_the_model_does_not_know_is_found_by_its_words() {
    let folders = Folders::with_pages();
    folders.write(
        "ru.md",
        "# Батарея\n\nАккумулятор робота заряжается за четыре часа на станции.\n",
    );
    let library = folders.open();
    library.refresh().expect("indexes");
    let found = ask(&library, "Где заряжается аккумулятор робота, на станции?");
    assert_eq!(found.passages[0].document.id, "ru.md");
    assert!(found.found && found.words_only);
    assert!(
        !found.still_indexing,
        "waiting would not help this question"
    );
    let found = ask(&library, "How long does the robot take to charge?");
    assert_eq!(found.passages[0].document.id, "charge.md");
    assert!(!found.words_only);
    assert!(
        found
            .passages
            .iter()
            .all(|p| p.document.id != "ru.md" || p.score < 0.5)
    );
}

#[test]
fn a_second_process_on_the_same_state_folder_is_refused() {
    let folders = Folders::with_pages();
    let _library = folders.open();
    let second = Library::open(folders.options(), model());
    assert!(matches!(second, Err(IngestError::Locked(_))));
}

#[test]
fn a_restart_answers_from_the_index_on_disk_without_reading_the_folder() {
    let folders = Folders::with_pages();
    let library = folders.open();
    library.refresh().expect("indexes");
    drop(library);
    fs::remove_dir_all(&folders.docs).expect("the folder vanishes");
    let library = folders.open();
    let found = ask(&library, "How long does the robot take to charge?");
    assert_eq!(found.passages[0].document.id, "charge.md");
    assert!(
        library.refresh().is_err(),
        "a vanished folder is an error, not an empty index"
    );
    assert_eq!(library.progress().borrow().phase, Phase::Failed);
    assert!(library.index().is_some(), "the last index still answers");
}

#[test]
fn every_damaged_file_of_a_generation_is_noticed_and_the_index_is_rebuilt() {
    let folders = Folders::with_pages();
    let library = folders.open();
    library.refresh().expect("indexes");
    drop(library);
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in [
        current(&folders.state),
        current(&folders.state).join("words"),
    ] {
        let entries = fs::read_dir(folder)
            .expect("lists")
            .flatten()
            .map(|e| e.path());
        files.extend(entries.filter(|p| p.is_file() && !p.to_string_lossy().ends_with(".lock")));
    }
    let names: Vec<PathBuf> = files
        .iter()
        .map(|f| {
            f.strip_prefix(current(&folders.state))
                .expect("within")
                .to_owned()
        })
        .collect();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        let generation = current(&folders.state);
        let mut path = generation.join(&name);
        if !path.is_file() {
            // Segment names differ between generations: damage the one in its place.
            let extension = name.extension().map(|e| e.to_owned());
            let same_kind = |p: &PathBuf| p.extension().map(|e| e.to_owned()) == extension;
            let entries = fs::read_dir(generation.join("words"))
                .expect("lists")
                .flatten();
            path = entries
                .map(|e| e.path())
                .find(same_kind)
                .expect("a file of the same kind");
        }
        let bytes = fs::read(&path).expect("reads");
        fs::write(&path, &bytes[..bytes.len() / 2]).expect("truncates");
        let library = folders.open();
        assert!(library.index().is_none(), "{} was trusted", path.display());
        library.refresh().expect("rebuilds");
        let found = ask(&library, "How long does the robot take to charge?");
        assert_eq!(
            found.passages[0].document.id,
            "charge.md",
            "after {}",
            path.display()
        );
    }
}

#[test]
fn what_a_crash_left_behind_is_swept_away_and_never_served() {
    let folders = Folders::with_pages();
    let library = folders.open();
    library.refresh().expect("indexes");
    drop(library);
    let living = current(&folders.state);
    let torn = folders.state.join("index/g-0-torn");
    fs::create_dir_all(torn.join("words")).expect("makes");
    fs::write(torn.join("store.db"), "half").expect("writes");
    fs::write(folders.state.join("index/CURRENT.next"), "g-0-torn").expect("writes");
    let library = folders.open();
    assert_eq!(library.index().expect("opens").path(), living);
    folders.write("new.md", "# New\n\nA new page.\n");
    library.refresh().expect("indexes");
    assert!(!torn.exists());
    assert!(!living.exists());
}

#[test]
fn an_interrupted_run_keeps_its_vectors() {
    let folders = Folders::new();
    for page in 0..40 {
        let text = format!(
            "# Page {page}\n\n{}\n",
            format!("Sentence {page} about robots. ").repeat(60)
        );
        folders.write(&format!("page-{page}.md"), &text);
    }
    let library = folders.open();
    let mut progress = library.progress();
    let worker = {
        let library = Arc::clone(&library);
        std::thread::spawn(move || library.refresh())
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime
        .block_on(progress.wait_for(|p| p.phase == Phase::Embedding && p.chunks_embedded > 0))
        .expect("embedding starts");
    library.stop();
    let outcome = worker.join().expect("no panic").expect("no error");
    drop(library);
    if outcome == Outcome::Stopped {
        assert!(folders.state.join("index/embeddings.partial").is_file());
    }
    let library = folders.open();
    let words = library.index().expect("words were published first");
    assert!(words.summary().chunks >= 40);
    library.refresh().expect("finishes");
    let index = library.index().expect("lives");
    assert_eq!(index.summary().vectors, index.summary().chunks);
    assert!(!folders.state.join("index/embeddings.partial").exists());
}

#[test]
fn a_pushed_document_is_found_and_outlives_the_folder_and_a_restart() {
    let folders = Folders::with_pages();
    let library = folders.open();
    library.refresh().expect("indexes");
    let pushed = Pushed {
        chapter: "Grippers".into(),
        section: "Suction".into(),
        content: "The vacuum gripper lifts nine kilograms.".into(),
        book_version: "1".into(),
    };
    assert!(library.push(&pushed).expect("is kept"));
    assert!(!library.push(&pushed).expect("is there already"));
    drop(library);
    let library = folders.open();
    library.refresh().expect("indexes");
    let found = ask(&library, "How much does the vacuum gripper lift?");
    assert!(found.passages[0].text().contains("nine kilograms"));
    let empty = Pushed {
        content: " ".into(),
        ..pushed
    };
    assert!(matches!(library.push(&empty), Err(IngestError::Refused(_))));
}

#[test]
fn when_documents_were_changed_is_told_and_times_to_come_are_not_believed() {
    let folders = Folders::with_pages();
    let set = |name: &str, at: SystemTime| {
        let mut file = fs::File::options();
        let file = file.write(true).open(folders.docs.join(name));
        file.expect("opens").set_modified(at).expect("set");
    };
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    for name in ["install.md", "charge.md", "ur.md"] {
        set(name, old);
    }
    let library = folders.open();
    let told = || {
        let changed = library.documents_changed_at();
        changed.expect("a time").as_second()
    };
    assert_eq!(told(), 1_600_000_000);
    set("ur.md", old + Duration::from_secs(5));
    assert_eq!(told(), 1_600_000_005);
    set("ur.md", SystemTime::now() + Duration::from_secs(90_000));
    assert_eq!(told(), 1_600_000_000);
}
