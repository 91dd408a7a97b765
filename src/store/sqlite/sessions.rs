//! Sessions in SQLite.

use super::database::Database;
use super::opening::failure;
use super::session_id::kept_id;
use super::{from_ms, gaps, to_ms};
use crate::store::{Session, SessionStore, StoreError, new_id};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

/// A session's last use is written down at most this often: a read is cheaper than a synced write.
/// Small against any timeout in hours.
const TOUCH_EVERY_MS: i64 = 60_000;

#[async_trait]
impl SessionStore for Database {
    async fn create(&self) -> Result<Session, StoreError> {
        let now = Self::now();
        let session = Session {
            id: new_id(),
            created_at: now,
            last_used_at: now,
        };
        let id = kept_id(&session.id);
        self.writer
            .run(move |db| insert_session(db, &id, to_ms(now)).map_err(|e| failure(&e)))
            .await?;
        Ok(session)
    }

    async fn touch(&self, id: &str) -> Result<Session, StoreError> {
        let (wanted, expiry_ms) = (kept_id(id), self.expiry_ms());
        let id = id.to_owned();
        let kept = wanted.clone();
        let found = self
            .read(move |db| {
                db.prepare_cached(
                    "SELECT created_at_ms, last_used_at_ms FROM chat_sessions \
                     WHERE id = ?1 AND last_used_at_ms > ?2",
                )?
                .query_row(params![wanted, expiry_ms], |row| {
                    Ok(Session {
                        id: id.clone(),
                        created_at: from_ms(row.get(0)?),
                        last_used_at: from_ms(row.get(1)?),
                    })
                })
                .optional()
            })
            .await?;
        let session = found.ok_or(StoreError::NotFound)?;
        let now = Self::now();
        // Half the timeout where that is shorter, or a session in use could expire.
        let every_ms = TOUCH_EVERY_MS.min((to_ms(now) - expiry_ms) / 2);
        if to_ms(now) - to_ms(session.last_used_at) < every_ms {
            return Ok(session);
        }
        self.writer
            .run(move |db| {
                db.prepare_cached("UPDATE chat_sessions SET last_used_at_ms = ?2 WHERE id = ?1")
                    .and_then(|mut update| update.execute(params![kept, to_ms(now)]))
                    .map_err(|e| failure(&e))
            })
            .await?;
        Ok(Session {
            last_used_at: now,
            ..session
        })
    }

    async fn delete(&self, id: &str) -> Result<(), StoreError> {
        let (id, expiry_ms) = (kept_id(id), self.expiry_ms());
        self.writer
            .run(move |db| {
                let alive = "DELETE FROM chat_sessions WHERE id = ?1 AND last_used_at_ms > ?2";
                match db.execute(alive, params![id, expiry_ms]) {
                    Ok(0) => Err(StoreError::NotFound),
                    Ok(_) => Ok(()),
                    Err(e) => Err(failure(&e)),
                }
            })
            .await
    }

    async fn purge_expired(&self) -> Result<u64, StoreError> {
        let (expiry_ms, retention_ms) = (self.expiry_ms(), self.retention_ms());
        let now_ms = to_ms(Self::now());
        self.writer
            .run(move |db| {
                let purge = || -> rusqlite::Result<u64> {
                    gaps::purge(db, retention_ms, now_ms)?;
                    let expired = "DELETE FROM chat_sessions \
                                   WHERE last_used_at_ms <= ?1 OR created_at_ms <= ?2";
                    let purged = db.execute(expired, [expiry_ms, retention_ms])?;
                    if purged > 0 {
                        forget_unused_answers(db)?;
                    }
                    Ok(purged as u64)
                };
                purge().map_err(|e| failure(&e))
            })
            .await
    }

    async fn count_active(&self) -> Result<u64, StoreError> {
        let expiry_ms = self.expiry_ms();
        self.read(move |db| {
            db.query_row(
                "SELECT count(*) FROM chat_sessions WHERE last_used_at_ms > ?1",
                [expiry_ms],
                |row| row.get::<_, i64>(0),
            )
        })
        .await
        .map(|count| count.unsigned_abs())
    }
}

/// Deletes the shared answers that no message refers to any more.
pub(super) fn forget_unused_answers(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "DELETE FROM shared_answers WHERE key NOT IN \
         (SELECT shared FROM messages WHERE shared IS NOT NULL)",
    )
}

/// `id` is as it is kept.
pub(super) fn insert_session(db: &Connection, id: &str, now_ms: i64) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO chat_sessions VALUES (?1, ?2, ?2)")?
        .execute(params![id, now_ms])?;
    Ok(())
}
