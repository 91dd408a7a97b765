//! How far indexing is: a bar on a terminal, nothing elsewhere (the log tells).

use crate::ingest::{Library, Phase, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;

/// Shows progress until the index is up to date or has failed, and returns the last of it.
pub async fn follow(library: Arc<Library>) -> Progress {
    let bar = if std::io::stderr().is_terminal() {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} chunks, {msg}")
            .expect("the template is well-formed");
        ProgressBar::new(0).with_style(style)
    } else {
        ProgressBar::hidden()
    };
    let mut progress = library.progress();
    loop {
        let now = progress.borrow_and_update().clone();
        bar.set_length(now.chunks_total as u64);
        bar.set_position(now.chunks_embedded as u64);
        let left = now
            .eta_s
            .map_or_else(String::new, |seconds| format!(", {seconds:.0} s left"));
        bar.set_message(format!("{:.0} a second{left}", now.rate_per_s));
        let over = matches!(now.phase, Phase::Ready | Phase::Failed);
        // An error means that the library is gone.
        if over || progress.changed().await.is_err() {
            bar.finish_and_clear();
            return now;
        }
    }
}
