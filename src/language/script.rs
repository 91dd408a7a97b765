//! Which script a letter is written in. Code point ranges are from the Unicode block table
//! (Blocks.txt); only scripts that decide something in this program are told apart.

use serde::{Deserialize, Serialize};

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

impl Script {
    /// Scripts written without spaces between words: each letter is a word of its own to search.
    pub fn is_unspaced(self) -> bool {
        matches!(self, Self::Han | Self::Kana | Self::Thai)
    }
}

/// Script of a letter; `Script::None` for digits, punctuation and symbols.
pub fn script_of(letter: char) -> Script {
    match letter as u32 {
        0x41..=0x5A | 0x61..=0x7A => Script::Latin,
        0..=0xBF => Script::None,
        0xD7 | 0xF7 => Script::None,
        0xC0..=0x24F | 0x1E00..=0x1EFF | 0x2C60..=0x2C7F | 0xA720..=0xA7FF | 0xFF21..=0xFF5A => {
            Script::Latin
        }
        _ if !letter.is_alphabetic() => Script::None,
        0x370..=0x3FF | 0x1F00..=0x1FFF => Script::Greek,
        0x400..=0x52F => Script::Cyrillic,
        0x590..=0x5FF | 0xFB1D..=0xFB4F => Script::Hebrew,
        0x600..=0x6FF | 0x750..=0x77F | 0x8A0..=0x8FF | 0xFB50..=0xFDFF | 0xFE70..=0xFEFF => {
            Script::Arabic
        }
        0x900..=0x97F | 0xA8E0..=0xA8FF => Script::Devanagari,
        0xE00..=0xE7F => Script::Thai,
        0x1100..=0x11FF | 0x3130..=0x318F | 0xAC00..=0xD7AF => Script::Hangul,
        0x3040..=0x30FF | 0x31F0..=0x31FF => Script::Kana,
        0x2E80..=0x2FDF
        | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF
        | 0xF900..=0xFAFF
        | 0x20000..=0x3FFFF => Script::Han,
        _ => Script::Other,
    }
}

/// Characters that reorder text on screen or are invisible: a way to show one thing and mean another.
pub fn is_bidi_control(letter: char) -> bool {
    matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
}

/// Share (0–1) of the text's letters that are Latin; 0 for a text without letters.
pub fn latin_share(text: &str) -> f32 {
    let (mut latin, mut all) = (0usize, 0usize);
    for letter in text.chars() {
        match script_of(letter) {
            Script::None => {}
            Script::Latin => {
                latin += 1;
                all += 1;
            }
            _ => all += 1,
        }
    }
    if all == 0 {
        0.0
    } else {
        latin as f32 / all as f32
    }
}
