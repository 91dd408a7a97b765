//! How well questions that a corpus answers are told from questions that it does not.

use super::run::{Evaluator, probe};
use super::set::{EvalError, Query, Set};
use crate::embedding::InputKind;
use crate::index::{Index, Summary};
use crate::language::detect;
use crate::retrieval::{Signals, THRESHOLD, fuse};
use serde::Serialize;

/// One set's own questions against others.
#[derive(Debug, Clone, Serialize)]
pub struct AbstentionReport {
    pub name: String,
    pub answerable: usize,
    pub unanswerable: usize,
    /// Chance (0–1) that a question with an answer is ranked over one without.
    pub auc: f64,
    /// Share (0–1) of the questions with an answer that are refused.
    pub refused_answerable: f64,
    /// Share (0–1) of the questions without one that are refused.
    pub refused_unanswerable: f64,
}

impl AbstentionReport {
    pub fn new(name: &str, answerable: &[f32], unanswerable: &[f32]) -> Self {
        let refused = |all: &[f32]| {
            let refused = all.iter().filter(|p| **p < THRESHOLD).count();
            refused as f64 / all.len().max(1) as f64
        };
        Self {
            name: name.to_owned(),
            answerable: answerable.len(),
            unanswerable: unanswerable.len(),
            auc: auc(answerable, unanswerable),
            refused_answerable: refused(answerable),
            refused_unanswerable: refused(unanswerable),
        }
    }
}

impl Evaluator {
    /// The set's own questions against `others`, which its corpus does not answer.
    pub fn abstention(&self, set: &Set, others: &[Query]) -> Result<AbstentionReport, EvalError> {
        let answerable = self.probabilities(set, &set.queries)?;
        let unanswerable = self.probabilities(set, others)?;
        Ok(AbstentionReport::new(&set.name, &answerable, &unanswerable))
    }

    /// For each question the probability that the set's corpus answers it.
    pub fn probabilities(&self, set: &Set, queries: &[Query]) -> Result<Vec<f32>, EvalError> {
        let index = self.index(set, &mut |_, _| ())?;
        let Summary {
            chunks,
            calibration,
            ..
        } = index.summary();
        let mut probabilities = Vec::with_capacity(queries.len());
        for batch in queries.chunks(64) {
            let texts: Vec<String> = batch.iter().map(|q| q.text.clone()).collect();
            let vectors = self.embedder().embed(InputKind::Query, &texts)?;
            for (query, vector) in batch.iter().zip(vectors) {
                let language = detect(&query.text);
                let candidates = index.search_blocking(&probe(&index, query, vector))?;
                let fused = fuse(&candidates);
                let signals =
                    Signals::of(language, &candidates, &fused, *chunks, calibration.as_ref());
                probabilities.push(signals.probability());
            }
        }
        Ok(probabilities)
    }
}

/// Area under the ROC curve: how often the first of a pair is larger, ties counting half.
fn auc(larger: &[f32], smaller: &[f32]) -> f64 {
    let mut sorted = smaller.to_vec();
    sorted.sort_by(f32::total_cmp);
    let over = |p: &f32| {
        let below = sorted.partition_point(|other| other < p);
        let not_above = sorted.partition_point(|other| other <= p);
        (below + not_above) as f64 / 2.0
    };
    let sum: f64 = larger.iter().map(over).sum();
    sum / (larger.len() * smaller.len()).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_auc_counts_pairs_in_order_and_ties_half() {
        assert_eq!(auc(&[0.9, 0.8], &[0.1, 0.2]), 1.0);
        assert_eq!(auc(&[0.5, 0.1], &[0.5, 0.3]), 0.375);
        let report = AbstentionReport::new("x", &[0.9, 0.4], &[0.1, 0.6, 0.2, 0.3]);
        assert_eq!(report.refused_answerable, 0.5);
        assert_eq!(report.refused_unanswerable, 0.75);
    }
}
