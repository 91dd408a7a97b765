//! Follows the data folder: tells the library to look again once changes have calmed down.

use notify::{RecursiveMode, Watcher};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Editors write a file in several steps; a build touches many files.
const CALM: Duration = Duration::from_millis(250);

/// Where the system cannot notify (network folders, watch limits) the folder is looked at anyway.
const LOOK_ANYWAY: Duration = Duration::from_secs(60);

/// Calls `changed` after each burst of changes below `folder`, until it returns false. What changes
/// below `state` is our own doing, often within the folder itself.
pub fn watch(folder: &Path, state: &Path, mut changed: impl FnMut() -> bool) {
    // Events name real paths, whatever way the folders were given.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (folder, state) = (&real(folder), real(state));
    let (sender, events) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| matters(&event, &state)) {
            let _ = sender.send(());
        }
    })
    .ok();
    let mut watching = false;
    loop {
        if let (Some(watcher), false) = (&mut watcher, watching) {
            match watcher.watch(folder, RecursiveMode::Recursive) {
                Ok(()) => watching = true,
                Err(error) => {
                    tracing::debug!(%error, "the data folder cannot be watched; it is looked at every minute")
                }
            }
        }
        match events.recv_timeout(LOOK_ANYWAY) {
            Ok(()) => while events.recv_timeout(CALM).is_ok() {},
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK_ANYWAY),
        }
        if !changed() {
            return;
        }
        // A folder that vanished and came back has lost its watch.
        if !folder.exists() {
            watching = false;
        }
    }
}

fn matters(event: &notify::Event, state: &Path) -> bool {
    let ours = |path: &PathBuf| path.starts_with(state);
    !event.kind.is_access() && (event.paths.is_empty() || !event.paths.iter().all(ours))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_changed_page_is_told_of_and_a_write_to_the_state_folder_is_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().to_owned();
        let state = data.join("state");
        std::fs::create_dir(&state).expect("created");
        let (told, changes) = mpsc::channel();
        let watching = (data.clone(), state.clone());
        std::thread::spawn(move || {
            watch(&watching.0, &watching.1, || {
                told.send(Instant::now()).is_ok()
            });
        });
        // The watch begins at some moment; a page is written until it is noticed.
        let noticed = (0..100).any(|turn| {
            std::fs::write(data.join("page.md"), turn.to_string()).expect("written");
            changes.recv_timeout(4 * CALM).is_ok()
        });
        assert!(noticed);
        while changes.recv_timeout(4 * CALM).is_ok() {}
        std::fs::write(state.join("chat.db"), "a turn").expect("written");
        assert!(changes.recv_timeout(6 * CALM).is_err());
        std::fs::write(data.join("page.md"), "the last word").expect("written");
        assert!(changes.recv_timeout(20 * CALM).is_ok());
    }
}
