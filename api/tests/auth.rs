//! Tokens: what is accepted, what is refused, and with which words.

use api::{Signer, TOKEN_BYTES_MAX, TokenError, Verifier, VerifyingKey};
use data_encoding::BASE64URL_NOPAD;
use model::{Role, Timestamp, UserId};
use proptest::prelude::*;
use serde_json::{Value, json};

#[path = "auth/asking.rs"]
mod asking;
#[path = "auth/corpus.rs"]
mod corpus;
#[path = "auth/fixture.rs"]
mod fixture;
#[path = "auth/issuers.rs"]
mod issuers;
#[path = "auth/judging.rs"]
mod judging;
#[path = "auth/keys.rs"]
mod keys;
#[path = "auth/jwks.rs"]
mod published;

use fixture::Pair;

const SECRET: &[u8] = b"a secret of more than 32 bytes for the tests";
const NOW: Timestamp = Timestamp(1_700_000_000_000);
const NOW_S: i64 = NOW.0 / 1_000;
const LEEWAY_S: u32 = 30;

/// RFC 8410: the wrapping of Ed25519 keys in PKCS #8; RFC 8032, 7.1, test 1.
fn private_pem() -> Vec<u8> {
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    fixture::pem("PRIVATE KEY", &[&prefix[..], &ED25519_SEED].concat())
}

fn public_pem() -> Vec<u8> {
    let prefix = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
    fixture::pem("PUBLIC KEY", &[&prefix[..], &ED25519_PUBLIC].concat())
}

/// RFC 8032, 7.1, test 1.
const ED25519_SEED: [u8; 32] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];
const ED25519_PUBLIC: [u8; 32] = [
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
];

fn hs() -> VerifyingKey {
    VerifyingKey::hs256("hs", SECRET).expect("long enough")
}

fn ed() -> VerifyingKey {
    VerifyingKey::eddsa("ed", &public_pem()).expect("a key")
}

fn verifier(keys: Vec<VerifyingKey>) -> Verifier {
    Verifier::new(keys, "us", "whereabouts", LEEWAY_S).expect("keys")
}

fn claims() -> Value {
    json!({"sub": "alice", "exp": NOW_S + 60, "iat": NOW_S, "iss": "us", "aud": "whereabouts"})
}

fn with(changes: &Value) -> Value {
    fixture::with(claims(), changes)
}

fn forge(header: &str, payload: &str, secret: &'static [u8]) -> String {
    Pair::Secret(secret).forge(header, payload)
}

fn signed(claims: &Value) -> String {
    forge(r#"{"alg":"HS256","typ":"JWT","kid":"hs"}"#, &claims.to_string(), SECRET)
}

fn fault_by(verifier: &Verifier, token: &str) -> TokenError {
    verifier.verify(token, NOW).expect_err("must be refused")
}

fn fault(token: &str) -> TokenError {
    fault_by(&verifier(vec![hs(), ed()]), token)
}

#[test]
fn what_a_signer_signs_is_verified() {
    let alice = UserId::parse("alice").expect("id");
    let verifier = verifier(vec![hs(), ed()]);
    for signer in [
        Signer::hs256("hs", SECRET, "us", "whereabouts").expect("signer"),
        Signer::eddsa("ed", &private_pem(), "us", "whereabouts").expect("signer"),
    ] {
        for role in [Role::User, Role::Service, Role::Operator] {
            let caller = verifier.verify(&signer.sign(&alice, role, NOW, 60), NOW).expect("valid");
            assert_eq!((caller.user.as_str(), caller.role), ("alice", role));
            assert_eq!(caller.expires, NOW.plus_ms(60_000));
        }
    }
}

#[test]
fn time_is_judged_with_leeway_by_the_time_passed_in() {
    let token = signed(&claims());
    let verifier = verifier(vec![hs()]);
    let at = |ms| verifier.verify(&token, NOW.plus_ms(ms)).map(|_| ()).err();
    assert_eq!(at(60_000 + 29_999), None);
    assert_eq!(at(60_000 + 30_000), Some(TokenError::Expired));
    assert_eq!(at(-30_000), None);
    assert_eq!(at(-30_001), Some(TokenError::NotYetValid));
}

#[test]
fn claims_decide() {
    let bad = |changes: Value| fault(&signed(&with(&changes)));
    assert_eq!(bad(json!({"exp": null})), TokenError::NoExpiry);
    assert_eq!(bad(json!({"exp": NOW_S - 31})), TokenError::Expired);
    for (claim, value) in [
        ("exp", json!("tomorrow")),
        ("exp", json!("1800000000")),
        ("nbf", json!([1])),
        ("iat", json!({})),
    ] {
        assert_eq!(bad(json!({ claim: value })), TokenError::BadTime(claim));
        assert!(TokenError::BadTime(claim).to_string().contains(claim));
    }
    let huge = forge(r#"{"alg":"HS256","kid":"hs"}"#, r#"{"exp":1e999}"#, SECRET);
    assert_eq!(fault(&huge), TokenError::HugeTime("exp"));
    assert_eq!(bad(json!({"iss": 1})), TokenError::NotText("iss"));
    assert_eq!(bad(json!({"aud": {"a": 1}})), TokenError::NotText("audience (aud)"));
    assert_eq!(bad(json!({"nbf": NOW_S + 31})), TokenError::NotYetValid);
    assert_eq!(bad(json!({"iat": NOW_S + 31})), TokenError::NotYetValid);
    for claim in ["iat", "nbf"] {
        for ahead in [NOW_S * 1_000, NOW_S * 1_000_000, i64::MAX] {
            assert_eq!(bad(json!({ claim: ahead })), TokenError::FarAhead(claim), "{ahead}");
        }
    }
    assert_eq!(bad(json!({"iss": null})), TokenError::WrongIssuer);
    assert_eq!(bad(json!({"iss": "them"})), TokenError::WrongIssuer);
    assert_eq!(bad(json!({"aud": null})), TokenError::WrongAudience);
    assert_eq!(bad(json!({"aud": "them"})), TokenError::WrongAudience);
    assert_eq!(bad(json!({"aud": []})), TokenError::WrongAudience);
    assert_eq!(bad(json!({"sub": null})), TokenError::NoSubject);
    assert_eq!(
        bad(json!({"sub": "a b"})),
        TokenError::BadSubject(UserId::parse("a b").expect_err("a space"))
    );
    assert_eq!(bad(json!({"sub": 7.0})), TokenError::SubjectNumber);
    assert_eq!(bad(json!({"sub": ["alice"]})), TokenError::SubjectKind);
    assert_eq!(
        bad(json!({"sub": ""})),
        TokenError::BadSubject(UserId::parse("").expect_err("empty"))
    );
}

#[test]
fn odd_but_right_claims_are_accepted() {
    for changes in [
        json!({"iat": null}),
        json!({"aud": ["them", "whereabouts"]}),
        json!({"exp": 1e12}),
        json!({"iat": NOW_S as f64 + 0.5}),
        json!({"scope": ["anything"]}),
        json!({"sub": 7}),
        json!({"aud": ["whereabouts", 7]}),
    ] {
        let token = signed(&with(&changes));
        assert!(verifier(vec![hs()]).verify(&token, NOW).is_ok(), "{changes}");
    }
}

#[test]
fn a_token_chooses_no_algorithm() {
    let claims = claims().to_string();
    let none = format!(
        "{}.{}.",
        BASE64URL_NOPAD.encode(br#"{"alg":"none","kid":"hs"}"#),
        BASE64URL_NOPAD.encode(claims.as_bytes())
    );
    assert_eq!(fault(&none), TokenError::WrongAlgorithm);
    let secrets: [&'static [u8]; 2] = [Vec::leak(public_pem()), &ED25519_PUBLIC];
    for secret in secrets {
        let confused = forge(r#"{"alg":"HS256","kid":"ed"}"#, &claims, secret);
        assert_eq!(fault(&confused), TokenError::WrongAlgorithm);
        let claimed = forge(r#"{"alg":"EdDSA","kid":"ed"}"#, &claims, secret);
        assert_eq!(fault(&claimed), TokenError::BadSignature);
    }
    assert_eq!(
        fault(&forge(r#"{"alg":"HS512","kid":"hs"}"#, &claims, SECRET)),
        TokenError::WrongAlgorithm
    );
}

#[test]
fn a_token_names_its_key_unless_there_is_only_one() {
    let unnamed = forge(r#"{"alg":"HS256"}"#, &claims().to_string(), SECRET);
    assert_eq!(fault(&unnamed), TokenError::NoKeyId);
    assert!(verifier(vec![hs()]).verify(&unnamed, NOW).is_ok());
    let foreign = forge(r#"{"alg":"HS256","kid":"x"}"#, &claims().to_string(), SECRET);
    assert_eq!(fault(&foreign), TokenError::UnknownKey);
    assert_eq!(verifier(vec![hs()]).verify(&foreign, NOW).map(|_| ()), Err(TokenError::UnknownKey));
}

#[test]
fn what_is_no_token_is_refused() {
    let good = signed(&claims());
    assert_eq!(fault(&"x".repeat(TOKEN_BYTES_MAX + 1)), TokenError::TooLong(TOKEN_BYTES_MAX));
    assert_eq!(fault(&"x".repeat(1 << 20)), TokenError::TooLong(TOKEN_BYTES_MAX));
    assert_eq!(fault("a.b.c"), TokenError::Malformed);
    for text in ["", ".", "a.b", "....", "\u{e9}.\u{e9}.\u{e9}"] {
        assert_eq!(fault(text), TokenError::Malformed, "{text:?}");
    }
    assert_eq!(fault(&forge(r#"["HS256"]"#, "{}", SECRET)), TokenError::BadHeader);
    assert_eq!(
        fault(&forge(r#"{"alg":"HS256","kid":"hs","crit":["b64"]}"#, "{}", SECRET)),
        TokenError::Critical
    );
    assert_eq!(fault(&forge(r#"{"alg":"HS256","kid":"hs"}"#, "[]", SECRET)), TokenError::BadClaims);
    assert_eq!(
        fault(&forge(r#"{"alg":"HS256","kid":"hs"}"#, r#"{"sub":"a","sub":"b"}"#, SECRET)),
        TokenError::BadClaims
    );
    let (message, _) = good.rsplit_once('.').expect("dots");
    assert_eq!(fault(&format!("{message}.")), TokenError::BadSignature);
    assert_eq!(fault(&format!("{message}.!!")), TokenError::BadSignature);
    assert_eq!(fault(&format!("{good}.x")), TokenError::Malformed);
    assert_eq!(
        fault(&forge(r#"{"alg":"HS256","kid":"hs"}"#, "{}", &[7; 32])),
        TokenError::BadSignature
    );
}

#[test]
fn neither_keys_nor_tokens_are_shown() {
    let shown = format!("{:?} {:?}", verifier(vec![hs(), ed()]), fault("alice.secret.token"));
    assert!(!shown.contains("secret"), "{shown}");
}

proptest! {
    #[test]
    fn a_changed_token_is_never_accepted(at in 0..200usize, to in "[A-Za-z0-9_.-]") {
        let good = signed(&claims());
        let mut bytes = good.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] = to.as_bytes()[0];
        let changed = String::from_utf8(bytes).expect("ASCII");
        // The last character of a part carries bits that are not used; others may decode to the same.
        prop_assume!(changed != good);
        prop_assert!(verifier(vec![hs()]).verify(&changed, NOW).is_err());
    }

    #[test]
    fn nonsense_does_no_harm(text in "\\PC{0,200}") {
        prop_assert!(verifier(vec![hs()]).verify(&text, NOW).is_err());
    }
}
