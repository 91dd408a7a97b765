//! One database file: its writer, its readers, and the clock of its sessions.

use super::claim::Claim;
use super::history;
use super::opening::{empty_log, failure, make_folder, open_reader, open_writer};
use super::writer::Writer;
use super::{from_ms, to_ms};
use crate::store::{DatabaseFigures, DatabaseState, Keyring, Options, StoreError};
use jiff::Timestamp;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Connections that read. Reads take well under a millisecond, so a few serve many readers.
const READERS: usize = 4;

pub(super) struct Database {
    path: PathBuf,
    pub writer: Writer,
    readers: Arc<Mutex<Vec<Connection>>>,
    /// As many permits as there are idle readers: waiting for one holds up no thread.
    idle: Arc<Semaphore>,
    session_timeout: Duration,
    retention: Duration,
    pub keyring: Keyring,
}

impl Database {
    pub fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        make_folder(path)?;
        let claim = Claim::shared(path)?;
        let writer = open_writer(path)?;
        history::begin(&writer, path, &options.keyring)?;
        let readers = (0..READERS)
            .map(|_| open_reader(path))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            path: path.to_owned(),
            writer: Writer::start(writer, claim)?,
            readers: Arc::new(Mutex::new(readers)),
            idle: Arc::new(Semaphore::new(READERS)),
            session_timeout: options.session_timeout,
            retention: options.retention,
            keyring: options.keyring.clone(),
        })
    }

    /// Runs `query` on an idle reader, off the async threads.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let stopped = || StoreError::Failed("the chat readers have stopped".to_owned());
        let permit = Arc::clone(&self.idle)
            .acquire_owned()
            .await
            .map_err(|_| stopped())?;
        let readers = Arc::clone(&self.readers);
        tokio::task::spawn_blocking(move || {
            let reader = lock(&readers)
                .pop()
                .expect("there is an idle reader for every permit");
            let found = query(&reader);
            lock(&readers).push(reader);
            drop(permit);
            found.map_err(|e| failure(&e))
        })
        .await
        .map_err(|_| stopped())?
    }

    /// Sessions last used before this are gone.
    pub fn expiry_ms(&self) -> i64 {
        ms_before_now(self.session_timeout)
    }

    /// What began before this is kept no longer.
    pub fn retention_ms(&self) -> i64 {
        ms_before_now(self.retention)
    }

    /// Empties the write-ahead log, which holds what rows were before; best done, not needed.
    pub async fn empty_log(&self) {
        let path = self.path.clone();
        let emptied = tokio::task::spawn_blocking(move || empty_log(&path)).await;
        if !matches!(emptied, Ok(Ok(()))) {
            tracing::debug!("the chat database's log is emptied later");
        }
    }

    /// Now, as it will read back: to the millisecond.
    pub fn now() -> Timestamp {
        from_ms(to_ms(Timestamp::now()))
    }
}

impl DatabaseState for Database {
    fn figures(&self) -> DatabaseFigures {
        let size_bytes = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let mut wal = self.path.clone().into_os_string();
        wal.push("-wal");
        let (writes_waiting, writes_capacity) = self.writer.waiting();
        DatabaseFigures {
            size_bytes: size_bytes(&self.path),
            wal_bytes: size_bytes(Path::new(&wal)),
            writes_waiting,
            writes_capacity,
        }
    }
}

fn ms_before_now(duration: Duration) -> i64 {
    let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    to_ms(Timestamp::now()).saturating_sub(ms)
}

fn lock(readers: &Mutex<Vec<Connection>>) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    readers.lock().unwrap_or_else(PoisonError::into_inner)
}
