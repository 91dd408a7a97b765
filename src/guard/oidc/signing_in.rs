//! Those who were sent to the provider and have not come back yet.
//!
//! Each is bound to one browser (its cookie), one answer (state), one token (nonce) and one
//! exchange (PKCE), and counts once.

use super::provider::authorization_endpoint;
use super::signed_in::{hashed, random_text};
use super::{Client, OidcError, Person};
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time to find a password and a phone.
pub const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Sign-ins that may be under way. At some 400 bytes each, 8 MB; past that the oldest go.
const MAX_PENDING: usize = 20_000;

/// Somebody on the way to the provider.
pub struct Begun {
    /// Where to send them.
    pub location: String,
    /// For their browser, to be shown when they come back.
    pub browser: Secret,
}

/// Somebody who came back.
pub struct Finished {
    /// For their browser, to be shown from now on.
    pub cookie: Secret,
    pub person: Person,
    /// Where they wanted to go.
    pub next: String,
}

pub struct Pending {
    state: String,
    pub nonce: String,
    pub verifier: String,
    pub next: String,
    since: Instant,
}

#[derive(Default)]
pub struct SigningIn {
    by_browser: Mutex<HashMap<[u8; 32], Pending>>,
}

impl SigningIn {
    pub fn begin(&self, endpoint: &str, client: &Client, next: String) -> Result<Begun, OidcError> {
        let mut location = authorization_endpoint(endpoint)?;
        let pending = Pending {
            state: random_text(),
            nonce: random_text(),
            verifier: random_text(),
            next,
            since: Instant::now(),
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&pending.verifier));
        location
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.id)
            .append_pair("redirect_uri", &client.redirect_uri())
            .append_pair("scope", "openid profile email")
            .append_pair("state", &pending.state)
            .append_pair("nonce", &pending.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        let browser = random_text();
        let mut all = self
            .by_browser
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, pending| pending.since.elapsed() < PATIENCE);
        if all.len() >= MAX_PENDING {
            let oldest = all.iter().min_by_key(|(_, pending)| pending.since);
            let oldest = oldest.map(|(browser, _)| *browser);
            oldest.and_then(|browser| all.remove(&browser));
        }
        all.insert(hashed(&browser), pending);
        Ok(Begun {
            location: location.into(),
            browser: Secret::new(browser),
        })
    }

    /// Takes out what this browser's answer belongs to; a second answer finds nothing.
    pub fn take(&self, browser: &str, state: &str) -> Result<Pending, OidcError> {
        let mut all = self
            .by_browser
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let pending = all.remove(&hashed(browser));
        let pending = pending.filter(|pending| pending.since.elapsed() < PATIENCE);
        pending
            .filter(|pending| hashed(&pending.state) == hashed(state))
            .ok_or(OidcError::Refused(
                "This sign-in was not begun here, or too long ago; begin it again.",
            ))
    }
}
