//! How the service stands: what readers get less of than they should, and since when.
//!
//! Looked at every 15 seconds, with the figures that the history keeps, and whenever somebody asks.

use super::{Server, measure};
use crate::ingest::Phase;
use crate::telemetry::history::{EVERY, Signal};
use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};
use tokio::time::MissedTickBehavior;

/// Failures within five minutes that are no accident, and the part of the calls they must be before
/// readers notice: retries make up for fewer.
const FAILURES: f64 = 3.0;
const FAILING_SHARE: f64 = 0.5;
const RECENT_S: u32 = 5 * 60;

/// What readers get less of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The documentation is read for the first time; nothing is answered yet.
    Starting,
    /// Words alone are searched until all vectors are there.
    Indexing,
    /// Changes of the documentation are not found.
    IndexFails,
    /// Answers are quoted, because the model's server fails.
    ModelFails,
    /// Answers are quoted, because the budget is spent.
    BudgetSpent,
    /// Conversations are not kept.
    DatabaseFails,
}

impl Trouble {
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Indexing => "indexing",
            Self::IndexFails => "index_fails",
            Self::ModelFails => "model_fails",
            Self::BudgetSpent => "budget_spent",
            Self::DatabaseFails => "database_fails",
        }
    }
}

/// How it stands, and since when.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Since there is some trouble, or none.
    pub since: Timestamp,
    pub troubles: Vec<(Trouble, Timestamp)>,
}

impl Standing {
    pub fn is_degraded(&self) -> bool {
        !self.troubles.is_empty()
    }
}

/// Remembers since when.
pub struct Stood(Mutex<Standing>);

impl Stood {
    pub fn since(start: Timestamp) -> Self {
        Self(Mutex::new(Standing {
            since: start,
            troubles: Vec::new(),
        }))
    }

    fn now(&self, found: &[Trouble], now: Timestamp) -> Standing {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let began = |trouble: Trouble| {
            let before = known.troubles.iter().find(|(one, _)| *one == trouble);
            before.map_or(now, |(_, since)| *since)
        };
        let troubles: Vec<_> = found.iter().map(|one| (*one, began(*one))).collect();
        if troubles.is_empty() == known.is_degraded() {
            known.since = now;
        }
        known.troubles = troubles;
        known.clone()
    }
}

/// How the service stands now.
pub fn standing(server: &Server) -> Standing {
    server.stood.now(&troubles(server), Timestamp::now())
}

fn troubles(server: &Server) -> Vec<Trouble> {
    let mut found = Vec::new();
    let phase = server.library.progress().borrow().phase;
    match server.index() {
        None => found.push(Trouble::Starting),
        Some(index) => {
            let summary = index.summary();
            let works = matches!(phase, Phase::Reading | Phase::Embedding);
            if works && summary.vectors < summary.chunks {
                found.push(Trouble::Indexing);
            }
        }
    }
    if phase == Phase::Failed {
        found.push(Trouble::IndexFails);
    }
    let (model_fails, database_fails) = server.history.over(RECENT_S, |recent| {
        let failures = recent.grew(Signal::GeneratorFailures);
        let share = recent.share(Signal::GeneratorFailures, Signal::GeneratorCalls);
        let model = failures >= FAILURES && share.is_some_and(|share| share > FAILING_SHARE);
        let database = recent.grew(Signal::DatabaseFailures) + recent.grew(Signal::DatabaseBusy);
        (model, database >= FAILURES)
    });
    if model_fails {
        found.push(Trouble::ModelFails);
    }
    if server
        .budget
        .as_ref()
        .is_some_and(|budget| budget.is_spent())
    {
        found.push(Trouble::BudgetSpent);
    }
    if database_fails {
        found.push(Trouble::DatabaseFails);
    }
    found
}

/// Keeps the figures every 15 seconds until the process stops.
pub fn spawn(server: Server) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut clock = tokio::time::interval(EVERY);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = server.stopping.cancelled() => return,
                _ = clock.tick() => {}
            }
            measure(&server).await;
            let exposition = server.figures.render();
            let is_degraded = standing(&server).is_degraded();
            server
                .history
                .keep(&exposition, is_degraded, Timestamp::now());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn trouble_and_its_end_are_told_from_when_they_began() {
        let stood = Stood::since(at(0));
        assert_eq!(stood.now(&[], at(10)).since, at(0));
        let model = stood.now(&[Trouble::ModelFails], at(20));
        assert_eq!((model.since, model.is_degraded()), (at(20), true));
        let both = stood.now(&[Trouble::ModelFails, Trouble::BudgetSpent], at(30));
        assert_eq!(both.since, at(20));
        assert_eq!(
            both.troubles,
            [
                (Trouble::ModelFails, at(20)),
                (Trouble::BudgetSpent, at(30))
            ]
        );
        let well = stood.now(&[], at(40));
        assert_eq!((well.since, well.is_degraded()), (at(40), false));
    }
}
