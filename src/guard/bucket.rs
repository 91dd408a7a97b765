//! A token bucket: so many at once, refilled evenly.

use std::time::{Duration, Instant};

/// How full one bucket is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    tokens: f64,
    at: Instant,
    size: Size,
}

/// How large a bucket is and how long it takes to fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Size {
    pub capacity: u32,
    pub period: Duration,
}

impl Size {
    fn per_second(self) -> f64 {
        f64::from(self.capacity) / self.period.as_secs_f64()
    }
}

impl Bucket {
    pub fn full(size: Size, now: Instant) -> Self {
        Self {
            tokens: f64::from(size.capacity),
            at: now,
            size,
        }
    }

    /// Lets the time since the last look flow in, into a bucket that may have a new size.
    pub fn refill(&mut self, size: Size, now: Instant) {
        self.size = size;
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * size.per_second()).min(f64::from(size.capacity));
        self.at = self.at.max(now);
    }

    pub fn has_one(&self) -> bool {
        // A hair under one is one: refilling in many small steps loses the last bits.
        self.tokens >= 1.0 - 1e-6
    }

    pub fn take(&mut self) {
        self.tokens = (self.tokens - 1.0).max(0.0);
    }

    pub fn give_back(&mut self) {
        self.tokens = (self.tokens + 1.0).min(f64::from(self.size.capacity));
    }

    pub fn remaining(&self) -> u32 {
        (self.tokens + 1e-6) as u32
    }

    pub fn size(&self) -> Size {
        self.size
    }

    pub fn is_full(&self) -> bool {
        self.tokens >= f64::from(self.size.capacity) - 1e-6
    }

    /// Seconds until there is one token, at least 1 so that a client really waits.
    pub fn seconds_to_one(&self) -> u64 {
        (((1.0 - self.tokens) / self.size.per_second()).ceil() as u64).max(1)
    }

    pub fn seconds_to_full(&self) -> u64 {
        ((f64::from(self.size.capacity) - self.tokens) / self.size.per_second()).ceil() as u64
    }
}
