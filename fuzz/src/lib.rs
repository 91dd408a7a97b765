//! What is tried on arbitrary bytes. `fuzz_targets/` hands these functions to libFuzzer, and
//! `tests/it/fuzzed.rs` hands them the inputs in `corpus/`, so that what was found once is tried in
//! every run of the tests.

pub mod event_stream;
pub mod front_matter;
pub mod index_files;
pub mod markdown;
pub mod model_files;
pub mod request_body;
