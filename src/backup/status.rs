//! How the backups of this process are doing, for metrics and for people.

use super::{BackupError, Checked, Options, Stored};
use crate::telemetry::backup as told;
use jiff::Timestamp;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};

/// What a page or a program shows of the backups.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Folder or bucket, without anything secret.
    pub target: String,
    /// Seconds between two of the schedule; `None` when it is off.
    pub every_s: Option<u64>,
    pub encrypted: bool,
    /// One is being made.
    pub running: bool,
    /// The newest that counts, once its place was looked at.
    pub last: Option<Stored>,
    /// What went wrong last, unless one was made since.
    pub failure: Option<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub at: Timestamp,
    pub reason: String,
}

pub(super) struct Keeper(Mutex<Status>);

impl Keeper {
    pub fn new(options: &Options, target: String) -> Self {
        Self(Mutex::new(Status {
            target,
            every_s: options.every.map(|every| every.as_secs()),
            encrypted: !options.recipients.is_empty(),
            running: false,
            last: None,
            failure: None,
        }))
    }

    pub fn now(&self) -> Status {
        self.lock().clone()
    }

    /// This process makes backups by a schedule.
    pub fn expected(&self) {
        told::expected();
    }

    pub fn begun(&self) {
        self.lock().running = true;
    }

    pub fn ended(&self, made: &Result<Checked, BackupError>) {
        self.lock().running = false;
        match made {
            Ok(checked) => self.found(&checked.stored),
            Err(error) => self.failed(error),
        }
    }

    pub fn found(&self, newest: &Stored) {
        told::succeeded(newest.name.made_at(), newest.size_bytes);
        let mut status = self.lock();
        status.last = Some(newest.clone());
        status.failure = None;
    }

    pub fn failed(&self, error: &BackupError) {
        told::failed();
        self.lock().failure = Some(Failure {
            at: Timestamp::now(),
            reason: error.to_string(),
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Status> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
