//! Messages, and the answers they share, kept under another key than before.

use super::super::history::renewed;
use super::{CONTEXT, SOURCES, TEXT, share, shared_places};
use crate::store::keyring::{Keyring, Place, Unreadable};
use crate::store::{Rekeyed, SharedAnswer};
use rusqlite::{Connection, OptionalExtension, params};

/// Encrypts anew the messages behind the one numbered `from`, and the answers they share.
pub fn rekey(
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
