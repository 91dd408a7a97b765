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
    /// Cosine from which two centred questions are alike.
    bound: f32,
}

impl Likeness {
    pub fn measured(unrelated: &NoiseVectors) -> Self {
        let (english, urdu) = (mean(&unrelated.english), mean(&unrelated.urdu));
        let bound = bound(&unrelated.english, &english).max(bound(&unrelated.urdu, &urdu));
        Self {
            english,
            urdu,
            bound,
        }
    }

    /// The vector without what any question in this script has in common, of length 1.
    pub fn centred(&self, script: Script, vector: Vec<f32>) -> Vec<f32> {
        match script {
            Script::Latin | Script::None => centred(vector, &self.english),
            _ => centred(vector, &self.urdu),
        }
    }

    pub fn are_alike(&self, cosine: f32) -> bool {
        cosine >= self.bound
    }
}

/// The cosine that few pairs of these reach.
fn bound(vectors: &[Vec<f32>], common: &[f32]) -> f32 {
    let vectors: Vec<Vec<f32>> = vectors
        .iter()
        .map(|vector| centred(vector.clone(), common))
        .collect();
    let mut cosines: Vec<f32> = Vec::new();
    for (at, one) in vectors.iter().enumerate() {
        cosines.extend(vectors[..at].iter().map(|other| dot(one, other)));
    }
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
