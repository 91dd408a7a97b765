//! Those who are signed in, by the hash of their cookie. In memory: after a restart the provider
//! is asked again, which mostly happens without typing.

use super::Person;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// So long roles hold that the provider may have taken away since.
pub const HOLDS: SignedDuration = SignedDuration::from_hours(1);

/// People signed in at once; past that those who have the least time left go.
const MAX_PEOPLE: usize = 20_000;

#[derive(Default)]
pub struct SignedIn {
    by_cookie: Mutex<HashMap<[u8; 32], Person>>,
}

impl SignedIn {
    /// A new cookie for every sign-in: whoever planted one before gains nothing by it.
    pub fn add(&self, mut person: Person) -> (Secret, Person) {
        let now = Timestamp::now();
        // The token was for signing in; how long that holds is ours to say.
        person.expires_at = now.saturating_add(HOLDS).unwrap_or(Timestamp::MAX);
        let cookie = random_text();
        let mut all = self
            .by_cookie
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, person| person.expires_at > now);
        if all.len() >= MAX_PEOPLE {
            let first = all.iter().min_by_key(|(_, person)| person.expires_at);
            let first = first.map(|(cookie, _)| *cookie);
            first.and_then(|cookie| all.remove(&cookie));
        }
        all.insert(hashed(&cookie), person.clone());
        (Secret::new(cookie), person)
    }

    pub fn find(&self, cookie: &str) -> Option<Person> {
        let all = self
            .by_cookie
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let person = all.get(&hashed(cookie))?;
        (person.expires_at > Timestamp::now()).then(|| person.clone())
    }

    pub fn remove(&self, cookie: &str) {
        let mut all = self
            .by_cookie
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.remove(&hashed(cookie));
    }
}

/// Looking up by the hash tells nobody how much of a guess was right.
pub fn hashed(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// 256 random bits, URL-safe.
pub fn random_text() -> String {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).expect("the system has a random source");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_counts_until_it_is_given_up_and_not_after_its_time() {
        let signed_in = SignedIn::default();
        let person = Person {
            id: "oidc:a".to_owned(),
            name: None,
            rights: Vec::new(),
            lacks_second_factor: false,
            expires_at: Timestamp::MAX,
        };
        let (cookie, kept) = signed_in.add(person.clone());
        assert!(kept.expires_at <= Timestamp::now().saturating_add(HOLDS).expect("a time"));
        let (other, _) = signed_in.add(person);
        assert_ne!(cookie, other);
        assert_eq!(signed_in.find(cookie.expose()), Some(kept));
        assert_eq!(signed_in.find("guess"), None);
        signed_in.remove(cookie.expose());
        assert_eq!(signed_in.find(cookie.expose()), None);
        assert!(signed_in.find(other.expose()).is_some());
        let mut all = signed_in.by_cookie.lock().expect("not poisoned");
        all.values_mut()
            .for_each(|person| person.expires_at = Timestamp::now());
        drop(all);
        assert_eq!(signed_in.find(other.expose()), None);
    }
}
