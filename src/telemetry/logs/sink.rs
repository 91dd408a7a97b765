//! The thread that writes log lines: whoever takes them slowly, or not at all, stops no request.
//!
//! A line for which there is no room is given up and counted.

use crate::telemetry::metrics::LOG_LINES_DROPPED;
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError, TrySendError};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait: some megabytes, and a second of a busy server's.
const WAITING: usize = 16_384;

/// How long lines are collected before they are written: waking the thread for each of them cost
/// as much as all the rest of a line. A person at a terminal does not notice.
const COLLECTING: Duration = Duration::from_millis(5);

/// Bytes that are written at once.
const BATCH_BYTES: usize = 64 * 1024;

/// How long the end of the process waits for the last lines to be taken.
const PATIENCE: Duration = Duration::from_secs(2);

enum Job {
    Line(Vec<u8>),
    /// Answered when everything before it is written.
    Flush(SyncSender<()>),
}

/// The way to one writer; cheap to clone.
#[derive(Clone)]
pub struct Sink {
    jobs: SyncSender<Job>,
}

impl Sink {
    pub fn start(name: &str, out: impl Write + Send + 'static) -> Self {
        let (jobs, queue) = mpsc::sync_channel(WAITING);
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&queue, out))
            .expect("a thread can be started at this point");
        Self { jobs }
    }

    /// Waits until what was given so far is written, for a while.
    pub fn flush(&self) {
        let (done, is_done) = mpsc::sync_channel(1);
        if self.jobs.send(Job::Flush(done)).is_ok() {
            let _written_or_not = is_done.recv_timeout(PATIENCE);
        }
    }
}

/// One line.
impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.jobs.try_send(Job::Line(line.to_owned())) {
            metrics::counter!(LOG_LINES_DROPPED).increment(1);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Several writers of the same lines, so that a line is made once for all of them.
#[derive(Clone)]
pub struct Sinks(pub Vec<Sink>);

impl Write for Sinks {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        for sink in &mut self.0 {
            sink.write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Sinks {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn serve(queue: &Receiver<Job>, mut out: impl Write) {
    let mut batch = Vec::with_capacity(BATCH_BYTES);
    while let Some(first) = first(queue) {
        let mut lines = 0;
        let mut waits = None;
        let mut next = Some(first);
        while let Some(job) = next.take() {
            match job {
                Job::Line(line) => {
                    batch.extend_from_slice(&line);
                    lines += 1;
                }
                Job::Flush(done) => waits = Some(done),
            }
            if batch.len() < BATCH_BYTES && waits.is_none() {
                next = queue.try_recv().ok();
            }
        }
        // Nobody is left to be told that a log cannot be written but the figures.
        if out.write_all(&batch).and_then(|()| out.flush()).is_err() {
            metrics::counter!(LOG_LINES_DROPPED).increment(lines);
        }
        batch.clear();
        if let Some(done) = waits {
            let _gone_or_told = done.send(());
        }
    }
}

/// The job to begin with; waited for if there is none, and then others are let come as well.
fn first(queue: &Receiver<Job>) -> Option<Job> {
    match queue.try_recv() {
        Ok(job) => return Some(job),
        Err(TryRecvError::Disconnected) => return None,
        Err(TryRecvError::Empty) => {}
    }
    let job = queue.recv().ok()?;
    if matches!(job, Job::Line(_)) {
        std::thread::sleep(COLLECTING);
    }
    Some(job)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Takes nothing until it may.
    struct Slow {
        may: Receiver<()>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // An error: it may from now on.
            let _told = self.may.recv();
            self.taken
                .lock()
                .expect("not poisoned")
                .extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_takes_nothing_holds_nobody_up_and_what_was_kept_comes_in_order() {
        let (allow, may) = mpsc::channel();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let slow = Slow {
            may,
            taken: Arc::clone(&taken),
        };
        let mut sink = Sink::start("test", slow);
        // Returns although nothing is taken: what does not fit is given up.
        for number in 0..WAITING * 2 {
            let line = format!("{number}\n");
            assert_eq!(sink.write(line.as_bytes()).ok(), Some(line.len()));
        }
        drop(allow);
        sink.flush();
        let text = String::from_utf8(taken.lock().expect("not poisoned").clone()).expect("UTF-8");
        let numbers: Vec<usize> = text
            .lines()
            .map(|line| line.parse().expect("whole"))
            .collect();
        assert!(numbers.len() >= WAITING, "{}", numbers.len());
        assert!(numbers.is_sorted_by(|a, b| a < b));
    }
    /// Counts how often it is given something.
    #[derive(Clone, Default)]
    struct Counted(Arc<Mutex<(usize, Vec<u8>)>>);

    impl Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut taken = self.0.lock().expect("not poisoned");
            taken.0 += 1;
            taken.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_come_together_are_written_together_to_every_writer() {
        const LINES: usize = 1000;
        let writers = [Counted::default(), Counted::default()];
        let sinks = writers.each_ref().map(|w| Sink::start("test", w.clone()));
        let mut sinks = Sinks(sinks.to_vec());
        let mut expected = Vec::new();
        for number in 0..LINES {
            let line = format!("{number}\n");
            assert_eq!(sinks.write(line.as_bytes()).ok(), Some(line.len()));
            expected.extend_from_slice(line.as_bytes());
        }
        sinks.0.iter().for_each(Sink::flush);
        for writer in writers {
            let taken = writer.0.lock().expect("not poisoned");
            assert_eq!(taken.1, expected);
            assert!(taken.0 < LINES, "every line is written by itself");
        }
    }
}
