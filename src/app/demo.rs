//! Our own documentation inside the binary: what is served when nobody says what to serve.
//!
//! `make demo` puts the built site, its sources and a finished index into `docs/.demo`; a binary
//! built after that carries them. They are unpacked once into the state folder, and from there on
//! they are a project like any other.

use anyhow::Context;
use flate2::read::GzDecoder;
use std::path::{Path, PathBuf};

/// By `build.rs`; empty in a binary that was built without.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/demo.tar.gz"));

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
    if PACKED.is_empty() {
        return Ok(None);
    }
    let hash = blake3::hash(PACKED).to_hex();
    let folder = state.join(format!("demo-{}", &hash[..12]));
    if !folder.is_dir() {
        write_all(&folder)
            .with_context(|| format!("the demo site cannot be unpacked to {}", folder.display()))?;
    }
    Ok(Some(Demo {
        data: folder.join("project"),
        state: folder.join("state"),
    }))
}

/// Writes beside and renames: a crash leaves no half of it under the final name.
fn write_all(folder: &Path) -> std::io::Result<()> {
    let unfinished = folder.with_extension(format!("unpacking-{}", std::process::id()));
    let mut packed = tar::Archive::new(GzDecoder::new(PACKED));
    packed.set_preserve_mtime(false);
    packed.unpack(&unfinished)?;
    match std::fs::rename(&unfinished, folder) {
        // Another process was faster; its copy is the same.
        Err(_) if folder.is_dir() => std::fs::remove_dir_all(&unfinished),
        renamed => renamed,
    }
}
