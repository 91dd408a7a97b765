//! An address that may hold a password: `https://user:password@host/path`.
//!
//! It is shown without what stands before the `@` and after the `?`; the rest is what a person
//! needs to see where something is sent.

use super::REDACTED;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// An address whose password is kept out of logs, errors and printed settings.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().trim().to_owned())
    }

    /// All of it, for the one place that connects.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, query) = match self.0.split_once(['?', '#']) {
            Some((address, _)) => (address, true),
            None => (self.0.as_str(), false),
        };
        let (scheme, rest) = match address.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None => (String::new(), address),
        };
        // The last `@` of all: one in a password that was not escaped hides the host, not the rest
        // of the password.
        match rest.rsplit_once('@') {
            Some((_, host)) => write!(f, "{scheme}{REDACTED}@{host}")?,
            None => write!(f, "{scheme}{rest}")?,
        }
        if query {
            write!(f, "?{REDACTED}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Address {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl std::str::FromStr for Address {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (address, shown) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1"),
            ("https://u:marker@host/v1", "https://[redacted]@host/v1"),
            ("https://marker@host:8/v1", "https://[redacted]@host:8/v1"),
            ("https://u:p@marker@host", "https://[redacted]@host"),
            ("https://u:mar/ker@host", "https://[redacted]@host"),
            ("u:marker@host", "[redacted]@host"),
            ("https://host/v1?key=marker", "https://host/v1?[redacted]"),
        ] {
            assert_eq!(Address::new(address).to_string(), shown);
        }
    }
}
