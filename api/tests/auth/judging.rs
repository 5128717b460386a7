//! What is believed of an issuer's token: how long it holds, and which claims say who the bearer is.

use api::{IssuerRules, RoleRules, TokenError};
use model::Role;
use serde_json::{Value, json};

use super::fixture::RSA;
use super::issuers::{MONTH_S, claims, path, rsa, rules, verifier, who};
use super::{LEEWAY_S, NOW, NOW_S};

#[test]
fn an_expiry_that_counts_milliseconds_is_refused_with_that_guess() {
    let verifier = verifier(vec![(rules("them", ""), rsa())]).expect("an issuer");
    let of = |changes: Value| who(&verifier, &RSA.token("rs", &claims("them", &changes))).err();
    let month = MONTH_S as i64;
    assert_eq!(of(json!({"exp": NOW_S + month})), None);
    assert_eq!(of(json!({"exp": NOW_S + month + 1})), Some(TokenError::LongLived(MONTH_S)));
    assert_eq!(of(json!({"exp": NOW.0 + 3_600_000})), Some(TokenError::LongLived(MONTH_S)));
    assert_eq!(of(json!({"exp": 1e300})), Some(TokenError::LongLived(MONTH_S)));
    // Half a year, issued five months ago.
    assert_eq!(
        of(json!({"iat": NOW_S - 5 * month, "exp": NOW_S + month})),
        Some(TokenError::LongLived(MONTH_S))
    );
    assert_eq!(of(json!({"iat": null, "exp": NOW_S + month})), None);
    assert_eq!(
        of(json!({"iat": null, "exp": NOW_S + month + 60})),
        Some(TokenError::LongLived(MONTH_S))
    );
    assert_eq!(of(json!({"iat": -1e300})), Some(TokenError::LongLived(MONTH_S)));
    assert!(TokenError::LongLived(MONTH_S).to_string().contains("milliseconds"));
}

#[test]
fn the_longest_lifetime_counts_from_iat_by_the_issuers_own_clock() {
    let verifier = verifier(vec![(rules("them", ""), rsa())]).expect("an issuer");
    let of = |changes: Value| who(&verifier, &RSA.token("rs", &claims("them", &changes))).err();
    let (month, leeway) = (MONTH_S as i64, i64::from(LEEWAY_S));
    for ahead in [-month, -1, 0, 1, leeway] {
        let iat = NOW_S + ahead;
        // The one that was issued a month ago has just ended, but for the leeway.
        assert_eq!(of(json!({"iat": iat, "exp": iat + month})), None, "{ahead}");
        let longer = of(json!({"iat": iat, "exp": iat + month + 1}));
        assert_eq!(longer, Some(TokenError::LongLived(MONTH_S)), "{ahead}");
        let fraction = json!({"iat": iat, "exp": (iat + month) as f64 + 0.5});
        assert_eq!(of(fraction), Some(TokenError::LongLived(MONTH_S)), "{ahead}");
    }
    let iat = NOW_S + leeway + 1;
    assert_eq!(of(json!({"iat": iat, "exp": iat + 60})), Some(TokenError::NotYetValid));
    let unsaid = |exp: i64| of(json!({"iat": null, "exp": exp}));
    assert_eq!(unsaid(NOW_S + leeway + month), None);
    assert_eq!(unsaid(NOW_S + leeway + month + 1), Some(TokenError::LongLived(MONTH_S)));
}

#[test]
fn the_subject_may_be_another_claim_and_a_mail_address_must_be_verified() {
    let by = |claim: &[&str], changes: Value| {
        let rules = IssuerRules { subject_claim: path(claim), ..rules("them", "") };
        let verifier = verifier(vec![(rules, rsa())]).expect("an issuer");
        who(&verifier, &RSA.token("rs", &claims("them", &changes))).map(|(user, _)| user)
    };
    assert_eq!(by(&["uid"], json!({"uid": "u1"})).as_deref(), Ok("u1"));
    assert_eq!(
        by(&["app", "uid"], json!({"app": {"uid": 9_007_199_254_740_993_u64}})).as_deref(),
        Ok("9007199254740993")
    );
    assert_eq!(by(&["uid"], json!({})), Err(TokenError::NoSubject));
    assert_eq!(by(&["uid"], json!({"uid": {"a": 1}})), Err(TokenError::SubjectKind));
    assert_eq!(by(&["email"], json!({"email": "a@example.com"})), Err(TokenError::Unverified));
}

/// The claim that an address is, and claims that say whether it is verified.
type Address = (&'static [&'static str], fn(Value) -> Value);

#[test]
fn a_mail_address_or_telephone_number_counts_only_if_its_issuer_has_verified_it() {
    let rules = |claim: &[&str], as_role: bool| {
        let roles = RoleRules {
            claim: as_role.then(|| path(claim)),
            operator_values: path(&["a@example.com"]),
            ..RoleRules::default()
        };
        let subject_claim = if as_role { path(&["sub"]) } else { path(claim) };
        IssuerRules { subject_claim, roles, ..rules("them", "") }
    };
    let by = |claim: &[&str], as_role, changes: Value| {
        let verifier = verifier(vec![(rules(claim, as_role), rsa())]).expect("an issuer");
        who(&verifier, &RSA.token("rs", &claims("them", &changes)))
    };
    let (mail, address) = ("a@example.com", "https://app.example/email");
    let cases: [Address; 3] = [
        (&["email"], |flag| json!({"email": "a@example.com", "email_verified": flag})),
        (
            &["user", "email"],
            |flag| json!({"user": {"email": "a@example.com", "email_verified": flag}}),
        ),
        (
            &["https://app.example/email"],
            |flag| json!({"https://app.example/email": "a@example.com", "https://app.example/email_verified": flag}),
        ),
    ];
    for (claim, with) in cases {
        for flag in [json!(true), json!("true")] {
            assert_eq!(by(claim, false, with(flag.clone())), Ok((mail.to_owned(), Role::User)));
            assert_eq!(by(claim, true, with(flag)), Ok(("alice".to_owned(), Role::Operator)));
        }
        for flag in [
            json!(false),
            json!("false"),
            json!("True"),
            json!("TRUE"),
            json!(" true"),
            json!("1"),
            json!(1),
            json!("yes"),
            json!(["true"]),
            json!({"true": true}),
            json!(""),
            json!(null),
        ] {
            let told = by(claim, false, with(flag.clone()));
            assert_eq!(told, Err(TokenError::Unverified), "{claim:?} {flag}");
            assert_eq!(by(claim, true, with(flag)), Ok(("alice".to_owned(), Role::User)));
        }
    }
    // What is said of another address says nothing of this one.
    let elsewhere = json!({"user": {"email": mail}, "email_verified": true, (address): mail});
    assert_eq!(by(&["user", "email"], false, elsewhere.clone()), Err(TokenError::Unverified));
    assert_eq!(by(&[address], false, elsewhere), Err(TokenError::Unverified));
    let phone = |flag: Value| json!({"phone_number": "+4930123", "phone_number_verified": flag});
    let taken = by(&["phone_number"], false, phone(json!("true")));
    assert_eq!(taken, Ok(("+4930123".to_owned(), Role::User)));
    let refused = by(&["phone_number"], false, phone(json!(null)));
    assert_eq!(refused, Err(TokenError::Unverified));
}
