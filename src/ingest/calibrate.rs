//! What the documentation gives to questions that it has no answer to, measured when it is
//! indexed with fixed questions about everyday life.
//!
//! The model's cosines lie close together, and where depends on the corpus and on whether question
//! and page share a language. Against this measure they mean the same everywhere.

use super::IngestError;
use crate::embedding::{Embedder, InputKind};
use crate::index::Calibration;
use crate::index::vector::Exact;
use crate::language::{Script, detect};

/// Lines starting with `#` are comments.
const QUESTIONS: &str = include_str!("noise_questions.txt");

/// Measures `rows`; `None` when there are none.
pub fn calibrate(
    rows: &Exact,
    embedder: &dyn Embedder,
) -> Result<Option<Calibration>, IngestError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mean_best = |script: Script| -> Result<f32, IngestError> {
        let questions: Vec<String> = questions(script).map(str::to_owned).collect();
        let vectors = embedder.embed(InputKind::Query, &questions)?;
        let best = |vector: &Vec<f32>| rows.search(vector, 1, None).first().map(|hit| hit.1);
        let sum: f32 = vectors.iter().filter_map(best).sum();
        Ok(sum / questions.len() as f32)
    };
    Ok(Some(Calibration {
        english: mean_best(Script::Latin)?,
        urdu: mean_best(Script::Arabic)?,
    }))
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
