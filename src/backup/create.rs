//! Makes a backup, and looks into one.

use super::manifest::{self, Manifest};
use super::work::Work;
use super::{BackupError, Backups, Checked, DATABASE, Identities, Name, Stored, archive};
use crate::store::snapshot;
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Backups {
    /// Makes a backup while everything goes on, puts it in its place, reads it back from there and
    /// opens it. Only then it counts; one that does not open is deleted.
    pub async fn create(self: &Arc<Self>) -> Result<Checked, BackupError> {
        self.status.begun();
        let made = self.make().await;
        self.status.ended(&made);
        made
    }

    async fn make(self: &Arc<Self>) -> Result<Checked, BackupError> {
        let passing = Identities::passing();
        let work = Arc::new(Work::begin(&self.options.state_dir)?);
        let (name, file) = {
            let (backups, work, passing) = (Arc::clone(self), Arc::clone(&work), passing.clone());
            blocking(move || backups.write(&work, &passing)).await?
        };
        self.target.put(&name, &file).await?;
        let checked = self.look_into(&name, work, passing).await;
        if checked.is_err()
            && let Err(error) = self.target.delete(&name).await
        {
            tracing::warn!(%error, %name, "a backup that does not open could not be deleted");
        }
        checked
    }

    /// Reads a backup from its place, opens it and counts.
    pub async fn verify(
        self: &Arc<Self>,
        name: Option<&Name>,
        identities: Identities,
    ) -> Result<Checked, BackupError> {
        let stored = self.find(name).await?;
        let work = Arc::new(Work::begin(&self.options.state_dir)?);
        self.look_into(&stored.name, work, identities).await
    }

    async fn look_into(
        &self,
        name: &Name,
        work: Arc<Work>,
        identities: Identities,
    ) -> Result<Checked, BackupError> {
        let read_back = work.path("read-back");
        self.target.get(name, &read_back).await?;
        let size_bytes = std::fs::metadata(&read_back)
            .map_err(BackupError::state("the backup cannot be read back"))?
            .len();
        let text = name.to_string();
        let manifest =
            blocking(move || archive::open(&text, &read_back, &identities, &work.path("opened")))
                .await?;
        Ok(Checked {
            stored: Stored::new(name.clone(), size_bytes),
            manifest,
        })
    }

    /// Writes the backup into the work folder. Blocking.
    fn write(&self, work: &Work, passing: &Identities) -> Result<(Name, PathBuf), BackupError> {
        let failed = || BackupError::state("the backup cannot be written");
        let made_at = Timestamp::now();
        let copy = work.path(DATABASE);
        let going = || !self.stopping.load(Ordering::Relaxed);
        snapshot::snapshot(&self.options.store, &copy, &going)?;
        let database = snapshot::contents(&copy)?;
        let mut parts = vec![(DATABASE.to_owned(), copy)];
        parts.extend(archive::pushed(&self.options.state_dir).map_err(failed())?);
        let manifest = Manifest {
            format: manifest::FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made_at,
            database,
            files: archive::describe(&parts).map_err(failed())?,
        };
        let recipients = &self.options.recipients;
        let name = Name::new(made_at, !recipients.is_empty());
        let file = work.path(name.as_str());
        archive::write(&file, &manifest, &parts, recipients, passing).map_err(failed())?;
        Ok((name, file))
    }
}

/// Runs what reads and writes files off the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    tokio::task::spawn_blocking(job)
        .await
        .unwrap_or_else(|error| {
            Err(BackupError::State {
                what: "the backup was cut off".to_owned(),
                reason: error.to_string(),
            })
        })
}
