//! Ids nobody can guess, in the order they were made.

/// Bytes of the time in milliseconds: ids made one after the other stand side by side in an index,
/// so keeping many turns at once touches few of its pages.
const TIME_BYTES: usize = 6;

/// Random bytes in an id. 128 bits is the least that can't be guessed; with 18 bytes (144 bits) an id
/// fills exactly 32 characters of URL-safe base 64.
const RANDOM_BYTES: usize = 18;

/// In the order of their codes, so that ids sort as their bytes do.
const ALPHABET: &[u8; 64] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/// A new id of 32 URL-safe characters: the time, and what nobody can guess from the system's random
/// source.
pub fn new_id() -> String {
    let mut bytes = [0u8; TIME_BYTES + RANDOM_BYTES];
    let now_ms = jiff::Timestamp::now().as_millisecond().to_be_bytes();
    bytes[..TIME_BYTES].copy_from_slice(&now_ms[now_ms.len() - TIME_BYTES..]);
    getrandom::fill(&mut bytes[TIME_BYTES..]).expect("the system has a random source");
    let mut id = String::with_capacity(bytes.len() / 3 * 4);
    for triple in bytes.chunks_exact(3) {
        let bits = u32::from(triple[0]) << 16 | u32::from(triple[1]) << 8 | u32::from(triple[2]);
        for shift in [18, 12, 6, 0] {
            id.push(char::from(ALPHABET[(bits >> shift & 63) as usize]));
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_url_safe_and_never_repeat() {
        let ids: HashSet<String> = (0..1000).map(|_| new_id()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            assert_eq!(id.len(), 32);
            assert!(id.bytes().all(|b| ALPHABET.contains(&b)));
        }
    }

    #[test]
    fn what_is_made_later_sorts_behind() {
        assert!(ALPHABET.is_sorted());
        let first = new_id();
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(first < new_id());
    }
}
