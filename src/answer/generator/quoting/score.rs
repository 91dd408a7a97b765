//! How well each unit answers: the question's terms it holds, where it stands, what it looks like.

use super::asked::{Asked, Kind};
use super::faults::faults;
use super::units::Unit;
use crate::answer::evidence::Evidence;
use crate::answer::terms::{Stems, Term};
use crate::corpus::BlockKind;
use crate::language::fold;

/// A term that the headings above hold is half said already: sentences don't repeat headings.
const PLACE_WORTH: f32 = 0.35;

/// A term in the sentence before or after: the topic goes on.
const NEIGHBOUR_WORTH: f32 = 0.25;

/// Weight of retrieval's opinion of the section; a section's is 1 or less ([`Evidence`]).
const STRENGTH_WEIGHT: f32 = 0.4;

/// What retrieval's opinion counts where the sentences say more: it also looked for what a
/// follow-up carries over, and their own meaning is a finer reading of the same vectors.
const SECOND_HAND: f32 = 0.25;

/// Weight of meaning against words, where sentences are scored by meaning.
const MEANING_WEIGHT: f32 = 0.6;

/// What a unit is worth.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Score {
    /// Larger is better; about 0–1.5.
    pub total: f32,
    /// Share (0–1) of the question's weighted terms in the unit itself.
    pub coverage: f32,
}

/// What the words of each unit say, headings and neighbours counted in.
pub(super) fn words(asked: &Asked, evidence: &[Evidence], units: &[Unit<'_>]) -> Vec<Score> {
    let rarity = weights(&asked.terms, units);
    let weights: Vec<f32> = rarity
        .iter()
        .zip(&asked.worth)
        .map(|(r, w)| r * w)
        .collect();
    let places: Vec<Stems> = evidence.iter().map(|e| Stems::of(&e.place())).collect();
    (0..units.len())
        .map(|at| match units[at].is_code() {
            true => Score::default(),
            false => unit_words(
                &asked.terms,
                &weights,
                units,
                at,
                &places[units[at].evidence],
            ),
        })
        .collect()
}

/// One score per unit. Code scores nothing: it comes along with its sentence.
pub(super) fn scores(
    asked: &Asked,
    evidence: &[Evidence],
    units: &[Unit<'_>],
    words: &[Score],
    meaning: Option<&[Option<f32>]>,
) -> Vec<Score> {
    let headings: Vec<Stems> = evidence.iter().map(|e| Stems::of(&e.section)).collect();
    let trust = match asked.is_follow_up || meaning.is_some() {
        true => STRENGTH_WEIGHT * SECOND_HAND,
        false => STRENGTH_WEIGHT,
    };
    (0..units.len())
        .map(|at| {
            let unit = &units[at];
            if unit.is_code() {
                return Score::default();
            }
            let mut total = match meaning {
                Some(meaning) => {
                    let meant = meaning[at].unwrap_or(0.0);
                    MEANING_WEIGHT * meant + (1.0 - MEANING_WEIGHT) * words[at].total
                }
                None => words[at].total,
            };
            total += trust * evidence[unit.evidence].strength;
            total += position(unit);
            let shows_something = units.get(at + 1).is_some_and(|next| {
                next.evidence == unit.evidence && next.kind != BlockKind::Paragraph
            });
            total += kind_bonus(asked, unit, &headings[unit.evidence], shows_something);
            total -= faults(evidence, units, at);
            Score {
                total: total.max(0.0),
                coverage: words[at].coverage,
            }
        })
        .collect()
}

/// Rarity of each term among the units, so that the topic all of them share decides least.
fn weights(terms: &[Term], units: &[Unit<'_>]) -> Vec<f32> {
    let prose = units.iter().filter(|u| !u.is_code()).count() as f32;
    terms
        .iter()
        .map(|term| {
            let holding = units.iter().filter(|u| u.stems.holds(term) > 0.5).count() as f32;
            (1.0 + (prose - holding + 0.5) / (holding + 0.5))
                .ln()
                .max(0.4)
        })
        .collect()
}

fn unit_words(
    terms: &[Term],
    weights: &[f32],
    units: &[Unit<'_>],
    at: usize,
    place: &Stems,
) -> Score {
    let sum: f32 = weights.iter().sum();
    if sum == 0.0 {
        return Score::default();
    }
    let unit = &units[at];
    let neighbour = |other: usize| {
        units
            .get(other)
            .filter(|o| o.evidence == unit.evidence && !o.is_code())
    };
    let before = at.checked_sub(1).and_then(neighbour);
    let after = neighbour(at + 1);
    let (mut total, mut own) = (0.0, 0.0);
    for (term, weight) in terms.iter().zip(weights) {
        let here = unit.stems.holds(term);
        let around = [before, after]
            .into_iter()
            .flatten()
            .map(|o| o.stems.holds(term))
            .fold(0.0, f32::max);
        let implied = (PLACE_WORTH * place.holds(term)).max(NEIGHBOUR_WORTH * around);
        total += weight * here.max(implied);
        own += weight * here;
    }
    Score {
        total: total / sum,
        coverage: own / sum,
    }
}

/// Pages say what matters first.
fn position(unit: &Unit<'_>) -> f32 {
    0.12 / (1.0 + unit.order as f32)
}

fn kind_bonus(asked: &Asked, unit: &Unit<'_>, heading: &Stems, shows_something: bool) -> f32 {
    let folded = fold(unit.text);
    let has_any = |marks: &[&str]| {
        folded
            .split(|c: char| !c.is_alphanumeric() && c != '\'')
            .any(|word| marks.contains(&word))
    };
    match asked.kind {
        Kind::Definition => definition(asked, unit, heading, &folded),
        Kind::Steps | Kind::Example => {
            let acts = has_any(&[
                "use",
                "run",
                "set",
                "add",
                "call",
                "create",
                "install",
                "pass",
                "can",
                "need",
                "import",
                "configure",
                "enable",
                "open",
                "first",
                "کریں",
                "چلائیں",
                "استعمال",
                "بنائیں",
                "لکھیں",
                "دیں",
                "کھولیں",
                "سکتے",
            ]);
            0.06 * f32::from(acts) + 0.1 * f32::from(unit.announces && shows_something)
        }
        Kind::Reason => {
            let gives = has_any(&[
                "because",
                "since",
                "due",
                "reason",
                "therefore",
                "cause",
                "causes",
                "avoid",
                "کیونکہ",
                "وجہ",
                "تاکہ",
                "چونکہ",
                "سبب",
            ]);
            0.12 * f32::from(gives)
        }
        Kind::Number => {
            let counted = folded.chars().any(|c| c.is_ascii_digit());
            0.12 * f32::from(counted)
        }
        Kind::Other => 0.0,
    }
}

/// A sentence that opens with the term and says what it is, or the first under its heading.
fn definition(asked: &Asked, unit: &Unit<'_>, heading: &Stems, folded: &str) -> f32 {
    if asked.terms.is_empty() {
        return 0.0;
    }
    let all = |stems: &Stems| asked.terms.iter().all(|t| stems.holds(t) > 0.5);
    let opening: String = folded
        .split_whitespace()
        .take(6)
        .collect::<Vec<_>>()
        .join(" ");
    let says = [
        "is",
        "are",
        "means",
        "refers",
        "lets",
        "allows",
        "provides",
        "defines",
        "represents",
        "describes",
        "specifies",
        "indicates",
        "ہے",
        "ہیں",
        "مراد",
        "کہتے",
        "کہلاتا",
        "کہلاتی",
    ]
    .iter()
    .any(|verb| {
        folded
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == *verb)
    });
    let opens = all(&Stems::of(&opening));
    let first_under_it = unit.order == 0 && all(heading);
    let mut bonus = 0.0;
    if opens && says {
        bonus += 0.3;
    }
    if first_under_it {
        bonus += 0.2;
    } else if all(heading) {
        bonus += 0.08;
    }
    bonus
}
