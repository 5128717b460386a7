//! Keys that issuers publish: which of them are taken.

use api::{Issuer, IssuerRules, JWKS_BYTES_MAX, JWKS_KEYS_MAX, JwksError, Verifier, jwks};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::fixture::{self, ED25519, P256, Pair, RSA};
use super::{LEEWAY_S, NOW, SECRET, claims};

fn read(keys: &[Value]) -> Result<usize, JwksError> {
    jwks(json!({ "keys": keys }).to_string().as_bytes()).map(|it| it.keys.len())
}

fn taken(jwk: &Value) -> bool {
    read(std::slice::from_ref(jwk)).is_ok()
}

/// A modulus of so many bits, odd as all are.
fn modulus(bits: usize) -> String {
    let mut bytes = vec![0xff; bits.div_ceil(8)];
    bytes[0] >>= (8 - bits % 8) % 8;
    BASE64URL_NOPAD.encode(&bytes)
}

#[test]
fn published_keys_verify_what_their_issuers_sign() {
    let all = json!({"keys": [RSA.jwk("rs"), P256.jwk("es"), ED25519.jwk("ed")], "more": 1});
    let keys = jwks(all.to_string().as_bytes()).expect("keys").keys;
    let issuer = Issuer::new(IssuerRules::own("us", "whereabouts"), keys).expect("keys");
    let verifier = Verifier::of_issuers(vec![issuer], LEEWAY_S).expect("an issuer");
    for (kid, pair) in [("rs", &*RSA), ("es", &*P256), ("ed", &*ED25519)] {
        assert!(verifier.verify(&pair.token(kid, &claims()), NOW).is_ok(), "{kid}");
    }
    // Without a name neither the token nor the key has to have one; among keys that don't change it is whichever they name.
    let keys = jwks(
        json!({"keys": [fixture::with(RSA.jwk("rs"), &json!({"kid": null}))]})
            .to_string()
            .as_bytes(),
    );
    let issuer = Issuer::new(IssuerRules::own("us", "whereabouts"), keys.expect("a key").keys)
        .expect("keys");
    let verifier = Verifier::of_issuers(vec![issuer], LEEWAY_S).expect("an issuer");
    let unnamed = RSA.forge(r#"{"alg":"RS256"}"#, &claims().to_string());
    assert!(verifier.verify(&unnamed, NOW).is_ok());
    assert!(verifier.verify(&RSA.token("rs", &claims()), NOW).is_ok());
    assert!(verifier.verify(&P256.token("rs", &claims()), NOW).is_err());
}

#[test]
fn only_keys_for_signatures_by_algorithms_that_are_known_are_taken() {
    for (pair, alg) in [(&*RSA, "RS256"), (&*P256, "ES256"), (&*ED25519, "EdDSA")] {
        let with = |changes: Value| taken(&fixture::with(pair.jwk("k"), &changes));
        assert!(with(json!({})) && with(json!({"use": null})) && with(json!({"alg": alg})));
        assert!(with(json!({"kid": "x".repeat(1_024)})));
        assert!(with(json!({"key_ops": ["verify"]})) && with(json!({"x5u": "http://elsewhere/"})));
        for bad in [
            json!({"use": "enc"}),
            json!({"use": 7}),
            json!({"key_ops": ["encrypt"]}),
            json!({"key_ops": []}),
            json!({"key_ops": "verify"}),
            json!({"alg": "HS256"}),
            json!({"alg": "none"}),
            json!({"alg": "PS256"}),
            json!({"alg": "RSA-OAEP"}),
            json!({"alg": ["RS256"]}),
            json!({"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}),
            json!({"kty": null}),
            json!({"kid": 7}),
            json!({"kid": ""}),
            json!({"kid": "x".repeat(1_025)}),
        ] {
            assert!(!with(bad.clone()), "{alg} {bad}");
        }
    }
    assert!(!taken(&Pair::Secret(SECRET).jwk("k")));
    assert!(!taken(&fixture::with(P256.jwk("k"), &json!({"crv": "P-384"}))));
    assert!(!taken(&fixture::with(P256.jwk("k"), &json!({"x": "AQ"}))), "not on the curve");
    assert!(!taken(&fixture::with(ED25519.jwk("k"), &json!({"crv": "X25519"}))));
    assert!(!taken(&fixture::with(ED25519.jwk("k"), &json!({"x": "AQ"}))));
}

#[test]
fn keys_that_are_too_weak_or_no_numbers_are_passed_over() {
    let with = |n: String, e: &str| taken(&fixture::with(RSA.jwk("k"), &json!({"n": n, "e": e})));
    for (bits, right) in
        [(512, false), (1_024, false), (2_047, false), (2_048, true), (4_096, true), (8_200, false)]
    {
        assert_eq!(with(modulus(bits), "AQAB"), right, "{bits}");
    }
    for e in ["", "AA", "AQ", "Ag", "AQAA", "!", "AQABAQABAQAB"] {
        assert!(!with(modulus(2_048), e), "{e}");
    }
    assert!(!with(String::new(), "AQAB"));
    let zeros =
        [&[0, 0][..], &BASE64URL_NOPAD.decode(modulus(2_048).as_bytes()).expect("base64")].concat();
    assert!(with(BASE64URL_NOPAD.encode(&zeros), "AAEAAQ"));
    assert!(
        !with(BASE64URL_NOPAD.encode(&[&[0; 128][..], &[0xff; 128]].concat()), "AQAB"),
        "1,024 bits"
    );
}

#[test]
fn a_jwks_is_bounded_and_what_is_none_is_said() {
    let rsa = |n: usize| RSA.jwk(&format!("k{n}"));
    assert_eq!(read(&(0..JWKS_KEYS_MAX).map(rsa).collect::<Vec<_>>()), Ok(JWKS_KEYS_MAX));
    assert_eq!(read(&(0..=JWKS_KEYS_MAX).map(rsa).collect::<Vec<_>>()), Err(JwksError::TooMany));
    assert_eq!(read(&[rsa(0), rsa(0), P256.jwk("k0")]), Ok(2));
    assert_eq!(read(&[json!(1), json!([]), json!("x"), rsa(0)]), Ok(1));
    let some = json!({"keys": [1, rsa(0), rsa(0), Pair::Secret(SECRET).jwk("k")]}).to_string();
    assert_eq!(jwks(some.as_bytes()).map(|it| (it.keys.len(), it.passed_over)).ok(), Some((1, 3)));
    assert_eq!(read(&[]), Err(JwksError::NoneUsable));
    assert_eq!(read(&[json!({})]), Err(JwksError::NoneUsable));
    for text in [
        "",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":null}",
        "<html>",
        "{\"keys\":[]} x",
        "\u{feff}\u{feff}{\"keys\":[]}",
        "\u{feff}",
    ] {
        assert_eq!(jwks(text.as_bytes()).err(), Some(JwksError::Malformed), "{text}");
    }
    let marked = format!("\u{feff}{}", json!({"keys": [rsa(0)]}));
    assert_eq!(jwks(marked.as_bytes()).map(|it| it.keys.len()), Ok(1));
    let long = format!("{{\"keys\":[]{}}}", " ".repeat(JWKS_BYTES_MAX));
    assert_eq!(jwks(long.as_bytes()).err(), Some(JwksError::TooLong));
}
