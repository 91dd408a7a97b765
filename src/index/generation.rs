//! Generations on disk: a folder with a manifest, built beside the living one and made current by
//! one atomic rename. A crash at any moment leaves the old one.
//!
//! ```text
//! state/index/
//!   CURRENT            name of the living generation
//!   g-<time>-<random>/
//!     manifest.json    format, model, counts, BLAKE3 of every file
//!     store.db         documents and chunks
//!     words/           tantivy
//!     vectors.f32      unit vectors, row per chunk (absent while they are computed)
//!     details.i8       unit vectors of what each chunk says in its parts (beside vectors.f32)
//!     hnsw.*           graph over them (absent below the crossover)
//! ```

use super::{Calibration, IndexError};
use crate::embedding::ModelIdentity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Version of the layout above; a generation of another version is rebuilt.
pub const FORMAT: u32 = 5;

const CURRENT: &str = "CURRENT";
const MANIFEST: &str = "manifest.json";
const PREFIX: &str = "g-";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub chunker_version: u32,
    pub built_at: jiff::Timestamp,
    pub site_title: String,
    /// BLAKE3 over the documents' hashes, hex: equal means nothing changed.
    pub corpus_hash: String,
    pub documents: usize,
    pub sections: usize,
    pub chunks: usize,
    pub vectors: Option<VectorsManifest>,
    /// BLAKE3 of every file by its path within the generation, hex.
    pub checksums: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VectorsManifest {
    pub model: ModelIdentity,
    pub calibration: Option<Calibration>,
}

/// The folder that holds the generations.
#[derive(Debug, Clone)]
pub struct State {
    root: PathBuf,
}

impl State {
    /// Opens (and makes) the folder.
    pub fn open(root: &Path) -> Result<Self, IndexError> {
        fs::create_dir_all(root).map_err(IndexError::io(format!(
            "cannot make the index folder {}; choose another with --state",
            root.display()
        )))?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Folder of the living generation, if there is one.
    pub fn current(&self) -> Option<PathBuf> {
        let name = fs::read_to_string(self.root.join(CURRENT)).ok()?;
        let name = name.trim();
        let plain = name.starts_with(PREFIX) && !name.contains(['/', '\\', '.']);
        let path = self.root.join(name);
        (plain && path.is_dir()).then_some(path)
    }

    /// An empty folder for the next generation.
    pub fn begin(&self) -> Result<PathBuf, IndexError> {
        let stamp = jiff::Timestamp::now().as_millisecond();
        let random = getrandom::u32().unwrap_or_default();
        let path = self.root.join(format!("{PREFIX}{stamp}-{random:08x}"));
        fs::create_dir_all(path.join("words")).map_err(IndexError::io("cannot write the index"))?;
        Ok(path)
    }

    /// Completes `generation` (fsync, checksums, manifest) and makes it the living one.
    pub fn publish(&self, generation: &Path, mut manifest: Manifest) -> Result<(), IndexError> {
        for name in files(generation)? {
            let path = generation.join(name);
            let file = fs::File::open(&path).and_then(|file| file.sync_all());
            file.map_err(IndexError::io(format!("cannot write {}", path.display())))?;
        }
        manifest.checksums = checksums(generation)?;
        let text = serde_json::to_vec_pretty(&manifest).expect("a manifest serialises");
        write_synced(&generation.join(MANIFEST), &text)?;
        sync_folder(&generation.join("words"))?;
        sync_folder(generation)?;
        let name = generation
            .file_name()
            .expect("a generation folder has a name");
        let next = self.root.join("CURRENT.next");
        write_synced(&next, name.as_encoded_bytes())?;
        fs::rename(&next, self.root.join(CURRENT))
            .map_err(IndexError::io("cannot switch the index"))?;
        sync_folder(&self.root)
    }

    /// Removes every generation but the living one: old ones, and those a crash left unfinished.
    /// Snapshots that are still being searched keep their open files.
    pub fn sweep(&self) {
        let keep = self.current();
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_generation = entry.file_name().to_string_lossy().starts_with(PREFIX);
            if is_generation && Some(&path) != keep.as_ref() {
                let _ = fs::remove_dir_all(&path);
            }
        }
    }
}

/// Reads and verifies a generation's manifest: format, presence and checksums of every file.
pub fn verify(generation: &Path) -> Result<Manifest, IndexError> {
    let bytes = fs::read(generation.join(MANIFEST))
        .map_err(|error| IndexError::Damaged(format!("manifest: {error}")))?;
    let manifest: Manifest = serde_json::from_slice(&bytes)
        .map_err(|error| IndexError::Damaged(format!("manifest: {error}")))?;
    if manifest.format != FORMAT {
        return Err(IndexError::Damaged(format!(
            "format {} (this version reads {FORMAT})",
            manifest.format
        )));
    }
    let found = checksums(generation)?;
    for (path, expected) in &manifest.checksums {
        match found.get(path) {
            None => return Err(IndexError::Damaged(format!("{path} is missing"))),
            Some(hash) if hash != expected => {
                return Err(IndexError::Damaged(format!(
                    "{path} does not match its checksum"
                )));
            }
            Some(_) => {}
        }
    }
    Ok(manifest)
}

/// BLAKE3 of each file of `generation`.
fn checksums(generation: &Path) -> Result<BTreeMap<String, String>, IndexError> {
    let mut found = BTreeMap::new();
    for name in files(generation)? {
        let mut hasher = blake3::Hasher::new();
        hasher
            .update_mmap(generation.join(&name))
            .map_err(|e| IndexError::Damaged(format!("{name}: {e}")))?;
        found.insert(name, hasher.finalize().to_hex().to_string());
    }
    Ok(found)
}

/// The files below `generation`, manifest and lock files left out.
pub(super) fn files(generation: &Path) -> Result<Vec<String>, IndexError> {
    let mut found = Vec::new();
    for folder in ["", "words"] {
        let path = generation.join(folder);
        let entries = fs::read_dir(&path).map_err(|e| IndexError::Damaged(e.to_string()))?;
        for entry in entries {
            let entry = entry.map_err(|e| IndexError::Damaged(e.to_string()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_file = entry.file_type().is_ok_and(|t| t.is_file());
            if !is_file || name == MANIFEST || name.ends_with(".lock") || name.ends_with("-shm") {
                continue;
            }
            found.push(match folder {
                "" => name,
                _ => format!("{folder}/{name}"),
            });
        }
    }
    Ok(found)
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), IndexError> {
    let context = || format!("cannot write {}", path.display());
    let mut file = fs::File::create(path).map_err(IndexError::io(context()))?;
    file.write_all(bytes).map_err(IndexError::io(context()))?;
    file.sync_all().map_err(IndexError::io(context()))
}

fn sync_folder(path: &Path) -> Result<(), IndexError> {
    let folder = fs::File::open(path).map_err(IndexError::io("cannot open the index folder"))?;
    folder
        .sync_all()
        .map_err(IndexError::io("cannot flush the index folder"))
}
