//! Unanswered questions in SQLite, the same question counted once.

use super::database::Database;
use super::opening::failure;
use super::{from_ms, to_ms};
use crate::store::{Gap, GapStore, StoreError};
use async_trait::async_trait;
use rusqlite::params;

/// Different questions kept. Enough to show what readers miss; bounds what a flood can store.
const MAX_GAPS: i64 = 10_000;

#[async_trait]
impl GapStore for Database {
    async fn record(
        &self,
        question: &str,
        locale: &str,
        nearest: &[String],
    ) -> Result<(), StoreError> {
        let words: Vec<String> = question.split_whitespace().map(str::to_lowercase).collect();
        let key = words
            .join(" ")
            .trim_end_matches(['?', '؟', '.', '۔', '!', ' '])
            .to_owned();
        let (question, locale) = (question.trim().to_owned(), locale.to_owned());
        let nearest = serde_json::Value::from(nearest.to_vec()).to_string();
        let now_ms = to_ms(Self::now());
        self.writer
            .run(move |db| {
                db.execute(
                    "INSERT INTO gaps VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5) \
                     ON CONFLICT (key, locale) DO UPDATE SET count = count + 1, \
                       last_at_ms = excluded.last_at_ms, nearest = excluded.nearest",
                    params![key, locale, question, now_ms, nearest],
                )
                .and_then(|_| {
                    db.execute(
                        "DELETE FROM gaps WHERE (key, locale) IN (SELECT key, locale FROM gaps \
                           ORDER BY count, last_at_ms \
                           LIMIT max(0, (SELECT count(*) FROM gaps) - ?1))",
                        [MAX_GAPS],
                    )
                })
                .map(|_| ())
                .map_err(|e| failure(&e))
            })
            .await
    }

    async fn list(&self, limit: u32) -> Result<Vec<Gap>, StoreError> {
        self.read(move |db| {
            db.prepare_cached(
                "SELECT question, locale, count, first_at_ms, last_at_ms, nearest FROM gaps \
                 ORDER BY count DESC, last_at_ms DESC LIMIT ?1",
            )?
            .query_map([limit], |row| {
                let nearest: String = row.get(5)?;
                Ok(Gap {
                    question: row.get(0)?,
                    locale: row.get(1)?,
                    count: row.get::<_, i64>(2)?.unsigned_abs(),
                    first_at: from_ms(row.get(3)?),
                    last_at: from_ms(row.get(4)?),
                    nearest: serde_json::from_str(&nearest).unwrap_or_default(),
                })
            })?
            .collect()
        })
        .await
    }
}
