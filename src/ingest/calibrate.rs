//! What the documentation gives to questions that it has no answer to, measured when it is
//! indexed.
//!
//! The model's cosines lie close together, and where depends on the corpus and on whether question
//! and page share a language. Against this measure they mean the same everywhere. It does not know
//! where the questions come from.

use super::noise::NoiseVectors;
use crate::index::vector::Exact;
use crate::index::{Calibration, Level, Noise, Ordinal, Sample, is_latin};
use crate::language::{Language, Script};
use rayon::prelude::*;

/// Measures `rows`, of chunks in these languages; `None` when there are none.
pub fn calibrate(
    rows: &Exact,
    languages: &[Language],
    questions: NoiseVectors,
) -> Option<Calibration> {
    let sample = Sample::of(languages.iter().copied());
    let measure = |vectors: Vec<Vec<f32>>| -> Option<Noise> {
        let mut noise = Noise {
            common: mean(&vectors),
            latin: Level::default(),
            other: Level::default(),
        };
        let asked: Vec<Vec<f32>> = vectors.into_iter().map(|v| noise.centred(v)).collect();
        let over = |page| level(rows, languages, &sample, &asked, page);
        let (latin, other) = (over(Script::Latin), over(Script::Arabic));
        // Pages in one script only: the other is never the nearest.
        noise.latin = latin.or(other)?;
        noise.other = other.or(latin)?;
        Some(noise)
    };
    Some(Calibration {
        english: measure(questions.english)?,
        urdu: measure(questions.urdu)?,
    })
}

/// What the questions give over pages in this script; `None` when there are none.
fn level(
    rows: &Exact,
    languages: &[Language],
    sample: &Sample,
    asked: &[Vec<f32>],
    page: Script,
) -> Option<Level> {
    let allowed = |row: Ordinal| is_latin(languages[row as usize].script) == is_latin(page);
    let measured: Option<Vec<(f32, f32)>> = asked
        .par_iter()
        .map(|vector| {
            let best = rows.search(vector, 1, Some(&allowed)).first()?.1;
            Some((best, sample.usual(rows, vector, page).mean))
        })
        .collect();
    let measured = measured?;
    // In their order, so that the same vectors always give the same level.
    let mean =
        |of: fn(&(f32, f32)) -> f32| measured.iter().map(of).sum::<f32>() / measured.len() as f32;
    Some(Level {
        best: mean(|(best, _)| *best),
        usual: mean(|(_, usual)| *usual),
    })
}

fn mean(vectors: &[Vec<f32>]) -> Vec<f32> {
    let dimension = vectors.first().map_or(0, Vec::len);
    let sum = |at: usize| vectors.iter().map(|vector| vector[at]).sum::<f32>();
    (0..dimension)
        .map(|at| sum(at) / vectors.len() as f32)
        .collect()
}
