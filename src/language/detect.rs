//! Language of a text: script by counting letters, then the language within the script.
//!
//! Urdu prose about software is full of Latin terms, so a text is Arabic-script as soon as a
//! good part of its letters are, not when most are.

use super::{Language, LanguageCode, Script, Word, is_stop_word, script_of, words};

/// Letters looked at; a page's language shows well before this.
const LETTERS_READ: usize = 4_000;

/// A script other than Latin wins with this share of the letters: Latin identifiers are long, the
/// words around them short.
const NON_LATIN_SHARE: f32 = 0.3;

/// Longer texts than a question are what most of their letters are.
const QUESTION_MAX_BYTES: usize = 200;

/// Bytes whose trigrams are counted: the costliest step of indexing words if whole pages are, and
/// whatlang is reliable from some two hundred on.
const TRIGRAM_MAX_BYTES: usize = 600;

/// So many of English's own function words in the same bytes tell English without trigrams, which
/// took a third of the time of indexing words. One or two stand in any text as part of a name.
const ENGLISH_ENOUGH: usize = 3;

/// Texts shorter than this many bytes are too short for trigrams to tell Latin languages apart.
const TRIGRAM_MIN_BYTES: usize = 80;

/// Script and language of `text`.
pub fn detect(text: &str) -> Language {
    let counts = count_scripts(text);
    let total: usize = counts.iter().map(|(_, n)| n).sum();
    if total == 0 {
        return Language::NONE;
    }
    let other = counts
        .iter()
        .filter(|(script, _)| *script != Script::Latin)
        .max_by_key(|(_, n)| *n);
    let script = match other {
        Some(&(script, n)) if n as f32 >= NON_LATIN_SHARE * total as f32 => script,
        Some(&(Script::Arabic, _)) if asks_in_arabic(text) => Script::Arabic,
        _ => Script::Latin,
    };
    let code = match script {
        Script::Latin => latin_language(text),
        Script::Arabic => arabic_language(text),
        Script::Devanagari => LanguageCode::Hi,
        _ => LanguageCode::Und,
    };
    Language { script, code }
}

/// A short text whose grammar is Urdu and whose names alone are Latin: "inverse kinematics کیا ہے؟".
fn asks_in_arabic(text: &str) -> bool {
    if text.len() > QUESTION_MAX_BYTES {
        return false;
    }
    let mut grammar = words(text)
        .into_iter()
        .filter(|word| is_stop_word(&word.text));
    let is_arabic = |word: Word| word.text.chars().any(|c| script_of(c) == Script::Arabic);
    grammar.next().is_some_and(is_arabic) && grammar.all(is_arabic)
}

fn count_scripts(text: &str) -> Vec<(Script, usize)> {
    let mut counts: Vec<(Script, usize)> = Vec::new();
    let letters = text.chars().map(script_of).filter(|s| *s != Script::None);
    for script in letters.take(LETTERS_READ) {
        match counts.iter_mut().find(|(s, _)| *s == script) {
            Some((_, n)) => *n += 1,
            None => counts.push((script, 1)),
        }
    }
    counts
}

/// English unless a longer text clearly is not: short questions and code look like anything.
fn latin_language(text: &str) -> LanguageCode {
    if text.len() < TRIGRAM_MIN_BYTES {
        return LanguageCode::En;
    }
    let head = &text[..text.floor_char_boundary(TRIGRAM_MAX_BYTES)];
    if has_english_grammar(head) {
        return LanguageCode::En;
    }
    match whatlang::detect(head) {
        Some(info) if info.lang() != whatlang::Lang::Eng && info.is_reliable() => LanguageCode::Und,
        _ => LanguageCode::En,
    }
}

/// Function words that no other language in Latin script has.
fn has_english_grammar(text: &str) -> bool {
    text.split(|letter: char| !letter.is_alphabetic())
        .filter(|word| {
            matches!(
                *word,
                "the"
                    | "and"
                    | "that"
                    | "this"
                    | "with"
                    | "you"
                    | "your"
                    | "which"
                    | "from"
                    | "when"
            )
        })
        .nth(ENGLISH_ENOUGH - 1)
        .is_some()
}

/// Urdu, Persian and Arabic share a script; each has letters the next lacks.
fn arabic_language(text: &str) -> LanguageCode {
    let (mut urdu, mut persian, mut arabic) = (0usize, 0usize, 0usize);
    for letter in text.chars().take(LETTERS_READ) {
        match letter {
            'ٹ' | 'ڈ' | 'ڑ' | 'ں' | 'ے' | 'ھ' | 'ہ' | 'ۓ' | '۔' => urdu += 1,
            'پ' | 'چ' | 'ژ' | 'گ' => persian += 1,
            'ة' | 'ى' | 'ي' | 'ك' | 'أ' | 'إ' => arabic += 1,
            _ => {}
        }
    }
    if urdu > arabic {
        LanguageCode::Ur
    } else if arabic > 0 && arabic >= persian {
        LanguageCode::Ar
    } else if persian > 0 {
        LanguageCode::Fa
    } else {
        // No telling letter at all: the reader most likely writes this product's second language.
        LanguageCode::Ur
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart_by_script_and_letters() {
        for (text, code) in [
            ("How do I run one test?", LanguageCode::En),
            ("میں ایک test کیسے چلاؤں؟", LanguageCode::Ur),
            ("كيف أشغل اختبارا واحدا؟", LanguageCode::Ar),
            ("چگونه یک آزمون را اجرا کنم", LanguageCode::Fa),
            ("मैं एक परीक्षण कैसे चलाऊँ?", LanguageCode::Hi),
            ("12 + 30 = 42", LanguageCode::Und),
        ] {
            assert_eq!(detect(text).code, code, "{text}");
        }
    }

    #[test]
    fn longer_texts_in_latin_script_are_english_only_if_they_are() {
        for (text, code) in [
            (
                "Run the tests that match the pattern, and wait until the last one of them is done.",
                LanguageCode::En,
            ),
            (
                "export default function App({children}) { return <View style={styles.box}>{children}</View>; }",
                LanguageCode::En,
            ),
            (
                "Starten Sie die Tests mit dem Befehl jest. Die Dokumentation zu \"the and\" steht weiter unten auf dieser Seite.",
                LanguageCode::Und,
            ),
            (
                "Pour lancer les tests, utilisez la commande jest dans le dossier de votre projet, puis attendez la fin.",
                LanguageCode::Und,
            ),
        ] {
            assert_eq!(detect(text).code, code, "{text}");
        }
    }

    #[test]
    fn an_urdu_question_about_a_latin_term_is_urdu_and_an_english_one_about_an_urdu_word_is_not() {
        for (question, script) in [
            ("inverse kinematics کیا ہے؟", Script::Arabic),
            ("testPathIgnorePatterns کیسے؟", Script::Arabic),
            (
                "What does the word کیا mean in the interface?",
                Script::Latin,
            ),
            ("translation کتاب interface strings", Script::Latin),
        ] {
            assert_eq!(detect(question).script, script, "{question}");
        }
    }

    #[test]
    fn urdu_full_of_latin_terms_is_still_urdu() {
        let text = "ROS 2 میں node ایک process ہے جو topic پر message بھیجتا ہے۔";
        assert_eq!(detect(text).script, Script::Arabic);
    }
}
