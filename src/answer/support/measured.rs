//! How well support tells true claims from made-up ones, on labelled sentences: where the question
//! sets lie beside the repository, their paragraphs; always, a few of our own.
//!
//! With SUPPORT_SIGNALS=FILE every claim's signals are written there, as JSON lines: what
//! benches/support/fit.py learns the weights from.

use super::meaning::Meant;
use super::*;
use crate::embedding::{self, EmbeddingQueue};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Claims of each set that are held against paragraphs; more where signals are to be learned from.
const CLAIMS: usize = 80;
const CLAIMS_TO_LEARN_FROM: usize = 80;

/// A paragraph in one of the two languages.
struct Paragraph {
    id: String,
    text: String,
}

fn sets() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/eval");
    folder.is_dir().then_some(folder)
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).expect("the set is complete");
    let read = |line: &str| serde_json::from_str(line).expect("the set's own format");
    text.lines().map(read).collect()
}

fn field(entry: &Value, name: &str) -> String {
    entry[name].as_str().unwrap_or_default().to_owned()
}

fn paragraphs(set: &Path) -> Vec<Paragraph> {
    let paragraph = |entry: &Value| Paragraph {
        id: field(entry, "_id"),
        text: field(entry, "text"),
    };
    lines(&set.join("corpus.jsonl"))
        .iter()
        .map(paragraph)
        .collect()
}

/// Which paragraph answers each question.
fn answered_by(set: &Path) -> HashMap<String, String> {
    let text = std::fs::read_to_string(set.join("qrels.tsv")).expect("the set is complete");
    let rows = text.lines().skip(1).map(|row| {
        let mut fields = row.split('\t').map(str::to_owned);
        (
            fields.next().unwrap_or_default(),
            fields.next().unwrap_or_default(),
        )
    });
    rows.collect()
}

fn ours() -> (Vec<Paragraph>, Vec<Paragraph>) {
    let of = |id: &str, text: &str| Paragraph {
        id: id.to_owned(),
        text: text.to_owned(),
    };
    let english = vec![
        of(
            "kettle",
            "The kettle is filled up to the mark with 2 litres. It was tested for 30 minutes.",
        ),
        of(
            "robot",
            "The arm is mounted on a base of 40 kilograms. Its battery was charged in 3 hours.",
        ),
    ];
    let urdu = vec![
        of(
            "کیتلی",
            "کیتلی 3 منٹ میں ایک لیٹر پانی ابالتی ہے۔ فلٹر ٹونٹی کے پیچھے لگا ہوتا ہے۔",
        ),
        of(
            "روبوٹ",
            "روبوٹ کا بازو 40 کلو وزن اٹھاتا ہے۔ بیٹری 2 گھنٹے میں چارج ہو جاتی ہے۔",
        ),
    ];
    (english, urdu)
}

fn ground_of(paragraph: &Paragraph) -> Ground {
    Ground::new(1, &paragraph.text, "", "")
}

/// The first sentence of some length.
fn claim(paragraph: &Paragraph) -> Option<&str> {
    let mut all = sentences(&paragraph.text).into_iter();
    all.find(|sentence| terms(sentence).len() >= 4)
}

/// The claim with one number changed, if it has one.
fn other_number(claim: &str) -> Option<String> {
    let digits = claim.find(|c: char| c.is_ascii_digit())?;
    let length = claim[digits..]
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count();
    let (before, after) = (&claim[..digits], &claim[digits + length..]);
    Some(format!(
        "{before}73{}9{after}",
        &claim[digits..digits + length]
    ))
}

/// The claim with its number exchanged for one that another sentence of the paragraph names.
fn exchanged(claim: &str, paragraph: &str) -> Option<String> {
    let own = numbers(claim);
    let [number] = own.as_slice() else {
        return None;
    };
    let elsewhere = sentences(paragraph).into_iter().filter(|s| *s != claim);
    let other = elsewhere
        .flat_map(numbers)
        .find(|n| n != number && n.bytes().all(|b| b.is_ascii_digit()))?;
    claim
        .contains(number.as_str())
        .then(|| claim.replacen(number.as_str(), &other, 1))
}

/// The claim saying the opposite, if its verb is a plain one.
fn denied(claim: &str) -> Option<String> {
    [
        (" is ", " is not "),
        (" was ", " was not "),
        (" are ", " are not "),
        (" were ", " were not "),
        (" ہے۔", " نہیں ہے۔"),
        (" ہیں۔", " نہیں ہیں۔"),
    ]
    .iter()
    .find(|(plain, _)| claim.matches(plain).count() == 1 && !is_negated(claim))
    .map(|(plain, denied)| claim.replacen(plain, denied, 1))
}

/// A claim in other words: every fourth word left out.
fn shortened(claim: &str) -> String {
    let words = claim.split_whitespace().enumerate();
    let kept: Vec<&str> = words
        .filter(|(at, _)| at % 4 != 3)
        .map(|(_, w)| w)
        .collect();
    kept.join(" ")
}

/// A claim about the paragraph at `about`.
struct Claim {
    kind: &'static str,
    text: String,
    about: usize,
}

/// One claim held against one paragraph.
struct Held {
    kind: &'static str,
    /// `own`, `same page` or `elsewhere`.
    against: &'static str,
    across: bool,
    share: Option<f32>,
    nearness: f32,
    by_words: bool,
    supported: bool,
}

/// Claims held against their own paragraph, the next one of the page, and one from elsewhere.
fn held(all: &[Paragraph], claims: &[Claim]) -> Vec<Held> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let options = embedding::Options::default();
    let model = embedding::open(&options).expect("the built-in model opens");
    let queue = EmbeddingQueue::start(model, &options).expect("threads");
    let meanings = Meanings::new(queue, Duration::from_secs(600));
    let page = |at: usize| all[at].id.split('#').next().unwrap_or_default();
    let neighbour = |at: usize| {
        let beside = [at + 1, at.wrapping_sub(1)].into_iter();
        beside
            .filter(|n| *n < all.len())
            .find(|n| page(*n) == page(at))
    };
    let far = |at: usize| {
        let others = (0..all.len()).map(|n| (at + all.len() / 2 + n) % all.len());
        others.into_iter().find(|n| page(*n) != page(at))
    };
    let mut read: HashMap<usize, (Ground, Meant)> = HashMap::new();
    let mut rows = Vec::new();
    for claim in claims {
        let places = [
            ("own", Some(claim.about)),
            ("same page", neighbour(claim.about)),
            ("elsewhere", far(claim.about)),
        ];
        let vector = runtime.block_on(meanings.sentence(&claim.text));
        let vector = vector.expect("the model reads it");
        for (against, place) in places {
            let Some(place) = place else { continue };
            let (ground, meant) = read.entry(place).or_insert_with(|| {
                let ground = ground_of(&all[place]);
                let alone = std::slice::from_ref(&ground);
                let meant = runtime.block_on(meanings.read(alone));
                let meant = meant.and_then(|mut all| all.pop());
                (ground, meant.expect("the model reads it"))
            });
            let near = meant.near(&claim.text, &vector);
            rows.push(Held {
                kind: claim.kind,
                against,
                across: is_arabic(&claim.text) != ground.arabic,
                share: ground.support(&claim.text),
                nearness: near.map_or(0.0, |near| near.nearness),
                by_words: ground.supports(&claim.text, None),
                supported: ground.supports(&claim.text, near),
            });
        }
    }
    rows
}

/// The paragraphs' own sentences, as they stand and changed.
fn sentences_of(all: &[Paragraph]) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (about, paragraph) in all.iter().enumerate() {
        let Some(said) = claim(paragraph) else {
            continue;
        };
        let mut add = |kind, text: String| claims.push(Claim { kind, text, about });
        add("sentence", said.to_owned());
        add("shortened", shortened(said));
        other_number(said)
            .into_iter()
            .for_each(|text| add("other number", text));
        denied(said)
            .into_iter()
            .for_each(|text| add("denied", text));
        let other = exchanged(said, &paragraph.text);
        other.into_iter().for_each(|text| add("exchanged", text));
    }
    claims
}

/// Questions with their answers: the paragraphs in other words.
fn answers_of(set: &Path, all: &[Paragraph]) -> Vec<Claim> {
    let answered = answered_by(set);
    let places: HashMap<&str, usize> = all
        .iter()
        .enumerate()
        .map(|(n, p)| (p.id.as_str(), n))
        .collect();
    let claim = |query: &Value| {
        let about = *places.get(answered.get(&field(query, "_id"))?.as_str())?;
        let metadata = &query["metadata"];
        let answers = [&metadata["answers"], &metadata["answers_ur"]];
        let answer = answers.iter().find_map(|a| a[0].as_str())?;
        let text = format!("{} {answer}", field(query, "text"));
        Some(Claim {
            kind: "answer",
            text,
            about,
        })
    };
    lines(&set.join("queries.jsonl"))
        .iter()
        .filter_map(claim)
        .collect()
}

/// First sentences of the pages' translations, and headings.
fn translations_of(set: &Path, all: &[Paragraph]) -> Vec<Claim> {
    let answered = answered_by(set);
    let places: HashMap<&str, usize> = all
        .iter()
        .enumerate()
        .map(|(n, p)| (p.id.as_str(), n))
        .collect();
    let claim = |query: &Value| {
        let id = field(query, "_id");
        let about = *places.get(answered.get(&id)?.as_str())?;
        let text = field(query, "text");
        let is_claim = id.starts_with("s:") && terms(&text).len() >= 3;
        is_claim.then_some(Claim {
            kind: "translation",
            text,
            about,
        })
    };
    lines(&set.join("queries.jsonl"))
        .iter()
        .filter_map(claim)
        .collect()
}

/// Sentences of the same paragraphs in another language.
fn told_in(other: &[Paragraph], all: &[Paragraph]) -> Vec<Claim> {
    let places: HashMap<&str, usize> = all
        .iter()
        .enumerate()
        .map(|(n, p)| (p.id.as_str(), n))
        .collect();
    let mut claims = Vec::new();
    for paragraph in other {
        let (Some(about), Some(said)) = (places.get(paragraph.id.as_str()), claim(paragraph))
        else {
            continue;
        };
        let mut add = |kind, text: String| {
            claims.push(Claim {
                kind,
                text,
                about: *about,
            })
        };
        add("translation", said.to_owned());
        denied(said)
            .into_iter()
            .for_each(|text| add("denied", text));
    }
    claims
}

/// Share (0–1) of those that `chosen` picks which are supported, and how many there are.
fn share(rows: &[Held], by_words: bool, chosen: impl Fn(&Held) -> bool) -> (f32, usize) {
    let all: Vec<bool> = rows
        .iter()
        .filter(|row| chosen(row))
        .map(|row| {
            if by_words {
                row.by_words
            } else {
                row.supported
            }
        })
        .collect();
    let supported = all.iter().filter(|s| **s).count();
    (supported as f32 / all.len().max(1) as f32, all.len())
}

fn report(name: &str, rows: &[Held]) -> String {
    let mut out = String::new();
    let mut kinds: Vec<&str> = rows.iter().map(|row| row.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        for against in ["own", "same page", "elsewhere"] {
            let chosen = |row: &Held| row.kind == kind && row.against == against;
            let ((words, _), (both, count)) =
                (share(rows, true, chosen), share(rows, false, chosen));
            let _ = writeln!(
                out,
                "{name:16} {kind:14} {against:10} words {words:.3} with meaning {both:.3} of {count}"
            );
        }
    }
    out
}

fn write_signals(name: &str, rows: &[Held]) {
    let Ok(path) = std::env::var("SUPPORT_SIGNALS") else {
        return;
    };
    let mut out = String::new();
    for row in rows {
        let line = json!({"set": name, "kind": row.kind, "against": row.against,
            "across": row.across, "share": row.share, "nearness": row.nearness,
            "by_words": row.by_words, "supported": row.supported});
        let _ = writeln!(out, "{line}");
    }
    use std::io::Write as _;
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path);
    let written = file.and_then(|mut file| file.write_all(out.as_bytes()));
    written.expect("the signals are written");
}

fn measure(name: &str, all: &[Paragraph], claims: &[Claim]) {
    let wanted = match std::env::var("SUPPORT_SIGNALS") {
        Ok(_) => CLAIMS_TO_LEARN_FROM,
        Err(_) => CLAIMS,
    };
    let step = claims.len().div_ceil(wanted).max(1);
    let asked: Vec<Claim> = claims
        .iter()
        .step_by(step)
        .map(|c| Claim {
            text: c.text.clone(),
            ..*c
        })
        .collect();
    let rows = held(all, &asked);
    write_signals(name, &rows);
    println!("{}", report(name, &rows));
    for against in ["own", "same page", "elsewhere"] {
        for kind in [
            "sentence",
            "shortened",
            "translation",
            "answer",
            "other number",
            "denied",
        ] {
            let chosen = |row: &Held| row.kind == kind && row.against == against;
            let (found, count) = share(&rows, false, chosen);
            if let (Some((least, most)), true) = (expected(kind, against), count > 0) {
                assert!(
                    (least..=most).contains(&found),
                    "{name}: {kind}, {against}: {found}"
                );
            }
        }
    }
}

/// Between what the supported share of such claims must lie.
fn expected(kind: &str, against: &str) -> Option<(f32, f32)> {
    match (kind, against) {
        ("sentence", "own") => Some((0.99, 1.0)),
        ("shortened", "own") => Some((0.95, 1.0)),
        ("sentence" | "shortened", "elsewhere") => Some((0.0, 0.05)),
        ("other number", "own") => Some((0.0, 0.02)),
        ("denied", "own") => Some((0.0, 0.10)),
        ("translation", "own") => Some((0.70, 1.0)),
        ("translation", "elsewhere") => Some((0.0, 0.30)),
        _ => None,
    }
}

#[test]
fn claims_of_the_paragraph_are_supported_and_made_up_ones_are_not() {
    let (english, urdu) = ours();
    measure("ours, English", &english, &sentences_of(&english));
    measure("ours, Urdu", &urdu, &sentences_of(&urdu));
    let Some(folder) = sets() else { return };
    let of = |name: &str| paragraphs(&folder.join(name));
    let (english, urdu) = (of("squad_v1_dev"), of("xquad_ur_ur"));
    for (name, all, claims) in [
        ("english", &english, sentences_of(&english)),
        (
            "english answers",
            &english,
            answers_of(&folder.join("squad_v1_dev"), &english),
        ),
        ("urdu", &urdu, sentences_of(&urdu)),
        (
            "urdu answers",
            &urdu,
            answers_of(&folder.join("xquad_ur_ur"), &urdu),
        ),
        ("english of urdu", &urdu, told_in(&english, &urdu)),
        ("urdu of english", &english, told_in(&urdu, &english)),
        (
            "en answers of ur",
            &urdu,
            answers_of(&folder.join("xquad_en_ur"), &urdu),
        ),
        (
            "ur answers of en",
            &english,
            answers_of(&folder.join("xquad_ur_en"), &english),
        ),
    ] {
        measure(name, all, &claims);
    }
    for name in ["robotics_ur_en", "robotics_en_ur"] {
        let all = of(name);
        measure(name, &all, &translations_of(&folder.join(name), &all));
    }
}
