//! Issuers of the tests: keys of every kind, and tokens by them.

use std::sync::LazyLock;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

/// A pair of keys, or a secret.
pub(crate) enum Pair {
    Secret(&'static [u8]),
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

pub(crate) static RSA: LazyLock<Pair> =
    LazyLock::new(|| Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key")));
pub(crate) static P256: LazyLock<Pair> = LazyLock::new(|| {
    Pair::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
});
pub(crate) static ED25519: LazyLock<Pair> =
    LazyLock::new(|| Pair::Ed25519(Ed25519KeyPair::generate().expect("a key")));

pub(crate) fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let text = BASE64.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
}

impl Pair {
    pub(crate) fn alg(&self) -> &'static str {
        match self {
            Self::Secret(_) => "HS256",
            Self::Rsa(_) => "RS256",
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    /// The public key (SPKI).
    pub(crate) fn public_pem(&self) -> Vec<u8> {
        let der = match self {
            Self::Secret(_) => Vec::new(),
            Self::Rsa(pair) => pair.public_key().as_der().expect("DER").as_ref().to_vec(),
            Self::P256(pair) => pair.public_key().as_der().expect("DER").as_ref().to_vec(),
            Self::Ed25519(pair) => pair.public_key().as_der().expect("DER").as_ref().to_vec(),
        };
        pem("PUBLIC KEY", &der)
    }

    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        match self {
            Self::Secret(secret) => json!({"kty": "oct", "kid": kid, "k": text(secret)}),
            Self::Rsa(pair) => {
                let key = pair.public_key();
                let (n, e) = (key.modulus(), key.exponent());
                let (n, e) =
                    (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
                json!({"kty": "RSA", "kid": kid, "use": "sig", "n": text(n), "e": text(e)})
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (text(&point[1..33]), text(&point[33..]));
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": x, "y": y})
            }
            Self::Ed25519(pair) => {
                let x = text(pair.public_key().as_ref());
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": x})
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Secret(secret) => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
            }
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("signed");
                signature
            }
            Self::P256(pair) => pair.sign(&random, message).expect("signed").as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with this header and these claims, each as it is written.
    pub(crate) fn forge(&self, header: &str, claims: &str) -> String {
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = BASE64URL_NOPAD.encode(&self.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// A token as its issuer makes it.
    pub(crate) fn token(&self, kid: &str, claims: &Value) -> String {
        let header = json!({"alg": self.alg(), "typ": "JWT", "kid": kid});
        self.forge(&header.to_string(), &claims.to_string())
    }
}

/// The claims with some replaced, or removed by `null`.
pub(crate) fn with(mut claims: Value, changes: &Value) -> Value {
    let map = claims.as_object_mut().expect("object");
    for (name, value) in changes.as_object().expect("object").clone() {
        if value.is_null() {
            map.remove(&name)
        } else {
            map.insert(name, value)
        };
    }
    claims
}
