//! A string that must never be shown: keys, tokens, passwords.
//!
//! `Debug`, `Display` and serde all say nothing. The only way to the text is [`Secret::expose`],
//! which is easy to search for in a review. It does not know where secrets come from.

mod address;
mod personal;

pub use address::Address;
pub use personal::without_personal_data;

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// What is shown instead of a secret.
pub const REDACTED: &str = "[redacted]";

/// A string that is kept out of logs, errors and printed settings.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret string; surrounding white space (a file's last newline) is dropped.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().trim().to_owned())
    }

    /// The secret itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is anything in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_of_printing_a_secret_shows_it() {
        let secret = Secret::new("sk-marker\n");
        let printed = format!(
            "{secret} {secret:?} {}",
            serde_json::to_string(&secret).expect("a string serialises")
        );
        assert!(!printed.contains("marker"));
        assert_eq!(secret.expose(), "sk-marker");
    }
}
