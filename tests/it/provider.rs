//! An identity provider on loopback: describes itself, publishes its key, signs what a test wants
//! it to say, and exchanges codes. Forgers sign the same with what they have.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rag_chatbot::config::Settings;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub const AUDIENCE: &str = "docs-api";
pub const CLIENT: &str = "docs-site";

pub struct Provider {
    pub issuer: String,
    key: EcdsaKeyPair,
    /// What a code is exchanged for.
    codes: Arc<Mutex<HashMap<String, String>>>,
}

struct Served {
    issuer: String,
    jwks: Value,
    codes: Arc<Mutex<HashMap<String, String>>>,
}

impl Provider {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let issuer = format!("http://{address}");
        let key = new_key();
        let codes = Arc::<Mutex<HashMap<String, String>>>::default();
        let served = Arc::new(Served {
            issuer: issuer.clone(),
            jwks: json!({"keys": [jwk(&key)]}),
            codes: Arc::clone(&codes),
        });
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route(
                "/jwks",
                get(async |State(served): State<Arc<Served>>| Json(served.jwks.clone())),
            )
            .route("/token", post(exchange))
            .with_state(served);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { issuer, key, codes }
    }

    /// The settings of a server that trusts it: `chief` is worth admin, with a second factor.
    pub fn settings(&self, settings: Settings) -> Settings {
        Settings {
            oidc_issuer: Some(self.issuer.clone()),
            oidc_audience: Some(AUDIENCE.to_owned()),
            oidc_roles: Some("chief=admin,writer=write:documents".to_owned()),
            oidc_admin_by: Some("mfa".to_owned()),
            oidc_client_id: Some(CLIENT.to_owned()),
            public_url: Some("https://docs.example".to_owned()),
            ..settings
        }
    }

    /// What it says of somebody with these roles, for bearers.
    pub fn claims(&self, roles: &[&str]) -> Value {
        let now = jiff::Timestamp::now().as_second();
        json!({
            "iss": self.issuer, "aud": AUDIENCE, "sub": "somebody", "iat": now, "exp": now + 600,
            "roles": roles, "amr": ["pwd", "mfa"],
        })
    }

    pub fn sign(&self, claims: &Value) -> String {
        signed(&json!({"alg": "ES256", "kid": "one"}), claims, |message| {
            let random = SystemRandom::new();
            let signature = self.key.sign(&random, message).expect("it signs");
            signature.as_ref().to_vec()
        })
    }

    /// Signed by somebody who calls their own key as this provider calls its.
    pub fn forge(&self, claims: &Value) -> String {
        let forger = Self {
            issuer: self.issuer.clone(),
            key: new_key(),
            codes: Arc::default(),
        };
        forger.sign(claims)
    }

    /// Signed with HMAC under what this provider has published.
    pub fn forge_with_published_key(&self, claims: &Value) -> String {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, self.key.public_key().as_ref());
        signed(&json!({"alg": "HS256", "kid": "one"}), claims, |message| {
            hmac::sign(&secret, message).as_ref().to_vec()
        })
    }

    /// The code that is exchanged for this, once.
    pub fn code(&self, claims: &Value) -> String {
        let mut codes = self.codes.lock().expect("not poisoned");
        let code = format!("code-{}", codes.len());
        codes.insert(code.clone(), self.sign(claims));
        code
    }
}

/// Not signed at all.
pub fn unsigned(claims: &Value) -> String {
    signed(&json!({"alg": "none", "kid": "one"}), claims, |_| {
        Vec::new()
    })
}

fn signed(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("it is one")
}

fn jwk(key: &EcdsaKeyPair) -> Value {
    let point = &key.public_key().as_ref()[1..];
    let (x, y) = point.split_at(32);
    json!({"kty": "EC", "crv": "P-256", "kid": "one", "use": "sig", "alg": "ES256",
           "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
}

async fn describe(State(served): State<Arc<Served>>) -> Json<Value> {
    let issuer = &served.issuer;
    Json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
    }))
}

async fn exchange(
    State(served): State<Arc<Served>>,
    form: String,
) -> Result<Json<Value>, axum::http::StatusCode> {
    let mut asked = url::form_urlencoded::parse(form.as_bytes());
    let code = asked.find(|(name, _)| name == "code");
    let code = code.map(|(_, code)| code.into_owned()).unwrap_or_default();
    let token = served.codes.lock().expect("not poisoned").remove(&code);
    let token = token.ok_or(axum::http::StatusCode::BAD_REQUEST)?;
    Ok(Json(
        json!({"id_token": token, "access_token": "x", "token_type": "Bearer"}),
    ))
}
