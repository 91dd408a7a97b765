//! What generators cost, in SQLite.

use super::database::Database;
use super::opening::failure;
use super::to_ms;
use crate::store::{DaySpent, LedgerEntry, LedgerStore, Spent, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;

#[async_trait]
impl LedgerStore for Database {
    async fn add(&self, entry: LedgerEntry) -> Result<(), StoreError> {
        let signed = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        self.writer
            .run(move |db| {
                db.prepare_cached(
                    "INSERT INTO usage_ledger (generator, model, prompt_tokens, completion_tokens, \
                     cost_usd, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )
                .and_then(|mut insert| {
                    insert.execute(params![
                        entry.generator,
                        entry.model,
                        signed(entry.prompt_tokens),
                        signed(entry.completion_tokens),
                        entry.cost_usd,
                        to_ms(entry.at),
                    ])
                })
                .map(|_| ())
                .map_err(|e| failure(&e))
            })
            .await
    }

    async fn spent_since(&self, since: Timestamp) -> Result<Spent, StoreError> {
        self.read(move |db| {
            db.query_row(
                "SELECT count(*), coalesce(sum(prompt_tokens), 0), \
                        coalesce(sum(completion_tokens), 0), coalesce(sum(cost_usd), 0.0) \
                 FROM usage_ledger WHERE at_ms >= ?1",
                [to_ms(since)],
                |row| {
                    Ok(Spent {
                        calls: row.get::<_, i64>(0)?.unsigned_abs(),
                        prompt_tokens: row.get::<_, i64>(1)?.unsigned_abs(),
                        completion_tokens: row.get::<_, i64>(2)?.unsigned_abs(),
                        cost_usd: row.get(3)?,
                    })
                },
            )
        })
        .await
    }

    async fn spent_by_day(&self, since: Timestamp) -> Result<Vec<DaySpent>, StoreError> {
        self.read(move |db| {
            db.prepare_cached(
                "SELECT date(at_ms / 1000, 'unixepoch') AS day, generator, model, count(*), \
                   sum(prompt_tokens), sum(completion_tokens), sum(cost_usd) \
                 FROM usage_ledger WHERE at_ms >= ?1 GROUP BY day, generator, model \
                 ORDER BY day DESC, sum(cost_usd) DESC, model",
            )?
            .query_map([to_ms(since)], |row| {
                let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
                let day: String = row.get(0)?;
                Ok(DaySpent {
                    // SQLite writes every date it makes itself in this form.
                    day: day.parse().unwrap_or_default(),
                    generator: row.get(1)?,
                    model: row.get(2)?,
                    spent: Spent {
                        calls: number(3)?,
                        prompt_tokens: number(4)?,
                        completion_tokens: number(5)?,
                        cost_usd: row.get(6)?,
                    },
                })
            })?
            .collect()
        })
        .await
    }
}
