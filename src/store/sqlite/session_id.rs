//! How a session's id is kept: not at all. The id is the reader's secret, so the database holds what
//! it is recognised by, and whoever reads the file can continue nobody's conversation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use sha2::{Digest, Sha256};

/// Ids begin with the time they were made at, which is no secret; kept in front, it has new rows
/// stand together in the tables as before.
const TIME_CHARS: usize = 8;

/// Of the digest: as hard to find an id for as to guess the 144 random bits of one.
const DIGEST_BYTES: usize = 18;

/// What the session with this id is kept under.
pub(super) fn kept_id(id: &str) -> String {
    let time: String = id.chars().take(TIME_CHARS).collect();
    let digest = Sha256::digest(id);
    format!("{time}{}", URL_SAFE_NO_PAD.encode(&digest[..DIGEST_BYTES]))
}

/// Lets a migration say `kept_id(id)`.
pub(super) fn teach(db: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("kept_id", 1, flags, |arguments| {
        Ok(kept_id(&arguments.get::<String>(0)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::new_id;

    #[test]
    fn ids_are_recognised_in_order_of_time_and_cannot_be_read_back() {
        let id = new_id();
        let kept = kept_id(&id);
        assert_eq!(kept, kept_id(&id));
        assert_eq!(kept[..TIME_CHARS], id[..TIME_CHARS]);
        assert!(!kept.contains(&id[TIME_CHARS..]), "{kept}");
        // What stands in the file is no id itself.
        assert_ne!(kept_id(&kept), kept);
        let other = format!("{}x", &id[..id.len() - 1]);
        assert_ne!(kept_id(&other), kept);
    }
}
