//! Writes and opens the one file that a backup is: a compressed tar with its manifest in front.

use super::manifest::{self, FileEntry, Hashing, Manifest};
use super::seal::{Sealed, Unopened, unseal};
use super::{BackupError, DATABASE, Identities, PUSHED, Recipients};
use crate::store::snapshot;
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Bounds what a manifest may take: some hundred thousand documents.
const MAX_MANIFEST_BYTES: u64 = 64 << 20;

/// A file that goes into a backup: its name there, and where it lies.
pub(super) type Part = (String, PathBuf);

/// The documents that were added over HTTP, in a stable order.
pub(super) fn pushed(state: &Path) -> io::Result<Vec<Part>> {
    let entries = match fs::read_dir(state.join(PUSHED)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut parts = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = format!("{PUSHED}/{}", entry.file_name().to_string_lossy());
        if is_document(&name) {
            parts.push((name, entry.path()));
        }
    }
    parts.sort();
    Ok(parts)
}

/// Nothing else is ever written when a backup is opened, whatever it says.
fn is_document(name: &str) -> bool {
    let stem = name
        .strip_prefix(PUSHED)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|rest| rest.strip_suffix(".json"));
    stem.is_some_and(|stem| !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// What will be said of the parts.
pub(super) fn describe(parts: &[Part]) -> io::Result<Vec<FileEntry>> {
    let describe = |(name, path): &Part| {
        let mut reader = Hashing::new(File::open(path)?);
        io::copy(&mut reader, &mut io::sink())?;
        Ok(reader.entry(name))
    };
    parts.iter().map(describe).collect()
}

/// Writes the archive to the new file `to`, on disk when this returns.
pub(super) fn write(
    to: &Path,
    manifest: &Manifest,
    parts: &[Part],
    recipients: &Recipients,
    also: &Identities,
) -> io::Result<()> {
    let sealed = Sealed::new(BufWriter::new(File::create_new(to)?), recipients, also)?;
    // The default level: higher ones take three times as long for some hundredths of the size.
    let mut tar = tar::Builder::new(GzEncoder::new(sealed, Compression::default()));
    let text = serde_json::to_vec_pretty(manifest).map_err(io::Error::other)?;
    let made_at = manifest.made_at.as_second().unsigned_abs();
    append(
        &mut tar,
        manifest::FILE_NAME,
        text.len() as u64,
        made_at,
        text.as_slice(),
    )?;
    for ((name, path), entry) in parts.iter().zip(&manifest.files) {
        let mut file = Hashing::new(File::open(path)?);
        append(&mut tar, name, entry.size_bytes, made_at, &mut file)?;
        if file.entry(name) != *entry {
            return Err(io::Error::other(format!(
                "{name} changed while it was read"
            )));
        }
    }
    let mut file = tar.into_inner()?.finish()?.finish()?;
    file.flush()?;
    file.get_ref().sync_all()
}

fn append<W: Write>(
    tar: &mut tar::Builder<W>,
    name: &str,
    size_bytes: u64,
    made_at: u64,
    from: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size_bytes);
    header.set_mode(0o600);
    header.set_mtime(made_at);
    tar.append_data(&mut header, name, from)
}

/// Opens the backup `name` at `path` into the folder `into`, and proves that it is what was
/// written: every file by its hash, the database by reading all of it and counting its rows.
pub(super) fn open(
    name: &str,
    path: &Path,
    identities: &Identities,
    into: &Path,
) -> Result<Manifest, BackupError> {
    let damaged = |reason: String| BackupError::Damaged {
        name: name.to_owned(),
        reason,
    };
    let reader = unseal(path, identities).map_err(|unopened| match unopened {
        Unopened::Key(reason) => BackupError::Refused(format!("the backup {name}: {reason}")),
        Unopened::Damaged(reason) => damaged(reason),
    })?;
    let manifest = unpack(reader, into).map_err(|e| match e.kind() {
        // Our own disk's fault, and not the backup's.
        io::ErrorKind::StorageFull | io::ErrorKind::ReadOnlyFilesystem => BackupError::State {
            what: format!("the backup {name} cannot be opened in {}", into.display()),
            reason: e.to_string(),
        },
        _ => damaged(e.to_string()),
    })?;
    if manifest.format > manifest::FORMAT {
        return Err(BackupError::Refused(format!(
            "the backup {name} was made by a newer rag-chatbot ({}); use that version",
            manifest.version
        )));
    }
    let found = snapshot::contents(&into.join(DATABASE)).map_err(|e| damaged(e.to_string()))?;
    if found != manifest.database {
        return Err(damaged(
            "the database holds other rows than were counted".to_owned(),
        ));
    }
    Ok(manifest)
}

fn unpack(reader: Box<dyn Read>, into: &Path) -> io::Result<Manifest> {
    let mut tar = tar::Archive::new(GzDecoder::new(BufReader::new(reader)));
    let wrong = |reason: &str| io::Error::new(io::ErrorKind::InvalidData, reason);
    let mut entries = tar.entries()?;
    let first = entries.next().ok_or_else(|| wrong("it is empty"))??;
    if *first.path_bytes() != *manifest::FILE_NAME.as_bytes() {
        return Err(wrong("it does not begin with a manifest"));
    }
    let mut text = Vec::new();
    first.take(MAX_MANIFEST_BYTES).read_to_end(&mut text)?;
    let manifest: Manifest = serde_json::from_slice(&text)?;
    fs::create_dir_all(into)?;
    for expected in &manifest.files {
        let entry = entries.next().ok_or_else(|| wrong("files are missing"))??;
        let name = expected.name.as_str();
        if *entry.path_bytes() != *name.as_bytes() {
            return Err(wrong("its files are not those of its manifest"));
        }
        if name != DATABASE && !is_document(name) {
            return Err(wrong("it holds a file that is none of ours"));
        }
        let path = into.join(name);
        fs::create_dir_all(path.parent().expect("it lies in `into`"))?;
        let mut file = create_private(&path)?;
        let mut reader = Hashing::new(entry);
        io::copy(&mut reader, &mut file)?;
        if reader.entry(name) != *expected {
            return Err(wrong("a file is not what was written"));
        }
    }
    if !manifest.files.iter().any(|file| file.name == DATABASE) {
        return Err(wrong("it holds no database"));
    }
    if entries.next().is_some() {
        return Err(wrong("it holds more files than its manifest"));
    }
    // To the last byte: the checks of the compression and of age are at the end.
    let mut compressed = tar.into_inner();
    io::copy(&mut compressed, &mut io::sink())?;
    let mut rest = compressed.into_inner();
    match io::copy(&mut rest, &mut io::sink())? {
        0 => Ok(manifest),
        _ => Err(wrong("something follows its end")),
    }
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
