//! How the backups of this process are doing, for metrics and for people.

use super::{BackupError, Checked, Options, Stored};
use crate::telemetry::backup as told;
use jiff::Timestamp;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
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

pub(super) struct Keeper {
    status: Mutex<Status>,
    /// The place could not be looked at the last time; not since a backup failed.
    is_unseen: AtomicBool,
}

impl Keeper {
    pub fn new(options: &Options, target: String) -> Self {
        Self {
            status: Mutex::new(Status {
                target,
                every_s: options.every.map(|every| every.as_secs()),
                encrypted: !options.recipients.is_empty(),
                running: false,
                last: None,
                failure: None,
            }),
            is_unseen: AtomicBool::new(false),
        }
    }

    pub fn now(&self) -> Status {
        self.lock().clone()
    }

    /// Where this process makes backups by a schedule, those who watch wait for the first.
    pub fn expected(&self) {
        if self.lock().every_s.is_some() {
            told::expected();
        }
    }

    pub fn begun(&self) {
        self.lock().running = true;
    }

    pub fn ended(&self, made: &Result<Checked, BackupError>) {
        self.lock().running = false;
        match made {
            Ok(checked) => {
                let newest = &checked.stored;
                told::succeeded(newest.name.made_at(), newest.size_bytes);
                let mut status = self.lock();
                status.last = Some(newest.clone());
                status.failure = None;
            }
            Err(error) => self.failed(error),
        }
    }

    /// What the place holds now: the newest, or nothing.
    pub fn seen(&self, newest: Option<&Stored>) {
        let was_unseen = self.is_unseen.swap(false, Ordering::Relaxed);
        let mut status = self.lock();
        // Without a schedule, nobody has to be told that the newest grows old.
        if status.every_s.is_some() {
            match newest {
                Some(newest) => told::succeeded(newest.name.made_at(), newest.size_bytes),
                None => told::expected(),
            }
        }
        let is_over = |failure: &Failure| {
            was_unseen || newest.is_some_and(|newest| newest.name.made_at() > failure.at)
        };
        if status.failure.as_ref().is_some_and(is_over) {
            status.failure = None;
        }
        status.last = newest.cloned();
    }

    /// The place cannot be looked at; true where that is new.
    pub fn unseen(&self, error: &BackupError) -> bool {
        // A backup that failed says more.
        if self.lock().failure.is_some() {
            return false;
        }
        self.failed(error);
        self.is_unseen.store(true, Ordering::Relaxed);
        true
    }

    fn failed(&self, error: &BackupError) {
        told::failed();
        self.is_unseen.store(false, Ordering::Relaxed);
        self.lock().failure = Some(Failure {
            at: Timestamp::now(),
            reason: error.to_string(),
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
