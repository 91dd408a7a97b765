//! Ratings in SQLite.

use super::database::Database;
use super::history::{note, renewed};
use super::opening::failure;
use super::session_id::kept_id;
use super::{gaps, to_ms};
use crate::store::keyring::{Keyring, Place};
use crate::store::{FeedbackStore, Rating, Rekeyed, StoreError};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

const COMMENT: &str = "feedback.comment";

#[async_trait]
impl FeedbackStore for Database {
    async fn rate(
        &self,
        message_id: &str,
        session_id: Option<&str>,
        rating: Rating,
        comment: Option<&str>,
    ) -> Result<(), StoreError> {
        let message_id = message_id.to_owned();
        let session_id = session_id.map(kept_id);
        let place = place(&message_id);
        let comment = comment.map(|comment| self.keyring.seal(place, comment));
        let keyring = self.keyring.clone();
        let (now_ms, expiry_ms) = (to_ms(Self::now()), self.expiry_ms());
        self.writer
            .run(move |db| {
                let rated = Rated {
                    message_id: &message_id,
                    session_id: session_id.as_deref(),
                    rating,
                    comment: comment.as_deref(),
                };
                match rate(db, &keyring, &rated, now_ms, expiry_ms) {
                    Ok(0) => Err(StoreError::NotFound),
                    Ok(_) => Ok(()),
                    Err(e) => Err(failure(&e)),
                }
            })
            .await
    }

    async fn counts(&self) -> Result<(u64, u64), StoreError> {
        self.read(|db| {
            db.query_row(
                "SELECT count(*) FILTER (WHERE rating = 'up'), \
                        count(*) FILTER (WHERE rating = 'down') FROM feedback",
                [],
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
            )
        })
        .await
        .map(|(up, down)| (up.unsigned_abs(), down.unsigned_abs()))
    }
}

struct Rated<'a> {
    message_id: &'a str,
    /// As it is kept.
    session_id: Option<&'a str>,
    rating: Rating,
    /// As it is kept.
    comment: Option<&'a str>,
}

/// Keeps the rating; one that goes down, or is taken back, counts with the documentation's gaps
/// in the same transaction. Returns how many answers there were.
fn rate(
    db: &Connection,
    keyring: &Keyring,
    rated: &Rated<'_>,
    now_ms: i64,
    expiry_ms: i64,
) -> rusqlite::Result<usize> {
    note(db, keyring)?;
    let before: Option<String> = db
        .prepare_cached("SELECT rating FROM feedback WHERE message_id = ?1")?
        .query_row([rated.message_id], |row| row.get(0))
        .optional()?;
    let rating = match rated.rating {
        Rating::Up => "up",
        Rating::Down => "down",
    };
    let found = db.execute(
        "INSERT INTO feedback (message_id, rating, comment, created_at_ms) \
         SELECT m.id, ?3, ?4, ?5 FROM messages m \
           JOIN chat_sessions s ON s.id = m.session_id \
         WHERE m.id = ?1 AND m.role = 'assistant' \
           AND (?2 IS NULL OR m.session_id = ?2) AND s.last_used_at_ms > ?6 \
         ON CONFLICT (message_id) DO UPDATE SET rating = excluded.rating, \
           comment = excluded.comment, created_at_ms = excluded.created_at_ms",
        params![
            rated.message_id,
            rated.session_id,
            rating,
            rated.comment,
            now_ms,
            expiry_ms
        ],
    )?;
    let (was_down, is_down) = (before.as_deref() == Some("down"), rating == "down");
    if found > 0 && was_down != is_down {
        gaps::rated_down(db, keyring, rated.message_id, is_down, now_ms)?;
    }
    Ok(found)
}

fn place(message_id: &str) -> Place<'_> {
    Place {
        column: COMMENT,
        row: message_id.as_bytes(),
    }
}

/// Encrypts anew the comments behind the one on the message `from`.
pub(super) fn rekey(
    db: &Connection,
    keyring: &Keyring,
    from: &String,
    rows: u32,
) -> rusqlite::Result<(Rekeyed, Option<String>)> {
    let found: Vec<(String, String)> = db
        .prepare_cached(
            "SELECT message_id, comment FROM feedback \
             WHERE message_id > ?1 AND comment IS NOT NULL ORDER BY message_id LIMIT ?2",
        )?
        .query_map(params![from, rows], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut done = Rekeyed::default();
    let next = found.last().map(|(id, _)| id.clone());
    for (id, kept) in found {
        match renewed(keyring, place(&id), kept.clone()) {
            Ok(comment) if comment != kept => {
                db.prepare_cached("UPDATE feedback SET comment = ?2 WHERE message_id = ?1")?
                    .execute(params![id, comment])?;
                done.rows += 1;
            }
            Ok(_) => {}
            Err(_) => done.unreadable += 1,
        }
    }
    Ok((done, next))
}
