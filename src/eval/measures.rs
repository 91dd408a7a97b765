//! nDCG@10, Recall@5 and MRR@10 of one ranking, and their means over questions.

use serde::Serialize;
use std::collections::HashMap;

/// Means over the questions of a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Scores {
    pub ndcg_at_10: f64,
    pub recall_at_5: f64,
    pub mrr_at_10: f64,
    pub questions: usize,
}

impl Scores {
    /// Adds one question's ranking (document ids, best first, each once) to the means.
    pub fn add(&mut self, ranking: &[&str], relevant: &HashMap<String, f64>) {
        let one = of_one(ranking, relevant);
        let n = self.questions as f64;
        let mean = |old: f64, new: f64| (old * n + new) / (n + 1.0);
        self.ndcg_at_10 = mean(self.ndcg_at_10, one.ndcg_at_10);
        self.recall_at_5 = mean(self.recall_at_5, one.recall_at_5);
        self.mrr_at_10 = mean(self.mrr_at_10, one.mrr_at_10);
        self.questions += 1;
    }
}

/// nDCG with gain 2^relevance − 1 and discount log2(rank + 1) (Järvelin & Kekäläinen 2002, in the
/// form of Burges et al. 2005); recall over all relevant documents; reciprocal rank of the first.
fn of_one(ranking: &[&str], relevant: &HashMap<String, f64>) -> Scores {
    let gain = |id: &str| relevant.get(id).map_or(0.0, |r| r.exp2() - 1.0);
    let discounted = |gains: &mut dyn Iterator<Item = f64>| -> f64 {
        gains
            .take(10)
            .enumerate()
            .map(|(at, gain)| gain / (at as f64 + 2.0).log2())
            .sum()
    };
    let mut ideal: Vec<f64> = relevant.values().map(|r| r.exp2() - 1.0).collect();
    ideal.sort_by(|a, b| b.total_cmp(a));
    let best = discounted(&mut ideal.into_iter());
    let positives = relevant.values().filter(|r| **r > 0.0).count().max(1);
    let is_relevant = |id: &&&str| relevant.get(**id).is_some_and(|r| *r > 0.0);
    Scores {
        ndcg_at_10: if best > 0.0 {
            discounted(&mut ranking.iter().map(|id| gain(id))) / best
        } else {
            0.0
        },
        recall_at_5: ranking.iter().take(5).filter(is_relevant).count() as f64 / positives as f64,
        mrr_at_10: ranking
            .iter()
            .take(10)
            .position(|id| is_relevant(&id))
            .map_or(0.0, |at| 1.0 / (at as f64 + 1.0)),
        questions: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_follow_their_definitions() {
        let relevant = HashMap::from([("a".to_owned(), 1.0), ("b".to_owned(), 1.0)]);
        let one = of_one(&["x", "a", "y", "z", "w", "b"], &relevant);
        let ideal = 1.0 + 1.0 / 3f64.log2();
        let found = 1.0 / 3f64.log2() + 1.0 / 7f64.log2();
        assert!((one.ndcg_at_10 - found / ideal).abs() < 1e-12);
        assert_eq!(one.recall_at_5, 0.5);
        assert_eq!(one.mrr_at_10, 0.5);
    }
}
