//! The provider: where its endpoints are, its keys, and the exchange of a code for a token.
//!
//! Requests go to the issuer that the settings name and to what its own description names, over
//! TLS unless the issuer itself is on this machine. Redirects are not followed.

use super::{Client, OidcError};
use crate::outbound::{self, is_loopback};
use arc_swap::ArcSwapOption;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use jsonwebtoken::jwk::Jwk;
use reqwest::{StatusCode, Url, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use url::form_urlencoded::{Serializer, byte_serialize};

/// For one answer of the provider: readers of the admin's pages wait for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// No provider's description, keys or token are longer.
const MAX_BYTES: usize = 512 * 1024;

/// Keys are fetched anew after this long, so that one the provider has withdrawn ends.
const FRESH: Duration = Duration::from_secs(15 * 60);

/// Keys count no longer than this when the provider cannot be reached.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// The provider is asked for keys at most this often, however many tokens name keys it has not.
const PAUSE: Duration = Duration::from_secs(5);

/// What the provider says of itself (OpenID Connect Discovery 1.0).
#[derive(Debug, Clone, Deserialize)]
pub struct Discovered {
    issuer: String,
    pub authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

struct Known {
    discovered: Discovered,
    keys: Vec<Jwk>,
    at: Instant,
}

pub struct Provider {
    http: reqwest::Client,
    issuer: String,
    description: Url,
    known: ArcSwapOption<Known>,
    /// When it was last asked; whoever holds this is asking.
    asked: Mutex<Option<Instant>>,
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Exchanged {
    id_token: String,
}

impl Provider {
    pub fn new(issuer: &str) -> Result<Self, String> {
        let base = issuer.trim_end_matches('/');
        let description = Url::parse(&format!("{base}/.well-known/openid-configuration"));
        let description = description.map_err(|_| "the issuer is not an address".to_owned())?;
        let http = outbound::client_for(&description)?
            .timeout(PATIENCE)
            .build();
        Ok(Self {
            http: http.map_err(|e| format!("the client for the provider cannot be built: {e}"))?,
            issuer: issuer.to_owned(),
            description,
            known: ArcSwapOption::empty(),
            asked: Mutex::new(None),
        })
    }

    pub async fn discovered(&self) -> Result<Discovered, OidcError> {
        Ok(self.known(FRESH).await?.discovered.clone())
    }

    /// The published keys that `fits`; asks anew when there is none, as keys change.
    pub async fn keys(&self, fits: impl Fn(&Jwk) -> bool) -> Result<Vec<Jwk>, OidcError> {
        let among = |known: &Known| -> Vec<Jwk> {
            known.keys.iter().filter(|key| fits(key)).cloned().collect()
        };
        let found = among(&*self.known(FRESH).await?);
        if !found.is_empty() {
            return Ok(found);
        }
        Ok(among(&*self.known(PAUSE).await?))
    }

    /// What is known, asked anew if it is older than `fresh`.
    async fn known(&self, fresh: Duration) -> Result<Arc<Known>, OidcError> {
        let kept = |fresh| {
            self.known
                .load_full()
                .filter(|known| known.at.elapsed() < fresh)
        };
        if let Some(known) = kept(fresh) {
            return Ok(known);
        }
        let mut asked = self.asked.lock().await;
        // Somebody else may have asked while this one waited.
        if let Some(known) = kept(fresh) {
            return Ok(known);
        }
        if asked.is_some_and(|at| at.elapsed() < PAUSE) {
            return kept(STALE).ok_or_else(|| {
                OidcError::Unavailable("it did not answer a moment ago".to_owned())
            });
        }
        *asked = Some(Instant::now());
        match self.ask().await {
            Ok(known) => {
                let known = Arc::new(known);
                self.known.store(Some(Arc::clone(&known)));
                Ok(known)
            }
            Err(error) => {
                tracing::warn!(%error, "the identity provider could not be asked");
                kept(STALE).ok_or(error)
            }
        }
    }

    async fn ask(&self) -> Result<Known, OidcError> {
        let discovered: Discovered = self.get(self.description.clone()).await?;
        if discovered.issuer != self.issuer {
            return Err(unavailable("it describes itself as another issuer"));
        }
        let published: Published = self.get(self.endpoint(&discovered.jwks_uri)?).await?;
        // Keys of kinds that are not known here are for others.
        let keys = published.keys.into_iter().map(serde_json::from_value);
        Ok(Known {
            keys: keys.filter_map(Result::ok).collect(),
            discovered,
            at: Instant::now(),
        })
    }

    /// The token that the provider gives for a code.
    pub async fn exchange(
        &self,
        client: &Client,
        code: &str,
        verifier: &str,
    ) -> Result<String, OidcError> {
        let endpoint = self.discovered().await?.token_endpoint;
        let mut request = self.http.post(self.endpoint(&endpoint)?);
        if let Some(secret) = &client.secret {
            // RFC 6749 §2.3.1: both are form-encoded before they are joined.
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encoded(&client.id), encoded(secret.expose()));
            let basic = format!("Basic {}", STANDARD.encode(pair));
            request = request.header(header::AUTHORIZATION, basic);
        }
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form(client, code, verifier));
        match self.read::<Exchanged>(request).await {
            Ok(exchanged) => Ok(exchanged.id_token),
            Err(Some(status)) if status.is_client_error() => Err(OidcError::Refused(
                "The provider does not accept this sign-in; begin it again.",
            )),
            Err(status) => Err(failed(status)),
        }
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, OidcError> {
        self.read(self.http.get(url)).await.map_err(failed)
    }

    /// The JSON of an answer; the error is its status, if there is one.
    async fn read<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, Option<StatusCode>> {
        let request = request.header(header::ACCEPT, "application/json");
        let response = request.send().await.map_err(|_| None)?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(Some(status));
        }
        let mut stream = response.bytes_stream();
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await {
            bytes.extend_from_slice(&piece.map_err(|_| None)?);
            if bytes.len() > MAX_BYTES {
                return Err(None);
            }
        }
        serde_json::from_slice(&bytes).map_err(|_| None)
    }

    /// An address that the provider names: over TLS, unless the provider is on this machine.
    fn endpoint(&self, address: &str) -> Result<Url, OidcError> {
        let url = Url::parse(address).ok().filter(|url| {
            url.scheme() == "https"
                || url.scheme() == "http" && is_loopback(url) && is_loopback(&self.description)
        });
        url.ok_or_else(|| unavailable("it names an address without TLS"))
    }
}

/// The form that exchanges a code; who has no secret says its id here.
fn form(client: &Client, code: &str, verifier: &str) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &client.redirect_uri())
        .append_pair("code_verifier", verifier);
    if client.secret.is_none() {
        form.append_pair("client_id", &client.id);
    }
    form.finish()
}

/// Whether people may be sent to this address; it stands in the provider's description.
pub fn authorization_endpoint(address: &str) -> Result<Url, OidcError> {
    let url = Url::parse(address).ok();
    let url = url.filter(|url| url.scheme() == "https" || is_loopback(url));
    url.ok_or_else(|| unavailable("it names an address without TLS"))
}

/// Whether the settings may name this issuer.
pub fn may_be_issuer(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| {
        let is_plain = url.query().is_none() && url.fragment().is_none();
        is_plain && url.has_host() && (url.scheme() == "https" || is_loopback(&url))
    })
}

fn failed(status: Option<StatusCode>) -> OidcError {
    OidcError::Unavailable(match status {
        Some(status) => format!("it answered with status {}", status.as_u16()),
        None => "there was no answer that could be read".to_owned(),
    })
}

fn unavailable(reason: &str) -> OidcError {
    OidcError::Unavailable(reason.to_owned())
}
