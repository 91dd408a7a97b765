//! Questions and answers in SQLite.

use super::database::Database;
use super::history::{note, opened, renewed};
use super::opening::failure;
use super::sessions::insert_session;
use super::{from_ms, to_ms};
use crate::store::keyring::{Keyring, Place, Unreadable};
use crate::store::{Message, Page, Rating, Rekeyed, Role, SharedAnswer, StoreError, TurnStore};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::sync::Arc;

const TEXT: &str = "messages.text";
const SOURCES: &str = "messages.sources";
const CONTEXT: &str = "messages.context";
const SHARED_TEXT: &str = "shared_answers.text";
const SHARED_SOURCES: &str = "shared_answers.sources";

const COLUMNS: &str = "m.id, m.session_id, m.role, coalesce(s.text, m.text), \
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
                    insert_session(db, &answer.session_id, now_ms)?;
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
                        touch.execute(params![answer.session_id, now_ms, expiry_ms])
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
                    .query_map(params![id, limit, offset], |row| message(row, &keyring))?
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
        let (id, keyring) = (session_id.to_owned(), self.keyring.clone());
        let mut messages = self
            .read(move |db| {
                db.prepare_cached(&format!(
                    "SELECT {COLUMNS} WHERE m.session_id = ?1 ORDER BY m.seq DESC LIMIT ?2"
                ))?
                .query_map(params![id, limit], |row| message(row, &keyring))?
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
        message.session_id,
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

/// A row of [`COLUMNS`].
fn message(row: &Row<'_>, keyring: &Keyring) -> rusqlite::Result<Message> {
    let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
    let id: String = row.get(0)?;
    let shared: Option<[u8; 16]> = row.get(12)?;
    let own = |column| Place {
        column,
        row: id.as_bytes(),
    };
    let (text, sources) = match &shared {
        None => (own(TEXT), own(SOURCES)),
        Some(key) => shared_places(key),
    };
    let (text, sources) = (
        opened(keyring, text, row.get(3)?)?,
        opened(keyring, sources, row.get(4)?)?,
    );
    let context = opened(keyring, own(CONTEXT), row.get(9)?)?;
    Ok(Message {
        session_id: row.get(1)?,
        role: match row.get::<_, String>(2)?.as_str() {
            "user" => Role::User,
            _ => Role::Assistant,
        },
        text,
        sources: json(&sources),
        abstained: row.get(5)?,
        generator: row.get(6)?,
        locale: row.get(7)?,
        usage: json(&row.get::<_, String>(8)?),
        context: json(&context),
        created_at: from_ms(row.get(10)?),
        rating: row
            .get::<_, Option<String>>(11)?
            .map(|name| match name.as_str() {
                "up" => Rating::Up,
                _ => Rating::Down,
            }),
        id,
    })
}

fn shared_places(key: &[u8; 16]) -> (Place<'_>, Place<'_>) {
    let place = |column| Place { column, row: key };
    (place(SHARED_TEXT), place(SHARED_SOURCES))
}

/// Encrypts anew the messages behind the one numbered `from`, and the answers they share.
pub(super) fn rekey(
    db: &Connection,
    keyring: &Keyring,
    from: &i64,
    rows: u32,
) -> rusqlite::Result<(Rekeyed, Option<i64>)> {
    type Kept = (i64, String, [String; 3], Option<[u8; 16]>);
    let found: Vec<Kept> = db
        .prepare_cached(
            "SELECT seq, id, text, sources, context, shared FROM messages \
             WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        )?
        .query_map(params![from, rows], |row| {
            let texts = [row.get(2)?, row.get(3)?, row.get(4)?];
            Ok((row.get(0)?, row.get(1)?, texts, row.get(5)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut done = Rekeyed::default();
    let next = found.last().map(|(seq, ..)| *seq);
    for (seq, id, kept, shared) in found {
        let row = id.as_bytes();
        let anew = |column, text: &String| renewed(keyring, Place { column, row }, text.clone());
        let texts = || -> Result<[String; 3], Unreadable> {
            let [text, sources, context] = &kept;
            Ok([
                anew(TEXT, text)?,
                anew(SOURCES, sources)?,
                anew(CONTEXT, context)?,
            ])
        };
        let moved = match &shared {
            Some(key) => share_anew(db, keyring, key)?,
            None => Ok(None),
        };
        match (texts(), moved) {
            (Ok(texts), Ok(moved)) if texts != kept || moved != shared => {
                let [text, sources, context] = texts;
                db.prepare_cached(
                    "UPDATE messages SET text = ?2, sources = ?3, context = ?4, shared = ?5 \
                     WHERE seq = ?1",
                )?
                .execute(params![seq, text, sources, context, moved])?;
                done.rows += 1;
            }
            (Ok(_), Ok(_)) => {}
            _ => done.unreadable += 1,
        }
    }
    Ok((done, next))
}

/// The shared answer's row under the present key, made where it is not there; `None` where the
/// answer is gone.
fn share_anew(
    db: &Connection,
    keyring: &Keyring,
    key: &[u8; 16],
) -> rusqlite::Result<Result<Option<[u8; 16]>, Unreadable>> {
    let kept: Option<(String, String)> = db
        .prepare_cached("SELECT text, sources FROM shared_answers WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((text, sources)) = kept else {
        return Ok(Ok(None));
    };
    if keyring.is_current(&text) && keyring.is_current(&sources) {
        return Ok(Ok(Some(*key)));
    }
    let (at_text, at_sources) = shared_places(key);
    let said = keyring.open(at_text, text).and_then(|text| {
        let sources = keyring.open(at_sources, sources)?;
        Ok(SharedAnswer::kept(text, sources))
    });
    match said {
        Ok(said) => share(db, keyring, &said).map(|key| Ok(Some(key))),
        Err(unreadable) => Ok(Err(unreadable)),
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}
