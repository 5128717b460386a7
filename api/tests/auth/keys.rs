//! Keys: which are taken, and that each verifies by its own algorithm only.

use api::{KeyError, Signer, TokenError, Verifier, VerifyingKey};
use serde_json::json;

use super::fixture::{self, ED25519, P256, Pair, RSA};
use super::{NOW, SECRET, claims, fault_by, hs, private_pem, public_pem, verifier};

#[test]
fn keys_are_checked_when_they_are_configured() {
    assert_eq!(VerifyingKey::hs256("a", &[0; 31]).err(), Some(KeyError::ShortSecret));
    assert_eq!(VerifyingKey::hs256("", SECRET).err(), Some(KeyError::BadKeyId));
    assert_eq!(VerifyingKey::eddsa("a", b"nonsense").err(), Some(KeyError::NotEd25519));
    assert_eq!(VerifyingKey::eddsa("a", &private_pem()).err(), Some(KeyError::PrivateKey));
    assert_eq!(Signer::eddsa("a", &public_pem(), "", "").err(), Some(KeyError::NotEd25519));
    let of = |keys| Verifier::new(keys, "", "", 0).err();
    assert_eq!(of(vec![]), Some(KeyError::NoKeys));
    assert_eq!(of(vec![hs(), hs()]), Some(KeyError::RepeatedKeyId));
}

#[test]
fn every_algorithm_verifies_what_its_own_key_has_signed() {
    let keys = || {
        vec![
            hs(),
            VerifyingKey::rs256("rs", &RSA.public_pem()).expect("a key"),
            VerifyingKey::es256("es", &P256.public_pem()).expect("a key"),
            VerifyingKey::eddsa("ed", &ED25519.public_pem()).expect("a key"),
        ]
    };
    let verifier = verifier(keys());
    let pairs = [("hs", &Pair::Secret(SECRET)), ("rs", &*RSA), ("es", &*P256), ("ed", &*ED25519)];
    for (kid, pair) in pairs {
        let token = pair.token(kid, &claims());
        assert!(verifier.verify(&token, NOW).is_ok(), "{kid}");
        let (message, _) = token.rsplit_once('.').expect("dots");
        assert_eq!(fault_by(&verifier, &format!("{message}.AAAA")), TokenError::BadSignature);
        for (other, _) in pairs.iter().filter(|(other, _)| *other != kid) {
            assert_eq!(
                fault_by(&verifier, &pair.token(other, &claims())),
                TokenError::WrongAlgorithm
            );
            let header = json!({"alg": pair.alg(), "kid": kid}).to_string();
            let (_, other) = pairs.iter().find(|(it, _)| it == other).expect("a pair");
            assert_eq!(
                fault_by(&verifier, &other.forge(&header, &claims().to_string())),
                TokenError::BadSignature
            );
        }
        for alg in ["none", "None", "", "HS512", "RS512", "PS256", "ES384", "ES256K"] {
            let header = json!({"alg": alg, "kid": kid}).to_string();
            assert_eq!(
                fault_by(&verifier, &pair.forge(&header, &claims().to_string())),
                TokenError::WrongAlgorithm
            );
        }
    }
    let renamed = ED25519.forge(r#"{"alg":"Ed25519","kid":"ed"}"#, &claims().to_string());
    assert!(verifier.verify(&renamed, NOW).is_ok());
}

#[test]
fn a_key_of_another_kind_is_refused_with_what_to_do() {
    for (make, fault) in [
        (VerifyingKey::rs256 as fn(&str, &[u8]) -> _, KeyError::NotRsa),
        (VerifyingKey::es256, KeyError::NotP256),
        (VerifyingKey::eddsa, KeyError::NotEd25519),
    ] {
        let right = |pair: &Pair| make("k", &pair.public_pem()).is_ok();
        assert_eq!([&*RSA, &*P256, &*ED25519].into_iter().filter(|pair| right(pair)).count(), 1);
        for text in [
            &b""[..],
            b"-----BEGIN PUBLIC KEY-----",
            b"-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----",
        ] {
            assert_eq!(make("k", text).err(), Some(fault));
        }
        let private = fixture::pem("RSA PRIVATE KEY", b"x");
        assert_eq!(make("k", &private).err(), Some(KeyError::PrivateKey));
        let certificate = fixture::pem("CERTIFICATE", b"x");
        assert_eq!(make("k", &certificate).err(), Some(KeyError::Certificate));
    }
    // Windows' ends of lines and a comment before it, as tools write them.
    let text = String::from_utf8(RSA.public_pem()).expect("ASCII").replace('\n', "\r\n");
    assert!(VerifyingKey::rs256("k", format!("# ours\r\n{text}").as_bytes()).is_ok());
}
