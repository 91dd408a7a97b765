//! The key itself: `rk_` and 32 random bytes in URL-safe base 64.
//!
//! With 256 random bits there is nothing to guess or to stretch, so one round of SHA-256 is kept
//! of it, and a look-up by that hash tells nobody how much of a guess was right.

use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What every key begins with, so that people and secret scanners know one when they see it.
pub const PREFIX: &str = "rk_";

/// As long as the hash that is kept: more would be cut away by it.
const RANDOM_BYTES: usize = 32;

/// A new key.
pub fn new_token() -> Secret {
    let mut bytes = [0u8; RANDOM_BYTES];
    getrandom::fill(&mut bytes).expect("the system has a random source");
    Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What is kept of a key.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
