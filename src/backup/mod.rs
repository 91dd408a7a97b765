//! Backups of what cannot be made again: the chat database and the documents added over HTTP.
//!
//! A backup is one file, `rag-chatbot-TIME-….tar.gz`, with `.age` behind it when it is encrypted:
//! everyday tools open it where this program is missing. It is made while the server runs, put into
//! a folder or a bucket, read back from there and opened, before it counts. This module does not
//! know HTTP, nor who else uses the database.

mod archive;
mod create;
mod error;
mod manifest;
mod name;
mod restore;
mod retention;
mod schedule;
mod seal;
mod status;
mod target;
mod work;

pub use error::BackupError;
pub use manifest::Manifest;
pub use name::Name;
pub use restore::{Restored, restore_database};
pub use seal::{Identities, Recipients, new_pair};
pub use status::{Failure, Status};
pub use target::{S3Access, Stored};

use crate::store;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use target::Target;

/// Name of the database in a backup.
const DATABASE: &str = "chat.db";

/// The folder of documents that were added over HTTP, in the state folder and in a backup.
const PUSHED: &str = "pushed";

/// What is backed up, to where, and when.
#[derive(Debug, Clone)]
pub struct Options {
    pub store: store::Options,
    pub state_dir: PathBuf,
    /// A folder, or `s3://bucket/prefix`.
    pub to: String,
    pub s3: S3Access,
    /// Whom backups are encrypted for; none leaves them readable.
    pub recipients: Recipients,
    /// Between two backups of the schedule; `None` makes none.
    pub every: Option<Duration>,
    /// From the start of the process to the first one that is due: a server that is restarted again
    /// and again has other troubles.
    pub first_after: Duration,
    /// How often the place is looked at for backups that others made there, such as the command line.
    pub look_every: Duration,
    /// Older ones are deleted by the schedule and by `prune`.
    pub keep: Duration,
}

/// The backups of one installation.
pub struct Backups {
    options: Options,
    target: Box<dyn Target>,
    status: status::Keeper,
    stopping: Arc<AtomicBool>,
}

/// A backup that was made, or one that was looked into.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Checked {
    #[serde(flatten)]
    pub stored: Stored,
    pub manifest: Manifest,
}

impl Backups {
    /// Nothing is read or written yet.
    pub fn open(options: Options) -> Result<Arc<Self>, BackupError> {
        let target = target::open(&options.to, &options.s3)?;
        let status = status::Keeper::new(&options, target.shown());
        Ok(Arc::new(Self {
            options,
            target,
            status,
            stopping: Arc::default(),
        }))
    }

    /// For whoever watches: when the last one was made, and what went wrong since.
    pub fn status(&self) -> Status {
        self.status.now()
    }

    /// Every backup there is, the newest first.
    pub async fn list(&self) -> Result<Vec<Stored>, BackupError> {
        let mut all = self.target.list().await?;
        all.sort_by(|a, b| b.name.cmp(&a.name));
        Ok(all)
    }

    /// Deletes what the retention no longer keeps; returns what was deleted.
    pub async fn prune(&self) -> Result<Vec<Stored>, BackupError> {
        let all = self.list().await?;
        let surplus = retention::surplus(&all, jiff::Timestamp::now(), self.options.keep);
        for stored in &surplus {
            self.target.delete(&stored.name).await?;
        }
        Ok(surplus)
    }

    /// The named backup, or the newest.
    async fn find(&self, name: Option<&Name>) -> Result<Stored, BackupError> {
        let all = self.list().await?;
        let found = all
            .into_iter()
            .find(|stored| name.is_none_or(|name| *name == stored.name));
        found.ok_or_else(|| {
            let what = name.map_or("no backup".to_owned(), |name| format!("no backup `{name}`"));
            BackupError::Refused(format!("there is {what} in {}", self.target.shown()))
        })
    }
}
