//! A consistent copy of a database that is being written to, and what is in a copy.

use super::opening::{failure, open_reader, protect};
use crate::store::StoreError;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Pages copied at a time: 4 MiB, some milliseconds of a disk's time.
const PAGES: i32 = 1024;

/// Left to others after each; a hundredth of the time at most.
const PAUSE: Duration = Duration::from_micros(100);

/// What a database holds, for comparing it with another copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Version of the tables.
    pub schema: u32,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
}

/// Copies the database as it is at one moment to the new file `to`; readers and the writer go on.
/// Stops when `going` says no.
pub fn snapshot(database: &Path, to: &Path, going: &dyn Fn() -> bool) -> Result<(), StoreError> {
    let source = open_reader(database)?;
    let failed = |e: rusqlite::Error| failure(&e);
    // The state as of this read is held until the end: otherwise each write by another connection
    // would make the copying begin anew.
    source.execute_batch("BEGIN").map_err(failed)?;
    let _tables: i64 = source
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    let mut copy = Connection::open(to).map_err(failed)?;
    protect(to);
    {
        let copying = Backup::new(&source, &mut copy).map_err(failed)?;
        while copying.step(PAGES).map_err(failed)? != StepResult::Done {
            if !going() {
                return Err(StoreError::Busy("this process is stopping".to_owned()));
            }
            std::thread::sleep(PAUSE);
        }
    }
    // One file, without a log beside it.
    let _mode: String = copy
        .query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))
        .map_err(failed)?;
    copy.close().map_err(|(_, error)| failure(&error))
}

/// Reads every page of a copy and counts its rows; an error if it is not whole.
pub fn contents(copy: &Path) -> Result<Contents, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read = || -> rusqlite::Result<Result<Contents, String>> {
        let db = Connection::open_with_flags(copy, flags)?;
        let verdict: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Ok(Err(verdict));
        }
        let schema = db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'";
        let names: Vec<String> = db
            .prepare(tables)?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut rows = BTreeMap::new();
        for name in names {
            let count = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
            let counted: i64 = db.query_row(&count, [], |row| row.get(0))?;
            rows.insert(name, counted.unsigned_abs());
        }
        Ok(Ok(Contents {
            // A negative version is nobody's: as good as newer.
            schema: u32::try_from(schema).unwrap_or(u32::MAX),
            rows,
        }))
    };
    read()
        .map_err(|e| failure(&e))?
        .map_err(|verdict| StoreError::Failed(format!("it is damaged: {verdict}")))
}
