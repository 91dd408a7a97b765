//! Encryption with age: for whom, and by whom it can be opened. Only this file knows age.
//!
//! The server holds public keys alone. So that a backup can still be proved to open after it was
//! written, it is encrypted for one more key, which lives in memory until the proof is done.

use super::BackupError;
use crate::secret::Secret;
use age::secrecy::ExposeSecret as _;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

/// How an encrypted file begins.
const MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// Public keys, as `age-keygen` shows them.
#[derive(Clone, Default)]
pub struct Recipients(Vec<age::x25519::Recipient>);

impl Recipients {
    /// `age1…`, comma separated.
    pub fn parse(text: &str) -> Result<Self, String> {
        let entries = text.split([',', ' ']).filter(|entry| !entry.is_empty());
        entries
            .map(|entry| {
                entry.parse::<age::x25519::Recipient>().map_err(|_| {
                    match entry.starts_with("AGE-SECRET") {
                        true => {
                            "this is a private key; give the public one, which begins with age1"
                                .to_owned()
                        }
                        false => {
                            format!("`{entry}` is not a public key as age-keygen shows it (age1…)")
                        }
                    }
                })
            })
            .collect::<Result<Vec<_>, _>>()
            .map(Self)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} recipients", self.0.len())
    }
}

/// Private keys. Never shown.
#[derive(Clone, Default)]
pub struct Identities(Vec<age::x25519::Identity>);

impl Identities {
    /// A file as `age-keygen` writes it: a key a line, and comments.
    pub fn read(path: &Path) -> Result<Self, BackupError> {
        let refused = |reason: String| {
            BackupError::Refused(format!("--identity {}: {reason}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|e| refused(e.to_string()))?;
        let lines = text.lines().map(str::trim);
        let keys = lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| {
                line.parse::<age::x25519::Identity>().map_err(|_| {
                    refused("is not a file of private keys as age-keygen writes it".to_owned())
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        match keys.is_empty() {
            true => Err(refused("holds no key".to_owned())),
            false => Ok(Self(keys)),
        }
    }

    /// A key of its own, which nobody will ever have seen.
    pub(super) fn passing() -> Self {
        Self(vec![age::x25519::Identity::generate()])
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} identities", self.0.len())
    }
}

/// A file being written, encrypted or not.
pub(super) enum Sealed<W: Write> {
    Plain(W),
    Encrypted(Box<age::stream::StreamWriter<W>>),
}

impl<W: Write> Sealed<W> {
    /// Encrypted for the recipients and for `also`, if there are recipients.
    pub fn new(inner: W, recipients: &Recipients, also: &Identities) -> io::Result<Self> {
        if recipients.is_empty() {
            return Ok(Self::Plain(inner));
        }
        let also: Vec<_> = also
            .0
            .iter()
            .map(age::x25519::Identity::to_public)
            .collect();
        let all = recipients.0.iter().chain(&also);
        age::Encryptor::with_recipients(all.map(|key| key as &dyn age::Recipient))
            .map_err(io::Error::other)?
            .wrap_output(inner)
            .map(|writer| Self::Encrypted(Box::new(writer)))
    }

    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(inner) => Ok(inner),
            Self::Encrypted(writer) => writer.finish(),
        }
    }
}

impl<W: Write> Write for Sealed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(inner) => inner.write(bytes),
            Self::Encrypted(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(inner) => inner.flush(),
            Self::Encrypted(writer) => writer.flush(),
        }
    }
}

/// Why a file could not be opened.
pub(super) enum Unopened {
    /// It may be whole; the key is missing or another one's.
    Key(String),
    Damaged(String),
}

/// What is in the file at `path`, decrypted if need be.
pub(super) fn unseal(path: &Path, identities: &Identities) -> Result<Box<dyn Read>, Unopened> {
    let open = || File::open(path).map(BufReader::new);
    let mut start = Vec::new();
    let damaged = |e: io::Error| Unopened::Damaged(e.to_string());
    let mut head = open().map_err(damaged)?.take(MAGIC.len() as u64);
    head.read_to_end(&mut start).map_err(damaged)?;
    let file = open().map_err(damaged)?;
    if start != MAGIC {
        return Ok(Box::new(file));
    }
    if identities.0.is_empty() {
        return Err(Unopened::Key(
            "it is encrypted; name the file with the private key with --identity".to_owned(),
        ));
    }
    let decryptor =
        age::Decryptor::new_buffered(file).map_err(|e| Unopened::Damaged(e.to_string()))?;
    let identities = identities.0.iter().map(|key| key as &dyn age::Identity);
    match decryptor.decrypt(identities) {
        Ok(reader) => Ok(Box::new(reader)),
        Err(age::DecryptError::NoMatchingKeys) => Err(Unopened::Key(
            "it was encrypted for another key than the one in --identity".to_owned(),
        )),
        Err(error) => Err(Unopened::Damaged(error.to_string())),
    }
}

/// A new pair, private and public, for whoever has no `age-keygen`.
pub fn new_pair() -> (Secret, String) {
    let identity = age::x25519::Identity::generate();
    let private = Secret::new(identity.to_string().expose_secret());
    (private, identity.to_public().to_string())
}
