//! Who may ask, and how much: keys, rate limits, budgets, the number of answers generated at once.
//!
//! Limits are in memory and bounded; keys and what was spent are kept in the store. It does not know headers,
//! sessions' contents or what is being asked; the caller says who.

pub mod audit;
mod bucket;
pub mod budget;
mod credential;
mod gate;
pub mod keys;
pub mod oidc;
mod rate;

pub use audit::Audit;
pub use budget::Budget;
pub use credential::Credential;
pub use gate::{Gate, Permit};
pub use keys::Keys;
pub use oidc::Oidc;
pub use rate::{RateLimiter, bucket_address};

use crate::store::KeyLimits;
use std::net::IpAddr;
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Options {
    /// Questions a minute, per session and per address. 0 means no limit.
    pub queries_per_minute: u32,
    /// Questions a day, per address. 0 means no limit.
    pub queries_per_day: u32,
    /// Answers generated at once.
    pub max_generations: usize,
    /// How long an answer may wait for its turn before it is refused.
    pub max_wait: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            // The operators' numbers.
            queries_per_minute: 10,
            queries_per_day: 1_000,
            // The service level asks for 100 concurrent readers; as many again may wait.
            max_generations: 128,
            // Longer than this and the answer's own service level (6 s) is lost anyway.
            max_wait: Duration::from_secs(5),
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub asker: Asker,
    pub session: Option<String>,
}

/// Whose limits a question counts against. Behind a key many readers may share one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    Address(IpAddr),
    Key { line: String, limits: KeyLimits },
}

/// Whether a question may be asked now, in the numbers of the `X-RateLimit-*` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub allowed: bool,
    /// Of the limit that is nearest to being reached.
    pub limit: u32,
    pub remaining: u32,
    /// Seconds until `remaining` is `limit` again.
    pub reset_s: u64,
    /// The limit that turned it away, as the metric's label has it; only when not allowed.
    pub refused_by: Option<&'static str>,
    /// Seconds to wait; only when not allowed.
    pub retry_after_s: Option<u64>,
}
