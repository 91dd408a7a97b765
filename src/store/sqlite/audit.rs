//! The audit log in SQLite; triggers of the table hold that it is only added to.

use super::database::Database;
use super::opening::failure;
use super::{from_ms, to_ms};
use crate::store::{AuditEntry, AuditStore, StoreError};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rusqlite::params;

#[async_trait]
impl AuditStore for Database {
    async fn append(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.writer
            .run(move |db| {
                db.prepare_cached(
                    "INSERT INTO audit (at_ms, who, origin, action, object, result, request_id) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )
                .and_then(|mut insert| {
                    insert.execute(params![
                        to_ms(entry.at),
                        entry.who,
                        entry.origin,
                        entry.action,
                        entry.object,
                        entry.result,
                        entry.request_id,
                    ])
                })
                .map(|_| ())
                .map_err(|e| failure(&e))
            })
            .await
    }

    async fn newest(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        let before = before
            .and_then(|n| i64::try_from(n).ok())
            .unwrap_or(i64::MAX);
        self.read(move |db| {
            db.prepare_cached(
                "SELECT seq, at_ms, who, origin, action, object, result, request_id FROM audit \
                 WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
            )?
            .query_map(params![before, limit], |row| {
                let entry = AuditEntry {
                    at: from_ms(row.get(1)?),
                    who: row.get(2)?,
                    origin: row.get(3)?,
                    action: row.get(4)?,
                    object: row.get(5)?,
                    result: row.get(6)?,
                    request_id: row.get(7)?,
                };
                Ok((row.get::<_, i64>(0)?.unsigned_abs(), entry))
            })?
            .collect()
        })
        .await
    }

    async fn purge(&self, older_than: Timestamp) -> Result<u64, StoreError> {
        // A minute more than the trigger's day, so that clocks cannot make it refuse.
        let kept = Self::now() - SignedDuration::from_hours(24) - SignedDuration::from_mins(1);
        let older_than_ms = to_ms(older_than.min(kept));
        self.writer
            .run(move |db| {
                db.execute("DELETE FROM audit WHERE at_ms < ?1", [older_than_ms])
                    .map(|purged| purged as u64)
                    .map_err(|e| failure(&e))
            })
            .await
    }
}
