//! The files below a folder, and their names as text.
//!
//! A listing only: no file is opened. Links that lead out of the data folder or in circles, names
//! that are not text and folders that can't be read end as warnings. It does not know what kind of
//! site the files make.

use super::Warning;
use super::site::{ContentRoot, SourceFile};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Folders that never hold documentation, whatever the project. `build` is not among them: it is
/// a good name for a chapter.
const SKIPPED_FOLDERS: [&str; 2] = ["node_modules", "__pycache__"];
/// What documents are written in.
pub(super) const EXTENSIONS: [&str; 6] = ["md", "mdx", "markdown", "html", "htm", "txt"];
/// Folders deeper than this are not followed: no tree we know goes beyond twelve.
const MAX_DEPTH: usize = 64;

/// A file below some folder.
pub(super) struct Found {
    pub path: PathBuf,
    /// Relative to the data folder, printable.
    pub id: String,
    /// Relative to the folder listed, printable.
    pub relative: String,
    size_bytes: u64,
    modified: Option<std::time::SystemTime>,
}

impl Found {
    pub(super) fn into_source(
        self,
        root: &Arc<ContentRoot>,
        locale: &str,
        version: Option<&str>,
        latest_version: bool,
    ) -> SourceFile {
        SourceFile {
            id: self.id,
            path: self.path,
            locale: locale.to_owned(),
            version: version.map(str::to_owned),
            latest_version,
            size_bytes: self.size_bytes,
            modified: self.modified,
            root: Arc::clone(root),
            relative: self.relative,
        }
    }
}

/// Every file below `folder`, which is `data` or inside or beside it.
pub(super) fn list_files(folder: &Path, data: &Path, warnings: &mut Vec<Warning>) -> Vec<Found> {
    let mut found = Vec::new();
    let outside: Arc<Mutex<Vec<PathBuf>>> = Arc::default();
    let inside = {
        let (folder, data) = (folder.to_owned(), data.to_owned());
        move |path: &Path| {
            path.canonicalize()
                .is_ok_and(|real| real.starts_with(&data) || real.starts_with(&folder))
        }
    };
    let walk = ignore::WalkBuilder::new(folder)
        .standard_filters(false)
        .hidden(true)
        .follow_links(true)
        .max_depth(Some(MAX_DEPTH))
        .filter_entry({
            let (inside, outside) = (inside.clone(), Arc::clone(&outside));
            move |entry| {
                if entry.depth() == 0 || !entry.file_type().is_some_and(|t| t.is_dir()) {
                    return true;
                }
                if SKIPPED_FOLDERS
                    .iter()
                    .any(|name| entry.file_name() == *name)
                {
                    return false;
                }
                // Before it is walked: outside may be the whole disk.
                let leads_out = entry.path_is_symlink() && !inside(entry.path());
                if leads_out {
                    let mut outside = outside.lock().unwrap_or_else(PoisonError::into_inner);
                    outside.push(entry.path().to_owned());
                }
                !leads_out
            }
        })
        .build();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                warnings.push(walk_warning(&error, data));
                continue;
            }
        };
        let path = entry.path();
        if entry.file_type().is_some_and(|t| t.is_dir()) {
            if entry.depth() == MAX_DEPTH {
                warnings.push(Warning {
                    path: printable(path.strip_prefix(data).unwrap_or(path)),
                    reason: format!(
                        "what is in it was left out, because folders are read {MAX_DEPTH} deep at most"
                    ),
                });
            }
            continue;
        }
        if !is_document(path) {
            continue;
        }
        let id = printable(path.strip_prefix(data).unwrap_or(path));
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) => {
                warnings.push(walk_warning(&error, data));
                continue;
            }
        };
        if !metadata.is_file() {
            warnings.push(Warning {
                path: id,
                reason: "it is not a regular file".into(),
            });
            continue;
        }
        if entry.path_is_symlink() && !inside(path) {
            warnings.push(leads_out(path, data));
            continue;
        }
        let relative = printable(path.strip_prefix(folder).unwrap_or(path));
        found.push(Found {
            path: path.to_owned(),
            id,
            relative,
            size_bytes: metadata.len(),
            modified: metadata.modified().ok(),
        });
    }
    let outside = std::mem::take(&mut *outside.lock().unwrap_or_else(PoisonError::into_inner));
    warnings.extend(outside.iter().map(|path| leads_out(path, data)));
    found
}

fn leads_out(path: &Path, data: &Path) -> Warning {
    Warning {
        path: printable(path.strip_prefix(data).unwrap_or(path)),
        reason: "it is a link that leads out of the data folder".into(),
    }
}

pub(super) fn has_extension(path: &str, extensions: &[&str]) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, found)| extensions.iter().any(|e| e.eq_ignore_ascii_case(found)))
}

/// A path as text: `/` between names, control characters and what is not UTF-8 replaced.
pub(super) fn printable(path: &Path) -> String {
    let names: Vec<String> = path
        .components()
        .map(|part| {
            part.as_os_str()
                .to_string_lossy()
                .chars()
                .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
                .collect()
        })
        .collect();
    names.join("/")
}

fn is_document(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    EXTENSIONS.iter().any(|e| e.eq_ignore_ascii_case(extension))
}

fn walk_warning(error: &ignore::Error, data: &Path) -> Warning {
    let (path, reason) = describe(error);
    let path = path.as_deref().map_or_else(
        || ".".into(),
        |p| printable(p.strip_prefix(data).unwrap_or(p)),
    );
    Warning { path, reason }
}

fn describe(error: &ignore::Error) -> (Option<PathBuf>, String) {
    match error {
        ignore::Error::WithPath { path, err } => (Some(path.clone()), describe(err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            describe(err)
        }
        ignore::Error::Loop { child, .. } => (
            Some(child.clone()),
            "it is a link that leads in a circle".into(),
        ),
        ignore::Error::Io(error) => (None, format!("it cannot be read: {error}")),
        other => (None, other.to_string()),
    }
}
