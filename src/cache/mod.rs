//! What is worth remembering for a while: bounded in bytes and in age, and dropped when what it was
//! made from has been replaced.
//!
//! It does not know what it keeps. A key is a digest, so no question's text stays in memory for it.

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Names one remembered value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The digest of everything that the value depends on.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            // With its length, or "ab" + "c" would be "a" + "bc".
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(*hasher.finalize().as_bytes())
    }
}

/// Values made from one source at a time (a generation of the index).
pub struct Memory<V> {
    kept: Cache<Key, Kept<V>, BySize>,
    max_age: Duration,
    /// What the kept values were made from.
    source: Mutex<String>,
}

struct Kept<V> {
    value: Arc<V>,
    since: Instant,
    size_bytes: u64,
}

impl<V> Clone for Kept<V> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            ..*self
        }
    }
}

#[derive(Clone)]
struct BySize;

impl<V> Weighter<Key, Kept<V>> for BySize {
    fn weight(&self, _: &Key, kept: &Kept<V>) -> u64 {
        kept.size_bytes
    }
}

impl<V: Send + Sync + 'static> Memory<V> {
    /// Keeps about `values` values in at most `max_bytes`, each for at most `max_age`.
    pub fn new(values: usize, max_bytes: u64, max_age: Duration) -> Self {
        Self {
            kept: Cache::with_weighter(values, max_bytes, BySize),
            max_age,
            source: Mutex::default(),
        }
    }

    /// The value under `key`, if it was made from `source`. Another source than before empties the
    /// memory.
    pub fn recall(&self, source: &str, key: &Key) -> Option<Arc<V>> {
        let mut known = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != source {
            source.clone_into(&mut known);
            self.kept.clear();
            return None;
        }
        drop(known);
        let kept = self.kept.get(key)?;
        if kept.since.elapsed() >= self.max_age {
            self.kept.remove(key);
            return None;
        }
        Some(kept.value)
    }

    /// Remembers `value`, unless `source` has been replaced meanwhile.
    pub fn keep(&self, source: &str, key: Key, value: V, size_bytes: usize) {
        let known = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == source {
            let kept = Kept {
                value: Arc::new(value),
                since: Instant::now(),
                size_bytes: size_bytes as u64,
            };
            self.kept.insert(key, kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn key(name: &str) -> Key {
        Key::of([name])
    }

    #[test]
    fn what_is_kept_is_recalled_until_its_source_is_replaced() {
        let memory = Memory::new(16, 1 << 20, DAY);
        assert!(memory.recall("g1", &key("a")).is_none());
        memory.keep("g1", key("a"), 7, 8);
        assert_eq!(memory.recall("g1", &key("a")).as_deref(), Some(&7));
        assert!(memory.recall("g1", &key("b")).is_none());
        assert!(memory.recall("g2", &key("a")).is_none());
        assert!(memory.recall("g1", &key("a")).is_none());
    }

    #[test]
    fn a_value_that_comes_too_late_is_not_kept() {
        let memory = Memory::new(16, 1 << 20, DAY);
        assert!(memory.recall("g1", &key("a")).is_none());
        assert!(memory.recall("g2", &key("b")).is_none());
        memory.keep("g1", key("a"), 7, 8);
        assert!(memory.recall("g1", &key("a")).is_none());
        assert!(memory.recall("g2", &key("a")).is_none());
    }

    #[test]
    fn memory_is_bounded_in_bytes_and_in_age() {
        let memory = Memory::new(16, 1000, DAY);
        assert!(memory.recall("g", &key("0")).is_none());
        for n in 0..1000 {
            memory.keep("g", key(&n.to_string()), n, 100);
        }
        assert!(memory.kept.weight() <= 1000);
        let brief = Memory::new(16, 1000, Duration::ZERO);
        assert!(brief.recall("g", &key("a")).is_none());
        brief.keep("g", key("a"), 1, 100);
        assert!(brief.recall("g", &key("a")).is_none());
    }

    #[test]
    fn parts_of_a_key_do_not_run_into_each_other() {
        assert_ne!(Key::of(["ab", "c"]), Key::of(["a", "bc"]));
        assert_eq!(Key::of(["ab", "c"]), Key::of(["ab", "c"]));
    }
}
