//! The thread that writes: takes what has queued up, runs it in one transaction, syncs once.
//!
//! Each job has its own savepoint, so one that fails takes nothing else with it, and nobody is
//! told that their job is done before the commit is on disk.

use super::claim::Claim;
use super::opening::failure;
use crate::store::StoreError;
use crate::telemetry::metrics::DATABASE_COMMIT_DURATION;
use rusqlite::{Connection, TransactionBehavior};
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// Jobs that may wait. Each is one answer's turn; more than this many at once is overload, and
/// the senders wait for room.
const QUEUE: usize = 1024;

/// Jobs committed together. Bounds how long the first one waits for the last.
const BATCH: usize = 64;

/// Runs in the transaction, or learns that there is none; returns what to do once the commit's
/// outcome is known.
type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Reply + Send>;
type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// The way to the writer thread; the thread ends when the last of these is dropped.
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// The claim is given up when the last write is done.
    pub fn start(connection: Connection, claim: Claim) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("chat-writer".to_owned())
            .spawn(move || {
                serve(connection, queue);
                drop(claim);
            })
            .map_err(|e| StoreError::Open(format!("the chat writer cannot start: {e}")))?;
        Ok(Self { jobs })
    }

    /// Jobs that wait, of how many that may.
    pub fn waiting(&self) -> (usize, usize) {
        let most = self.jobs.max_capacity();
        (most - self.jobs.capacity(), most)
    }

    /// Runs `job` in a transaction and returns when it is on disk.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let boxed: Job = Box::new(move |connection| {
            let outcome = connection.and_then(|open| in_savepoint(open, job));
            Box::new(move |committed| {
                // Whoever asked may be gone; the work is done all the same.
                let _ = answer.send(committed.and(outcome));
            })
        });
        let gone = || StoreError::Failed("the chat writer has stopped".to_owned());
        self.jobs.send(boxed).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

fn serve(mut connection: Connection, mut queue: mpsc::Receiver<Job>) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
        let (committed, replies) = commit(&mut connection, batch.drain(..));
        for reply in replies {
            reply(committed.clone());
        }
    }
}

fn commit(
    connection: &mut Connection,
    batch: impl Iterator<Item = Job>,
) -> (Result<(), StoreError>, Vec<Reply>) {
    match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => {
            let replies = batch.map(|job| job(Ok(&transaction))).collect();
            let started = Instant::now();
            let committed = transaction.commit().map_err(|e| failure(&e));
            metrics::histogram!(DATABASE_COMMIT_DURATION).record(started.elapsed());
            (committed, replies)
        }
        Err(error) => {
            tracing::warn!(
                event = "performance.database_busy",
                %error,
                "the chat database could not be locked for writing"
            );
            let failed = failure(&error);
            let replies = batch.map(|job| job(Err(failed.clone()))).collect();
            (Err(failed), replies)
        }
    }
}

fn in_savepoint<T>(
    connection: &Connection,
    job: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    // Parsed once: with many answers at a time these three would cost as much as a turn's rows.
    let run = |sql: &str| {
        let statement = connection.prepare_cached(sql);
        let run = statement.and_then(|mut statement| statement.execute([]));
        run.map_err(|e| failure(&e))
    };
    run("SAVEPOINT job")?;
    let outcome = job(connection);
    if outcome.is_err() {
        run("ROLLBACK TO job")?;
    }
    run("RELEASE job")?;
    outcome
}
