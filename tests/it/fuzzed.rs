//! What was tried on arbitrary bytes once (`make fuzz`) is tried again in every run: the inputs
//! that lie in `fuzz/corpus/`.

#[path = "../../fuzz/src/event_stream.rs"]
mod event_stream;
#[path = "../../fuzz/src/front_matter.rs"]
mod front_matter;
#[path = "../../fuzz/src/index_files.rs"]
mod index_files;
#[path = "../../fuzz/src/markdown.rs"]
mod markdown;
#[path = "../../fuzz/src/model_files.rs"]
mod model_files;
#[path = "../../fuzz/src/request_body.rs"]
mod request_body;

use std::path::Path;

fn every_input(target: &str, try_on: fn(&[u8])) {
    crate::test_app::install_crypto();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let folder = folder.join(target);
    let entries = std::fs::read_dir(&folder).expect("there are inputs");
    let mut tried = 0;
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        // Said first: a panic in another thread would not name it.
        println!("{}", path.display());
        try_on(&std::fs::read(&path).expect("an input can be read"));
        tried += 1;
    }
    assert!(tried > 0, "{} is empty", folder.display());
}

#[test]
fn pages_that_were_fuzzed_are_read_and_shown_harmlessly() {
    every_input("markdown", markdown::try_on);
    every_input("front_matter", front_matter::try_on);
}

#[test]
fn streams_of_a_model_that_were_fuzzed_come_to_an_end() {
    every_input("event_stream", event_stream::try_on);
}

#[test]
fn bodies_that_were_fuzzed_are_answered() {
    every_input("request_body", request_body::try_on);
}

#[test]
fn index_files_that_were_fuzzed_are_refused_or_searched() {
    every_input("index_files", index_files::try_on);
}

#[test]
fn model_files_that_were_fuzzed_are_refused_or_used() {
    every_input("model_files", model_files::try_on);
}
