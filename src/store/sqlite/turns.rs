//! Questions and answers in SQLite.

use super::database::Database;
use super::history::{note, opened};
use super::opening::failure;
use super::session_id::kept_id;
use super::sessions::insert_session;
use super::{from_ms, to_ms};
use crate::store::keyring::{Keyring, Place};
use crate::store::{Message, Page, Rating, Role, SharedAnswer, StoreError, TurnStore};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::sync::Arc;

mod rekeying;

pub(super) use rekeying::rekey;

const TEXT: &str = "messages.text";
const SOURCES: &str = "messages.sources";
const CONTEXT: &str = "messages.context";
const SHARED_TEXT: &str = "shared_answers.text";
const SHARED_SOURCES: &str = "shared_answers.sources";

const COLUMNS: &str = "m.id, m.role, coalesce(s.text, m.text), \
                       coalesce(s.sources, m.sources), m.abstained, m.generator, \
                       m.locale, m.usage, m.context, m.created_at_ms, f.rating, s.key \
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
        let (now_ms, keyring) = (to_ms(Self::now()), self.keyring.clone());
        self.writer
            .run(move |db| {
                let begin = || -> rusqlite::Result<()> {
                    note(db, &keyring)?;
                    insert_session(db, &kept_id(&answer.session_id), now_ms)?;
                    let shared = share(db, &keyring, &said)?;
                    insert(db, &keyring, &question, None)?;
                    insert(db, &keyring, &answer, Some(&shared))
                };
                begin().map_err(|e| failure(&e))
            })
            .await
    }

    async fn append(&self, question: Message, answer: Message) -> Result<(), StoreError> {
        let (now_ms, expiry_ms) = (to_ms(Self::now()), self.expiry_ms());
        let keyring = self.keyring.clone();
        self.writer
            .run(move |db| {
                let touched = db
                    .prepare_cached(
                        "UPDATE chat_sessions SET last_used_at_ms = ?2 \
                         WHERE id = ?1 AND last_used_at_ms > ?3",
                    )
                    .and_then(|mut touch| {
                        touch.execute(params![kept_id(&answer.session_id), now_ms, expiry_ms])
                    })
                    .map_err(|e| failure(&e))?;
                if touched == 0 {
                    return Err(StoreError::NotFound);
                }
                note(db, &keyring)
                    .and_then(|()| insert(db, &keyring, &question, None))
                    .and_then(|()| insert(db, &keyring, &answer, None))
                    .map_err(|e| failure(&e))
            })
            .await
    }

    async fn page(&self, session_id: &str, limit: u32, offset: u32) -> Result<Page, StoreError> {
        let (id, expiry_ms) = (session_id.to_owned(), self.expiry_ms());
        let keyring = self.keyring.clone();
        let kept = kept_id(&id);
        let found = self
            .read(move |db| {
                // One transaction, or a turn added in between would make the total lie.
                let db = db.unchecked_transaction()?;
                let total: Option<i64> = db.query_row(
                    "SELECT CASE WHEN EXISTS (SELECT 1 FROM chat_sessions \
                       WHERE id = ?1 AND last_used_at_ms > ?2) \
                     THEN (SELECT count(*) FROM messages WHERE session_id = ?1) END",
                    params![kept, expiry_ms],
                    |row| row.get(0),
                )?;
                let Some(total) = total else { return Ok(None) };
                let messages = messages(&db, &keyring, (&id, &kept), limit, offset)?;
                Ok(Some(Page {
                    messages,
                    total: total.unsigned_abs(),
                }))
            })
            .await?;
        found.ok_or(StoreError::NotFound)
    }

    async fn recent(&self, session_id: &str, limit: u32) -> Result<Vec<Message>, StoreError> {
        let (id, keyring) = (session_id.to_owned(), self.keyring.clone());
        let kept = kept_id(&id);
        let mut messages = self
            .read(move |db| {
                db.prepare_cached(&format!(
                    "SELECT {COLUMNS} WHERE m.session_id = ?1 ORDER BY m.seq DESC LIMIT ?2"
                ))?
                .query_map(params![kept, limit], |row| message(row, &keyring, &id))?
                .collect::<rusqlite::Result<Vec<_>>>()
            })
            .await?;
        messages.reverse();
        Ok(messages)
    }
}

/// Keeps the answer, if it is not kept yet; returns the key of its row.
fn share(db: &Connection, keyring: &Keyring, said: &SharedAnswer) -> rusqlite::Result<[u8; 16]> {
    let key = keyring.lookup_digest(said.key());
    let sealed = |column, text: &str| keyring.seal(Place { column, row: &key }, text);
    db.prepare_cached("INSERT OR IGNORE INTO shared_answers VALUES (?1, ?2, ?3)")?
        .execute(params![
            key,
            sealed(SHARED_TEXT, &said.text),
            sealed(SHARED_SOURCES, &said.sources)
        ])?;
    Ok(key)
}

fn insert(
    db: &Connection,
    keyring: &Keyring,
    message: &Message,
    shared: Option<&[u8; 16]>,
) -> rusqlite::Result<()> {
    let row = message.id.as_bytes();
    let sealed = |column, text: &str| keyring.seal(Place { column, row }, text);
    db.prepare_cached(
        "INSERT INTO messages (id, session_id, role, text, sources, abstained, generator, locale, \
         usage, context, created_at_ms, shared) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        message.id,
        kept_id(&message.session_id),
        role_name(message.role),
        sealed(TEXT, &message.text),
        sealed(SOURCES, &message.sources.to_string()),
        message.abstained,
        message.generator,
        message.locale,
        message.usage.to_string(),
        sealed(CONTEXT, &message.context.to_string()),
        to_ms(message.created_at),
        shared,
    ])?;
    Ok(())
}

/// Messages `offset..offset + limit` of the session that has one id and is kept under the other,
/// oldest first.
pub(super) fn messages(
    db: &Connection,
    keyring: &Keyring,
    (id, kept): (&str, &str),
    limit: u32,
    offset: u32,
) -> rusqlite::Result<Vec<Message>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} WHERE m.session_id = ?1 ORDER BY m.seq LIMIT ?2 OFFSET ?3"
    ))?
    .query_map(params![kept, limit, offset], |row| {
        message(row, keyring, id)
    })?
    .collect()
}

/// A row of [`COLUMNS`], of the session with this id.
fn message(row: &Row<'_>, keyring: &Keyring, session_id: &str) -> rusqlite::Result<Message> {
    let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
    let id: String = row.get(0)?;
    let shared: Option<[u8; 16]> = row.get(11)?;
    let own = |column| Place {
        column,
        row: id.as_bytes(),
    };
    let (text, sources) = match &shared {
        None => (own(TEXT), own(SOURCES)),
        Some(key) => shared_places(key),
    };
    let (text, sources) = (
        opened(keyring, text, row.get(2)?)?,
        opened(keyring, sources, row.get(3)?)?,
    );
    let context = opened(keyring, own(CONTEXT), row.get(8)?)?;
    Ok(Message {
        session_id: session_id.to_owned(),
        role: match row.get::<_, String>(1)?.as_str() {
            "user" => Role::User,
            _ => Role::Assistant,
        },
        text,
        sources: json(&sources),
        abstained: row.get(4)?,
        generator: row.get(5)?,
        locale: row.get(6)?,
        usage: json(&row.get::<_, String>(7)?),
        context: json(&context),
        created_at: from_ms(row.get(9)?),
        rating: row
            .get::<_, Option<String>>(10)?
            .map(|name| match name.as_str() {
                "up" => Rating::Up,
                _ => Rating::Down,
            }),
        id,
    })
}

/// What was asked and what was answered, in this order, where the answer has this id.
pub(super) fn turn_of(
    db: &Connection,
    keyring: &Keyring,
    answer_id: &str,
) -> rusqlite::Result<Option<(Message, Message)>> {
    // Whoever rates need not know the session; neither does what is made of it.
    let read = |condition: &str| {
        db.prepare_cached(&format!("SELECT {COLUMNS} WHERE {condition}"))?
            .query_row([answer_id], |row| message(row, keyring, ""))
            .optional()
    };
    let question = read(
        "m.seq = (SELECT max(q.seq) FROM messages a JOIN messages q \
           ON q.session_id = a.session_id AND q.seq < a.seq AND q.role = 'user' \
           WHERE a.id = ?1)",
    )?;
    Ok(question.zip(read("m.id = ?1")?))
}

fn shared_places(key: &[u8; 16]) -> (Place<'_>, Place<'_>) {
    let place = |column| Place { column, row: key };
    (place(SHARED_TEXT), place(SHARED_SOURCES))
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}
