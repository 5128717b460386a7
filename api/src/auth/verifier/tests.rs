use super::*;
use crate::Signer;
use model::{Role, UserId};

const SECRET: &[u8] = b"a secret of more than 32 bytes for the tests";
const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn verifier() -> Verifier {
    let key = VerifyingKey::hs256("k", SECRET).expect("key");
    Verifier::new(vec![key], "us", "them", 30).expect("verifier")
}

fn token(name: &str) -> String {
    let signer = Signer::hs256("k", SECRET, "us", "them").expect("signer");
    signer.sign(&UserId::parse(name).expect("id"), Role::Service, NOW, 60)
}

#[test]
fn a_remembered_token_is_not_verified_again_but_its_time_is_judged() {
    let verifier = verifier();
    let known = token("alice");
    let claimed = verifier.verify_claimed(&known, NOW).expect("valid");
    // What is remembered counts, not what the token says.
    let user = UserId::parse("remembered").expect("id");
    let caller = Caller { user, ..claimed.caller.clone() };
    verifier.memo.keep(&known, Claimed { caller: caller.clone(), ..claimed });
    assert_eq!(verifier.verify(&known, NOW), Ok(caller));
    let at = |ms| verifier.verify(&known, NOW.plus_ms(ms)).map(|caller| caller.role);
    assert_eq!(at(60_000 + 29_999), Ok(Role::Service));
    assert_eq!(at(60_000 + 30_000), Err(TokenError::Expired));
    assert_eq!(at(-30_000), Ok(Role::Service));
    assert_eq!(at(-30_001), Err(TokenError::NotYetValid));
    assert_eq!(at(0), Ok(Role::Service));
}

#[test]
fn what_was_refused_is_not_remembered() {
    let verifier = verifier();
    let token = token("alice");
    let (message, _) = token.rsplit_once('.').expect("dots");
    assert_eq!(verifier.verify(&token, NOW.plus_ms(90_000)), Err(TokenError::Expired));
    assert_eq!(verifier.verify(&token, NOW.plus_ms(-30_001)), Err(TokenError::NotYetValid));
    let unsigned = format!("{message}.AAAA");
    assert_eq!(verifier.verify(&unsigned, NOW), Err(TokenError::BadSignature));
    assert_eq!(verifier.memo.tokens(), 0);
    assert!(verifier.verify(&token, NOW).is_ok());
    assert_eq!(verifier.memo.tokens(), 1);
    // Differs from the remembered one in its signature only.
    for _ in 0..2 {
        assert_eq!(verifier.verify(&unsigned, NOW), Err(TokenError::BadSignature));
    }
    assert_eq!(verifier.memo.tokens(), 1);
}

#[test]
fn a_remembered_token_is_not_shown() {
    let verifier = verifier();
    let token = token("alice");
    verifier.verify(&token, NOW).expect("valid");
    let shown = format!("{verifier:?}");
    assert!(!shown.contains(&token) && !shown.contains("alice"), "{shown}");
}
