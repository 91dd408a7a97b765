//! Rate limits in memory: one bucket per session and minute, and per address or key a minute and
//! a day.
//!
//! Memory is bounded: full buckets say nothing and are dropped, and past the cap the fullest go
//! first, so that a flood of new addresses cannot push out one that has used up its share.

use super::bucket::{Bucket, Size};
use super::{Asker, Decision, Options, Who};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Buckets kept per limit. At some 100 bytes each, five tables of this stay under 30 MB.
const MAX_BUCKETS: usize = 50_000;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Decides who may ask now.
pub struct RateLimiter {
    per_minute: u32,
    per_day: u32,
    tables: Mutex<Tables>,
}

/// One table per limit. Locked together: a question is taken from all of them or from none.
#[derive(Default)]
struct Tables {
    sessions: Table<String>,
    addresses: Table<IpAddr>,
    address_days: Table<IpAddr>,
    keys: Table<String>,
    key_days: Table<String>,
}

impl RateLimiter {
    pub fn new(options: &Options) -> Self {
        Self {
            per_minute: options.queries_per_minute,
            per_day: options.queries_per_day,
            tables: Mutex::default(),
        }
    }

    /// Takes one question from every limit, or from none when one of them is used up.
    pub fn check(&self, who: &Who) -> Decision {
        self.check_at(who, Instant::now())
    }

    /// Gives back the question of a decision that came to nothing through no fault of theirs.
    pub fn give_back(&self, who: &Who) {
        let now = Instant::now();
        self.asked(who, now, |asked| {
            asked.iter_mut().for_each(|one| one.bucket.give_back())
        });
    }

    fn check_at(&self, who: &Who, now: Instant) -> Decision {
        self.asked(who, now, decide)
    }

    /// Hands over the buckets that this question counts against.
    fn asked<T>(&self, who: &Who, now: Instant, take: impl FnOnce(&mut [Asked<'_>]) -> T) -> T {
        // A panic while the lock was held leaves counts that are at worst one off: carry on.
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let tables = &mut *tables;
        let (minute, day) = (size(self.per_minute, MINUTE), size(self.per_day, DAY));
        let mut asked = Vec::with_capacity(3);
        if let (Some(session), Some(size)) = (&who.session, minute) {
            let bucket = tables.sessions.bucket(session.clone(), size, now);
            asked.push(Asked::of("session_minute", bucket));
        }
        match &who.asker {
            Asker::Address(address) => {
                let address = bucket_address(*address);
                let a_minute = minute.map(|size| tables.addresses.bucket(address, size, now));
                asked.extend(a_minute.map(|bucket| Asked::of("address_minute", bucket)));
                let a_day = day.map(|size| tables.address_days.bucket(address, size, now));
                asked.extend(a_day.map(|bucket| Asked::of("address_day", bucket)));
            }
            Asker::Key { line, limits } => {
                let own = |limit: Option<u32>, period, general| match limit {
                    Some(limit) => size(limit, period),
                    None => general,
                };
                let minute = own(limits.queries_per_minute, MINUTE, minute);
                let day = own(limits.queries_per_day, DAY, day);
                let a_minute = minute.map(|size| tables.keys.bucket(line.clone(), size, now));
                asked.extend(a_minute.map(|bucket| Asked::of("key_minute", bucket)));
                let a_day = day.map(|size| tables.key_days.bucket(line.clone(), size, now));
                asked.extend(a_day.map(|bucket| Asked::of("key_day", bucket)));
            }
        }
        take(&mut asked)
    }
}

/// A bucket that a question counts against, by its limit's name.
struct Asked<'a> {
    limit: &'static str,
    bucket: &'a mut Bucket,
}

impl<'a> Asked<'a> {
    fn of(limit: &'static str, bucket: &'a mut Bucket) -> Self {
        Self { limit, bucket }
    }
}

fn decide(asked: &mut [Asked<'_>]) -> Decision {
    let allowed = asked.iter().all(|one| one.bucket.has_one());
    if allowed {
        asked.iter_mut().for_each(|one| one.bucket.take());
    }
    let empty = asked
        .iter()
        .filter(|one| !allowed && !one.bucket.has_one())
        // The one that lets nobody in for longest.
        .max_by_key(|one| one.bucket.seconds_to_one());
    let refused_by = empty.map(|one| one.limit);
    let retry_after_s = empty.map(|one| one.bucket.seconds_to_one());
    match asked.iter().min_by_key(|one| one.bucket.remaining()) {
        Some(Asked { bucket, .. }) => Decision {
            allowed,
            limit: bucket.size().capacity,
            remaining: bucket.remaining(),
            reset_s: bucket.seconds_to_full(),
            refused_by,
            retry_after_s,
        },
        None => Decision {
            allowed: true,
            limit: 0,
            remaining: 0,
            reset_s: 0,
            refused_by: None,
            retry_after_s: None,
        },
    }
}

/// One household or office shares an IPv6 /64, and can take any address in it: they share a bucket.
pub fn bucket_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

/// `None` where there is no limit.
fn size(capacity: u32, period: Duration) -> Option<Size> {
    (capacity > 0).then_some(Size { capacity, period })
}

struct Table<K>(HashMap<K, Bucket>);

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash + Clone> Table<K> {
    fn bucket(&mut self, key: K, size: Size, now: Instant) -> &mut Bucket {
        if self.0.len() >= MAX_BUCKETS && !self.0.contains_key(&key) {
            self.make_room(now);
        }
        let bucket = self.0.entry(key);
        let bucket = bucket.or_insert_with(|| Bucket::full(size, now));
        bucket.refill(size, now);
        bucket
    }

    /// Drops full buckets; if that is not half of them, the fullest too.
    fn make_room(&mut self, now: Instant) {
        self.0.retain(|_, bucket| {
            bucket.refill(bucket.size(), now);
            !bucket.is_full()
        });
        if self.0.len() > MAX_BUCKETS / 2 {
            let mut left: Vec<u32> = self.0.values().map(Bucket::remaining).collect();
            let middle = left.len() / 2;
            let (_, &mut median, _) = left.select_nth_unstable(middle);
            let mut surplus = self.0.len() - MAX_BUCKETS / 2;
            self.0.retain(|_, bucket| {
                let drop = surplus > 0 && bucket.remaining() >= median;
                surplus -= usize::from(drop);
                !drop
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(per_minute: u32, per_day: u32) -> RateLimiter {
        RateLimiter::new(&Options {
            queries_per_minute: per_minute,
            queries_per_day: per_day,
            ..Options::default()
        })
    }

    fn who(last: u8, session: Option<&str>) -> Who {
        Who {
            asker: Asker::Address(IpAddr::from([10, 0, 0, last])),
            session: session.map(str::to_owned),
        }
    }

    #[test]
    fn the_eleventh_question_in_a_minute_waits_and_the_first_after_six_seconds_passes() {
        let limiter = limiter(10, 1000);
        let now = Instant::now();
        for left in (0..10).rev() {
            let decision = limiter.check_at(&who(1, None), now);
            assert!(decision.allowed);
            assert_eq!((decision.limit, decision.remaining), (10, left));
        }
        let refused = limiter.check_at(&who(1, None), now);
        assert!(!refused.allowed);
        assert_eq!(refused.retry_after_s, Some(6));
        assert_eq!(refused.refused_by, Some("address_minute"));
        assert_eq!(refused.reset_s, 60);
        assert!(limiter.check_at(&who(2, None), now).allowed);
        let later = now + Duration::from_secs(6);
        assert!(limiter.check_at(&who(1, None), later).allowed);
        assert!(!limiter.check_at(&who(1, None), later).allowed);
    }

    #[test]
    fn a_session_is_limited_wherever_it_asks_from() {
        let limiter = limiter(2, 1000);
        let now = Instant::now();
        assert!(limiter.check_at(&who(1, Some("s")), now).allowed);
        assert!(limiter.check_at(&who(2, Some("s")), now).allowed);
        assert!(!limiter.check_at(&who(3, Some("s")), now).allowed);
        assert!(limiter.check_at(&who(3, Some("t")), now).allowed);
    }

    #[test]
    fn a_refused_question_costs_nothing() {
        let limiter = limiter(1, 1000);
        let now = Instant::now();
        assert!(limiter.check_at(&who(1, Some("s")), now).allowed);
        assert!(!limiter.check_at(&who(2, Some("s")), now).allowed);
        assert!(limiter.check_at(&who(2, Some("t")), now).allowed);
    }

    #[test]
    fn a_day_has_its_own_limit() {
        let limiter = limiter(10, 3);
        let mut now = Instant::now();
        for _ in 0..3 {
            assert!(limiter.check_at(&who(1, None), now).allowed);
            now += Duration::from_secs(6);
        }
        let refused = limiter.check_at(&who(1, None), now);
        assert!(!refused.allowed);
        assert_eq!(refused.limit, 3);
        assert_eq!(refused.refused_by, Some("address_day"));
        assert!(refused.retry_after_s > Some(8 * 60 * 60 - 60));
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_a_bucket() {
        let limiter = limiter(1, 1000);
        let now = Instant::now();
        let v6 = |text: &str| Who {
            asker: Asker::Address(text.parse().expect("an address")),
            session: None,
        };
        assert!(limiter.check_at(&v6("2001:db8::1"), now).allowed);
        assert!(!limiter.check_at(&v6("2001:db8::ffff"), now).allowed);
        assert!(limiter.check_at(&v6("2001:db8:0:1::1"), now).allowed);
        assert!(limiter.check_at(&v6("::ffff:10.0.0.1"), now).allowed);
        assert!(!limiter.check_at(&who(1, None), now).allowed);
    }

    #[test]
    fn a_flood_of_addresses_takes_bounded_memory_and_does_not_free_who_is_limited() {
        let limiter = limiter(3, 0);
        let now = Instant::now();
        for _ in 0..3 {
            assert!(limiter.check_at(&who(1, None), now).allowed);
        }
        for n in 0..(MAX_BUCKETS as u32 * 3) {
            let flood = Who {
                asker: Asker::Address(std::net::Ipv4Addr::from(0x0b00_0000 + n).into()),
                session: None,
            };
            limiter.check_at(&flood, now);
        }
        let held = limiter
            .tables
            .lock()
            .expect("not poisoned")
            .addresses
            .0
            .len();
        assert!(held <= MAX_BUCKETS);
        assert!(!limiter.check_at(&who(1, None), now).allowed);
    }

    #[test]
    fn no_limits_means_always_allowed() {
        let limiter = limiter(0, 0);
        for _ in 0..100 {
            assert!(limiter.check(&who(1, Some("s"))).allowed);
        }
    }
}
