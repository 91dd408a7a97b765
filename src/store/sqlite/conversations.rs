//! Conversations by number in SQLite: the place of their first message.

use super::database::Database;
use super::from_ms;
use super::turns::messages;
use crate::store::{Conversation, ConversationStore, Message, StoreError};
use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};

const CONVERSATIONS: &str = "SELECT min(m.seq) AS number, \
       count(*) FILTER (WHERE m.role = 'user'), count(*) FILTER (WHERE m.abstained), \
       count(*) FILTER (WHERE f.rating = 'down'), s.created_at_ms, s.last_used_at_ms \
     FROM chat_sessions s JOIN messages m ON m.session_id = s.id \
       LEFT JOIN feedback f ON f.message_id = m.id \
     WHERE s.last_used_at_ms > ?1 GROUP BY s.id";

#[async_trait]
impl ConversationStore for Database {
    async fn newest(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        let before = before.and_then(|n| i64::try_from(n).ok());
        let expiry_ms = self.expiry_ms();
        self.read(move |db| {
            db.prepare_cached(&format!(
                "{CONVERSATIONS} HAVING number < ?2 ORDER BY number DESC LIMIT ?3"
            ))?
            .query_map(
                params![expiry_ms, before.unwrap_or(i64::MAX), limit],
                conversation,
            )?
            .collect()
        })
        .await
    }

    async fn messages(&self, number: u64, limit: u32) -> Result<Vec<Message>, StoreError> {
        let number = i64::try_from(number).map_err(|_| StoreError::NotFound)?;
        let (expiry_ms, keyring) = (self.expiry_ms(), self.keyring.clone());
        let found = self
            .read(move |db| {
                // One transaction: a reader may delete the conversation meanwhile.
                let db = db.unchecked_transaction()?;
                let kept: Option<String> = db
                    .prepare_cached(
                        "SELECT s.id FROM messages m JOIN chat_sessions s ON s.id = m.session_id \
                         WHERE m.seq = ?1 AND s.last_used_at_ms > ?2 AND NOT EXISTS (SELECT 1 \
                           FROM messages e WHERE e.session_id = s.id AND e.seq < m.seq)",
                    )?
                    .query_row(params![number, expiry_ms], |row| row.get(0))
                    .optional()?;
                let read = |kept: String| messages(&db, &keyring, ("", &kept), limit, 0);
                kept.map(read).transpose()
            })
            .await?;
        found.ok_or(StoreError::NotFound)
    }
}

fn conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(Conversation {
        number: number(0)?,
        questions: number(1)?,
        abstained: number(2)?,
        rated_down: number(3)?,
        created_at: from_ms(row.get(4)?),
        last_used_at: from_ms(row.get(5)?),
    })
}
