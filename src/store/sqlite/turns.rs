//! Questions and answers in SQLite.

use super::database::Database;
use super::opening::failure;
use super::sessions::insert_session;
use super::{from_ms, to_ms};
use crate::store::{Message, Page, Rating, Role, SharedAnswer, StoreError, TurnStore};
use async_trait::async_trait;
use rusqlite::{Connection, Row, params};
use std::sync::Arc;

const COLUMNS: &str = "m.id, m.session_id, m.role, coalesce(s.text, m.text), \
                       coalesce(s.sources, m.sources), m.abstained, m.generator, \
                       m.locale, m.usage, m.context, m.created_at_ms, f.rating \
                       FROM messages m LEFT JOIN shared_answers s ON s.key = m.shared \
                       LEFT JOIN feedback f ON f.message_id = m.id";

#[async_trait]
impl TurnStore for Database {
    async fn begin(
        &self,
        question: Message,
        answer: Message,
        said: Arc<SharedAnswer>,
    ) -> Result<(), StoreError> {
        let now_ms = to_ms(Self::now());
        self.writer
            .run(move |db| {
                insert_session(db, &answer.session_id, now_ms)
                    .and_then(|()| share(db, &said))
                    .and_then(|()| insert(db, &question, None))
                    .and_then(|()| insert(db, &answer, Some(said.key())))
                    .map_err(|e| failure(&e))
            })
            .await
    }

    async fn append(&self, question: Message, answer: Message) -> Result<(), StoreError> {
        let (now_ms, expiry_ms) = (to_ms(Self::now()), self.expiry_ms());
        self.writer
            .run(move |db| {
                let touched = db
                    .prepare_cached(
                        "UPDATE chat_sessions SET last_used_at_ms = ?2 \
                         WHERE id = ?1 AND last_used_at_ms > ?3",
                    )
                    .and_then(|mut touch| {
                        touch.execute(params![answer.session_id, now_ms, expiry_ms])
                    })
                    .map_err(|e| failure(&e))?;
                if touched == 0 {
                    return Err(StoreError::NotFound);
                }
                insert(db, &question, None)
                    .and_then(|()| insert(db, &answer, None))
                    .map_err(|e| failure(&e))
            })
            .await
    }

    async fn page(&self, session_id: &str, limit: u32, offset: u32) -> Result<Page, StoreError> {
        let (id, expiry_ms) = (session_id.to_owned(), self.expiry_ms());
        let found = self
            .read(move |db| {
                // One transaction, or a turn added in between would make the total lie.
                let db = db.unchecked_transaction()?;
                let total: Option<i64> = db.query_row(
                    "SELECT CASE WHEN EXISTS (SELECT 1 FROM chat_sessions \
                       WHERE id = ?1 AND last_used_at_ms > ?2) \
                     THEN (SELECT count(*) FROM messages WHERE session_id = ?1) END",
                    params![id, expiry_ms],
                    |row| row.get(0),
                )?;
                let Some(total) = total else { return Ok(None) };
                let messages = db
                    .prepare_cached(&format!(
                        "SELECT {COLUMNS} WHERE m.session_id = ?1 ORDER BY m.seq LIMIT ?2 OFFSET ?3"
                    ))?
                    .query_map(params![id, limit, offset], message)?
                    .collect::<rusqlite::Result<Vec<_>>>()?;
                Ok(Some(Page {
                    messages,
                    total: total.unsigned_abs(),
                }))
            })
            .await?;
        found.ok_or(StoreError::NotFound)
    }

    async fn recent(&self, session_id: &str, limit: u32) -> Result<Vec<Message>, StoreError> {
        let id = session_id.to_owned();
        let mut messages = self
            .read(move |db| {
                db.prepare_cached(&format!(
                    "SELECT {COLUMNS} WHERE m.session_id = ?1 ORDER BY m.seq DESC LIMIT ?2"
                ))?
                .query_map(params![id, limit], message)?
                .collect::<rusqlite::Result<Vec<_>>>()
            })
            .await?;
        messages.reverse();
        Ok(messages)
    }
}

fn share(db: &Connection, said: &SharedAnswer) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR IGNORE INTO shared_answers VALUES (?1, ?2, ?3)")?
        .execute(params![said.key(), said.text, said.sources])?;
    Ok(())
}

fn insert(db: &Connection, message: &Message, shared: Option<&[u8; 16]>) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO messages (id, session_id, role, text, sources, abstained, generator, locale, \
         usage, context, created_at_ms, shared) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        message.id,
        message.session_id,
        role_name(message.role),
        message.text,
        message.sources.to_string(),
        message.abstained,
        message.generator,
        message.locale,
        message.usage.to_string(),
        message.context.to_string(),
        to_ms(message.created_at),
        shared,
    ])?;
    Ok(())
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let json = |column: usize| -> rusqlite::Result<serde_json::Value> {
        let text: String = row.get(column)?;
        Ok(serde_json::from_str(&text).unwrap_or_default())
    };
    Ok(Message {
        id: row.get(0)?,
        session_id: row.get(1)?,
        role: match row.get::<_, String>(2)?.as_str() {
            "user" => Role::User,
            _ => Role::Assistant,
        },
        text: row.get(3)?,
        sources: json(4)?,
        abstained: row.get(5)?,
        generator: row.get(6)?,
        locale: row.get(7)?,
        usage: json(8)?,
        context: json(9)?,
        created_at: from_ms(row.get(10)?),
        rating: row
            .get::<_, Option<String>>(11)?
            .map(|name| match name.as_str() {
                "up" => Rating::Up,
                _ => Rating::Down,
            }),
    })
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}
