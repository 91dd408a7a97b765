//! The numbered list around a step: a procedure is quoted from its first step, in its order, or its
//! reader does the wrong thing.

use super::units::Unit;
use crate::corpus::BlockKind;
use std::ops::Range;

/// Steps quoted of one procedure. Of the development trees' numbered lists, 98 in 100 have no more.
const MAX_STEPS: usize = 12;
/// Sentences and blocks of code quoted of one procedure: steps may have several.
const MAX_UNITS: usize = 40;

/// The units of the procedure that the unit at this position is part of, code between its steps
/// included; `None` where no list counts.
pub(super) fn around(units: &[Unit<'_>], at: usize) -> Option<Range<usize>> {
    let belongs = |other: usize| {
        let unit = &units[other];
        unit.evidence == units[at].evidence
            && matches!(unit.kind, BlockKind::ListItem | BlockKind::Code)
    };
    if units[at].kind != BlockKind::ListItem {
        return None;
    }
    let start = first_step(units, (0..=at).rev().take_while(|other| belongs(*other)))?;
    let mut end = start;
    let (mut steps, mut last) = (0, 0);
    for other in (start..units.len()).take_while(|other| belongs(*other)) {
        if let Some(number) = units[other].number {
            steps += 1;
            // Another list begins, or the answer is long enough.
            if number <= last || steps > MAX_STEPS {
                break;
            }
            last = number;
        }
        if other - start == MAX_UNITS {
            break;
        }
        end = other + 1;
    }
    (end > at).then_some(start..end)
}

/// Going back from a step: the first unit of its list.
fn first_step(units: &[Unit<'_>], back: impl Iterator<Item = usize>) -> Option<usize> {
    let mut first: Option<(usize, u64)> = None;
    for other in back {
        let Some(number) = units[other].number else {
            continue;
        };
        if first.is_some_and(|(_, after)| number >= after) {
            break;
        }
        first = Some((other, number));
    }
    first.map(|(start, _)| start)
}
