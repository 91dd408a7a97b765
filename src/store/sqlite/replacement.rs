//! Replaces the database, and what belongs to it, as a whole.
//!
//! New files are prepared beside the living ones. A journal says what is prepared and, once all of
//! it is on disk, which renames put it in place; that is the moment from which on it is done. A
//! process that dies before leaves the old files, one that dies after it is finished by whoever
//! opens the database next. The old files are kept beside under another name.

use super::beside;
use super::claim::Claim;
use crate::store::StoreError;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Paths relative to the database's folder where they lie in it: a volume is not mounted at the
/// same place everywhere.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Journal {
    staged: Vec<PathBuf>,
    /// Empty until everything is prepared; then done in this order.
    moves: Vec<(PathBuf, PathBuf)>,
}

/// A replacement that is being prepared. Dropped before [`Replacement::finish`], it leaves what
/// the next one clears away.
#[derive(Debug)]
pub struct Replacement {
    database: PathBuf,
    lives: Vec<PathBuf>,
    journal: Journal,
    _claim: Claim,
}

impl Replacement {
    /// Refused while anybody uses the database.
    pub(super) fn begin(database: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            database: database.to_owned(),
            lives: Vec::new(),
            journal: Journal::default(),
            _claim: Claim::exclusive(database)?,
        })
    }

    pub fn database(&self) -> &Path {
        &self.database
    }

    /// Where what will become `live` is prepared: beside it, so that a rename puts it in place.
    /// Nothing is there yet. What is prepared nowhere is gone afterwards.
    pub fn stage(&mut self, live: &Path) -> Result<PathBuf, StoreError> {
        let staged = beside(live, "-restoring");
        self.lives.push(live.to_owned());
        self.journal.staged.push(self.relative(&staged));
        self.write()?;
        remove(&staged).map_err(|e| failure(&staged, &e))?;
        Ok(staged)
    }

    /// Puts everything in place; `suffix` names what was there. Returns the old files.
    pub fn finish(mut self, suffix: &str) -> Result<Vec<PathBuf>, StoreError> {
        let mut kept = Vec::new();
        let mut moves = Vec::new();
        for live in &self.lives {
            let companions = COMPANIONS
                .iter()
                .copied()
                .filter(|_| *live == self.database);
            for companion in std::iter::once("").chain(companions) {
                let old = beside(live, companion);
                if exists(&old) {
                    let name = beside(live, &format!(".{suffix}{companion}"));
                    moves.push((self.relative(&old), self.relative(&name)));
                    kept.push(name);
                }
            }
        }
        for live in &self.lives {
            let staged = beside(live, "-restoring");
            if exists(&staged) {
                sync(&staged).map_err(|e| failure(&staged, &e))?;
                moves.push((self.relative(&staged), self.relative(live)));
            }
        }
        self.journal.moves = moves;
        self.write()?;
        Self::recover(&self.database)?;
        Ok(kept)
    }

    pub(super) fn is_pending(database: &Path) -> bool {
        exists(&journal_path(database))
    }

    /// Finishes what was committed and clears away what was not. Called by whoever holds the
    /// database alone.
    pub(super) fn recover(database: &Path) -> Result<(), StoreError> {
        let path = journal_path(database);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failure(&path, &error)),
        };
        let journal: Journal =
            serde_json::from_slice(&bytes).map_err(|e| failure(&path, &io::Error::other(e)))?;
        let folder = folder_of(database);
        let place = |path: &Path| folder.join(path);
        if journal.moves.is_empty() {
            tracing::warn!("a restore that did not get far was undone");
        }
        for (from, to) in &journal.moves {
            let (from, to) = (place(from), place(to));
            // Whatever was moved already is at its new place.
            if exists(&from) && !exists(&to) {
                fs::rename(&from, &to).map_err(|e| failure(&from, &e))?;
                sync_folder(&to).map_err(|e| failure(&to, &e))?;
            }
        }
        for staged in &journal.staged {
            let staged = place(staged);
            remove(&staged).map_err(|e| failure(&staged, &e))?;
        }
        fs::remove_file(&path)
            .and_then(|()| sync_folder(&path))
            .map_err(|e| failure(&path, &e))
    }

    fn relative(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(folder_of(&self.database)) {
            Ok(inside) => inside.to_owned(),
            Err(_) => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        }
    }

    fn write(&self) -> Result<(), StoreError> {
        let path = journal_path(&self.database);
        let next = beside(&path, ".next");
        let bytes = serde_json::to_vec(&self.journal).expect("a journal serialises");
        File::create(&next)
            .and_then(|mut file| {
                file.write_all(&bytes)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&next, &path))
            .and_then(|()| sync_folder(&path))
            .map_err(|e| failure(&path, &e))
    }
}

fn journal_path(database: &Path) -> PathBuf {
    beside(database, "-restore.json")
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn remove(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// A file, or a folder with the files in it.
fn sync(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            sync(&entry?.path())?;
        }
    }
    File::open(path)?.sync_all()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn failure(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Open(format!(
        "{} cannot be restored ({error}); nothing of the old data is lost: make that possible and \
         start again",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder in which everything is old, and a replacement with everything new, not finished.
    fn prepared(folder: &Path) -> Replacement {
        let database = folder.join("chat.db");
        for name in ["chat.db", "chat.db-wal"] {
            fs::write(folder.join(name), "old").expect("written");
        }
        fs::create_dir_all(folder.join("pushed")).expect("created");
        fs::write(folder.join("pushed/a.json"), "old").expect("written");
        let mut replacement = Replacement::begin(&database).expect("nobody uses it");
        let staged = replacement.stage(&database).expect("staged");
        fs::write(staged, "new").expect("written");
        let staged = replacement.stage(&folder.join("pushed")).expect("staged");
        fs::create_dir(&staged).expect("created");
        fs::write(staged.join("b.json"), "new").expect("written");
        replacement
    }

    fn read(folder: &Path, name: &str) -> Option<String> {
        fs::read_to_string(folder.join(name)).ok()
    }

    fn assert_new(folder: &Path) {
        assert_eq!(read(folder, "chat.db").as_deref(), Some("new"));
        assert_eq!(read(folder, "chat.db-wal"), None);
        assert_eq!(read(folder, "pushed/b.json").as_deref(), Some("new"));
        assert_eq!(read(folder, "pushed/a.json"), None);
        for old in ["chat.db.was", "chat.db.was-wal", "pushed.was/a.json"] {
            assert_eq!(read(folder, old).as_deref(), Some("old"), "{old}");
        }
        assert!(!Replacement::is_pending(&folder.join("chat.db")));
    }

    #[test]
    fn what_was_there_is_kept_beside_what_replaced_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = prepared(folder.path()).finish("was").expect("finished");
        assert_new(folder.path());
        assert_eq!(kept.len(), 3);
    }

    #[test]
    fn one_that_ended_before_everything_was_prepared_is_undone() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(prepared(folder.path()));
        drop(Claim::shared(&folder.path().join("chat.db")).expect("usable"));
        for (name, text) in [
            ("chat.db", Some("old")),
            ("chat.db-wal", Some("old")),
            ("pushed/a.json", Some("old")),
            ("chat.db-restoring", None),
            ("pushed-restoring/b.json", None),
            ("chat.db-restore.json", None),
        ] {
            assert_eq!(read(folder.path(), name).as_deref(), text, "{name}");
        }
    }

    #[test]
    fn one_that_ended_after_any_of_its_renames_is_finished() {
        let moves: Vec<(PathBuf, PathBuf)> = [
            ("chat.db", "chat.db.was"),
            ("chat.db-wal", "chat.db.was-wal"),
            ("pushed", "pushed.was"),
            ("chat.db-restoring", "chat.db"),
            ("pushed-restoring", "pushed"),
        ]
        .map(|(from, to)| (from.into(), to.into()))
        .to_vec();
        for done in 0..=moves.len() {
            let folder = tempfile::tempdir().expect("a folder");
            let mut interrupted = prepared(folder.path());
            interrupted.journal.moves = moves.clone();
            interrupted.write().expect("written");
            for (from, to) in &moves[..done] {
                fs::rename(folder.path().join(from), folder.path().join(to)).expect("moved");
            }
            drop(interrupted);
            drop(Claim::shared(&folder.path().join("chat.db")).expect("usable"));
            assert_new(folder.path());
        }
    }

    #[test]
    fn nobody_replaces_what_somebody_uses_and_the_other_way_round() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("chat.db");
        let first = Claim::shared(&database).expect("free");
        let second = Claim::shared(&database).expect("shared");
        let refused = Replacement::begin(&database).expect_err("used");
        assert!(refused.to_string().contains("stop it"), "{refused}");
        drop((first, second));
        let replacing = Replacement::begin(&database).expect("free");
        let refused = Claim::shared(&database).expect_err("being replaced");
        assert!(refused.to_string().contains("being restored"), "{refused}");
        drop(replacing);
    }
}
