//! Encrypts what people said before it is kept, and reads it again.
//!
//! A value is kept as text: the id of its key, and XChaCha20-Poly1305 of it under that key with a
//! random nonce, bound to the row and column it stands in, so that none can be put in another's
//! place. Without a key, values are kept as they are. It does not know tables or queries.

use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use std::fmt;
use std::sync::Arc;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Hexadecimal digits of a key's id: enough to tell a person's few keys apart.
const ID_CHARS: usize = 12;

/// What begins with this is not a text as it was said. Texts that do are marked as plain ones.
const MARK: char = '\u{1}';
const ENCRYPTED: &str = "\u{1}x1.";
const HASHED: &str = "\u{1}h1.";
const PLAIN: &str = "\u{1}p.";

/// Names the purposes that keys are derived for (BLAKE3's context strings).
const FOR_TEXTS: &str = "rag-chatbot 2026 history texts";
const FOR_LOOKING_UP: &str = "rag-chatbot 2026 history look-ups";
const FOR_THE_ID: &str = "rag-chatbot 2026 history key id";

/// A key that conversations are encrypted with.
#[derive(Clone)]
pub struct HistoryKey {
    id: String,
    texts: XChaCha20Poly1305,
    looking_up: [u8; KEY_BYTES],
}

impl HistoryKey {
    /// Reads a key as [`HistoryKey::generate`] writes it; the error says what is wrong.
    pub fn parse(secret: &Secret) -> Result<Self, String> {
        let text = secret.expose();
        let bytes = STANDARD.decode(text);
        let bytes = bytes.or_else(|_| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')));
        let key: [u8; KEY_BYTES] = bytes.ok().and_then(|b| b.try_into().ok()).ok_or_else(|| {
            "must be 32 random bytes in base 64; `rag-chatbot history key` makes one".to_owned()
        })?;
        let id = blake3::Hash::from_bytes(blake3::derive_key(FOR_THE_ID, &key)).to_hex();
        Ok(Self {
            id: id[..ID_CHARS].to_owned(),
            texts: XChaCha20Poly1305::new(&blake3::derive_key(FOR_TEXTS, &key).into()),
            looking_up: blake3::derive_key(FOR_LOOKING_UP, &key),
        })
    }

    /// A new key, as it is written in the settings.
    pub fn generate() -> Secret {
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).expect("the system has a random source");
        Secret::new(STANDARD.encode(key))
    }

    /// Names the key in the database and in errors; no secret.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for HistoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HistoryKey({})", self.id)
    }
}

/// The keys of an installation: one to write with, and those that older values were written with.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    current: Option<Arc<HistoryKey>>,
    old: Vec<Arc<HistoryKey>>,
}

/// Where a value stands. Moved elsewhere, it cannot be read.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// Such as `messages.text`.
    pub column: &'static str,
    pub row: &'p [u8],
}

impl Place<'_> {
    fn bytes(self) -> Vec<u8> {
        [self.column.as_bytes(), &[0], self.row].concat()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it is encrypted with the key {0}, which the settings do not hold")]
    UnknownKey(String),
    #[error("it is damaged, or was written in another place")]
    Damaged,
}

impl Keyring {
    pub fn new(current: Option<HistoryKey>, old: Vec<HistoryKey>) -> Self {
        Self {
            current: current.map(Arc::new),
            old: old.into_iter().map(Arc::new).collect(),
        }
    }

    /// Id of the key that is written with; empty when values are kept as they are.
    pub fn current_id(&self) -> &str {
        self.current.as_ref().map_or("", |key| &key.id)
    }

    /// Whether what was written under this id can be read. Empty is what was not encrypted.
    pub fn reads(&self, id: &str) -> bool {
        id.is_empty() || self.key(id).is_some()
    }

    /// The text as it is kept.
    pub fn seal(&self, place: Place<'_>, text: &str) -> String {
        let Some(key) = &self.current else {
            let marked = text.starts_with(MARK);
            return if marked {
                format!("{PLAIN}{text}")
            } else {
                text.to_owned()
            };
        };
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).expect("the system has a random source");
        let payload = Payload {
            msg: text.as_bytes(),
            aad: &place.bytes(),
        };
        let sealed = key.texts.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.expect("a text is far shorter than the cipher's limit");
        let value = URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat());
        format!("{ENCRYPTED}{}.{value}", key.id)
    }

    /// The text as it was said.
    pub fn open(&self, place: Place<'_>, kept: String) -> Result<String, Unreadable> {
        if let Some(plain) = kept.strip_prefix(PLAIN) {
            return Ok(plain.to_owned());
        }
        let Some(rest) = kept.strip_prefix(ENCRYPTED) else {
            return Ok(kept);
        };
        let (id, value) = rest.split_once('.').ok_or(Unreadable::Damaged)?;
        let key = self.key(id);
        let key = key.ok_or_else(|| Unreadable::UnknownKey(id.to_owned()))?;
        let bytes = URL_SAFE_NO_PAD.decode(value);
        let bytes = bytes.map_err(|_| Unreadable::Damaged)?;
        let (nonce, sealed) = bytes
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(Unreadable::Damaged)?;
        let payload = Payload {
            msg: sealed,
            aad: &place.bytes(),
        };
        let text = key.texts.decrypt(&XNonce::from(*nonce), payload);
        let text = text.map_err(|_| Unreadable::Damaged)?;
        String::from_utf8(text).map_err(|_| Unreadable::Damaged)
    }

    /// Whether this is how it would be kept today.
    pub fn is_current(&self, kept: &str) -> bool {
        match &self.current {
            None => !kept.starts_with(ENCRYPTED),
            Some(key) => kept
                .strip_prefix(ENCRYPTED)
                .and_then(|rest| rest.strip_prefix(&*key.id))
                .is_some_and(|rest| rest.starts_with('.')),
        }
    }

    /// What a text is found again by: itself, or a hash that only the key's holder can compute.
    pub fn lookup(&self, text: &str) -> String {
        match &self.current {
            None if text.starts_with(MARK) => format!("{PLAIN}{text}"),
            None => text.to_owned(),
            Some(key) => {
                let hash = blake3::keyed_hash(&key.looking_up, text.as_bytes()).to_hex();
                format!("{HASHED}{}.{hash}", key.id)
            }
        }
    }

    /// Whether [`Keyring::lookup`] would say this today.
    pub fn is_current_lookup(&self, kept: &str) -> bool {
        match &self.current {
            None => !kept.starts_with(HASHED),
            Some(key) => kept.starts_with(&format!("{HASHED}{}.", key.id)),
        }
    }

    /// The same for a digest.
    pub fn lookup_digest(&self, digest: &[u8; 16]) -> [u8; 16] {
        let Some(key) = &self.current else {
            return *digest;
        };
        let hash = blake3::keyed_hash(&key.looking_up, digest);
        let (half, _) = hash
            .as_bytes()
            .split_first_chunk()
            .expect("it has 32 bytes");
        *half
    }

    fn key(&self, id: &str) -> Option<&HistoryKey> {
        let mut keys = self.current.iter().chain(&self.old);
        keys.find(|key| key.id == id).map(|key| &**key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place {
        column: "messages.text",
        row: b"1",
    };

    fn key() -> HistoryKey {
        HistoryKey::parse(&HistoryKey::generate()).expect("a key")
    }

    #[test]
    fn what_is_sealed_is_read_again_and_by_nobody_else() {
        let (mine, other) = (key(), key());
        let ring = Keyring::new(Some(mine.clone()), Vec::new());
        for text in ["", "How?", "روور", "\u{1}x1.forged.AAAA", "\u{1}p.x"] {
            let kept = ring.seal(PLACE, text);
            assert!(!text.is_empty() && !kept.contains(text) || text.is_empty());
            assert_ne!(kept, ring.seal(PLACE, text), "every nonce is new");
            assert_eq!(ring.open(PLACE, kept.clone()), Ok(text.to_owned()));
            let stranger = Keyring::new(Some(other.clone()), Vec::new());
            let unknown = Unreadable::UnknownKey(mine.id().to_owned());
            assert_eq!(stranger.open(PLACE, kept.clone()), Err(unknown));
            let follower = Keyring::new(Some(other.clone()), vec![mine.clone()]);
            assert_eq!(follower.open(PLACE, kept.clone()), Ok(text.to_owned()));
            assert!(ring.is_current(&kept) && !follower.is_current(&kept));
        }
    }

    #[test]
    fn without_a_key_texts_are_kept_as_they_are_and_none_can_pose_as_sealed() {
        let ring = Keyring::default();
        assert_eq!(ring.seal(PLACE, "How?"), "How?");
        for text in ["\u{1}x1.forged.AAAA", "\u{1}p.x", "\u{1}"] {
            let kept = ring.seal(PLACE, text);
            assert!(ring.is_current(&kept));
            assert_eq!(ring.open(PLACE, kept).as_deref(), Ok(text));
        }
    }

    #[test]
    fn changed_or_moved_it_is_refused() {
        let ring = Keyring::new(Some(key()), Vec::new());
        let kept = ring.seal(PLACE, "How?");
        let moved = Place { row: b"2", ..PLACE };
        assert_eq!(ring.open(moved, kept.clone()), Err(Unreadable::Damaged));
        let moved = Place {
            column: "messages.sources",
            ..PLACE
        };
        assert_eq!(ring.open(moved, kept.clone()), Err(Unreadable::Damaged));
        let mut cut = kept.clone();
        cut.truncate(kept.len() - 2);
        assert_eq!(ring.open(PLACE, cut), Err(Unreadable::Damaged));
        let (head, last) = kept.split_at(kept.len() - 6);
        let swapped: String = last.chars().rev().collect();
        if swapped != last {
            assert_eq!(
                ring.open(PLACE, format!("{head}{swapped}")),
                Err(Unreadable::Damaged)
            );
        }
    }

    #[test]
    fn a_weak_or_mistyped_key_is_refused() {
        for text in [
            "",
            "password",
            "c2hvcnQ=",
            "not base 64 at all, whatever it is",
        ] {
            assert!(HistoryKey::parse(&Secret::new(text)).is_err(), "{text}");
        }
        let padded = HistoryKey::generate();
        let url_safe = padded.expose().replace('+', "-").replace('/', "_");
        let again = HistoryKey::parse(&Secret::new(url_safe.trim_end_matches('='))).expect("read");
        assert_eq!(again.id(), HistoryKey::parse(&padded).expect("read").id());
        assert!(!format!("{again:?}").contains(padded.expose()));
    }
}
