//! Puts a backup in the place of what is there, as a whole or not at all.

use super::create::blocking;
use super::work::Work;
use super::{BackupError, Backups, DATABASE, Identities, Name, Options, PUSHED, archive};
use crate::store::snapshot::{self, Contents, Replacement};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was restored, and where the old files are.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Restored {
    /// The backup's name, or the file's.
    pub name: String,
    pub database: Contents,
    /// Documents that were added over HTTP, where the backup has a say in them.
    pub documents: Option<usize>,
    /// What was there before, under its new names.
    pub kept: Vec<PathBuf>,
}

impl Backups {
    /// Restores the named backup, or the newest. Refused while anybody uses the database, and,
    /// without `replace`, where there is one.
    pub async fn restore(
        self: &Arc<Self>,
        name: Option<&Name>,
        identities: Identities,
        replace: bool,
    ) -> Result<Restored, BackupError> {
        // First: nobody should wait for a download to learn that the server still runs.
        let replacing = Replacing::begin(&self.options, &[DATABASE, PUSHED], replace)?;
        let stored = self.find(name).await?;
        let work = Work::begin(&self.options.state_dir)?;
        let read_back = work.path("read-back");
        self.target.get(&stored.name, &read_back).await?;
        blocking(move || {
            let opened = work.path("opened");
            let name = stored.name.to_string();
            let manifest = archive::open(&name, &read_back, &identities, &opened)?;
            let by = &manifest.version;
            refuse_newer(
                &format!("{name} (made by rag-chatbot {by})"),
                &manifest.database,
            )?;
            Ok(Restored {
                name,
                documents: Some(manifest.documents()),
                database: manifest.database,
                kept: replacing.finish(&opened)?,
            })
        })
        .await
    }
}

/// Puts a database file that another tool has restored in the place of the one that is there, with
/// the same care; documents that were added over HTTP stay as they are.
pub async fn restore_database(
    options: &Options,
    file: &Path,
    replace: bool,
) -> Result<Restored, BackupError> {
    let replacing = Replacing::begin(options, &[DATABASE], replace)?;
    let (state, file) = (options.state_dir.clone(), file.to_owned());
    blocking(move || {
        let name = file.display().to_string();
        let work = Work::begin(&state)?;
        let copy = work.path(DATABASE);
        let failed =
            || BackupError::state(format!("{name} cannot be copied to {}", copy.display()));
        // A log beside it would be left behind, with a part of what was said in it.
        let log = file.with_file_name(format!(
            "{}-wal",
            file.file_name().unwrap_or_default().to_string_lossy()
        ));
        if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            return Err(BackupError::Refused(format!(
                "{name} is in use: {} lies beside it; restore a copy that was made of it",
                log.display()
            )));
        }
        fs::copy(&file, &copy).map_err(failed())?;
        let database = snapshot::contents(&copy).map_err(|e| BackupError::Damaged {
            name: name.clone(),
            reason: e.to_string(),
        })?;
        if database.schema == 0 {
            return Err(BackupError::Refused(format!(
                "{name} is a database, but none of conversations"
            )));
        }
        refuse_newer(&name, &database)?;
        Ok(Restored {
            kept: replacing.finish(&work.path(""))?,
            documents: None,
            name,
            database,
        })
    })
    .await
}

fn refuse_newer(name: &str, database: &Contents) -> Result<(), BackupError> {
    let newest = snapshot::newest_schema();
    if database.schema <= newest {
        return Ok(());
    }
    Err(BackupError::Refused(format!(
        "the backup {name} is of a newer rag-chatbot (schema {}; this one knows {newest}); use that \
         version",
        database.schema
    )))
}

/// What is being replaced: parts of a backup, and where each lives.
struct Replacing {
    replacement: Replacement,
    lives: Vec<(&'static str, PathBuf)>,
}

impl Replacing {
    fn begin(
        options: &Options,
        parts: &[&'static str],
        replace: bool,
    ) -> Result<Self, BackupError> {
        let replacement = snapshot::begin_replacing(&options.store)?;
        let live = |part| match part {
            DATABASE => replacement.database().to_owned(),
            folder => options.state_dir.join(folder),
        };
        let lives: Vec<_> = parts.iter().map(|part| (*part, live(*part))).collect();
        if let Some((_, there)) = lives.iter().find(|(_, live)| live.exists() && !replace) {
            return Err(BackupError::Refused(format!(
                "{} is there already; say --replace to put the backup in its place (what is there \
                 is kept beside it)",
                there.display()
            )));
        }
        Ok(Self { replacement, lives })
    }

    /// Takes the parts out of the folder `from`; one that is not there is gone afterwards. Returns
    /// what was there before.
    fn finish(self, from: &Path) -> Result<Vec<PathBuf>, BackupError> {
        let mut replacement = self.replacement;
        for (part, live) in &self.lives {
            let staged = replacement.stage(live)?;
            let prepared = from.join(part);
            if prepared.exists() {
                let failed = BackupError::state(format!("{} cannot be written", staged.display()));
                put(&prepared, &staged).map_err(failed)?;
            }
        }
        let time = Timestamp::now().to_zoned(TimeZone::UTC);
        let suffix = format!("before-restore-{}", time.strftime("%Y%m%dT%H%M%SZ"));
        Ok(replacement.finish(&suffix)?)
    }
}

/// Moves a file or a folder of files, to another file system if need be.
fn put(from: &Path, to: &Path) -> std::io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {}
        done => return done,
    }
    if from.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(())
    } else {
        fs::copy(from, to).map(|_| ())
    }
}
