//! Signatures of tokens, checked by ring, which TLS brings anyway.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{Error as Forged, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

static BY_RING: CryptoProvider = CryptoProvider {
    // Nothing is signed here.
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| {
        let checked = Checked {
            algorithm: *algorithm,
            key: key.clone(),
        };
        Ok(Box::new(checked))
    },
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| unsupported(),
        rsa_pub_components_from_public_key: |_| unsupported(),
        ec_pub_components_from_private_key: |_, _| unsupported(),
        ed_pub_components_from_private_key: |_, _| unsupported(),
        compute_digest: |_, _| unsupported(),
    },
};

fn unsupported<T>() -> Result<T, Error> {
    Err(ErrorKind::InvalidKeyFormat.into())
}

/// Makes ring the one that checks; harmless when it already is.
pub fn install() {
    let _already = BY_RING.install_default();
}

struct Checked {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for Checked {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for Checked {
    fn verify(&self, message: &[u8], signed: &Vec<u8>) -> Result<(), Forged> {
        let forged = |_| Forged::new();
        match (self.algorithm, self.key.kind()) {
            (
                algorithm @ (Algorithm::RS256
                | Algorithm::RS384
                | Algorithm::RS512
                | Algorithm::PS256
                | Algorithm::PS384
                | Algorithm::PS512),
                DecodingKeyKind::RsaModulusExponent { n, e },
            ) => {
                let parameters = match algorithm {
                    Algorithm::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                    Algorithm::RS384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                    Algorithm::RS512 => &signature::RSA_PKCS1_2048_8192_SHA512,
                    Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
                    Algorithm::PS384 => &signature::RSA_PSS_2048_8192_SHA384,
                    _ => &signature::RSA_PSS_2048_8192_SHA512,
                };
                let key = RsaPublicKeyComponents { n, e };
                key.verify(parameters, message, signed).map_err(forged)
            }
            (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
                let key = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
                key.verify(message, signed).map_err(forged)
            }
            (Algorithm::ES384, DecodingKeyKind::SecretOrDer(point)) => {
                let key = UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point);
                key.verify(message, signed).map_err(forged)
            }
            (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(key)) => {
                let key = UnparsedPublicKey::new(&signature::ED25519, key);
                key.verify(message, signed).map_err(forged)
            }
            // HMAC above all: a published key must never be taken for a shared secret.
            _ => Err(Forged::new()),
        }
    }
}
