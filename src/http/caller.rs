//! Who sent a request, and whether they may do what it asks: the one place where that is decided.
//!
//! A handler says what is needed by the extractor it takes ([`Asker`], [`Reader`], [`Writer`],
//! [`Admin`]); a route without one is open to everybody and reads no credentials at all.
//! `tests/it/access.rs` holds every route against every way of showing a credential.

use super::Server;
use super::address::{client_address, is_near};
use super::cookie;
use super::listener::tls::ClientCertificate;
use super::problem::{Code, Problem};
use super::request_id;
use crate::guard::audit::{Action, Doer};
use crate::guard::keys::PREFIX;
use crate::guard::oidc::OidcError;
use crate::guard::{Credential, Oidc};
use crate::store::Right;
use crate::telemetry::metrics::CREDENTIALS_REFUSED;
use crate::telemetry::request;
use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use std::net::IpAddr;

/// For clients that cannot set `Authorization`.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Whoever sent the request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// As far as it can be believed.
    pub address: IpAddr,
    /// What they showed; readers have nothing to show.
    pub credential: Option<Credential>,
}

impl Caller {
    /// Who this is in logs: the key's or the person's id, or `reader`. Never an address.
    pub fn label(&self) -> &str {
        self.credential.as_ref().map_or("reader", Credential::id)
    }
}

/// What a route asks of its callers.
#[derive(Debug, Clone, Copy)]
struct Needed {
    right: Right,
    /// Whether readers, who show no credential, may as well.
    open_to_readers: bool,
    asked_by: Asking,
}

#[derive(Debug, Clone, Copy)]
enum Asking {
    Whoever,
    /// A program that asks again every few seconds, however often it is refused.
    Scraper,
}

/// Declares the extractors.
macro_rules! callers {
    ($( $(#[$doc:meta])* $name:ident: $right:ident $(, $readers:ident)?; )+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub Caller);

        impl FromRequestParts<Server> for $name {
            type Rejection = Problem;

            async fn from_request_parts(
                parts: &mut Parts,
                server: &Server,
            ) -> Result<Self, Problem> {
                let needed = Needed {
                    right: Right::$right,
                    open_to_readers: callers!(@ $($readers)?),
                    asked_by: Asking::Whoever,
                };
                admit(parts, server, needed).await.map(Self)
            }
        }
    )+ };
    (@ readers) => { true };
    (@) => { false };
}

callers! {
    /// May ask and search: every reader, and keys with `read:queries`.
    Asker: ReadQueries, readers;
    /// May read and end conversations whose id they know: every reader, and keys with
    /// `read:sessions`.
    Reader: ReadSessions, readers;
    /// May add documents: keys with `write:documents`.
    Writer: WriteDocuments;
    /// May manage this installation: keys with `admin`.
    Admin: Admin;
}

/// May read the figures: who is near, and keys with `admin`.
#[derive(Debug, Clone, Copy)]
pub struct Watcher;

impl FromRequestParts<Server> for Watcher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        if is_near(parts, &server.options) {
            return Ok(Self);
        }
        let needed = Needed {
            right: Right::Admin,
            open_to_readers: false,
            asked_by: Asking::Scraper,
        };
        admit(parts, server, needed).await.map(|_| Self)
    }
}

async fn admit(parts: &Parts, server: &Server, needed: Needed) -> Result<Caller, Problem> {
    let address = client_address(parts, &server.options);
    let admitted = judge(parts, server, needed, address).await;
    match &admitted {
        Ok(Caller {
            credential: Some(credential),
            ..
        }) => {
            request::with_current(|request| request.with_key(credential.id()));
        }
        // A store that fails refuses nobody for their key.
        Err(problem) if !problem.is_ours() => {
            let code = problem.code().name();
            metrics::counter!(CREDENTIALS_REFUSED, "code" => code).increment(1);
        }
        _ => {}
    }
    if let (Err(problem), false) = (&admitted, needed.open_to_readers) {
        let doer = Doer {
            who: "unknown".to_owned(),
            address: Some(address),
            request_id: request_id::current(),
        };
        let route = parts.extensions.get::<MatchedPath>();
        let route = route.map_or("", |path| path.as_str());
        let refused = problem.code().name();
        let (audit, action) = (&server.audit, Action::Refused);
        match needed.asked_by {
            Asking::Whoever => audit.note(doer, action, route, refused).await,
            Asking::Scraper => {
                audit.note_once_an_hour(doer, action, route, refused).await;
            }
        }
    }
    admitted
}

async fn judge(
    parts: &Parts,
    server: &Server,
    needed: Needed,
    address: IpAddr,
) -> Result<Caller, Problem> {
    let shown = shown(&parts.headers)?;
    let signed_in = cookie::signed_in(parts, server)?;
    if shown.is_some() && signed_in.is_some() {
        return Err(Problem::new(
            Code::TwoCredentials,
            "You are signed in; sign out, or send no key and no token.",
        ));
    }
    let credential = match shown {
        Some(token) => recognised(server, token).await?,
        None => signed_in.map(Credential::Person),
    };
    let Some(credential) = credential else {
        // What is not one of our keys at all is somebody else's business: the password of a proxy
        // in front, or the key that an OpenAI client always sends.
        let ours = shown.is_some_and(|token| token.starts_with(PREFIX));
        if needed.open_to_readers && !ours {
            return Ok(Caller {
                address,
                credential: None,
            });
        }
        return Err(Problem::new(
            Code::Unauthorized,
            match shown {
                None => "Send a key as `Authorization: Bearer rk_…`.",
                Some(_) => "This key does not exist, or has expired or been revoked.",
            },
        ));
    };
    if !credential.may(needed.right) {
        return Err(Problem::new(
            Code::Forbidden,
            match &credential {
                Credential::Person(person) if person.lacks_second_factor => {
                    "Admins sign in with a second factor here; sign in again with one.".to_owned()
                }
                _ => format!("This needs the scope `{}`.", needed.right.name()),
            },
        ));
    }
    let shows_certificate = parts.extensions.get::<ClientCertificate>().is_some();
    if server.options.certificate_for_keys && !needed.open_to_readers && !shows_certificate {
        return Err(Problem::new(
            Code::Forbidden,
            "This needs a client certificate, besides the key.",
        ));
    }
    credential.spend(&server.keys, 0).await?;
    Ok(Caller {
        address,
        credential: Some(credential),
    })
}

/// Whoever holds this token, if it is one of ours or of the identity provider.
async fn recognised(server: &Server, token: &str) -> Result<Option<Credential>, Problem> {
    if let Some(key) = server.keys.authenticate(token).await? {
        return Ok(Some(Credential::Key(key)));
    }
    match &server.oidc {
        Some(oidc) if Oidc::is_token(token) => {
            let person = oidc.authenticate(token).await?;
            Ok(Some(Credential::Person(person)))
        }
        _ => Ok(None),
    }
}

impl From<OidcError> for Problem {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Refused(why) => Self::new(Code::Unauthorized, why),
            OidcError::Unavailable(_) => {
                let sentence = "The identity provider cannot be reached; try again in a moment.";
                Self::new(Code::Overloaded, sentence).retry_after(5)
            }
        }
    }
}

/// The one credential of a request. With two, a proxy and we could each believe another one.
fn shown(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let authorization = headers.get_all(header::AUTHORIZATION).iter();
    let mut given = authorization.chain(headers.get_all(X_API_KEY));
    let first = given.next();
    if given.next().is_some() {
        return Err(Problem::new(
            Code::TwoCredentials,
            "Send one `Authorization` or `X-API-Key` header, not both or one twice.",
        ));
    }
    let Some(text) = first.and_then(|value| value.to_str().ok()) else {
        return Ok(None);
    };
    if !headers.contains_key(header::AUTHORIZATION) {
        return Ok(Some(text.trim()));
    }
    let bearer = text.split_once(' ');
    Ok(bearer
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim()))
}
