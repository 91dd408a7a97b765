//! Takes out of a text what may point to a person or open a door: e-mail addresses, keys and long
//! numbers (telephones, cards, identity cards, addresses of machines).
//!
//! It goes by form alone and would rather take out too much: what is left is read by people who
//! need the question, not who asked it. Names are not recognised.

const E_MAIL: &str = "[e-mail]";
const KEY: &str = "[key]";
const NUMBER: &str = "[number]";

/// How the keys of common services begin.
const KEY_PREFIXES: [&str; 16] = [
    "sk-",
    "rk_",
    "pk_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xox",
    "AKIA",
    "ASIA",
    "AIza",
    "eyJ",
    "hf_",
    "npm_",
    "pypi-",
];
/// Keys are longer than words that begin like them.
const MIN_KEY: usize = 16;
/// Letters and digits change this often in random text of 16 characters (11 on the average of
/// base 62 without its capitals, 7 of hexadecimal), and not in names such as `ros2_humble_2024`.
const MIN_CHANGES: usize = 4;
/// Digits without a gap: a year has 4, a date in one piece 8 and is taken out.
const MIN_UNBROKEN: usize = 7;
/// Digits in groups: a date has 8, telephone numbers begin at 9.
const MIN_GROUPED: usize = 9;

/// The text without them; a placeholder says what was there.
pub fn without_personal_data(text: &str) -> String {
    without_numbers(&without_addresses_and_keys(text))
}

fn without_addresses_and_keys(text: &str) -> String {
    let belongs = |c: char| c.is_alphanumeric() || "._%+-@~".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(belongs) {
        out.push_str(&rest[..start]);
        let word = &rest[start..];
        let end = word.find(|c| !belongs(c)).unwrap_or(word.len());
        // A full stop that ends a sentence is none of the address.
        let bare = word[..end].trim_end_matches(['.', '-']);
        if is_e_mail(bare) {
            out.push_str(E_MAIL);
        } else if is_key(bare) {
            out.push_str(KEY);
        } else {
            out.push_str(bare);
        }
        out.push_str(&word[bare.len()..end]);
        rest = &word[end..];
    }
    out.push_str(rest);
    out
}

fn is_e_mail(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host
                .split_once('.')
                .is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
    })
}

fn is_key(word: &str) -> bool {
    if word.len() < MIN_KEY || !word.is_ascii() {
        return false;
    }
    let has_digit = word.bytes().any(|b| b.is_ascii_digit());
    let starts = KEY_PREFIXES.iter().any(|prefix| word.starts_with(prefix));
    let changes = word
        .as_bytes()
        .windows(2)
        .filter(|pair| {
            let digit = |b: u8| b.is_ascii_digit();
            let letter = |b: u8| b.is_ascii_alphabetic();
            digit(pair[0]) && letter(pair[1]) || letter(pair[0]) && digit(pair[1])
        })
        .count();
    has_digit && (starts || changes >= MIN_CHANGES)
}

fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| is_digit(c) || c == '+') {
        let number = Number::at(&rest[start..]);
        out.push_str(&rest[..start]);
        if number.digits >= MIN_GROUPED || number.unbroken >= MIN_UNBROKEN {
            out.push_str(NUMBER);
        } else {
            out.push_str(&rest[start..start + number.len]);
        }
        rest = &rest[start + number.len..];
    }
    out.push_str(rest);
    out
}

/// Digits, and what stands between them in telephone and card numbers.
struct Number {
    len: usize,
    digits: usize,
    /// The longest run without anything in between.
    unbroken: usize,
}

impl Number {
    /// The one that begins here: with a digit or a plus.
    fn at(text: &str) -> Self {
        let mut number = Self {
            len: text.chars().next().map_or(0, char::len_utf8),
            digits: 0,
            unbroken: 0,
        };
        let (mut run, mut between) = (0, 0);
        for (at, c) in text.char_indices() {
            if is_digit(c) {
                number.digits += 1;
                run += 1;
                between = 0;
                number.unbroken = number.unbroken.max(run);
                number.len = at + c.len_utf8();
            } else if between < 2 && (at == 0 || " -.()/\u{2011}\u{a0}".contains(c)) {
                between += 1;
                run = 0;
            } else {
                break;
            }
        }
        number
    }
}

/// Those of Urdu and Arabic too.
fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_points_to_a_person_or_opens_a_door_is_taken_out() {
        for (text, left) in [
            ("Mail ali.khan@example.com.pk.", "Mail [e-mail]."),
            ("میرا ای میل ali@example.com ہے", "میرا ای میل [e-mail] ہے"),
            ("Call +92 (300) 123-4567 now", "Call [number] now"),
            ("0300 1234567?", "[number]?"),
            ("فون ۰۳۰۰۱۲۳۴۵۶۷ پر", "فون [number] پر"),
            ("my CNIC 42101-1234567-1", "my CNIC [number]"),
            ("card 4111 1111 1111 1111,", "card [number],"),
            ("from 192.168.100.200 it fails", "from [number] it fails"),
            ("key=sk-live-abcdef0123456789", "key=[key]"),
            (
                "why does rk_Ab3dE6gH9jK2mN5pQ8sT1v fail",
                "why does [key] fail",
            ),
            (
                "https://h/x?token=9f86d081884c7d659a2feaa0c55ad015",
                "https://h/x?token=[key]",
            ),
            ("id 550e8400-e29b-41d4-a716-446655440000", "id [key]"),
        ] {
            assert_eq!(without_personal_data(text), left);
        }
    }

    #[test]
    fn what_a_question_is_about_stays() {
        for text in [
            "Which release came out on 2026-11-28?",
            "Does port 8080 or 11434 need TLS 1.3?",
            "What does rag_vector_search_latency_ms mean in ROS 2?",
            "ros2_humble_2024_desktop_full fails with exit code 127",
            "C++ and i++ at 10 m/s ± 0.5, 1+1",
            "user@host without a dot, @mention and a@",
            "روبوٹ کی بیٹری ۹ گھنٹے کیوں چلتی ہے؟",
            "",
        ] {
            assert_eq!(without_personal_data(text), text);
        }
    }
}
