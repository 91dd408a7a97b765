//! One spelling for search: Unicode compatibility forms, Arabic-script letter variants, marks and
//! digits are folded, so that a question finds a word however it was typed.
//!
//! Arabic keyboards and old converters write ye, kaf and heh with Arabic code points where Urdu
//! has its own; both look the same to a reader. The pairs are those of the Unicode core
//! specification, section 9.2 (Arabic), "Urdu" and "Persian" notes.

use unicode_normalization::UnicodeNormalization;

/// `text` lowercased and folded; meant for comparing, never for showing.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc()
        .filter_map(fold_letter)
        .flat_map(char::to_lowercase)
        .collect()
}

fn fold_letter(letter: char) -> Option<char> {
    Some(match letter {
        // Harakat, superscript alef, Quranic marks, tatweel; joiners and direction marks.
        '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06ED}' | '\u{0640}' => return None,
        '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}'
        | '\u{FEFF}' => {
            return None;
        }
        'ي' | 'ى' | 'ې' => 'ی',
        'ك' | 'ڪ' => 'ک',
        'ه' | 'ۀ' | 'ۂ' | 'ة' | 'ۃ' | 'ە' => 'ہ',
        'أ' | 'إ' | 'ٱ' => 'ا',
        'ۓ' => 'ے',
        'ۇ' | 'ۆ' => 'و',
        '٠'..='٩' => ascii_digit(letter, '٠'),
        '۰'..='۹' => ascii_digit(letter, '۰'),
        _ => letter,
    })
}

fn ascii_digit(digit: char, zero: char) -> char {
    char::from(b'0' + (digit as u32 - zero as u32) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_word_typed_on_different_keyboards_folds_to_one() {
        assert_eq!(fold("كتابي"), fold("کتابی"));
        assert_eq!(fold("کِتَاب"), fold("کتاب"));
        assert_eq!(fold("کتـــاب"), fold("کتاب"));
        assert_eq!(fold("می\u{200C}خواهم"), fold("میخواهم"));
        assert_eq!(fold("۱۲۳ ٤٥"), "123 45");
        assert_eq!(fold("Ｊｅｓｔ"), "jest");
    }

    proptest::proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC*") {
            let once = fold(&text);
            proptest::prop_assert_eq!(fold(&once), once);
        }
    }
}
