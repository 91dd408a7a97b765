//! What operators see: log lines, and the figures at `/metrics`.
//!
//! It knows how things are called and how they are written, not what is measured or told.

pub mod backup;
pub mod logs;
pub mod metrics;
pub mod process;
pub mod request;
