//! Encrypting anew in SQLite: some rows at a time, so that answers are kept in between.

use super::database::Database;
use super::opening::failure;
use super::sessions::forget_unused_answers;
use super::{feedback, gaps, to_ms, turns};
use crate::store::keyring::{Keyring, Place, Unreadable};
use crate::store::{HistoryStore, Rekeyed, StoreError};
use async_trait::async_trait;
use rusqlite::types::Type;
use rusqlite::{Connection, params};
use std::path::Path;

/// Rows looked at in one transaction: some milliseconds.
const ROWS: u32 = 100;

/// One step of the walk through a table: from behind a row, so many rows. Returns what it did, and
/// the row behind which the next step begins.
pub(super) type Step<C> =
    fn(&Connection, &Keyring, &C, u32) -> rusqlite::Result<(Rekeyed, Option<C>)>;

#[async_trait]
impl HistoryStore for Database {
    async fn keys_in_use(&self) -> Result<Vec<String>, StoreError> {
        self.read(ids).await
    }

    async fn rekey(&self) -> Result<Rekeyed, StoreError> {
        let mut all = Rekeyed::default();
        for done in [
            self.walk(0, turns::rekey).await?,
            self.walk(String::new(), feedback::rekey).await?,
            self.walk((String::new(), String::new()), gaps::rekey)
                .await?,
        ] {
            all += done;
        }
        let present = self.keyring.current_id().to_owned();
        self.writer
            .run(move |db| {
                let finish = || -> rusqlite::Result<()> {
                    forget_unused_answers(db)?;
                    if all.unreadable == 0 {
                        db.execute("DELETE FROM history_keys WHERE id <> ?1", [present])?;
                    }
                    Ok(())
                };
                finish().map_err(|e| failure(&e))
            })
            .await?;
        self.empty_log().await;
        Ok(all)
    }
}

impl Database {
    async fn walk<C: Send + 'static>(
        &self,
        first: C,
        step: Step<C>,
    ) -> Result<Rekeyed, StoreError> {
        let (mut all, mut next) = (Rekeyed::default(), Some(first));
        while let Some(from) = next {
            let keyring = self.keyring.clone();
            let stepped = self.writer.run(move |db| {
                let stepped = step(db, &keyring, &from, ROWS);
                stepped.map_err(|e| failure(&e))
            });
            let (done, behind) = stepped.await?;
            all += done;
            next = behind;
        }
        Ok(all)
    }
}

/// Refuses a database that holds texts of a key that is not known; else notes the one that is
/// written with.
pub(super) fn begin(db: &Connection, path: &Path, keyring: &Keyring) -> Result<(), StoreError> {
    let ids = ids(db).map_err(|e| failure(&e))?;
    match ids.iter().find(|id| !keyring.reads(id)) {
        None => note(db, keyring).map_err(|e| failure(&e)),
        Some(missing) => Err(StoreError::Open(format!(
            "conversations in {} are encrypted with the key {missing}, which the settings do not \
             hold: give it as RAG_HISTORY_KEY, or among RAG_HISTORY_OLD_KEYS where another one has \
             taken its place",
            path.display()
        ))),
    }
}

/// Says that something may now be kept under the present key. Part of every write of a text, as
/// another process may have done with this key in between.
pub(super) fn note(db: &Connection, keyring: &Keyring) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR IGNORE INTO history_keys VALUES (?1, ?2)")?
        .execute(params![keyring.current_id(), to_ms(Database::now())])?;
    Ok(())
}

fn ids(db: &Connection) -> rusqlite::Result<Vec<String>> {
    db.prepare("SELECT id FROM history_keys ORDER BY since_ms, id")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// The text of a column, as it was said.
pub(super) fn opened(
    keyring: &Keyring,
    place: Place<'_>,
    kept: String,
) -> rusqlite::Result<String> {
    keyring
        .open(place, kept)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

/// The value as it would be kept today.
pub(super) fn renewed(
    keyring: &Keyring,
    place: Place<'_>,
    kept: String,
) -> Result<String, Unreadable> {
    if keyring.is_current(&kept) {
        return Ok(kept);
    }
    Ok(keyring.seal(place, &keyring.open(place, kept)?))
}
