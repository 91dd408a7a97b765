//! Script and language of a text, and the words search sees in it.
//!
//! English and Urdu get the most care: Urdu letters are folded to one spelling, English words are
//! stemmed, code identifiers are kept whole and split. Nothing here knows documents or indexes.

mod detect;
mod script;
mod sound;
mod stem;
mod stop_words;
mod urdu;
mod words;

pub use detect::detect;
pub use script::{Script, is_bidi_control, latin_share, script_of};
pub use sound::{likeness, skeleton, sounds};
pub use stem::stem;
pub use stop_words::is_stop_word;
pub use urdu::fold;
pub use words::{Word, words};

use serde::{Deserialize, Serialize};

/// A language, as far as search treats languages differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Language {
    pub script: Script,
    pub code: LanguageCode,
}

impl Language {
    /// A text without letters.
    pub const NONE: Self = Self {
        script: Script::None,
        code: LanguageCode::Und,
    };

    /// Whether readers of the language read from right to left.
    pub fn is_rtl(self) -> bool {
        matches!(self.script, Script::Arabic | Script::Hebrew)
    }
}

/// ISO 639-1 code of the languages that search or wording treats specially, else `und`.
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

impl LanguageCode {
    /// The code as it stands in locales and `lang` attributes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ur => "ur",
            Self::Ar => "ar",
            Self::Fa => "fa",
            Self::Hi => "hi",
            Self::Und => "und",
        }
    }
}
