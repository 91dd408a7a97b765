//! Ratings in SQLite.

use super::database::Database;
use super::opening::failure;
use super::to_ms;
use crate::store::{FeedbackStore, Rating, StoreError};
use async_trait::async_trait;
use rusqlite::params;

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
        let session_id = session_id.map(str::to_owned);
        let comment = comment.map(str::to_owned);
        let (now_ms, expiry_ms) = (to_ms(Self::now()), self.expiry_ms());
        let rating = match rating {
            Rating::Up => "up",
            Rating::Down => "down",
        };
        self.writer
            .run(move |db| {
                let rated = db.execute(
                    "INSERT INTO feedback (message_id, rating, comment, created_at_ms) \
                     SELECT m.id, ?3, ?4, ?5 FROM messages m \
                       JOIN chat_sessions s ON s.id = m.session_id \
                     WHERE m.id = ?1 AND m.role = 'assistant' \
                       AND (?2 IS NULL OR m.session_id = ?2) AND s.last_used_at_ms > ?6 \
                     ON CONFLICT (message_id) DO UPDATE SET rating = excluded.rating, \
                       comment = excluded.comment, created_at_ms = excluded.created_at_ms",
                    params![message_id, session_id, rating, comment, now_ms, expiry_ms],
                );
                match rated {
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
