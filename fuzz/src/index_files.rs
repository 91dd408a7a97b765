//! An index that is not as it was written: opening it is refused, or searching it breaks nothing.
//!
//! The first byte says what is changed. Files of our own making are tried with a checksum that
//! fits, too: then nothing stands between the bytes and who reads them.

use rag_chatbot::corpus;
use rag_chatbot::embedding;
use rag_chatbot::index::vector::{Exact, Graph};
use rag_chatbot::index::{Embedded, Filter, Index, Probe, State};
use rag_chatbot::ingest::{self, Library};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use tempfile::TempDir;

/// Rows and dimension of the vectors beside a graph.
const ROWS: usize = 16;
const DIMENSION: usize = 32;

struct Rig {
    folder: TempDir,
    /// A whole generation's files by their path in it.
    whole: BTreeMap<String, Vec<u8>>,
    vectors: Exact,
}

static RIG: LazyLock<Mutex<Rig>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let docs = folder.path().join("docs");
    fs::create_dir(&docs).expect("created");
    for name in ["rover", "wheels"] {
        let text =
            format!("# The {name}\n\nIt lasts nine hours.\n\n## More\n\nAnd another line.\n");
        fs::write(docs.join(format!("{name}.md")), text).expect("written");
    }
    let state = folder.path().join("state");
    let model = embedding::open(&embedding::Options {
        threads: 1,
        ..embedding::Options::default()
    });
    let library = Library::open(
        ingest::Options {
            corpus: corpus::Options::new(&docs),
            state: state.clone(),
        },
        model.expect("the built-in model opens"),
    )
    .expect("it opens");
    library.refresh().expect("it indexes");
    let index = State::open(&state.join("index")).expect("it opens");
    let whole = files(&index.current().expect("a living generation"));

    let rows = folder.path().join("rows.f32");
    let values = (0..ROWS * DIMENSION).flat_map(|n| ((n % 7) as f32 / 10.0).to_le_bytes());
    fs::write(&rows, values.collect::<Vec<u8>>()).expect("written");
    Mutex::new(Rig {
        vectors: Exact::open(&rows, DIMENSION).expect("whole rows"),
        folder,
        whole,
    })
});

fn files(generation: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for folder in ["", "words/"] {
        for entry in fs::read_dir(generation.join(folder))
            .expect("readable")
            .flatten()
        {
            if entry.path().is_file() {
                let name = format!("{folder}{}", entry.file_name().to_string_lossy());
                files.insert(name, fs::read(entry.path()).expect("readable"));
            }
        }
    }
    files
}

pub fn try_on(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else {
        return;
    };
    let rig = RIG.lock().unwrap_or_else(PoisonError::into_inner);
    match kind % 6 {
        0 => graph(&rig, rest),
        1 => vectors(&rig, rest),
        2 => open(&rig, "manifest.json", rest.to_vec(), false),
        3 => open(
            &rig,
            "manifest.json",
            edited(&rig.whole["manifest.json"], rest),
            false,
        ),
        4 => open(&rig, "store.db", edited(&rig.whole["store.db"], rest), true),
        _ => {
            let at = rest
                .first()
                .map_or(0, |n| usize::from(*n) % rig.whole.len());
            let (name, bytes) = rig.whole.iter().nth(at).expect("it is one of them");
            open(
                &rig,
                name,
                edited(bytes, rest.get(1..).unwrap_or_default()),
                false,
            );
        }
    }
}

fn graph(rig: &Rig, bytes: &[u8]) {
    fs::write(rig.folder.path().join("hnsw.graph"), bytes).expect("written");
    if let Ok(graph) = Graph::load(rig.folder.path()) {
        let found = graph.search(&rig.vectors, &[0.1; DIMENSION], 3, None);
        assert!(found.len() <= 3);
    }
}

fn vectors(rig: &Rig, rest: &[u8]) {
    let Some((dimension, bytes)) = rest.split_first() else {
        return;
    };
    let path = rig.folder.path().join("some.f32");
    fs::write(&path, bytes).expect("written");
    if let Ok(rows) = Exact::open(&path, usize::from(*dimension)) {
        let found = rows.search(&vec![0.5; usize::from(*dimension)], 3, None);
        assert!(found.len() <= 3);
    }
}

/// Bytes of `whole` replaced: three bytes say where, one by what; `0xff 0xff 0xff` cuts it off.
fn edited(whole: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for edit in edits.chunks_exact(4) {
        let at = usize::from(edit[0]) << 16 | usize::from(edit[1]) << 8 | usize::from(edit[2]);
        if at == 0x00ff_ffff {
            bytes.truncate(bytes.len() * usize::from(edit[3]) / 256);
        } else if !bytes.is_empty() {
            let at = at % bytes.len();
            bytes[at] = edit[3];
        }
    }
    bytes
}

fn open(rig: &Rig, changed: &str, bytes: Vec<u8>, checksum_fits: bool) {
    let generation: PathBuf = rig.folder.path().join("g-tried");
    let _none_yet = fs::remove_dir_all(&generation);
    fs::create_dir_all(generation.join("words")).expect("created");
    for (name, whole) in &rig.whole {
        let written = if name == changed { &bytes } else { whole };
        fs::write(generation.join(name), written).expect("written");
    }
    if checksum_fits {
        let manifest = &rig.whole["manifest.json"];
        let mut manifest: serde_json::Value =
            serde_json::from_slice(manifest).expect("a manifest is JSON");
        manifest["checksums"][changed] = blake3::hash(&bytes).to_hex().to_string().into();
        fs::write(generation.join("manifest.json"), manifest.to_string()).expect("written");
    }
    let is_whole = rig.whole[changed] == bytes;
    match Embedded::open(&generation) {
        Err(_) => assert!(!is_whole, "a whole index was refused"),
        Ok(index) => {
            let probe = Probe {
                text: "How long does the rover last?".to_owned(),
                vector: Some(vec![0.05; 384]),
                filter: Filter::default(),
                depth: 10,
            };
            let Ok(found) = index.search_blocking(&probe) else {
                return;
            };
            let ordinals: Vec<u32> = found.found.iter().map(|c| c.ordinal).collect();
            let _chunks = index.chunks_blocking(&ordinals);
            let _summary = index.summary();
        }
    }
}
