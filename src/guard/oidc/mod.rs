//! People and programs that another server vouches for (OpenID Connect).
//!
//! One provider, named by the settings. Its tokens are checked here against keys that it
//! publishes; what its roles mean is the settings' to say. Readers never need any of this. It does
//! not know headers, cookies or routes.
//!
//! ```text
//!  bearer token ─► token (claims, times, audience) ─► roles ─► Person
//!                    └─ provider (discovery, keys) ─ signature (ring)
//!  browser ─► signing_in (state, nonce, PKCE) ─► provider ─► token ─► signed_in (cookie ↔ Person)
//! ```

mod provider;
mod roles;
mod signature;
mod signed_in;
mod signing_in;
mod token;

pub use jsonwebtoken::Algorithm;
pub use provider::may_be_issuer;
pub use roles::Roles;
pub use signing_in::{Begun, Finished};

use crate::secret::Secret;
use crate::store::{KeyLimits, Right};
use jiff::Timestamp;
use provider::Provider;
use signed_in::SignedIn;
use signing_in::SigningIn;
use std::time::Duration;
use token::Expected;

/// Signatures that can be asked for: made with a private key, checked with a published one. HMAC is
/// not among them, as its "public" key would be the secret; `none` is no signature.
pub const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

#[derive(Debug, Clone)]
pub struct Options {
    /// Exactly as it stands in the tokens.
    pub issuer: String,
    /// A bearer token must be meant for one of these; empty takes none.
    pub audiences: Vec<String>,
    pub algorithms: Vec<Algorithm>,
    pub clock_skew: Duration,
    pub roles: Roles,
    /// Where people sign in here, too.
    pub client: Option<Client>,
}

/// This server, as the provider knows it.
#[derive(Debug, Clone)]
pub struct Client {
    pub id: String,
    /// Absent for a public client, for which PKCE stands alone.
    pub secret: Option<Secret>,
    /// Where people see this server: `https://docs.example.com`.
    pub origin: String,
    /// URL path of the site below it, with a slash at both ends.
    pub base: String,
}

impl Client {
    /// Where the provider sends people back to.
    fn redirect_uri(&self) -> String {
        format!("{}{}auth/callback", self.origin, self.base)
    }
}

/// Whoever the provider vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `oidc:` and the provider's own name for them; stands in the audit log.
    pub id: String,
    /// As they are called, where the provider says so.
    pub name: Option<String>,
    pub rights: Vec<Right>,
    /// They would be an admin, had they signed in with a second factor.
    pub lacks_second_factor: bool,
    /// From then on they are nobody again.
    pub expires_at: Timestamp,
}

impl Person {
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&Right::Admin) || self.rights.contains(&right)
    }

    /// How much they may ask: as much as a reader, wherever they are.
    pub fn limits(&self) -> KeyLimits {
        KeyLimits::default()
    }

    /// Returns once the provider's word does not count any more.
    pub async fn ended(self) {
        let left = self.expires_at.duration_since(Timestamp::now());
        tokio::time::sleep(left.try_into().unwrap_or_default()).await;
    }
}

/// Why nobody is let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The token or the sign-in does not count; says why, and repeats nothing of it.
    #[error("{0}")]
    Refused(&'static str),
    /// The provider cannot be asked now.
    #[error("the identity provider cannot be reached: {0}")]
    Unavailable(String),
}

/// The provider, and who is signed in.
pub struct Oidc {
    provider: Provider,
    options: Options,
    signing_in: SigningIn,
    signed_in: SignedIn,
}

impl Oidc {
    /// Nothing is sent yet; the error says what to change.
    pub fn new(options: Options) -> Result<Self, String> {
        signature::install();
        Ok(Self {
            provider: Provider::new(&options.issuer)?,
            options,
            signing_in: SigningIn::default(),
            signed_in: SignedIn::default(),
        })
    }

    /// Whether a bearer token is of the kind that this judges.
    pub fn is_token(text: &str) -> bool {
        text.split('.').count() == 3
    }

    /// The holder of a bearer token.
    pub async fn authenticate(&self, token: &str) -> Result<Person, OidcError> {
        let expected = Expected {
            issuer: &self.options.issuer,
            audiences: &self.options.audiences,
            algorithms: &self.options.algorithms,
            clock_skew: self.options.clock_skew,
        };
        let claims = token::verify(token, &self.provider, &expected).await?;
        claims.person(&self.options.roles)
    }

    /// Whether people sign in here.
    pub fn has_client(&self) -> bool {
        self.options.client.is_some()
    }

    /// Sends somebody to the provider, who then comes back to `next`.
    pub async fn begin(&self, next: String) -> Result<Begun, OidcError> {
        let client = self.client()?;
        let endpoint = self.provider.discovered().await?.authorization_endpoint;
        self.signing_in.begin(&endpoint, client, next)
    }

    /// Takes them back: the provider's answer to what [`Oidc::begin`] asked, of the same browser.
    pub async fn finish(
        &self,
        browser: &str,
        state: &str,
        issuer: Option<&str>,
        code: &str,
    ) -> Result<Finished, OidcError> {
        let client = self.client()?;
        let pending = self.signing_in.take(browser, state)?;
        // Another provider's answer, sent here to be taken for this one's (RFC 9207).
        if issuer.is_some_and(|issuer| issuer != self.options.issuer) {
            return Err(OidcError::Refused("The answer is another provider's."));
        }
        let token = self
            .provider
            .exchange(client, code, &pending.verifier)
            .await?;
        let expected = Expected {
            issuer: &self.options.issuer,
            audiences: std::slice::from_ref(&client.id),
            algorithms: &self.options.algorithms,
            clock_skew: self.options.clock_skew,
        };
        let claims = token::verify(&token, &self.provider, &expected).await?;
        claims.is_answer_to(&pending.nonce, &client.id)?;
        let person = claims.person(&self.options.roles)?;
        let (cookie, person) = self.signed_in.add(person);
        Ok(Finished {
            cookie,
            person,
            next: pending.next,
        })
    }

    /// Whoever holds this cookie.
    pub fn of_cookie(&self, cookie: &str) -> Option<Person> {
        self.signed_in.find(cookie)
    }

    /// Ends what the cookie stands for.
    pub fn sign_out(&self, cookie: &str) {
        self.signed_in.remove(cookie);
    }

    fn client(&self) -> Result<&Client, OidcError> {
        let client = self.options.client.as_ref();
        client.ok_or(OidcError::Refused("Nobody signs in here."))
    }
}
