//! Which units make the answer: the best one, what belongs to it, and what adds to it from
//! elsewhere.

use super::asked::{Asked, Kind};
use super::procedure;
use super::score::Score;
use super::units::Unit;
use crate::answer::evidence::Evidence;
use crate::answer::terms::Stems;
use crate::corpus::BlockKind;
use std::ops::Range;

/// Sentences of an answer: more is a page, fewer leaves questions open.
const MAX_SENTENCES: usize = 5;
/// Sentences taken from the best section before others are asked.
const MAX_FROM_BEST: usize = 3;
/// A neighbour goes along when it scores this share of the best one.
const NEIGHBOUR_SHARE: f32 = 0.5;
/// A sentence from another section must score this share of the best one.
const OTHER_SHARE: f32 = 0.75;
/// Sentences more alike than this say the same.
const SAME: f32 = 0.5;
/// A sentence from elsewhere holds this share of the question's terms itself. At .4 the whole
/// answer held SQuAD's for 80 %, at .2 for 83 % with a quarter of a sentence more.
const MIN_ADDED_COVERAGE: f32 = 0.2;
/// Items of a list, or rows of a table, that an announcing sentence brings along.
const MAX_ITEMS: usize = 7;

/// Positions of the chosen units, best section first, each section in its page's order.
pub(super) fn choose(
    asked: &Asked,
    evidence: &[Evidence],
    units: &[Unit<'_>],
    scores: &[Score],
) -> Vec<usize> {
    let quotable = |at: &usize| !units[*at].is_code();
    let by_score =
        |a: &usize, b: &usize| scores[*a].total.total_cmp(&scores[*b].total).then(b.cmp(a));
    let Some(best) = (0..units.len()).filter(quotable).max_by(by_score) else {
        return Vec::new();
    };
    let mut choice = Choice {
        asked,
        units,
        chosen: Vec::new(),
        sentences: 0,
    };
    choice.take_with_company(best);
    choice.take_neighbours(best, scores);

    let mut others: Vec<usize> = (0..units.len())
        .filter(quotable)
        .filter(|at| scores[*at].total >= OTHER_SHARE * scores[best].total)
        .collect();
    others.sort_by(|a, b| by_score(b, a));
    let mut sections = vec![units[best].evidence];
    for at in others {
        if choice.sentences >= MAX_SENTENCES - 1 {
            break;
        }
        if choice.adds(at, evidence, scores) {
            choice.take_with_company(at);
            if !sections.contains(&units[at].evidence) {
                sections.push(units[at].evidence);
            }
        }
    }
    let rank = |at: &usize| sections.iter().position(|s| *s == units[*at].evidence);
    let mut chosen = choice.chosen;
    chosen.sort_by_key(|at| (rank(at), *at));
    chosen
}

struct Choice<'a> {
    asked: &'a Asked,
    units: &'a [Unit<'a>],
    chosen: Vec<usize>,
    /// Units chosen that are not list items, rows or code brought along.
    sentences: usize,
}

impl Choice<'_> {
    fn take(&mut self, at: usize) {
        if !self.chosen.contains(&at) {
            self.chosen.push(at);
        }
    }

    /// A sentence, the one it leans on, and what it announces or what shows it.
    fn take_with_company(&mut self, at: usize) {
        let unit = &self.units[at];
        if let Some(before) = self.before(at)
            && unit.leans_back
            && self.units[before].block == unit.block
            && !self.units[before].is_code()
            && !self.chosen.contains(&before)
        {
            self.take(before);
            self.sentences += 1;
        }
        // An item of a list means little without the sentence that announces the list.
        if matches!(unit.kind, BlockKind::ListItem | BlockKind::Table) {
            self.take_announcement(at);
        }
        if let Some(steps) = procedure::around(self.units, at) {
            self.take_steps(steps);
        }
        self.take(at);
        self.sentences += 1;
        self.take_following(at);
    }

    /// All steps: one without those before it is wrong.
    fn take_steps(&mut self, steps: Range<usize>) {
        steps.for_each(|step| self.take(step));
    }

    fn take_announcement(&mut self, at: usize) {
        let kind = self.units[at].kind;
        let mut before = self.before(at);
        while let Some(candidate) = before {
            let unit = &self.units[candidate];
            if unit.announces && unit.kind == BlockKind::Paragraph {
                self.take(candidate);
                return;
            }
            if unit.kind != kind {
                return;
            }
            before = self.before(candidate);
        }
    }

    fn take_following(&mut self, at: usize) {
        let Some(next) = self.after(at) else { return };
        let unit = &self.units[at];
        let tells_how = unit.announces || self.asked.kind == Kind::Steps;
        if let Some(steps) = procedure::around(self.units, next).filter(|_| tells_how) {
            return self.take_steps(steps);
        }
        let wants_code = self.asked.wants_code() || unit.announces;
        if self.units[next].is_code() && wants_code {
            self.take(next);
        } else if unit.announces
            && matches!(
                self.units[next].kind,
                BlockKind::ListItem | BlockKind::Table
            )
        {
            self.take_list(next);
        }
    }

    fn take_list(&mut self, first: usize) {
        let kind = self.units[first].kind;
        let mut at = Some(first);
        let mut items = 0;
        let mut block = None;
        while let Some(item) = at.filter(|at| self.units[*at].kind == kind) {
            let new_item = kind == BlockKind::Table || block != Some(self.units[item].block);
            if new_item {
                items += 1;
                block = Some(self.units[item].block);
                if items > MAX_ITEMS {
                    return;
                }
                self.take(item);
            }
            at = self.after(item);
        }
    }

    /// The sentences that go on from the best one, as long as they stay on the question.
    fn take_neighbours(&mut self, best: usize, scores: &[Score]) {
        let bar = NEIGHBOUR_SHARE * scores[best].total;
        let mut at = best;
        while self.sentences < MAX_FROM_BEST {
            let Some(next) = self.after(at) else { return };
            let unit = &self.units[next];
            if unit.is_code() || self.chosen.contains(&next) {
                at = next;
                continue;
            }
            let same_block = unit.block == self.units[best].block;
            let stays = same_block || self.asked.kind == Kind::Steps;
            if !stays || scores[next].total < bar {
                return;
            }
            self.take(next);
            self.sentences += 1;
            self.take_following(next);
            at = next;
        }
    }

    /// Whether a unit says something the chosen ones don't.
    fn adds(&self, at: usize, evidence: &[Evidence], scores: &[Score]) -> bool {
        let unit = &self.units[at];
        if self.chosen.contains(&at) || scores[at].coverage < MIN_ADDED_COVERAGE {
            return false;
        }
        let repeats = self
            .chosen
            .iter()
            .any(|c| self.units[*c].stems.jaccard(&unit.stems) > SAME);
        if repeats {
            return false;
        }
        let first = self.chosen.first().map(|c| self.units[*c].evidence);
        // One language per answer, unless the best section is alone in its own.
        if first
            .is_some_and(|f| evidence[f].language.script != evidence[unit.evidence].language.script)
        {
            return false;
        }
        let mut said = Stems::default();
        self.chosen
            .iter()
            .for_each(|c| said.add(&self.units[*c].stems));
        let new_term = self
            .asked
            .terms
            .iter()
            .any(|t| unit.stems.holds(t) > 0.5 && said.holds(t) < 0.5);
        new_term || (self.sentences < 2 && scores[at].coverage > 0.5)
    }

    fn before(&self, at: usize) -> Option<usize> {
        let before = at.checked_sub(1)?;
        (self.units[before].evidence == self.units[at].evidence).then_some(before)
    }

    fn after(&self, at: usize) -> Option<usize> {
        let after = at + 1;
        let unit = self.units.get(after)?;
        (unit.evidence == self.units[at].evidence).then_some(after)
    }
}
