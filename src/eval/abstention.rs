//! How well questions that a corpus answers are told from questions that it does not.

use super::documentation::Expected;
use super::run::{Evaluator, probe};
use super::set::{EvalError, Query, Set};
use crate::embedding::InputKind;
use crate::index::{Index, Summary};
use crate::language::detect;
use crate::retrieval::{Scope, Search, Signals, THRESHOLD, fuse};
use serde::Serialize;
use serde_json::json;
use std::io::Write;

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

/// A question, and whether it is one that the documentation answers, with what was found for it.
#[derive(Debug, Clone)]
pub struct Judged {
    pub query: String,
    pub answerable: bool,
    pub signals: Signals,
}

impl AbstentionReport {
    pub fn of(name: &str, judged: &[Judged]) -> Self {
        let probabilities = |answerable: bool| -> Vec<f32> {
            let of_kind = judged.iter().filter(|one| one.answerable == answerable);
            of_kind.map(|one| one.signals.probability()).collect()
        };
        Self::new(name, &probabilities(true), &probabilities(false))
    }

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
    pub fn abstention(&self, set: &Set, others: &[Query]) -> Result<Vec<Judged>, EvalError> {
        let mut judged = self.judged(set, &set.queries, true)?;
        judged.extend(self.judged(set, others, false)?);
        Ok(judged)
    }

    fn judged(
        &self,
        set: &Set,
        queries: &[Query],
        answerable: bool,
    ) -> Result<Vec<Judged>, EvalError> {
        let index = self.index(set, &mut |_, _| ())?;
        let Summary {
            chunks,
            calibration,
            ..
        } = index.summary();
        let mut judged = Vec::with_capacity(queries.len());
        for batch in queries.chunks(64) {
            let texts: Vec<String> = batch.iter().map(|q| q.text.clone()).collect();
            let vectors = self.embedder().embed(InputKind::Query, &texts)?;
            for (query, vector) in batch.iter().zip(vectors) {
                let language = detect(&query.text);
                let candidates = index.search_blocking(&probe(&index, query, vector))?;
                let fused = fuse(&candidates);
                let signals =
                    Signals::of(language, &candidates, &fused, *chunks, calibration.as_ref());
                judged.push(Judged {
                    query: query.id.clone(),
                    answerable,
                    signals,
                });
            }
        }
        Ok(judged)
    }
}

/// A documentation's own questions against `others`, which it does not answer.
pub async fn judge_documentation(
    search: &dyn Search,
    own: &[Expected],
    others: &[Query],
) -> Result<Vec<Judged>, EvalError> {
    let own = own.iter().map(|one| (&one.question, &one.question, true));
    let others = others.iter().map(|one| (&one.id, &one.text, false));
    let mut judged = Vec::new();
    for (id, text, answerable) in own.chain(others) {
        let found = search.search(text, &Scope::default(), 1).await?;
        judged.push(Judged {
            query: id.clone(),
            answerable,
            signals: found.signals,
        });
    }
    Ok(judged)
}

/// Writes every question's signals as JSON lines: what the rule is fitted from.
pub fn write_signals(out: &mut dyn Write, set: &str, judged: &[Judged]) -> std::io::Result<()> {
    for one in judged {
        let probability = one.signals.probability();
        let line = json!({"set": set, "query": one.query, "answerable": one.answerable,
            "probability": probability, "signals": one.signals});
        writeln!(out, "{line}")?;
    }
    out.flush()
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
