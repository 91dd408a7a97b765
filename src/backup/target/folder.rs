//! Backups in a folder, of this or of a mounted disk.

use super::{Stored, Target};
use crate::backup::{BackupError, Name};
use async_trait::async_trait;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Behind the name of one that is being written.
const PARTIAL: &str = "partial";

/// What a killed process left is deleted when nobody can be writing it any more.
const PARTIAL_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    async fn run<T: Send + 'static>(
        &self,
        what: &str,
        job: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, BackupError> {
        let (folder, shown) = (self.path.clone(), self.shown());
        let outcome = tokio::task::spawn_blocking(move || job(&folder)).await;
        outcome
            .unwrap_or_else(|error| Err(io::Error::other(error)))
            .map_err(|error| {
                BackupError::Target(format!("the backup folder {shown} {what}: {error}"))
            })
    }
}

#[async_trait]
impl Target for Folder {
    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    async fn put(&self, name: &Name, file: &Path) -> Result<(), BackupError> {
        let (name, file) = (name.to_string(), file.to_owned());
        self.run("cannot be written", move |folder| {
            make_private(folder)?;
            drop_old_partials(folder);
            let partial = folder.join(format!("{name}.{PARTIAL}"));
            let written = copy(&file, &partial)
                .and_then(|()| fs::rename(&partial, folder.join(name)))
                .and_then(|()| File::open(folder)?.sync_all());
            if written.is_err() {
                // It may be what filled the disk.
                let _nothing_to_remove = fs::remove_file(&partial);
            }
            written
        })
        .await
    }

    async fn get(&self, name: &Name, to: &Path) -> Result<(), BackupError> {
        let (name, to) = (name.to_string(), to.to_owned());
        self.run("cannot be read", move |folder| {
            copy(&folder.join(name), &to)
        })
        .await
    }

    async fn list(&self) -> Result<Vec<Stored>, BackupError> {
        self.run("cannot be listed", |folder| {
            let entries = match fs::read_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                entries => entries?,
            };
            let mut found = Vec::new();
            for entry in entries {
                let entry = entry?;
                if let Some(name) = entry.file_name().to_str().and_then(Name::parse) {
                    found.push(Stored::new(name, entry.metadata()?.len()));
                }
            }
            Ok(found)
        })
        .await
    }

    async fn delete(&self, name: &Name) -> Result<(), BackupError> {
        let name = name.to_string();
        self.run("cannot be written", move |folder| {
            fs::remove_file(folder.join(name))
        })
        .await
    }
}

/// On disk when this returns.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut target = options.open(to)?;
    io::copy(&mut File::open(from)?, &mut target)?;
    target.sync_all()
}

fn make_private(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn drop_old_partials(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let ours = path
            .extension()
            .is_some_and(|extension| extension == PARTIAL)
            && path
                .file_stem()
                .and_then(|s| s.to_str())
                .and_then(Name::parse)
                .is_some();
        let age = entry.metadata().and_then(|found| found.modified());
        let old = age.is_ok_and(|at| at.elapsed().unwrap_or_default() > PARTIAL_KEPT);
        if ours && old {
            let _tried_again_next_time = fs::remove_file(path);
        }
    }
}
