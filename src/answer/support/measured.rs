//! How well support tells true claims from made-up ones, on labelled sentences: where the question
//! sets lie beside the repository, their paragraphs; always, a few of our own.

use super::*;
use std::path::Path;

/// A paragraph in one of the two languages.
struct Paragraph {
    id: String,
    text: String,
}

/// Every `step`-th paragraph of a question set; none where the sets are not there.
fn paragraphs(set: &str, step: usize) -> Vec<Paragraph> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/eval");
    let Ok(text) = std::fs::read_to_string(path.join(set).join("corpus.jsonl")) else {
        return Vec::new();
    };
    let read = |line: &str| -> Paragraph {
        let entry: serde_json::Value = serde_json::from_str(line).expect("the set's own format");
        let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        Paragraph {
            id: field("_id"),
            text: field("text"),
        }
    };
    text.lines().step_by(step).map(read).collect()
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

/// Share of the claims that are supported.
fn share(of: impl Iterator<Item = bool>) -> (f32, usize) {
    let all: Vec<bool> = of.collect();
    let supported = all.iter().filter(|s| **s).count();
    (supported as f32 / all.len().max(1) as f32, all.len())
}

fn measure(name: &str, all: &[Paragraph]) {
    let next = |at: usize| {
        let other = all.iter().cycle().skip(at + all.len() / 2);
        other.take(all.len()).find(|p| p.id != all[at].id)
    };
    let claims: Vec<(usize, &str, Ground)> = all
        .iter()
        .enumerate()
        .filter_map(|(at, p)| Some((at, claim(p)?, ground_of(p))))
        .collect();
    let own = share(claims.iter().map(|(_, c, g)| g.supports(c)));
    let short = share(claims.iter().map(|(_, c, g)| g.supports(&shortened(c))));
    let other = share(
        claims
            .iter()
            .filter_map(|(at, c, _)| Some(ground_of(next(*at)?).supports(c))),
    );
    let number = share(
        claims
            .iter()
            .filter_map(|(_, c, g)| Some(g.supports(&other_number(c)?))),
    );
    let denial = share(
        claims
            .iter()
            .filter_map(|(_, c, g)| Some(g.supports(&denied(c)?))),
    );
    println!(
        "{name}: own {own:?} shortened {short:?} other paragraph {other:?} other number \
         {number:?} denied {denial:?}"
    );
    assert!(own.0 >= 0.99, "{name}: own paragraph {own:?}");
    assert!(short.0 >= 0.95, "{name}: shortened {short:?}");
    assert!(other.0 <= 0.05, "{name}: another paragraph {other:?}");
    assert!(number.0 <= 0.02, "{name}: another number {number:?}");
    assert!(denial.0 <= 0.10, "{name}: denied {denial:?}");
}

#[test]
fn claims_of_the_paragraph_are_supported_and_made_up_ones_are_not() {
    let (english, urdu) = ours();
    measure("ours, English", &english);
    measure("ours, Urdu", &urdu);
    for (set, step) in [("squad_v1_dev", 5), ("xquad_ur_ur", 1)] {
        let all = paragraphs(set, step);
        if !all.is_empty() {
            measure(set, &all);
        }
    }
}
