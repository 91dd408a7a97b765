//! One token: whose it is, if it counts at all.

use super::provider::Provider;
use super::roles::Roles;
use super::{OidcError, Person};
use jiff::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// Longer ones are not looked at. Tokens with hundreds of groups have some 10 KB.
const MAX_BYTES: usize = 16 * 1024;
/// Of a name or an id that is written into logs.
const MAX_CHARS: usize = 128;

/// What a token must say.
pub struct Expected<'e> {
    pub issuer: &'e str,
    pub audiences: &'e [String],
    pub algorithms: &'e [Algorithm],
    pub clock_skew: Duration,
}

/// What a token that counts says.
#[derive(Debug, Deserialize)]
pub struct Claims {
    sub: String,
    exp: f64,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Checks signature, issuer, audience and times. The error never repeats the token.
pub async fn verify(
    token: &str,
    provider: &Provider,
    expected: &Expected<'_>,
) -> Result<Claims, OidcError> {
    use OidcError::Refused;
    if token.len() > MAX_BYTES {
        return Err(Refused("The token is too long."));
    }
    let header = decode_header(token).map_err(|_| Refused("This is not a token."))?;
    if !expected.algorithms.contains(&header.alg) {
        return Err(Refused("The token is signed in a way that is not allowed."));
    }
    if header.extras.inner().contains_key("crit") || expected.audiences.is_empty() {
        return Err(Refused("The token asks for what is not understood here."));
    }
    // Keys come from the provider alone, whatever the token's head says (jku, x5u, jwk).
    let named = header.kid.as_deref();
    let keys = provider.keys(|key| {
        let is_named = named.is_none() || key.common.key_id.as_deref() == named;
        is_named && signs_with(key, header.alg)
    });
    let keys = keys.await?;
    let [key] = keys.as_slice() else {
        return Err(Refused(
            "The token is signed with a key that the provider does not have.",
        ));
    };
    let key = DecodingKey::from_jwk(key).map_err(|_| Refused("The key cannot be used."))?;
    let mut validation = Validation::new(header.alg);
    validation.leeway = expected.clock_skew.as_secs();
    validation.validate_nbf = true;
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(expected.audiences);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let decoded = decode::<Claims>(token, &key, &validation);
    let claims = decoded.map_err(|error| Refused(why(&error)))?.claims;
    let latest = Timestamp::now().as_second() as f64 + expected.clock_skew.as_secs_f64();
    if claims.iat.is_some_and(|at| at > latest) {
        return Err(Refused("The token was issued in the future."));
    }
    Ok(claims)
}

/// Whether this key is for such signatures: its type, and what the provider says of it.
fn signs_with(key: &Jwk, algorithm: Algorithm) -> bool {
    let common = &key.common;
    let is_for_signing = common
        .public_key_use
        .as_ref()
        .is_none_or(|u| *u == PublicKeyUse::Signature);
    let is_for_this = common
        .key_algorithm
        .is_none_or(|named| format!("{named:?}") == format!("{algorithm:?}"));
    let fits = match (&key.algorithm, algorithm) {
        (
            AlgorithmParameters::RSA(_),
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512,
        ) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => {
            key.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) => {
            key.curve == EllipticCurve::P384
        }
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => {
            key.curve == EllipticCurve::Ed25519
        }
        _ => false,
    };
    is_for_signing && is_for_this && fits
}

fn why(error: &jsonwebtoken::errors::Error) -> &'static str {
    use jsonwebtoken::errors::ErrorKind as Kind;
    match error.kind() {
        Kind::ExpiredSignature => "The token has expired.",
        Kind::ImmatureSignature => "The token does not count yet.",
        Kind::InvalidIssuer => "The token is another issuer's.",
        Kind::InvalidAudience => "The token is meant for somebody else.",
        Kind::InvalidSignature => "The token's signature is wrong.",
        Kind::MissingRequiredClaim(_) => "The token lacks what it must say.",
        _ => "The token cannot be read.",
    }
}

impl Claims {
    /// Whether this is the answer to our own question, and not one that was caught elsewhere.
    pub fn is_answer_to(&self, nonce: &str, client_id: &str) -> Result<(), OidcError> {
        let said = |name: &str| self.others.get(name).and_then(Value::as_str);
        let several = matches!(self.others.get("aud"), Some(Value::Array(all)) if all.len() > 1);
        let party = said("azp");
        let is_ours = party.map_or(!several, |party| party == client_id);
        match said("nonce") == Some(nonce) && is_ours {
            true => Ok(()),
            false => Err(OidcError::Refused("The token answers another sign-in.")),
        }
    }

    /// Who that is to us.
    pub fn person(&self, roles: &Roles) -> Result<Person, OidcError> {
        let id = printable(&self.sub);
        if id.is_empty() {
            return Err(OidcError::Refused("The token names nobody."));
        }
        let granted = roles.granted(&self.others);
        let names = ["name", "preferred_username", "email"];
        let name = names
            .iter()
            .find_map(|claim| self.others.get(*claim)?.as_str());
        Ok(Person {
            id: format!("oidc:{id}"),
            name: name.map(printable).filter(|name| !name.is_empty()),
            rights: granted.rights,
            lacks_second_factor: granted.lacks_second_factor,
            // A number that no calendar has is as good as the end of it.
            expires_at: Timestamp::from_second(self.exp as i64).unwrap_or(Timestamp::MAX),
        })
    }
}

/// As it may stand in a log or a page of a list.
fn printable(text: &str) -> String {
    let visible = text.chars().filter(|c| !c.is_control());
    visible
        .take(MAX_CHARS)
        .collect::<String>()
        .trim()
        .to_owned()
}
