//! What the documentation gives to questions that it has no answer to, measured when it is
//! indexed with fixed questions about everyday life.
//!
//! The model's cosines lie close together, and where depends on the corpus and on whether question
//! and page share a language. Against this measure they mean the same everywhere.

use super::IngestError;
use crate::embedding::{Embedder, InputKind};
use crate::index::vector::Exact;
use crate::index::{Calibration, Level, Noise, Ordinal, Sample, is_latin};
use crate::language::{Language, Script, detect};

/// Lines starting with `#` are comments.
const QUESTIONS: &str = include_str!("noise_questions.txt");

/// Measures `rows`, of chunks in these languages; `None` when there are none.
pub fn calibrate(
    rows: &Exact,
    languages: &[Language],
    embedder: &dyn Embedder,
) -> Result<Option<Calibration>, IngestError> {
    let sample = Sample::of(languages.iter().copied());
    let mut measured = Vec::with_capacity(2);
    for script in [Script::Latin, Script::Arabic] {
        let questions: Vec<String> = questions(script).map(str::to_owned).collect();
        let vectors = embedder.embed(InputKind::Query, &questions)?;
        let over = |page: Script| -> Option<Level> {
            let allowed = |row: Ordinal| is_latin(languages[row as usize].script) == is_latin(page);
            let (mut best, mut usual) = (0.0, 0.0);
            for vector in &vectors {
                best += rows.search(vector, 1, Some(&allowed)).first()?.1;
                usual += sample.usual(rows, vector, page).mean;
            }
            let count = vectors.len() as f32;
            Some(Level {
                best: best / count,
                usual: usual / count,
            })
        };
        let (latin, other) = (over(Script::Latin), over(Script::Arabic));
        // Pages in one script only: the other is never the nearest.
        let (Some(latin), Some(other)) = (latin.or(other), other.or(latin)) else {
            return Ok(None);
        };
        measured.push(Noise { latin, other });
    }
    Ok(match measured[..] {
        [english, urdu] => Some(Calibration { english, urdu }),
        _ => None,
    })
}

fn questions(script: Script) -> impl Iterator<Item = &'static str> {
    let lines = QUESTIONS.lines().filter(|line| !line.starts_with('#'));
    lines.filter(move |line| detect(line).script == script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_questions_are_urdu_and_none_is_asked_twice() {
        let (english, urdu): (Vec<_>, Vec<_>) = (
            questions(Script::Latin).collect(),
            questions(Script::Arabic).collect(),
        );
        assert_eq!(english.len(), urdu.len());
        let mut all = [english, urdu].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 150);
    }
}
