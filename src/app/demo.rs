//! Our own documentation inside the binary: what is served when nobody says what to serve.
//!
//! `make demo` puts the built site, its sources and a finished index into `docs/.demo`; a binary
//! built after that carries them. They are unpacked once into the state folder, and from there on
//! they are a project like any other.

use anyhow::Context;
use std::path::{Path, PathBuf};

#[derive(rust_embed::RustEmbed)]
#[folder = "docs/.demo"]
#[allow_missing = true]
struct Packed;

/// Where the demo was unpacked to.
pub struct Demo {
    /// The Docusaurus project.
    pub data: PathBuf,
    /// A state folder that holds its index.
    pub state: PathBuf,
}

/// Unpacks the demo below `state`, unless it lies there already. `None` when this binary was built
/// without it.
pub fn unpack(state: &Path) -> anyhow::Result<Option<Demo>> {
    let mut names: Vec<_> = Packed::iter().collect();
    if names.is_empty() {
        return Ok(None);
    }
    names.sort();
    let mut hasher = blake3::Hasher::new();
    for name in &names {
        let file = Packed::get(name).expect("it was just listed");
        hasher.update(name.as_bytes());
        hasher.update(&file.metadata.sha256_hash());
    }
    let folder = state.join(format!("demo-{}", &hasher.finalize().to_hex()[..12]));
    if !folder.is_dir() {
        write_all(&names, &folder)
            .with_context(|| format!("the demo site cannot be unpacked to {}", folder.display()))?;
    }
    Ok(Some(Demo {
        data: folder.join("project"),
        state: folder.join("state"),
    }))
}

/// Writes beside and renames: a crash leaves no half of it under the final name.
fn write_all(names: &[impl AsRef<str>], folder: &Path) -> std::io::Result<()> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)?;
    let unfinished = folder.with_extension(format!("unpacking-{}", std::process::id()));
    for name in names {
        let path = unfinished.join(name.as_ref());
        std::fs::create_dir_all(path.parent().unwrap_or(&unfinished))?;
        let file = Packed::get(name.as_ref()).expect("it was just listed");
        std::fs::write(path, &file.data)?;
    }
    match std::fs::rename(&unfinished, folder) {
        // Another process was faster; its copy is the same.
        Err(_) if folder.is_dir() => std::fs::remove_dir_all(&unfinished),
        renamed => renamed,
    }
}
