//! Script and language of a text.
use serde::{Deserialize, Serialize};

/// A language, as far as search treats languages differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Language {
    pub script: Script,
    /// ISO 639-1 code where it is known (`en`, `ur`), else `und`.
    pub code: LanguageCode,
}

/// Two-letter ISO 639-1 code, or `und`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LanguageCode {
    En,
    Ur,
    Ar,
    Fa,
    Hi,
    Und,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Script {
    Latin,
    Arabic,
    Devanagari,
    Cyrillic,
    Greek,
    Hebrew,
    Han,
    Kana,
    Hangul,
    Thai,
    Other,
    /// No letters at all.
    None,
}
