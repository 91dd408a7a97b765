//! The folder in which a backup is made and looked into: in the state folder, cleared every time.

use super::BackupError;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

const FOLDER: &str = "backup-work";

/// One at a time; cleared away when dropped, and what a killed process left, by the next.
pub(super) struct Work {
    folder: PathBuf,
    _lock: File,
}

impl Work {
    pub fn begin(state: &Path) -> Result<Self, BackupError> {
        let folder = state.join(FOLDER);
        let failed = || BackupError::state(format!("{} cannot be worked in", folder.display()));
        fs::create_dir_all(state).map_err(failed())?;
        let lock = File::create(state.join(format!("{FOLDER}.lock"))).map_err(failed())?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(BackupError::Refused(
                    "another backup of this state folder is being made or looked into; wait until \
                     that has ended"
                        .to_owned(),
                ));
            }
            Err(TryLockError::Error(error)) => return Err(failed()(error)),
        }
        clear(&folder).map_err(failed())?;
        fs::create_dir(&folder).map_err(failed())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).map_err(failed())?;
        }
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Err(error) = clear(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "it could not be cleared away");
        }
    }
}

fn clear(folder: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
