//! Several issuers: who may be whom.

use api::{Issuer, IssuerRules, KeyError, RoleRules, TokenError, Verifier, VerifyingKey};
use model::Role;
use serde_json::{Value, json};

use super::fixture::{self, P256, Pair, RSA};
use super::{LEEWAY_S, NOW, NOW_S, SECRET};

pub(super) const MONTH_S: u64 = 30 * 86_400;

pub(super) fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

pub(super) fn rules(issuer: &str, prefix: &str) -> IssuerRules {
    IssuerRules {
        prefix: prefix.to_owned(),
        roles: RoleRules::default(),
        lifetime_max_s: Some(MONTH_S),
        ..IssuerRules::own(issuer, "app")
    }
}

pub(super) fn rsa() -> VerifyingKey {
    VerifyingKey::rs256("rs", &RSA.public_pem()).expect("a key")
}

fn p256() -> VerifyingKey {
    VerifyingKey::es256("es", &P256.public_pem()).expect("a key")
}

pub(super) fn verifier(issuers: Vec<(IssuerRules, VerifyingKey)>) -> Result<Verifier, KeyError> {
    let issuers = issuers.into_iter().map(|(rules, key)| Issuer::new(rules, vec![key]));
    Verifier::of_issuers(issuers.collect::<Result<_, _>>()?, LEEWAY_S)
}

pub(super) fn claims(issuer: &str, changes: &Value) -> Value {
    let claims =
        json!({"sub": "alice", "exp": NOW_S + 60, "iat": NOW_S, "iss": issuer, "aud": "app"});
    fixture::with(claims, changes)
}

/// Ours without a prefix, one with one, by another key.
fn two() -> Verifier {
    let own = IssuerRules::own("us", "app");
    verifier(vec![(own, rsa()), (rules("https://them.example/", "them:"), p256())])
        .expect("issuers")
}

pub(super) fn who(verifier: &Verifier, token: &str) -> Result<(String, Role), TokenError> {
    verifier.verify(token, NOW).map(|caller| (caller.user.as_str().to_owned(), caller.role))
}

#[test]
fn the_issuer_that_a_token_names_decides_by_its_own_keys_and_rules_only() {
    let two = two();
    let them = "https://them.example/";
    let of = |pair: &Pair, kid, issuer: &str, changes| {
        who(&two, &pair.token(kid, &claims(issuer, &changes)))
    };
    assert_eq!(
        of(&RSA, "rs", "us", json!({"role": "service"})),
        Ok(("alice".to_owned(), Role::Service))
    );
    let alice = Ok(("them:alice".to_owned(), Role::User));
    assert_eq!(of(&P256, "es", them, json!({})), alice);
    // Their words are theirs, whatever they mean to us.
    for role in [
        json!("service"),
        json!("operator"),
        json!(["operator"]),
        json!({"role": "operator"}),
        json!(7),
    ] {
        assert_eq!(
            of(&P256, "es", them, json!({"role": role, "roles": role, "scope": "operator"})),
            alice
        );
    }
    assert_eq!(of(&P256, "es", "us", json!({})), Err(TokenError::UnknownKey));
    assert_eq!(of(&RSA, "rs", them, json!({})), Err(TokenError::UnknownKey));
    assert_eq!(of(&P256, "rs", "us", json!({})), Err(TokenError::WrongAlgorithm));
    for name in
        ["https://them.example", "HTTPS://them.example/", "https://them.example/x", "", " us"]
    {
        assert_eq!(of(&P256, "es", name, json!({})), Err(TokenError::WrongIssuer), "{name}");
    }
    assert_eq!(of(&P256, "es", them, json!({"iss": null})), Err(TokenError::WrongIssuer));
    assert_eq!(
        of(&P256, "es", them, json!({"iss": ["us", them]})),
        Err(TokenError::NotText("iss"))
    );
    assert_eq!(
        of(&P256, "es", them, json!({"aud": "whereabouts"})),
        Err(TokenError::WrongAudience)
    );
    assert_eq!(of(&P256, "es", them, json!({"aud": ["x", "app"]})), alice);
}

#[test]
fn nobody_is_somebody_elses_user() {
    let two = two();
    let own = |sub: Value| who(&two, &RSA.token("rs", &claims("us", &json!({"sub": sub}))));
    let theirs = |sub: Value| {
        who(&two, &P256.token("es", &claims("https://them.example/", &json!({"sub": sub}))))
    };
    for sub in ["them:alice", "them:", "them:them:alice"] {
        assert_eq!(own(json!(sub)), Err(TokenError::ForeignPrefix), "{sub}");
    }
    for sub in ["them", "THEM:alice", "alice", "xthem:alice"] {
        assert_eq!(own(json!(sub)), Ok((sub.to_owned(), Role::User)));
        assert_eq!(theirs(json!(sub)), Ok((format!("them:{sub}"), Role::User)));
    }
    assert_eq!(theirs(json!("them:alice")), Ok(("them:them:alice".to_owned(), Role::User)));
    assert_eq!(theirs(json!(42)), Ok(("them:42".to_owned(), Role::User)));
    // The prefix alone is nobody.
    assert!(matches!(theirs(json!("")), Err(TokenError::BadSubject(_))));
    // With the prefix it may be too long for an id.
    assert!(own(json!("x".repeat(128))).is_ok());
    assert!(matches!(theirs(json!("x".repeat(124))), Err(TokenError::BadSubject(_))));
}

#[test]
fn issuers_that_could_be_mixed_up_are_refused() {
    let of = |all: &[(&str, &str)]| {
        verifier(all.iter().map(|(name, prefix)| (rules(name, prefix), rsa())).collect()).err()
    };
    assert_eq!(of(&[("a", ""), ("b", "b:"), ("c", "c:")]), None);
    assert_eq!(of(&[("a", "a:"), ("b", "b:")]), None);
    assert_eq!(of(&[("a", ""), ("b", "")]), Some(KeyError::NoPrefix));
    assert_eq!(of(&[("a", "x:"), ("b", ""), ("c", "")]), Some(KeyError::NoPrefix));
    assert_eq!(of(&[("a", ""), ("a", "b:")]), Some(KeyError::RepeatedIssuer));
    for (a, b) in [("x", "x"), ("x", "xy"), ("x:y", "x:")] {
        assert_eq!(of(&[("a", a), ("b", b)]), Some(KeyError::SimilarPrefixes), "{a} {b}");
    }
    assert_eq!(of(&[]), Some(KeyError::NoKeys));
    // Whose users have their names to themselves may stand beside our services.
    let services = IssuerRules { has_users: false, ..IssuerRules::own("us", "app") };
    let beside = verifier(vec![(services, p256()), (rules("them", ""), rsa())]).expect("issuers");
    let ours = |role: &str| who(&beside, &P256.token("es", &claims("us", &json!({"role": role}))));
    assert_eq!(ours("service"), Ok(("alice".to_owned(), Role::Service)));
    assert_eq!(ours("user"), Err(TokenError::NoUsers));
    let them = RSA.token("rs", &claims("them", &json!({})));
    assert_eq!(who(&beside, &them), Ok(("alice".to_owned(), Role::User)));
}

#[test]
fn only_the_claim_and_the_words_that_are_set_give_a_role() {
    let by = |claim: &[&str], is_list| RoleRules {
        claim: Some(path(claim)),
        is_list,
        service_values: path(&["backend", "both"]),
        operator_values: path(&["admin", "both"]),
    };
    let role = |roles: RoleRules, changes: Value| {
        let rules = IssuerRules { roles, ..rules("them", "") };
        let verifier = verifier(vec![(rules, rsa())]).expect("an issuer");
        who(&verifier, &RSA.token("rs", &claims("them", &changes))).map(|(_, role)| role)
    };
    let text = || by(&["https://app.example/role"], false);
    let of = |value: Value| role(text(), json!({"https://app.example/role": value}));
    assert_eq!(of(json!("backend")), Ok(Role::Service));
    assert_eq!(of(json!("admin")), Ok(Role::Operator));
    assert_eq!(of(json!("both")), Ok(Role::Operator));
    for other in [
        json!("service"),
        json!("operator"),
        json!("Admin"),
        json!("admin "),
        json!(["admin"]),
        json!({"admin": true}),
        json!(true),
        json!(1),
        json!(""),
    ] {
        assert_eq!(of(other.clone()), Ok(Role::User), "{other}");
    }
    assert_eq!(
        role(text(), json!({"role": "admin", "app.example": {"role": "admin"}})),
        Ok(Role::User)
    );
    let list = || by(&["realm_access", "roles"], true);
    let of = |value: Value| role(list(), json!({"realm_access": {"roles": value}}));
    assert_eq!(of(json!(["offline_access", "backend"])), Ok(Role::Service));
    assert_eq!(of(json!([7, null, ["x"], "admin"])), Ok(Role::Operator));
    for other in [
        json!([]),
        json!(["service", "operator"]),
        json!("admin"),
        json!([["admin"]]),
        json!({"0": "admin"}),
    ] {
        assert_eq!(of(other.clone()), Ok(Role::User), "{other}");
    }
    assert_eq!(
        role(list(), json!({"roles": ["admin"], "realm_access": ["admin"]})),
        Ok(Role::User)
    );
    assert_eq!(role(RoleRules::default(), json!({"role": "admin"})), Ok(Role::User));
}

#[test]
fn with_one_issuer_what_its_token_calls_itself_is_judged_after_the_signature() {
    let verifier = verifier(vec![(rules("them", ""), rsa())]).expect("an issuer");
    let other = RSA.token("rs", &claims("us", &json!({})));
    assert_eq!(who(&verifier, &other), Err(TokenError::WrongIssuer));
    let forged = Pair::Secret(SECRET)
        .forge(r#"{"alg":"RS256","kid":"rs"}"#, &claims("us", &json!({})).to_string());
    assert_eq!(who(&verifier, &forged), Err(TokenError::BadSignature));
}
