//! Questions asked in vain, kept under another key than before.

use super::{NEAREST, QUESTION, place, row_of, same_for_all_spellings};
use crate::store::Rekeyed;
use crate::store::keyring::Keyring;
use rusqlite::{Connection, params};

/// Key, locale, question and nearest pages.
type Row = [String; 4];

/// Encrypts anew the questions behind that of `from` (key and locale).
pub fn rekey(
    db: &Connection,
    keyring: &Keyring,
    from: &(String, String),
    rows: u32,
) -> rusqlite::Result<(Rekeyed, Option<(String, String)>)> {
    let found: Vec<Row> = db
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
    for row in found {
        let [key, _, question, nearest] = &row;
        let is_current = keyring.is_current_lookup(key)
            && keyring.is_current(question)
            && keyring.is_current(nearest);
        if is_current {
            continue;
        }
        match renew(db, keyring, row)? {
            true => done.rows += 1,
            false => done.unreadable += 1,
        }
    }
    Ok((done, next))
}

/// Writes one of them anew; `false` where it cannot be read.
fn renew(db: &Connection, keyring: &Keyring, row: Row) -> rusqlite::Result<bool> {
    let [key, locale, question, nearest] = row;
    let at = row_of(&key, &locale);
    let question = keyring.open(place(QUESTION, &at), question);
    let nearest = keyring.open(place(NEAREST, &at), nearest);
    let (Ok(question), Ok(nearest)) = (question, nearest) else {
        return Ok(false);
    };
    let anew = keyring.lookup(&same_for_all_spellings(&question));
    let at = row_of(&anew, &locale);
    let question = keyring.seal(place(QUESTION, &at), &question);
    let nearest = keyring.seal(place(NEAREST, &at), &nearest);
    if anew == key {
        db.prepare_cached(
            "UPDATE gaps SET question = ?3, nearest = ?4 WHERE key = ?1 AND locale = ?2",
        )?
        .execute(params![key, locale, question, nearest])?;
        return Ok(true);
    }
    // Asked again under the present key in between, it is one question all the same.
    db.prepare_cached(
        "INSERT INTO gaps (key, locale, question, unanswered, down_voted, first_at_ms, \
           last_at_ms, nearest, done_at_ms) \
         SELECT ?3, locale, ?4, unanswered, down_voted, first_at_ms, last_at_ms, ?5, done_at_ms \
           FROM gaps WHERE key = ?1 AND locale = ?2 \
         ON CONFLICT (key, locale) DO UPDATE SET \
           unanswered = unanswered + excluded.unanswered, \
           down_voted = down_voted + excluded.down_voted, \
           first_at_ms = min(first_at_ms, excluded.first_at_ms), \
           last_at_ms = max(last_at_ms, excluded.last_at_ms), \
           done_at_ms = max(coalesce(done_at_ms, excluded.done_at_ms), \
             coalesce(excluded.done_at_ms, done_at_ms))",
    )?
    .execute(params![key, locale, anew, question, nearest])?;
    db.prepare_cached(
        "INSERT INTO gap_days (key, locale, day, asked) \
         SELECT ?3, locale, day, asked FROM gap_days WHERE key = ?1 AND locale = ?2 \
         ON CONFLICT (key, locale, day) DO UPDATE SET asked = asked + excluded.asked",
    )?
    .execute(params![key, locale, anew])?;
    // Its days go with it.
    db.prepare_cached("DELETE FROM gaps WHERE key = ?1 AND locale = ?2")?
        .execute(params![key, locale])?;
    Ok(true)
}
