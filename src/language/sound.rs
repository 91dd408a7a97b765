//! How a word sounds, so that `سمولیشن` finds `simulation` and `Tesla` finds `ٹیسلا`.
//!
//! Technical Urdu writes English terms and names in Urdu letters. Both spellings are reduced to
//! one alphabet of sounds; words whose consonants are the same are compared by their vowels, which
//! both scripts write loosely. It knows sounds, not meanings, and nothing of the index.
//!
//! `X` stands for *sh*, `C` for *ch*; every other sound is the Latin letter it is closest to.

use std::iter::once;

/// Spellings of one word that are tried: `ch` alone has three.
const MAX_SPELLINGS: usize = 6;

/// What a vowel counts against a consonant's 1: Urdu leaves most short ones out.
const VOWEL_WORTH: f32 = 0.35;

/// What two vowels of one kind (`e` and `i`), then of two kinds (`a` and `o`) cost.
const NEAR_VOWEL: f32 = 0.1;
const OTHER_VOWEL: f32 = 0.4;

/// What the second letter of a double costs: `ll` is one sound.
const DOUBLED: f32 = 0.05;

/// Sounds of a folded word in Latin or Arabic script; none for a word with anything else in it.
pub fn sounds(word: &str) -> Vec<String> {
    if word.bytes().all(|b| b.is_ascii_lowercase()) {
        latin(word)
    } else {
        word.chars()
            .map(urdu_letter)
            .collect::<Option<String>>()
            .into_iter()
            .collect()
    }
}

/// The consonants of a sound, each double once: what two spellings of one word share.
pub fn skeleton(sound: &str) -> String {
    let mut bones = String::with_capacity(sound.len());
    for letter in sound.chars().filter(|c| !is_vowel(*c)) {
        if !bones.ends_with(letter) {
            bones.push(letter);
        }
    }
    bones
}

/// How alike (at most 1) two sounds are: one less their weighted edit distance over their length.
pub fn likeness(one: &str, other: &str) -> f32 {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let drop_costs = |sound: &[char]| -> Vec<f32> {
        let doubled = |at: usize| at > 0 && sound[at] == sound[at - 1];
        (0..sound.len())
            .map(|at| {
                if doubled(at) {
                    DOUBLED
                } else {
                    worth(sound[at])
                }
            })
            .collect()
    };
    let (drop_a, drop_b) = (drop_costs(&a), drop_costs(&b));
    let mut above: Vec<f32> = once(0.0)
        .chain(drop_b.iter().scan(0.0, |sum, cost| {
            *sum += cost;
            Some(*sum)
        }))
        .collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(above.len());
        row.push(above[0] + drop_a[i]);
        for (j, y) in b.iter().enumerate() {
            let kept = above[j] + exchange(*x, *y);
            row.push(kept.min(above[j + 1] + drop_a[i]).min(row[j] + drop_b[j]));
        }
        above = row;
    }
    let length: f32 = a.iter().chain(&b).map(|c| worth(*c)).sum();
    let distance = above.last().copied().unwrap_or_default();
    1.0 - 2.0 * distance / length.max(f32::EPSILON)
}

fn exchange(x: char, y: char) -> f32 {
    const KINDS: [&str; 3] = ["aeh", "eiy", "ouvw"];
    if x == y {
        return 0.0;
    }
    match is_vowel(x) && is_vowel(y) {
        true if KINDS.iter().any(|k| k.contains(x) && k.contains(y)) => NEAR_VOWEL,
        true => OTHER_VOWEL,
        // Dearer than leaving one out, cheaper than leaving both out.
        false => 1.5,
    }
}

fn worth(letter: char) -> f32 {
    if is_vowel(letter) { VOWEL_WORTH } else { 1.0 }
}

/// Vowels, and the half vowels that one script writes and the other does not.
fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'h' | 'w' | 'y' | 'v')
}

fn latin(word: &str) -> Vec<String> {
    let mut spelt = word.to_owned();
    if let Some(rest) = spelt.strip_prefix("kn") {
        spelt = format!("n{rest}");
    }
    for (letters, sound) in [
        ("tion", "Xn"),
        ("sion", "Xn"),
        ("cian", "Xn"),
        ("ture", "Cr"),
        ("tch", "C"),
        ("sch", "X"),
        ("sh", "X"),
        ("ph", "f"),
        ("th", "t"),
        ("ck", "k"),
    ] {
        spelt = spelt.replace(letters, sound);
    }
    let letters: Vec<char> = spelt.chars().collect();
    let mut spellings = vec![String::with_capacity(word.len())];
    let mut at = 0;
    while at < letters.len() {
        let next = letters.get(at + 1).copied().unwrap_or(' ');
        let said: &[&str] = match letters[at] {
            'c' if next == 'h' => {
                at += 1;
                &["C", "k", "X"]
            }
            'c' if matches!(next, 'e' | 'i' | 'y') => &["s"],
            'c' | 'q' => &["k"],
            'x' => &["ks"],
            'j' => &["g"],
            'z' => &["s"],
            _ => &[],
        };
        if said.is_empty() {
            spellings.iter_mut().for_each(|s| s.push(letters[at]));
        } else {
            let longer = spellings
                .iter()
                .flat_map(|s| said.iter().map(move |sound| format!("{s}{sound}")));
            spellings = longer.take(MAX_SPELLINGS).collect();
        }
        at += 1;
    }
    spellings
}

/// Sound of a letter of the Urdu alphabet as [`super::fold`] leaves it. Letters that Urdu says
/// alike sound alike; *s* and *z*, *j* and *g* too, because English spelling does not tell them
/// apart.
fn urdu_letter(letter: char) -> Option<char> {
    Some(match letter {
        'ا' | 'آ' | 'ع' | 'ء' => 'a',
        'ب' => 'b',
        'پ' => 'p',
        'ت' | 'ٹ' | 'ط' => 't',
        'ج' | 'گ' | 'غ' => 'g',
        'چ' => 'C',
        'ح' | 'ہ' | 'ھ' => 'h',
        'خ' | 'ک' | 'ق' => 'k',
        'د' | 'ڈ' => 'd',
        'ر' | 'ڑ' => 'r',
        'س' | 'ص' | 'ث' | 'ز' | 'ذ' | 'ض' | 'ظ' | 'ژ' => 's',
        'ش' => 'X',
        'ف' => 'f',
        'ل' => 'l',
        'م' => 'm',
        'ن' | 'ں' => 'n',
        'و' | 'ؤ' => 'o',
        'ی' | 'ئ' => 'i',
        'ے' => 'e',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(latin: &str, urdu: &str) -> f32 {
        let urdu = sounds(urdu).remove(0);
        sounds(latin)
            .iter()
            .filter(|sound| skeleton(sound) == skeleton(&urdu))
            .map(|sound| likeness(sound, &urdu))
            .fold(f32::MIN, f32::max)
    }

    #[test]
    fn terms_and_names_sound_the_same_in_both_scripts() {
        for (latin, urdu) in [
            ("tesla", "ٹیسلا"),
            ("computer", "کمپیوٹر"),
            ("simulation", "سمولیشن"),
            ("function", "فنکشن"),
            ("architecture", "آرکیٹیکچر"),
            ("transmitter", "ٹرانسمیٹر"),
            ("graph", "گراف"),
        ] {
            let likeness = best(latin, urdu);
            assert!(likeness >= 0.75, "{latin} {urdu} {likeness}");
        }
    }

    #[test]
    fn words_of_other_consonants_do_not_sound_alike() {
        assert_eq!(best("battery", "ٹیسلا"), f32::MIN);
        assert!(best("patent", "پیٹنٹ") > best("patient", "پیٹنٹ"));
        assert!(sounds("jest.config.js").is_empty());
        assert!(sounds("测试").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn likeness_is_the_same_both_ways_and_one_for_equal_sounds(a in "[a-z]{1,12}", b in "[a-z]{1,12}") {
            proptest::prop_assert!((likeness(&a, &b) - likeness(&b, &a)).abs() < 1e-4);
            proptest::prop_assert!((likeness(&a, &a) - 1.0).abs() < 1e-6);
        }
    }
}
