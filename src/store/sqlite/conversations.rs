//! Conversations by number in SQLite: the place of their first message.

use super::database::Database;
use super::from_ms;
use crate::store::{Conversation, ConversationStore, StoreError};
use async_trait::async_trait;
use rusqlite::{Row, params};

const CONVERSATIONS: &str = "SELECT min(m.seq) AS number, s.id, \
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

    async fn find(&self, number: u64) -> Result<Conversation, StoreError> {
        let number = i64::try_from(number).map_err(|_| StoreError::NotFound)?;
        let expiry_ms = self.expiry_ms();
        let found: Vec<Conversation> = self
            .read(move |db| {
                db.prepare_cached(&format!("{CONVERSATIONS} HAVING number = ?2"))?
                    .query_map(params![expiry_ms, number], conversation)?
                    .collect()
            })
            .await?;
        found.into_iter().next().ok_or(StoreError::NotFound)
    }
}

fn conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(Conversation {
        number: number(0)?,
        session_id: row.get(1)?,
        questions: number(2)?,
        abstained: number(3)?,
        rated_down: number(4)?,
        created_at: from_ms(row.get(5)?),
        last_used_at: from_ms(row.get(6)?),
    })
}
