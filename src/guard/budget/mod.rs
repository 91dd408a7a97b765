//! What answering may cost: tokens and money, a day and a month. At the end of it answers are
//! quoted; nobody is turned away.
//!
//! What was spent is in the ledger and survives a restart; here it is summed up, together with
//! what is being spent at this moment. Days and months are UTC's. It does not know models.

mod spending;

use crate::store::{LedgerEntry, LedgerStore, StoreError};
use crate::telemetry::metrics as names;
use jiff::Timestamp;
use spending::{Period, Share, Spending, Unit};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// At this part of a budget whoever pays is warned.
const WARN_AT: f64 = 0.8;

/// The most that may be spent; `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    pub usd_per_day: Option<f64>,
    pub usd_per_month: Option<f64>,
    pub tokens_per_day: Option<u64>,
    pub tokens_per_month: Option<u64>,
}

/// Tokens and their price.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub usd: f64,
}

/// Every budget of this installation.
pub struct Budget {
    limits: Limits,
    ledger: Arc<dyn LedgerStore>,
    spending: Mutex<Spending>,
}

/// The right to spend up to a cost, until it is said what was spent.
#[must_use = "what is reserved and never settled stays spent"]
pub struct Reservation {
    budget: Arc<Budget>,
    cost: Cost,
}

impl Budget {
    /// Nothing is spent yet.
    pub fn new(limits: Limits, ledger: Arc<dyn LedgerStore>) -> Arc<Self> {
        Arc::new(Self {
            limits,
            ledger,
            spending: Mutex::new(Spending::new(Timestamp::now())),
        })
    }

    /// Reads from the ledger what this day and month have cost already.
    pub async fn open(
        limits: Limits,
        ledger: Arc<dyn LedgerStore>,
    ) -> Result<Arc<Self>, StoreError> {
        let budget = Self::new(limits, ledger);
        let now = Timestamp::now();
        for period in Period::ALL {
            let spent = budget.ledger.spent_since(period.start(now)).await?;
            budget.lock().begin_with(period, &spent);
        }
        budget.watch(&mut budget.lock());
        Ok(budget)
    }

    /// Takes this much from every budget, or nothing when one of them does not hold it.
    pub fn reserve(self: &Arc<Self>, cost: Cost) -> Option<Reservation> {
        let mut spending = self.lock();
        spending.turn(Timestamp::now());
        let fits = |share: &Share| share.used + share.unit.of(&cost) <= share.limit;
        let fits = spending.shares(&self.limits).iter().all(fits);
        spending.refused = !fits;
        if !fits {
            return None;
        }
        spending.add(&cost);
        Some(Reservation {
            budget: Arc::clone(self),
            cost,
        })
    }

    /// Shows how much is used now: a day or a month may have begun since the last answer.
    pub fn measure(&self) {
        let mut spending = self.lock();
        spending.turn(Timestamp::now());
        self.watch(&mut spending);
    }

    /// Every limit that is set: its name, what is used of it, and it.
    pub fn used(&self) -> Vec<(&'static str, f64, f64)> {
        let mut spending = self.lock();
        spending.turn(Timestamp::now());
        let shares = spending.shares(&self.limits).into_iter();
        shares
            .map(|share| (share.name, share.used, share.limit))
            .collect()
    }

    /// Whether the last answer that was to be written did not fit, and none has since, nor has a day
    /// or a month begun.
    pub fn is_spent(&self) -> bool {
        let mut spending = self.lock();
        spending.turn(Timestamp::now());
        spending.refused
    }

    fn lock(&self) -> MutexGuard<'_, Spending> {
        // Sums that a panic left behind are still the best there is.
        self.spending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows how much of each budget is used, and warns once a period when it is nearly all.
    fn watch(&self, spending: &mut Spending) {
        for share in spending.shares(&self.limits) {
            let left = (share.limit - share.used).max(0.0);
            let gauge = match share.unit {
                Unit::Usd => names::BUDGET_LEFT_USD,
                Unit::Tokens => names::BUDGET_LEFT_TOKENS,
            };
            metrics::gauge!(gauge, "budget" => share.name).set(left);
            metrics::gauge!(names::BUDGET_USED, "budget" => share.name)
                .set(share.used / share.limit);
            if share.used >= WARN_AT * share.limit && spending.is_news(share.name) {
                tracing::warn!(
                    event = "cost.budget_low",
                    budget = share.name,
                    used = share.used,
                    limit = share.limit,
                    "a budget is nearly used up; when it is, answers are quoted from the \
                     documentation until it begins anew"
                );
            }
        }
    }
}

/// Adds to the figures what a call of a model has used.
fn count(model: &str, spent: &Cost) {
    for (kind, tokens) in [
        ("prompt", spent.prompt_tokens),
        ("completion", spent.completion_tokens),
    ] {
        metrics::counter!(names::TOKENS_USED, "kind" => kind, "model" => model.to_owned())
            .increment(tokens);
    }
    names::add_to_float_counter(names::MODEL_COST, ("model", model), spent.usd);
}

impl Reservation {
    /// Puts what was really spent in the place of what was reserved, and writes it down; on disk
    /// when this returns.
    pub async fn settle(self, generator: &str, model: &str, spent: Cost) {
        {
            let mut spending = self.budget.lock();
            spending.turn(Timestamp::now());
            spending.replace(&self.cost, &spent);
            self.budget.watch(&mut spending);
        }
        if spent == Cost::default() {
            return;
        }
        count(model, &spent);
        let entry = LedgerEntry {
            generator: generator.to_owned(),
            model: model.to_owned(),
            prompt_tokens: spent.prompt_tokens,
            completion_tokens: spent.completion_tokens,
            cost_usd: spent.usd,
            at: Timestamp::now(),
        };
        if let Err(error) = self.budget.ledger.add(entry).await {
            tracing::warn!(%error, "an answer's cost could not be recorded");
        }
    }
}
