//! Follows the data folder: tells the library to look again once changes have calmed down.

use notify::{RecursiveMode, Watcher};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Editors write a file in several steps; a build touches many files.
const CALM: Duration = Duration::from_millis(250);

/// Where the system cannot notify (network folders, watch limits) the folder is looked at anyway.
const LOOK_ANYWAY: Duration = Duration::from_secs(60);

/// Calls `changed` after each burst of changes below `folder`, until it returns false.
pub fn watch(folder: &Path, mut changed: impl FnMut() -> bool) {
    let (sender, events) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let matters = event.is_ok_and(|event| !event.kind.is_access());
        if matters {
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
