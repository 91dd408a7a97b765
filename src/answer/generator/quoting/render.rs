//! The chosen units as an answer: paragraphs, lists and fences, `[n]` after each sentence.

use super::Quoted;
use super::score::Score;
use super::units::Unit;
use crate::answer::citation::as_text;
use crate::answer::evidence::{Evidence, one_line};
use crate::corpus::BlockKind;

/// Writes the answer; `None` when nothing was chosen.
pub(super) fn render(
    evidence: &[Evidence],
    units: &[Unit<'_>],
    scores: &[Score],
    chosen: &[usize],
) -> Option<Quoted> {
    let mut text = String::new();
    let mut cited: Vec<(usize, String)> = Vec::new();
    let mut tops: Vec<f32> = Vec::new();
    let mut coverage = 0.0_f32;
    let mut last: Option<&Unit<'_>> = None;
    for (place, &at) in chosen.iter().enumerate() {
        let unit = &units[at];
        text.push_str(separator(last, unit));
        last = Some(unit);
        if unit.is_code() {
            push_fence(&mut text, unit.text);
            continue;
        }
        let position = cited.iter().position(|(e, _)| *e == unit.evidence);
        let number = position.unwrap_or(cited.len());
        let quote = one_line(unit.text);
        // An item alone reads as a sentence; code may stand between the steps of a list.
        let is_listed = |other: &Unit<'_>| match unit.number {
            Some(_) => other.number.is_some(),
            None => is_item(other) || other.announces,
        };
        let near: Vec<usize> = match unit.number {
            Some(_) => chosen
                .iter()
                .copied()
                .filter(|other| *other != at)
                .collect(),
            None => [place.checked_sub(1), Some(place + 1)]
                .into_iter()
                .flatten()
                .filter_map(|place| chosen.get(place).copied())
                .collect(),
        };
        let in_list = is_item(unit)
            && near
                .iter()
                .map(|other| &units[*other])
                .any(|other| other.evidence == unit.evidence && is_listed(other));
        if in_list && starts_item(&text) {
            match unit.number {
                Some(number) => text.push_str(&format!("{number}. ")),
                None => text.push_str("- "),
            }
        }
        text.push_str(&as_text(&quote));
        text.push_str(&format!(" [{}]", number + 1));
        coverage = coverage.max(scores[at].coverage);
        if position.is_none() {
            cited.push((unit.evidence, quote));
            tops.push(scores[at].total);
        } else if scores[at].total > tops[number] {
            cited[number].1 = quote;
            tops[number] = scores[at].total;
        }
    }
    debug_assert!(cited.iter().all(|(e, _)| *e < evidence.len()));
    (!cited.is_empty()).then_some(Quoted {
        text,
        cited,
        coverage,
    })
}

fn separator(last: Option<&Unit<'_>>, unit: &Unit<'_>) -> &'static str {
    let Some(last) = last else { return "" };
    let same_section = last.evidence == unit.evidence;
    if same_section && last.block == unit.block && unit.kind != BlockKind::Table {
        return " ";
    }
    if same_section && is_item(last) && is_item(unit) {
        "\n"
    } else {
        "\n\n"
    }
}

fn is_item(unit: &Unit<'_>) -> bool {
    matches!(unit.kind, BlockKind::ListItem | BlockKind::Table)
}

fn starts_item(text: &str) -> bool {
    text.is_empty() || text.ends_with('\n')
}

/// A fence longer than any inside the code.
fn push_fence(text: &mut String, code: &str) {
    let longest = code
        .lines()
        .map(|line| line.trim_start().bytes().take_while(|b| *b == b'`').count())
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    text.push_str(&fence);
    text.push('\n');
    text.push_str(code);
    text.push('\n');
    text.push_str(&fence);
}

/// Replaces the citations, which are the only ` [n]` at a line's end or before a space outside
/// fences: quoted prose has other brackets.
pub(super) fn renumber(text: &str, numbers: &[usize]) -> String {
    let mut fence: Option<&str> = None;
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| {
            let marks = &line[..line.bytes().take_while(|b| *b == b'`').count()];
            match fence {
                Some(open) => {
                    if line == open {
                        fence = None;
                    }
                    line.to_owned()
                }
                None if marks.len() >= 3 && marks == line => {
                    fence = Some(marks);
                    line.to_owned()
                }
                None => renumber_line(line, numbers),
            }
        })
        .collect();
    lines.join("\n")
}

fn renumber_line(line: &str, numbers: &[usize]) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('[') {
        let inside = rest[at + 1..].split(']').next().unwrap_or_default();
        let number = inside.parse::<usize>().ok();
        let new = number
            .and_then(|n| n.checked_sub(1))
            .and_then(|n| numbers.get(n));
        match new {
            Some(new) => {
                out.push_str(&format!("{}[{new}]", &rest[..at]));
                rest = &rest[at + inside.len() + 2..];
            }
            None => {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}
