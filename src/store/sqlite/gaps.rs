//! Unanswered questions in SQLite, the same question counted once.

use super::database::Database;
use super::history::{note, opened};
use super::opening::failure;
use super::{from_ms, to_ms};
use crate::store::keyring::{Keyring, Place};
use crate::store::{Gap, GapStore, Rekeyed, StoreError};
use async_trait::async_trait;
use rusqlite::{Connection, params};

const QUESTION: &str = "gaps.question";
const NEAREST: &str = "gaps.nearest";

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
        let key = self.keyring.lookup(&same_for_all_spellings(question));
        let row = row_of(&key, locale);
        let sealed = |column, text: &str| self.keyring.seal(Place { column, row: &row }, text);
        let nearest = serde_json::Value::from(nearest.to_vec()).to_string();
        let question = sealed(QUESTION, question.trim());
        let nearest = sealed(NEAREST, &nearest);
        let (locale, keyring) = (locale.to_owned(), self.keyring.clone());
        let now_ms = to_ms(Self::now());
        self.writer
            .run(move |db| {
                note(db, &keyring).map_err(|e| failure(&e))?;
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
        let keyring = self.keyring.clone();
        self.read(move |db| {
            db.prepare_cached(
                "SELECT question, locale, count, first_at_ms, last_at_ms, nearest, key FROM gaps \
                 ORDER BY count DESC, last_at_ms DESC LIMIT ?1",
            )?
            .query_map([limit], |row| {
                let (key, locale): (String, String) = (row.get(6)?, row.get(1)?);
                let place = row_of(&key, &locale);
                let said = |column, kept| {
                    opened(
                        &keyring,
                        Place {
                            column,
                            row: &place,
                        },
                        kept,
                    )
                };
                let nearest = said(NEAREST, row.get(5)?)?;
                Ok(Gap {
                    question: said(QUESTION, row.get(0)?)?,
                    locale,
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

/// What questions have in common that differ in case, spacing and their last sign only.
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

/// Encrypts anew the questions behind that of `from` (key and locale).
pub(super) fn rekey(
    db: &Connection,
    keyring: &Keyring,
    from: &(String, String),
    rows: u32,
) -> rusqlite::Result<(Rekeyed, Option<(String, String)>)> {
    let found: Vec<[String; 4]> = db
        .prepare_cached(
            "SELECT key, locale, question, nearest FROM gaps \
             WHERE (key, locale) > (?1, ?2) ORDER BY key, locale LIMIT ?3",
        )?
        .query_map(params![from.0, from.1, rows], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut done = Rekeyed::default();
    let next = found
        .last()
        .map(|[key, locale, ..]| (key.clone(), locale.clone()));
    for [key, locale, question, nearest] in found {
        let is_current = keyring.is_current_lookup(&key)
            && keyring.is_current(&question)
            && keyring.is_current(&nearest);
        if is_current {
            continue;
        }
        let row = row_of(&key, &locale);
        let said = |column, kept| keyring.open(Place { column, row: &row }, kept);
        let (Ok(question), Ok(nearest)) = (said(QUESTION, question), said(NEAREST, nearest)) else {
            done.unreadable += 1;
            continue;
        };
        let anew = keyring.lookup(&same_for_all_spellings(&question));
        let row = row_of(&anew, &locale);
        let sealed = |column, text: &str| keyring.seal(Place { column, row: &row }, text);
        if anew == key {
            db.prepare_cached(
                "UPDATE gaps SET question = ?3, nearest = ?4 WHERE key = ?1 AND locale = ?2",
            )?
            .execute(params![
                key,
                locale,
                sealed(QUESTION, &question),
                sealed(NEAREST, &nearest)
            ])?;
            done.rows += 1;
            continue;
        }
        // Asked again under the present key in between, it is one question all the same.
        db.prepare_cached(
            "INSERT INTO gaps SELECT ?3, locale, ?4, count, first_at_ms, last_at_ms, ?5 FROM gaps \
               WHERE key = ?1 AND locale = ?2 \
             ON CONFLICT (key, locale) DO UPDATE SET count = count + excluded.count, \
               first_at_ms = min(first_at_ms, excluded.first_at_ms), \
               last_at_ms = max(last_at_ms, excluded.last_at_ms)",
        )?
        .execute(params![
            key,
            locale,
            anew,
            sealed(QUESTION, &question),
            sealed(NEAREST, &nearest)
        ])?;
        db.prepare_cached("DELETE FROM gaps WHERE key = ?1 AND locale = ?2")?
            .execute(params![key, locale])?;
        done.rows += 1;
    }
    Ok((done, next))
}
