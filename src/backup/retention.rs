//! Which backups are no longer kept: of the last week the newest of each day, before that the
//! newest of each week, until they are too old. The newest of all always stays.

use super::Stored;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::time::Duration;

const DAY: i64 = 24 * 60 * 60;

/// All of these are kept: what somebody made by hand before an update is still there after it.
const ALL_DAYS: i64 = 2;

/// One a day for as long.
const DAILY_DAYS: i64 = 7;

/// `backups` has the newest first.
pub(super) fn surplus(backups: &[Stored], now: Timestamp, keep: Duration) -> Vec<Stored> {
    let keep_s = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
    let mut covered = BTreeSet::new();
    let mut surplus = Vec::new();
    for (position, stored) in backups.iter().enumerate() {
        let made_at = stored.name.made_at();
        let age_s = now.as_second() - made_at.as_second();
        let date = made_at.to_zoned(TimeZone::UTC).date();
        let week = date.iso_week_date();
        let period = if age_s < ALL_DAYS * DAY {
            stored.name.to_string()
        } else if age_s < DAILY_DAYS * DAY {
            format!("day {date}")
        } else {
            format!("week {}-{}", week.year(), week.week())
        };
        let first_of_period = covered.insert(period);
        if position > 0 && (age_s >= keep_s || !first_of_period) {
            surplus.push(stored.clone());
        }
    }
    surplus
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::Name;

    const KEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    fn stored(at_s: i64) -> Stored {
        let at = Timestamp::from_second(at_s).expect("a time");
        Stored::new(Name::new(at, false), 1)
    }

    #[test]
    fn a_backup_a_day_leaves_a_week_of_days_and_a_month_of_weeks() {
        let mut kept: Vec<Stored> = Vec::new();
        for day in 0..200 {
            let at_s = 1_790_000_000 + day * DAY;
            kept.insert(0, stored(at_s));
            let now = Timestamp::from_second(at_s).expect("a time");
            let gone = surplus(&kept, now, KEEP);
            kept.retain(|stored| !gone.contains(stored));
            let ages: Vec<i64> = kept
                .iter()
                .map(|stored| (at_s - stored.name.made_at().as_second()) / DAY)
                .collect();
            assert_eq!(
                ages[..7.min(ages.len())],
                (0..7).collect::<Vec<_>>()[..7.min(ages.len())]
            );
            assert!(ages.iter().all(|age| *age < 30), "{ages:?}");
            if day >= 30 {
                assert!(ages.windows(2).all(|two| two[1] - two[0] <= 8), "{ages:?}");
                assert!(ages.last().is_some_and(|age| *age >= 21), "{ages:?}");
                assert!(ages.len() <= 12, "{ages:?}");
            }
        }
    }

    #[test]
    fn the_newest_stays_however_old_it_is() {
        let old = [stored(1_000_000_000), stored(900_000_000)];
        let now = Timestamp::from_second(1_790_000_000).expect("a time");
        assert_eq!(surplus(&old, now, KEEP), old[1..]);
    }
}
