//! When two questions are alike: when they are nearer to each other than questions are that have
//! nothing to do with one another.
//!
//! A model's cosines lie close together, and where depends on the model and the language. So each
//! language's common part is taken off first, and the bound is measured on fixed questions about
//! everyday life, which the model of this installation has turned into vectors.

use crate::ingest::NoiseVectors;
use crate::language::Script;

/// Of a thousand pairs of unrelated questions this many count as alike. Some of the fixed questions
/// do share their subject, and a wrong pair costs a docs writer a glance.
const ALIKE_OF_THOUSAND: usize = 1;

/// Where the model puts unrelated questions.
pub struct Likeness {
    /// Means of unrelated questions, of length 1.
    english: Vec<f32>,
    urdu: Vec<f32>,
    /// Cosine from which two centred questions in one script are alike.
    within: f32,
    /// The same for two scripts, which a model keeps farther apart.
    across: f32,
}

impl Likeness {
    pub fn measured(unrelated: &NoiseVectors) -> Self {
        let (english_mean, urdu_mean) = (mean(&unrelated.english), mean(&unrelated.urdu));
        let english = all_centred(&unrelated.english, &english_mean);
        let urdu = all_centred(&unrelated.urdu, &urdu_mean);
        Self {
            within: bound(pairs(&english, &english)).max(bound(pairs(&urdu, &urdu))),
            across: bound(pairs(&english, &urdu)),
            english: english_mean,
            urdu: urdu_mean,
        }
    }

    /// The vector without what any question in this script has in common, of length 1.
    pub fn centred(&self, script: Script, vector: Vec<f32>) -> Vec<f32> {
        match script {
            Script::Latin | Script::None => centred(vector, &self.english),
            _ => centred(vector, &self.urdu),
        }
    }

    /// Whether two questions with this cosine, once they are centred, are alike.
    pub fn are_alike(&self, cosine: f32, is_one_script: bool) -> bool {
        cosine
            >= if is_one_script {
                self.within
            } else {
                self.across
            }
    }
}

/// The cosines of different questions. The n-th ones of both languages share their subject, so they
/// are no pair of unrelated ones.
fn pairs(some: &[Vec<f32>], others: &[Vec<f32>]) -> Vec<f32> {
    let of = |(at, one): (usize, &Vec<f32>)| -> Vec<f32> {
        others[..at.min(others.len())]
            .iter()
            .map(|other| dot(one, other))
            .collect()
    };
    some.iter().enumerate().flat_map(of).collect()
}

fn all_centred(vectors: &[Vec<f32>], common: &[f32]) -> Vec<Vec<f32>> {
    let of = |vector: &Vec<f32>| centred(vector.clone(), common);
    vectors.iter().map(of).collect()
}

/// The cosine that few of these reach.
fn bound(mut cosines: Vec<f32>) -> f32 {
    cosines.sort_unstable_by(|a, b| b.total_cmp(a));
    let above = cosines.len() * ALIKE_OF_THOUSAND / 1000;
    cosines.get(above).copied().unwrap_or(1.0)
}

fn mean(vectors: &[Vec<f32>]) -> Vec<f32> {
    let mut sum = vectors
        .first()
        .map_or_else(Vec::new, |one| vec![0.0; one.len()]);
    for vector in vectors {
        for (total, value) in sum.iter_mut().zip(vector) {
            *total += value;
        }
    }
    sum.iter_mut()
        .for_each(|value| *value /= vectors.len().max(1) as f32);
    sum
}

fn centred(mut vector: Vec<f32>, common: &[f32]) -> Vec<f32> {
    for (value, common) in vector.iter_mut().zip(common) {
        *value -= common;
    }
    let length = dot(&vector, &vector).sqrt().max(f32::MIN_POSITIVE);
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
