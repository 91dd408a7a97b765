//! Packs our own site for the binary, where it was built: a third of its size. Builds anew when it,
//! or the widget, has changed.

use flate2::{Compression, GzBuilder};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Made by `make site` and `make demo`.
const DEMO: &str = "docs/.demo";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={DEMO}");
    println!("cargo::rerun-if-changed=assets");
    let out = std::env::var_os("OUT_DIR").expect("cargo names it");
    let packed = Path::new(&out).join("demo.tar.gz");
    let mut files = Vec::new();
    if Path::new(DEMO).is_dir() {
        list(Path::new(DEMO), &mut files)?;
    }
    match files.is_empty() {
        true => fs::write(packed, []),
        false => pack(files, &packed),
    }
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => list(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

/// The same bytes for the same files, whoever built them and when.
fn pack(mut files: Vec<PathBuf>, to: &Path) -> io::Result<()> {
    files.sort();
    let gzip = GzBuilder::new().write(File::create(to)?, Compression::best());
    let mut tar = tar::Builder::new(gzip);
    for path in files {
        let bytes = fs::read(&path)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        let name = path.strip_prefix(DEMO).expect("it was found there");
        tar.append_data(&mut header, name, bytes.as_slice())?;
    }
    tar.into_inner()?.finish()?;
    Ok(())
}
