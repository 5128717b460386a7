//! A token, of any bytes: as it is, and as header and claims that are signed right.
#![no_main]

use std::sync::LazyLock;

use api::{Issuer, IssuerRules, RoleRules, Verifier, VerifyingKey};
use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::fuzz_target;
use model::{Role, Timestamp};

const SECRET: [u8; 32] = [7; 32];
const NOW: Timestamp = Timestamp(1_700_000_000_000);
const HEADER: &str = r#"{"alg":"HS256","kid":"k"}"#;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let key = || vec![VerifyingKey::hs256("k", &SECRET).expect("a key")];
    let path = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let roles = RoleRules {
        claim: Some(path(&["a", "roles"])),
        is_list: true,
        service_values: path(&["s"]),
        operator_values: path(&["o"]),
    };
    let them = IssuerRules {
        prefix: "t:".to_owned(),
        roles,
        subject_claim: path(&["a", "sub"]),
        lifetime_max_s: Some(3_600),
        ..IssuerRules::own("them", "app")
    };
    let own = Issuer::new(IssuerRules::own("us", "app"), key()).expect("a key");
    let them = Issuer::new(them, key()).expect("a key");
    Verifier::of_issuers(vec![own, them], 30).expect("issuers")
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = VERIFIER.verify(text, NOW);
    }
    let part = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let message = format!("{}.{}", part(HEADER.as_bytes()), part(bytes));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &SECRET), message.as_bytes());
    let token = format!("{message}.{}", part(signature.as_ref()));
    if let Ok(caller) = VERIFIER.verify(&token, NOW) {
        let claims = String::from_utf8_lossy(bytes);
        let is_theirs = caller.user.as_str().starts_with("t:");
        assert!(claims.contains("exp") && (is_theirs || claims.contains("us")));
        assert!(caller.role == Role::User || claims.contains("role"));
        assert_eq!(VERIFIER.verify(&token, NOW).as_ref(), Ok(&caller));
    }
});
