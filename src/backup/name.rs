//! The name of a backup: when it was made, and whether it is encrypted.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use std::fmt;

const PREFIX: &str = "rag-chatbot-";
const TIME: &str = "%Y%m%dT%H%M%SZ";
const PLAIN: &str = ".tar.gz";
const ENCRYPTED: &str = ".tar.gz.age";

/// Sorts by time. Anything else in the folder or bucket has no such name and is left alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    text: String,
    made_at: Timestamp,
}

impl Name {
    pub(super) fn new(at: Timestamp, encrypted: bool) -> Self {
        // Two servers may back up to one place in the same second.
        let mut tail = [0; 3];
        getrandom::fill(&mut tail).expect("the system has a random source");
        let tail: String = tail.iter().map(|byte| format!("{byte:02x}")).collect();
        let time = at.to_zoned(TimeZone::UTC).strftime(TIME).to_string();
        let ending = if encrypted { ENCRYPTED } else { PLAIN };
        let text = format!("{PREFIX}{time}-{tail}{ending}");
        Self::parse(&text).expect("a name that was made can be read")
    }

    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let rest = rest.strip_suffix(ENCRYPTED).or(rest.strip_suffix(PLAIN))?;
        let (time, tail) = rest.split_once('-')?;
        if tail.is_empty() || !tail.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let civil = jiff::civil::DateTime::strptime(TIME, time).ok()?;
        let made_at = civil.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Self {
            text: text.to_owned(),
            made_at,
        })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn made_at(&self) -> Timestamp {
        self.made_at
    }

    pub fn is_encrypted(&self) -> bool {
        self.text.ends_with(ENCRYPTED)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_when_it_was_made_and_nothing_else_is_one() {
        let at: Timestamp = "2026-11-28T06:24:00Z".parse().expect("a time");
        for encrypted in [false, true] {
            let name = Name::new(at, encrypted);
            assert_eq!(Name::parse(name.as_str()), Some(name.clone()));
            assert_eq!((name.made_at(), name.is_encrypted()), (at, encrypted));
        }
        for other in [
            "chat.db",
            "rag-chatbot-20261128T062400Z-ab.tar.gz.partial",
            "rag-chatbot-20261128T062400Z-.tar.gz",
            "rag-chatbot-20261328T062400Z-ab.tar.gz",
            "rag-chatbot-20261128T062400Z-../x.tar.gz",
        ] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
    }
}
