//! Keys in SQLite.

use super::database::Database;
use super::opening::failure;
use super::{from_ms, to_ms};
use crate::store::{Adding, ApiKey, KeyLimits, KeyStore, KeyUse, Right, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension, Row, params};

const COLUMNS: &str = "k.id, k.line, k.name, k.hash, k.rights, k.queries_per_minute, \
                       k.queries_per_day, k.queries_per_month, k.created_at_ms, k.expires_at_ms, \
                       k.revoked_at_ms, k.last_used_at_ms";

#[async_trait]
impl KeyStore for Database {
    async fn add(&self, key: ApiKey, adding: Adding) -> Result<bool, StoreError> {
        self.writer
            .run(move |db| match adding {
                Adding::Always => insert(db, &key).map_err(|e| failure(&e)),
                Adding::First => {
                    let none = "SELECT NOT EXISTS (SELECT 1 FROM api_keys)";
                    match db.query_row(none, [], |row| row.get(0)) {
                        Ok(true) => insert(db, &key).map_err(|e| failure(&e)),
                        Ok(false) => Ok(false),
                        Err(e) => Err(failure(&e)),
                    }
                }
                Adding::Following { id, ends_at } => {
                    let end = "UPDATE api_keys SET expires_at_ms = \
                                 min(coalesce(expires_at_ms, ?2), ?2) \
                               WHERE id = ?1 AND revoked_at_ms IS NULL";
                    match db.execute(end, params![id, to_ms(ends_at)]) {
                        Ok(0) => Err(StoreError::NotFound),
                        Ok(_) => insert(db, &key).map_err(|e| failure(&e)),
                        Err(e) => Err(failure(&e)),
                    }
                }
            })
            .await
    }

    async fn find(&self, hash: [u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        self.read(move |db| {
            db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM api_keys k WHERE k.hash = ?1"
            ))?
            .query_row([hash], key)
            .optional()
        })
        .await
    }

    async fn list(&self, now: Timestamp) -> Result<Vec<(ApiKey, u64)>, StoreError> {
        let month = month(now);
        self.read(move |db| {
            db.prepare_cached(&format!(
                "SELECT {COLUMNS}, coalesce(u.queries, 0) FROM api_keys k \
                 LEFT JOIN api_key_usage u ON u.line = k.line AND u.month = ?1 \
                 ORDER BY k.created_at_ms, k.id"
            ))?
            .query_map([month], |row| {
                Ok((key(row)?, row.get::<_, i64>(12)?.unsigned_abs()))
            })?
            .collect()
        })
        .await
    }

    async fn revoke(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.writer
            .run(move |db| {
                let revoke = "UPDATE api_keys SET revoked_at_ms = coalesce(revoked_at_ms, ?2) \
                              WHERE id = ?1";
                match db.execute(revoke, params![id, to_ms(at)]) {
                    Ok(0) => Err(StoreError::NotFound),
                    Ok(_) => Ok(()),
                    Err(e) => Err(failure(&e)),
                }
            })
            .await
    }

    async fn spend(&self, spent: KeyUse) -> Result<bool, StoreError> {
        let month = month(spent.at);
        self.writer
            .run(move |db| {
                // A row is made or raised only while the quota holds one more.
                let count = "INSERT INTO api_key_usage SELECT ?1, ?2, ?3 \
                               WHERE ?4 IS NULL OR ?3 <= ?4 \
                             ON CONFLICT (line, month) DO UPDATE SET queries = queries + ?3 \
                               WHERE ?4 IS NULL OR queries + ?3 <= ?4";
                let counted = params![spent.line, month, spent.queries, spent.quota];
                if db.execute(count, counted).map_err(|e| failure(&e))? == 0 {
                    return Ok(false);
                }
                db.execute(
                    "UPDATE api_keys SET last_used_at_ms = ?2 WHERE id = ?1",
                    params![spent.id, to_ms(spent.at)],
                )
                .map(|_| true)
                .map_err(|e| failure(&e))
            })
            .await
    }
}

fn insert(db: &Connection, key: &ApiKey) -> rusqlite::Result<bool> {
    let rights: Vec<&str> = key.rights.iter().map(|right| right.name()).collect();
    db.execute(
        "INSERT INTO api_keys VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            key.id,
            key.line,
            key.name,
            key.hash,
            rights.join(" "),
            key.limits.queries_per_minute,
            key.limits.queries_per_day,
            key.limits.queries_per_month,
            to_ms(key.created_at),
            key.expires_at.map(to_ms),
            key.revoked_at.map(to_ms),
            key.last_used_at.map(to_ms),
        ],
    )
    .map(|_| true)
}

fn key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    let time = |column: usize| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(from_ms))
    };
    Ok(ApiKey {
        id: row.get(0)?,
        line: row.get(1)?,
        name: row.get(2)?,
        hash: row.get(3)?,
        // A right that this version does not know gives nothing.
        rights: row
            .get::<_, String>(4)?
            .split(' ')
            .filter_map(|name| name.parse::<Right>().ok())
            .collect(),
        limits: KeyLimits {
            queries_per_minute: row.get(5)?,
            queries_per_day: row.get(6)?,
            queries_per_month: row.get(7)?,
        },
        created_at: from_ms(row.get(8)?),
        expires_at: time(9)?,
        revoked_at: time(10)?,
        last_used_at: time(11)?,
    })
}

fn month(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}
