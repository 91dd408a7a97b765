//! The chunks that a question's words give most, without looking at all that hold one of them.
//!
//! Words are taken one after the other, the most telling first. What a chunk has got so far is the
//! least that it will have, so the best so far show what must be reached; and what the words still
//! to come give at most is known. So after a few words, which are rare ones, only chunks that have
//! got something are still in question, fewer with each word, and in the long lists of the frequent
//! words only those are looked up (Turtle & Flood 1995, "max score" by term). Nothing is lost by it.

use super::postings::{Entry, Postings};
use super::question::Asked;
use crate::index::{IndexError, Ordinal};
use std::sync::{Mutex, PoisonError};

/// Which chunks may be found.
pub type Allowed<'a> = Option<&'a (dyn Fn(Ordinal) -> bool + Sync)>;

/// Sums of the same terms in another order differ in their last bits.
const SLACK: f32 = 1.0 - 1e-5;

/// Looking over all sums takes as long as adding this share of as many entries.
const LOOKING_OVER: usize = 32;

/// Looking a chunk up in a list takes as long as adding so many entries.
const LOOKING_UP: usize = 4;

/// Sums that are looked over together.
const STEP: usize = 64;

/// Sets of sums kept for the next questions: more are searched at once only for moments.
const KEPT: usize = 4;

/// A chunk that may be among the best.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub ordinal: Ordinal,
    pub sum: f32,
}

/// Sums for every chunk, used again so that a search need not wait for memory.
#[derive(Default)]
pub(super) struct Sums(Mutex<Vec<Vec<f32>>>);

impl Sums {
    fn take(&self, chunks: usize) -> Vec<f32> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match kept {
            Some(mut sums) => {
                sums.fill(0.0);
                sums
            }
            None => vec![0.0; chunks],
        }
    }

    fn give_back(&self, sums: Vec<f32>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(sums);
        }
    }
}

/// The best `limit` of the chunks that hold any of the words, best first.
pub(super) fn best(
    postings: &Postings,
    asked: &[Asked],
    limit: usize,
    allowed: Allowed<'_>,
    (kept, chunks): (&Sums, usize),
) -> Result<Vec<Found>, IndexError> {
    let mut entries = Vec::with_capacity(asked.len());
    for one in asked {
        entries.extend(postings.entry(&one.text, one.weight)?);
    }
    entries.sort_by(|a, b| b.most.total_cmp(&a.most));
    let mut sums = kept.take(chunks);
    let found = search(postings, &entries, limit, allowed, &mut sums);
    kept.give_back(sums);
    found
}

fn search(
    postings: &Postings,
    entries: &[Entry],
    limit: usize,
    allowed: Allowed<'_>,
    sums: &mut [f32],
) -> Result<Vec<Found>, IndexError> {
    let mut floor = 0.0;
    // What the words from each on give at most together.
    let mut to_come: Vec<f32> = entries.iter().map(|entry| entry.most).collect();
    to_come.push(0.0);
    for at in (0..entries.len()).rev() {
        to_come[at] += to_come[at + 1];
    }
    let last_over = |sums: &[f32], floor: f32| {
        let mut last = Last::of_best(limit);
        over(sums, floor, allowed, |found| last.add(found.sum));
        last.sum().unwrap_or(floor)
    };
    let mut left: Option<Vec<Found>> = None;
    for (at, entry) in entries.iter().enumerate() {
        let holding = entry.holding() as usize;
        if left.is_none() && holding * LOOKING_OVER > sums.len() {
            floor = last_over(sums, floor);
            if to_come[at] < floor * SLACK {
                let mut reaching = Vec::new();
                let reached = floor * SLACK - to_come[at];
                over(sums, reached, allowed, |found| reaching.push(found));
                left = (reaching.len() * LOOKING_UP <= holding).then_some(reaching);
            }
        }
        let mut list = postings.list(entry)?;
        let Some(left) = &mut left else {
            list.add_to(sums);
            continue;
        };
        let mut last = Last::of_best(limit);
        for found in left.iter_mut() {
            found.sum += list.score_in(found.ordinal).unwrap_or_default();
            last.add(found.sum);
        }
        floor = last.sum().unwrap_or(floor);
        left.retain(|found| found.sum + to_come[at + 1] >= floor * SLACK);
    }
    let mut best = match left {
        Some(left) => left,
        None => {
            let mut reaching = Vec::new();
            let reached = last_over(sums, floor) * SLACK;
            over(sums, reached, allowed, |found| reaching.push(found));
            reaching
        }
    };
    best.sort_unstable_by(better);
    best.truncate(limit);
    Ok(best)
}

/// Tells `tell` of the chunks with more than `floor`.
fn over(sums: &[f32], floor: f32, allowed: Allowed<'_>, mut tell: impl FnMut(Found)) {
    let floor = floor.max(0.0);
    // Of numbers that are not negative, the bits are in the same order.
    let bits = floor.to_bits() as i32;
    let (steps, rest) = sums.as_chunks::<STEP>();
    let mut look_at = |first: usize, step: &[f32]| {
        for (ordinal, &sum) in (first as Ordinal..).zip(step) {
            if sum > floor && allowed.is_none_or(|allowed| allowed(ordinal)) {
                tell(Found { ordinal, sum });
            }
        }
    };
    for (at, step) in steps.iter().enumerate() {
        // Nearly all have none, and are told so without a branch for each.
        let over = |sum: &f32| i32::from(sum.to_bits() as i32 > bits);
        if step.iter().fold(0, |any, sum| any | over(sum)) != 0 {
            look_at(at * STEP, step);
        }
    }
    look_at(steps.len() * STEP, rest);
}

/// Finds the sum of the last of the best.
struct Last {
    limit: usize,
    best: Vec<f32>,
    floor: f32,
}

impl Last {
    fn of_best(limit: usize) -> Self {
        Self {
            limit,
            best: Vec::with_capacity(limit * 2),
            floor: f32::MIN,
        }
    }

    fn add(&mut self, sum: f32) {
        if sum > self.floor {
            self.best.push(sum);
            if self.best.len() >= self.limit * 2 {
                self.floor = self.least();
                self.best.truncate(self.limit);
            }
        }
    }

    /// `None` when there are not as many.
    fn sum(mut self) -> Option<f32> {
        (self.best.len() >= self.limit).then(|| self.least())
    }

    fn least(&mut self) -> f32 {
        let descending = |a: &f32, b: &f32| b.total_cmp(a);
        let (_, least, _) = self.best.select_nth_unstable_by(self.limit - 1, descending);
        *least
    }
}

/// Higher sums first, then chunks that come first.
fn better(a: &Found, b: &Found) -> std::cmp::Ordering {
    b.sum.total_cmp(&a.sum).then(a.ordinal.cmp(&b.ordinal))
}
