//! The sums of this day and this month, and how they stand to the limits.

use super::{Cost, Limits};
use crate::store::Spent;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// What a budget is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Day,
    Month,
}

impl Period {
    pub const ALL: [Self; 2] = [Self::Day, Self::Month];

    fn first_day(self, now: Timestamp) -> Date {
        let today = now.to_zoned(TimeZone::UTC).date();
        match self {
            Self::Day => today,
            Self::Month => today.first_of_month(),
        }
    }

    /// When the period that `now` is in began.
    pub fn start(self, now: Timestamp) -> Timestamp {
        let first = self.first_day(now).to_zoned(TimeZone::UTC);
        // Out of jiff's calendar at its very ends only.
        first.as_ref().map_or(now, Zoned::timestamp)
    }
}

/// What a budget counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Usd,
    Tokens,
}

impl Unit {
    pub fn of(self, cost: &Cost) -> f64 {
        match self {
            Self::Usd => cost.usd,
            // Exact up to 2^53 tokens.
            Self::Tokens => (cost.prompt_tokens + cost.completion_tokens) as f64,
        }
    }
}

/// One budget and what is used of it.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// As the metric's label has it.
    pub name: &'static str,
    pub unit: Unit,
    pub used: f64,
    pub limit: f64,
}

struct Sum {
    period: Period,
    since: Date,
    used: Cost,
    /// Names of the budgets whose near end was said in this period.
    said: Vec<&'static str>,
}

/// What this day and this month have cost.
pub struct Spending {
    sums: Vec<Sum>,
    /// Whether what was to be spent last did not fit, in the periods that are now.
    pub refused: bool,
}

impl Spending {
    pub fn new(now: Timestamp) -> Self {
        let sum = |period: Period| Sum {
            period,
            since: period.first_day(now),
            used: Cost::default(),
            said: Vec::new(),
        };
        Self {
            sums: Period::ALL.map(sum).into(),
            refused: false,
        }
    }

    pub fn begin_with(&mut self, period: Period, spent: &Spent) {
        for sum in self.sums.iter_mut().filter(|sum| sum.period == period) {
            sum.used = Cost {
                prompt_tokens: spent.prompt_tokens,
                completion_tokens: spent.completion_tokens,
                usd: spent.cost_usd,
            };
        }
    }

    /// Begins anew where a day or a month is over.
    pub fn turn(&mut self, now: Timestamp) {
        for sum in &mut self.sums {
            let since = sum.period.first_day(now);
            // A clock that is set back does not give the same day out twice.
            if since > sum.since {
                sum.since = since;
                sum.used = Cost::default();
                sum.said.clear();
                self.refused = false;
            }
        }
    }

    pub fn add(&mut self, cost: &Cost) {
        self.replace(&Cost::default(), cost);
    }

    /// A period that began in between never had the reserved part: it stops at nothing.
    pub fn replace(&mut self, reserved: &Cost, spent: &Cost) {
        for Sum { used, .. } in &mut self.sums {
            let tokens = |used: u64, reserved, spent: u64| (used + spent).saturating_sub(reserved);
            *used = Cost {
                prompt_tokens: tokens(
                    used.prompt_tokens,
                    reserved.prompt_tokens,
                    spent.prompt_tokens,
                ),
                completion_tokens: tokens(
                    used.completion_tokens,
                    reserved.completion_tokens,
                    spent.completion_tokens,
                ),
                usd: (used.usd - reserved.usd + spent.usd).max(0.0),
            };
        }
    }

    /// Every limit that is set.
    pub fn shares(&self, limits: &Limits) -> Vec<Share> {
        let tokens = |limit: Option<u64>| limit.map(|limit| limit as f64);
        let mut shares = Vec::with_capacity(4);
        for sum in &self.sums {
            let (usd_name, tokens_name, usd, tokens) = match sum.period {
                Period::Day => (
                    "usd_day",
                    "tokens_day",
                    limits.usd_per_day,
                    tokens(limits.tokens_per_day),
                ),
                Period::Month => (
                    "usd_month",
                    "tokens_month",
                    limits.usd_per_month,
                    tokens(limits.tokens_per_month),
                ),
            };
            let set = [
                (usd_name, Unit::Usd, usd),
                (tokens_name, Unit::Tokens, tokens),
            ];
            shares.extend(set.into_iter().filter_map(|(name, unit, limit)| {
                Some(Share {
                    name,
                    unit,
                    used: unit.of(&sum.used),
                    limit: limit?,
                })
            }));
        }
        shares
    }

    /// Whether this is the first time in its period that the budget's near end is to be said.
    pub fn is_news(&mut self, name: &'static str) -> bool {
        let period = if name.ends_with("day") {
            Period::Day
        } else {
            Period::Month
        };
        let sum = self.sums.iter_mut().find(|sum| sum.period == period);
        sum.is_some_and(|sum| {
            let is_news = !sum.said.contains(&name);
            if is_news {
                sum.said.push(name);
            }
            is_news
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn cost(usd: f64) -> Cost {
        Cost {
            prompt_tokens: 10,
            completion_tokens: 5,
            usd,
        }
    }

    fn used(spending: &Spending, name: &str) -> f64 {
        let limits = Limits {
            usd_per_day: Some(1.0),
            usd_per_month: Some(1.0),
            tokens_per_day: Some(1),
            tokens_per_month: Some(1),
        };
        let shares = spending.shares(&limits);
        let share = shares.iter().find(|share| share.name == name);
        share.expect("every limit is set").used
    }

    #[test]
    fn a_new_day_begins_at_nothing_and_a_month_goes_on() {
        let mut spending = Spending::new(at("2026-11-30T23:59:00Z"));
        spending.add(&cost(0.5));
        assert!((used(&spending, "usd_day") - 0.5).abs() < 1e-9);
        assert!((used(&spending, "tokens_month") - 15.0).abs() < 1e-9);
        spending.refused = true;
        spending.turn(at("2026-11-30T23:59:59Z"));
        assert!((used(&spending, "usd_day") - 0.5).abs() < 1e-9 && spending.refused);
        spending.turn(at("2026-12-01T00:00:00Z"));
        assert!(!spending.refused);
        assert_eq!(used(&spending, "usd_day"), 0.0);
        assert_eq!(used(&spending, "usd_month"), 0.0);
        // A reservation of the old month, settled in the new one, gives nothing back.
        spending.replace(&cost(0.5), &cost(0.1));
        assert_eq!(used(&spending, "usd_month"), 0.0);
    }

    #[test]
    fn a_clock_that_is_set_back_gives_no_second_budget() {
        let mut spending = Spending::new(at("2026-11-30T12:00:00Z"));
        spending.add(&cost(0.5));
        spending.turn(at("2026-11-29T12:00:00Z"));
        spending.turn(at("2026-11-30T13:00:00Z"));
        assert!((used(&spending, "usd_day") - 0.5).abs() < 1e-9);
    }

    #[test]
    fn what_is_said_once_is_said_again_in_the_next_period() {
        let mut spending = Spending::new(at("2026-11-30T12:00:00Z"));
        assert!(spending.is_news("usd_day") && !spending.is_news("usd_day"));
        assert!(spending.is_news("usd_month"));
        spending.turn(at("2026-12-01T12:00:00Z"));
        assert!(spending.is_news("usd_day"));
    }
}
