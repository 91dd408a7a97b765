//! Copies of a whole database, and putting one in the place of another.
//!
//! Apart from the stores: this works on the files, beside a server or without one, and migrates
//! nothing.

pub use super::sqlite::{Contents, Replacement};

use super::{Options, StoreError, sqlite};
use std::path::{Path, PathBuf};

/// The database file that the options name.
pub fn database_file(options: &Options) -> Result<PathBuf, StoreError> {
    match options.database_url.split_once(':') {
        Some(("sqlite", path)) => Ok(sqlite::file(path, options)),
        _ => Err(StoreError::Open(
            "only a database in SQLite is backed up by this program; use the tools of yours"
                .to_owned(),
        )),
    }
}

/// Copies the database as it is at one moment to the new file `to`, while it is used. Blocking;
/// given up when `going` says no.
pub fn snapshot(options: &Options, to: &Path, going: &dyn Fn() -> bool) -> Result<(), StoreError> {
    let database = database_file(options)?;
    if !database.exists() {
        return Err(StoreError::Open(format!(
            "there is no chat database at {}; name the state folder with --state",
            database.display()
        )));
    }
    sqlite::snapshot(&database, to, going)
}

/// What a copy holds; reads all of it. Blocking.
pub fn contents(copy: &Path) -> Result<Contents, StoreError> {
    sqlite::contents(copy)
}

/// The version of the tables that this program makes; it reads older ones.
pub fn newest_schema() -> u32 {
    sqlite::newest_schema()
}

/// Takes the database for replacing it; refused while anybody uses it.
pub fn begin_replacing(options: &Options) -> Result<Replacement, StoreError> {
    sqlite::begin_replacing(&database_file(options)?)
}
