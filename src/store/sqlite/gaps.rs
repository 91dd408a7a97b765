//! Questions asked in vain in SQLite, the same question counted once, by day.

use super::database::Database;
use super::history::{note, opened};
use super::opening::failure;
use super::{from_ms, to_ms, turns};
use crate::secret::without_personal_data;
use crate::store::keyring::{Keyring, Place};
use crate::store::{Gap, GapStore, StoreError};
use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

mod rekeying;

pub(super) use rekeying::rekey;

const QUESTION: &str = "gaps.question";
const NEAREST: &str = "gaps.nearest";

/// Different questions kept. Enough to show what readers miss; bounds what a flood can store.
const MAX_GAPS: i64 = 10_000;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Days that are kept apart: this week and the last.
const KEPT_DAYS: i64 = 14;

#[async_trait]
impl GapStore for Database {
    async fn record(
        &self,
        question: &str,
        locale: &str,
        nearest: &[String],
    ) -> Result<(), StoreError> {
        let asked = Asked::new(&self.keyring, question, locale);
        let nearest = serde_json::Value::from(nearest.to_vec()).to_string();
        let kept = asked.kept(&self.keyring, &nearest);
        let keyring = self.keyring.clone();
        let now_ms = to_ms(Self::now());
        self.writer
            .run(move |db| {
                note(db, &keyring).map_err(|e| failure(&e))?;
                db.execute(
                    "INSERT INTO gaps (key, locale, question, unanswered, first_at_ms, \
                       last_at_ms, nearest) VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5) \
                     ON CONFLICT (key, locale) DO UPDATE SET unanswered = unanswered + 1, \
                       last_at_ms = excluded.last_at_ms, nearest = excluded.nearest",
                    params![asked.key, asked.locale, kept.question, now_ms, kept.nearest],
                )
                .and_then(|_| count(db, &asked, now_ms))
                .map_err(|e| failure(&e))
            })
            .await
    }

    async fn list(&self, limit: u32) -> Result<Vec<Gap>, StoreError> {
        let today = to_ms(Self::now()) / DAY_MS;
        let keyring = self.keyring.clone();
        self.read(move |db| {
            db.prepare_cached(
                "SELECT g.key, g.locale, question, unanswered, down_voted, first_at_ms, \
                   last_at_ms, nearest, done_at_ms, \
                   coalesce(sum(asked) FILTER (WHERE day > ?2 - 7), 0), \
                   coalesce(sum(asked) FILTER (WHERE day <= ?2 - 7), 0) \
                 FROM gaps g LEFT JOIN gap_days d \
                   ON d.key = g.key AND d.locale = g.locale AND day > ?2 - 14 \
                 GROUP BY g.key, g.locale \
                 ORDER BY unanswered + down_voted DESC, last_at_ms DESC LIMIT ?1",
            )?
            .query_map([i64::from(limit), today], |row| gap(row, &keyring))?
            .collect()
        })
        .await
    }

    async fn mark(&self, ids: Vec<String>, is_done: bool) -> Result<u64, StoreError> {
        let done_at_ms = is_done.then(|| to_ms(Self::now()));
        self.writer
            .run(move |db| {
                mark(db, &ids, done_at_ms)
                    .map(|marked| marked as u64)
                    .map_err(|e| failure(&e))
            })
            .await
    }
}

/// A question that is to be kept and found again.
struct Asked {
    /// What the same question is found by, however it is spelt.
    key: String,
    locale: String,
    question: String,
}

/// The texts of a row, as they are kept.
struct Kept {
    question: String,
    nearest: String,
}

impl Asked {
    fn new(keyring: &Keyring, question: &str, locale: &str) -> Self {
        let question = without_personal_data(question.trim());
        Self {
            key: keyring.lookup(&same_for_all_spellings(&question)),
            locale: locale.to_owned(),
            question,
        }
    }

    fn kept(&self, keyring: &Keyring, nearest: &str) -> Kept {
        let row = row_of(&self.key, &self.locale);
        Kept {
            question: keyring.seal(place(QUESTION, &row), &self.question),
            nearest: keyring.seal(place(NEAREST, &row), nearest),
        }
    }
}

/// The question without case, spacing and the mark at its end.
fn same_for_all_spellings(question: &str) -> String {
    let words: Vec<String> = question.split_whitespace().map(str::to_lowercase).collect();
    words
        .join(" ")
        .trim_end_matches(['?', '؟', '.', '۔', '!', ' '])
        .to_owned()
}

fn row_of(key: &str, locale: &str) -> Vec<u8> {
    [key.as_bytes(), &[0], locale.as_bytes()].concat()
}

fn place<'p>(column: &'static str, row: &'p [u8]) -> Place<'p> {
    Place { column, row }
}

/// Counts an answer that is rated down as a gap, or takes the count back when the reader has
/// changed their mind.
pub(super) fn rated_down(
    db: &Connection,
    keyring: &Keyring,
    message_id: &str,
    is_down: bool,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let Some((question, answer)) = turns::turn_of(db, keyring, message_id)? else {
        return Ok(());
    };
    let asked = Asked::new(keyring, &question.text, &question.locale);
    if !is_down {
        db.execute(
            "UPDATE gaps SET down_voted = max(0, down_voted - 1) WHERE key = ?1 AND locale = ?2",
            params![asked.key, asked.locale],
        )?;
        db.execute(
            "DELETE FROM gaps WHERE key = ?1 AND locale = ?2 AND unanswered = 0 AND down_voted = 0",
            params![asked.key, asked.locale],
        )?;
        return Ok(());
    }
    let kept = asked.kept(keyring, &urls(&answer.sources));
    db.execute(
        "INSERT INTO gaps (key, locale, question, unanswered, down_voted, first_at_ms, \
           last_at_ms, nearest) VALUES (?1, ?2, ?3, 0, 1, ?4, ?4, ?5) \
         ON CONFLICT (key, locale) DO UPDATE SET down_voted = down_voted + 1, \
           last_at_ms = excluded.last_at_ms, nearest = excluded.nearest",
        params![asked.key, asked.locale, kept.question, now_ms, kept.nearest],
    )?;
    count(db, &asked, now_ms)
}

/// The `url` of every source, as the column `nearest` has them.
fn urls(sources: &serde_json::Value) -> String {
    let sources = sources.as_array().map(Vec::as_slice).unwrap_or_default();
    let urls = sources.iter().filter_map(|one| one["url"].as_str());
    serde_json::Value::from_iter(urls).to_string()
}

/// Adds one to the question's day and keeps the table within its bound.
fn count(db: &Connection, asked: &Asked, now_ms: i64) -> rusqlite::Result<()> {
    let today = now_ms / DAY_MS;
    db.execute(
        "INSERT INTO gap_days VALUES (?1, ?2, ?3, 1) \
         ON CONFLICT (key, locale, day) DO UPDATE SET asked = asked + 1",
        params![asked.key, asked.locale, today],
    )?;
    db.execute(
        "DELETE FROM gaps WHERE (key, locale) IN (SELECT key, locale FROM gaps \
           ORDER BY unanswered + down_voted, last_at_ms \
           LIMIT max(0, (SELECT count(*) FROM gaps) - ?1))",
        [MAX_GAPS],
    )?;
    Ok(())
}

/// Deletes what was last asked before `retention_ms`, and days that no list shows.
pub(super) fn purge(db: &Connection, retention_ms: i64, now_ms: i64) -> rusqlite::Result<()> {
    db.execute("DELETE FROM gaps WHERE last_at_ms <= ?1", [retention_ms])?;
    let oldest = now_ms / DAY_MS - KEPT_DAYS;
    db.execute("DELETE FROM gap_days WHERE day <= ?1", [oldest])?;
    Ok(())
}

fn mark(db: &Connection, ids: &[String], done_at_ms: Option<i64>) -> rusqlite::Result<usize> {
    let keys = db
        .prepare_cached("SELECT key, locale FROM gaps")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(String, String)>>>()?;
    let mut update =
        db.prepare_cached("UPDATE gaps SET done_at_ms = ?3 WHERE key = ?1 AND locale = ?2")?;
    let mut marked = 0;
    for (key, locale) in keys {
        if ids.contains(&id(&key, &locale)) {
            marked += update.execute(params![key, locale, done_at_ms])?;
        }
    }
    Ok(marked)
}

/// Short, and the same for as long as the question and the history's key are.
fn id(key: &str, locale: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(locale.as_bytes())
        .update(&[0])
        .update(key.as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}

fn gap(row: &Row<'_>, keyring: &Keyring) -> rusqlite::Result<Gap> {
    let (key, locale): (String, String) = (row.get(0)?, row.get(1)?);
    let at = row_of(&key, &locale);
    let question = opened(keyring, place(QUESTION, &at), row.get(2)?)?;
    let nearest = opened(keyring, place(NEAREST, &at), row.get(7)?)?;
    let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(Gap {
        id: id(&key, &locale),
        locale,
        question,
        unanswered: number(3)?,
        down_voted: number(4)?,
        first_at: from_ms(row.get(5)?),
        last_at: from_ms(row.get(6)?),
        nearest: serde_json::from_str(&nearest).unwrap_or_default(),
        done_at: row.get::<_, Option<i64>>(8)?.map(from_ms),
        this_week: number(9)?,
        last_week: number(10)?,
    })
}
