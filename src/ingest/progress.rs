//! How far indexing is, for progress bars, `/readyz` and metrics.

use serde::Serialize;
use std::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing has been looked at yet.
    Starting,
    /// Files are read and their words indexed.
    Reading,
    /// Vectors are computed; words already answer.
    Embedding,
    /// Everything on disk is in the index.
    Ready,
    /// The last attempt failed; the previous generation, if there is one, still answers.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    pub phase: Phase,
    pub documents: usize,
    pub chunks_total: usize,
    /// Chunks that have a vector, reused ones included.
    pub chunks_embedded: usize,
    /// Chunks embedded per second in this run.
    pub rate_per_s: f64,
    pub eta_s: Option<f64>,
    /// Name of the living generation.
    pub generation: Option<String>,
    /// Files that could not be read, or only in part.
    pub warnings: usize,
    pub last_error: Option<String>,
}

impl Progress {
    pub fn starting() -> Self {
        Self {
            phase: Phase::Starting,
            documents: 0,
            chunks_total: 0,
            chunks_embedded: 0,
            rate_per_s: 0.0,
            eta_s: None,
            generation: None,
            warnings: 0,
            last_error: None,
        }
    }
}

/// Measures the rate of embedding over the bytes done, which tracks the work better than chunks:
/// they are embedded from the longest to the shortest.
pub struct Pace {
    started: Instant,
    bytes_done: usize,
    bytes_total: usize,
    chunks_done: usize,
}

impl Pace {
    pub fn new(bytes_total: usize) -> Self {
        Self {
            started: Instant::now(),
            bytes_done: 0,
            bytes_total,
            chunks_done: 0,
        }
    }

    pub fn advance(&mut self, chunks: usize, bytes: usize) {
        self.chunks_done += chunks;
        self.bytes_done += bytes;
    }

    pub fn rate_per_s(&self) -> f64 {
        self.chunks_done as f64 / self.started.elapsed().as_secs_f64().max(1e-3)
    }

    pub fn eta_s(&self) -> Option<f64> {
        if self.bytes_done == 0 {
            return None;
        }
        let left = self.bytes_total.saturating_sub(self.bytes_done) as f64;
        Some(self.started.elapsed().as_secs_f64() * left / self.bytes_done as f64)
    }
}
