//! Issuers that take new keys while old phones still come with tokens of removed ones.

use e2e::{Frame, Person, Sandbox};
use serde_json::json;

use super::fixture::{self, ED25519, P256, Pair, RSA};
use super::publisher::{Mode, Publisher};
use super::{ISSUER, claims, is_let_in, node_of, status, token};

/// What a token gets over REST, as a session's first and to prolong one.
async fn everywhere(node: &Sandbox, known: &str, token: &str) -> (u16, u16, String) {
    let answer = node.with_token(token, "GET", "/v1/users/me", None).await;
    let mut person = node.connect_anonymously().await;
    person.send(&json!({"type": "auth", "token": token})).await;
    let Frame::Closed(code, why) = person.end().await else { panic!("no close") };
    let mut person = Person::connect(node.address(), known).await;
    person.send(&json!({"type": "renew", "token": token})).await;
    let told = person.hear(|m| m["type"] == "error").await;
    let retry_ms = told["retry_after_ms"].as_u64();
    assert!(!answer.headers.contains_key("retry-after"), "over REST it is a refusal");
    if code == 1013 {
        assert!(retry_ms.is_some_and(|ms| (5_001..=60_000).contains(&ms)), "{told}");
        assert!(why.contains(" ms"), "{why}");
    } else {
        assert_eq!(retry_ms, None, "{told}");
    }
    (answer.status, code, told["error"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_key_that_comes_after_a_stale_one_was_asked_for_is_told_to_come_back() {
    let publisher = Publisher::start(Mode::Keys(vec![RSA.jwk("a")])).await;
    let node = node_of(&publisher).await;
    let (known, stale) = (token(&RSA, "a"), token(&ED25519, "removed"));
    let for_good = (401, 4500, "invalid_token".to_owned());
    let later = (401, 1013, "unavailable".to_owned());
    assert_eq!(everywhere(&node, &known, &stale).await, for_good);
    publisher.set(Mode::Keys(vec![RSA.jwk("a"), P256.jwk("b")]));
    assert_eq!(everywhere(&node, &known, &token(&P256, "b")).await, later);
    let another = token(&P256, "a");
    assert_eq!(everywhere(&node, &known, &another).await, for_good, "another algorithm");
    assert_eq!(everywhere(&node, &known, &stale).await, for_good);
    let by_header = Person::try_connect(node.address(), Some(&token(&P256, "b"))).await;
    assert_eq!(by_header.err().map(|it| it.status().as_u16()), Some(503));
    assert_eq!(publisher.asked(), 2);
    assert!(is_let_in(&node, &known).await);
}

#[tokio::test]
async fn a_key_whose_algorithm_changes_under_its_name_counts_at_once() {
    let named = |pair: &Pair| pair.jwk("a");
    let unnamed = |pair: &Pair| fixture::with(pair.jwk(""), &json!({"kid": null}));
    let plain = |pair: &Pair| {
        let header = json!({"alg": pair.alg()}).to_string();
        pair.forge(&header, &claims(ISSUER, "alice").to_string())
    };
    for (before, after, old, new) in [
        (named(&RSA), named(&P256), token(&RSA, "a"), token(&P256, "a")),
        (unnamed(&RSA), unnamed(&P256), plain(&RSA), plain(&P256)),
    ] {
        let publisher = Publisher::start(Mode::Keys(vec![before])).await;
        let node = node_of(&publisher).await;
        assert!(is_let_in(&node, &old).await);
        publisher.set(Mode::Keys(vec![after]));
        let (answered, why) = status(&node, &new).await;
        assert_eq!(answered, 200, "{why}");
        // The old one's key is gone, and nothing is tried by another algorithm.
        assert_eq!(status(&node, &old).await.0, 401);
        assert_eq!(publisher.asked(), 2);
    }
}

#[tokio::test]
async fn a_flood_of_unknown_keys_asks_an_issuer_once() {
    let publisher = Publisher::start(Mode::Keys(vec![RSA.jwk("k")])).await;
    let node = node_of(&publisher).await;
    for n in 0..50 {
        let (refused, why) = status(&node, &token(&P256, &format!("new{n}"))).await;
        assert_eq!(refused, 401, "{why}");
        assert_eq!(why.contains("come back"), n > 0, "{why}");
    }
    // Neither a wrong signature nor what a token says of its keys' address has it asked.
    let evil = Publisher::start(Mode::Keys(vec![P256.jwk("k")])).await;
    let url = evil.url();
    let header =
        json!({"alg": "ES256", "kid": "evil", "jku": url, "x5u": url, "jwk": P256.jwk("evil")});
    let claims = fixture::with(claims(&url, "alice"), &json!({}));
    for issuer in [ISSUER, &url] {
        let claims = fixture::with(claims.clone(), &json!({"iss": issuer}));
        let forged = P256.forge(&header.to_string(), &claims.to_string());
        assert_eq!(status(&node, &forged).await.0, 401, "{issuer}");
    }
    assert_eq!(publisher.asked(), 2);
    assert_eq!(evil.asked(), 0);
}
