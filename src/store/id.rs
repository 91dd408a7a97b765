//! Ids nobody can guess.

/// Random bytes in an id. 128 bits is the least that can't be guessed; 18 bytes (144 bits) fill
/// exactly 24 characters of URL-safe base 64.
const ID_BYTES: usize = 18;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A new id of 24 URL-safe characters from the system's random source.
pub fn new_id() -> String {
    let mut bytes = [0u8; ID_BYTES];
    getrandom::fill(&mut bytes).expect("the system has a random source");
    let mut id = String::with_capacity(ID_BYTES / 3 * 4);
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
            assert_eq!(id.len(), 24);
            assert!(id.bytes().all(|b| ALPHABET.contains(&b)));
        }
    }
}
