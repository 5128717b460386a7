//! Tokens of keys that aren't known: when their issuer is asked, who is refused for good, and who is told to come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use api::{
    FetchError, Issuer, IssuerRules, KeySource, TokenError, UNKNOWN_KEY_INTERVAL_MS, Verifier,
};
use futures_util::future::{BoxFuture, join_all};
use model::{Moment, Monotonic, RetryAfterMs};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::fixture::{self, ED25519, P256, Pair, RSA};
use super::{LEEWAY_S, NOW, claims};

/// An issuer whose keys the test changes; none: it is away.
#[derive(Default)]
struct Source {
    keys: Mutex<Option<Vec<Value>>>,
    asked: AtomicUsize,
}

impl KeySource for Source {
    fn fetch(&self) -> BoxFuture<'static, Result<Vec<u8>, FetchError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let keys = self.keys.lock().clone();
        let answer = keys.map(|keys| json!({ "keys": keys }).to_string().into_bytes());
        Box::pin(async move { answer.ok_or_else(|| FetchError("away".to_owned())) })
    }

    fn address(&self) -> &'static str {
        "https://id.example/jwks"
    }

    fn interval(&self) -> Duration {
        Duration::from_hours(24)
    }
}

struct World {
    source: Arc<Source>,
    verifier: Arc<Verifier>,
}

impl World {
    /// Once the first keys are there.
    async fn start(keys: Vec<Value>) -> Self {
        let source = Arc::new(Source::default());
        let issuer = Issuer::fetched(IssuerRules::own("us", "whereabouts"), source.clone());
        let verifier = Arc::new(Verifier::of_issuers(vec![issuer], LEEWAY_S).expect("an issuer"));
        let world = Self { source, verifier };
        world.publish(keys);
        tokio::spawn(world.verifier.clone().run());
        while world.source.asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        world
    }

    fn publish(&self, keys: Vec<Value>) {
        *self.source.keys.lock() = Some(keys);
    }

    fn asked(&self) -> usize {
        self.source.asked.load(Ordering::SeqCst)
    }

    /// What becomes of the token so long after the start.
    async fn at(&self, ms: u64, token: &str) -> Result<(), TokenError> {
        let now = Moment { wall: NOW, monotonic: Monotonic(1_000_000 + ms) };
        self.verifier.verify_asking(token, now).await.map(drop)
    }
}

fn not_yet(ms: u64) -> Result<(), TokenError> {
    Err(TokenError::NotAskedYet(RetryAfterMs(ms)))
}

fn signed(pair: &Pair, kid: &str) -> String {
    pair.token(kid, &claims())
}

fn unnamed(pair: &Pair) -> String {
    pair.forge(&json!({"alg": pair.alg()}).to_string(), &claims().to_string())
}

fn unnamed_jwk(pair: &Pair) -> Value {
    fixture::with(pair.jwk(""), &json!({"kid": null}))
}

#[tokio::test]
async fn a_key_that_is_published_after_a_stale_one_was_asked_for_counts_within_the_minute() {
    let world = World::start(vec![RSA.jwk("a")]).await;
    let (stale, new) = (signed(&ED25519, "removed"), signed(&P256, "b"));
    assert_eq!(world.at(0, &stale).await, Err(TokenError::UnknownKey));
    world.publish(vec![RSA.jwk("a"), P256.jwk("b")]);
    assert_eq!(world.at(10, &new).await, not_yet(59_990));
    assert_eq!(world.at(59_999, &new).await, not_yet(1));
    // Old phones are refused all the while, each of them, and with the key that counts all is as ever.
    assert_eq!(world.at(20, &stale).await, Err(TokenError::UnknownKey));
    let another = ED25519.token("removed", &fixture::with(claims(), &json!({"sub": "bob"})));
    assert_eq!(world.at(20, &another).await, Err(TokenError::UnknownKey));
    assert_eq!(world.at(20, &signed(&RSA, "a")).await, Ok(()));
    assert_eq!(world.asked(), 2);
    assert_eq!(world.at(UNKNOWN_KEY_INTERVAL_MS, &new).await, Ok(()));
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn whoever_comes_amid_a_question_has_no_other_asked_for_what_it_brings() {
    let world = World::start(Vec::new()).await;
    world.publish(vec![RSA.jwk("a")]);
    // The first answer was of no use; this asks, and the others wait with it.
    let tokens = [signed(&RSA, "a"), signed(&P256, "x"), signed(&RSA, "a")];
    let answers = join_all(tokens.iter().map(|token| world.at(0, token))).await;
    assert_eq!(answers[0], Ok(()));
    assert_eq!(answers[2], Ok(()));
    assert!(answers[1].is_err());
    assert!(world.asked() <= 3, "{}", world.asked());
    // At the start tokens come before the first answer.
    let source = Arc::new(Source::default());
    *source.keys.lock() = Some(vec![RSA.jwk("a")]);
    let issuer = Issuer::fetched(IssuerRules::own("us", "whereabouts"), source.clone());
    let verifier = Arc::new(Verifier::of_issuers(vec![issuer], LEEWAY_S).expect("an issuer"));
    tokio::spawn(verifier.clone().run());
    let world = World { source, verifier };
    for _ in 0..2 {
        assert_eq!(world.at(0, &signed(&RSA, "a")).await, Ok(()));
    }
    assert_eq!(world.asked(), 1);
    world.publish(vec![P256.jwk("b")]);
    assert_eq!(world.at(1, &signed(&P256, "b")).await, Ok(()));
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn whatever_of_a_key_is_new_its_issuer_is_asked_for_it() {
    let other = RSA.jwk("other");
    // What was published, what is, and a token of it.
    let cases = [
        ("another algorithm", RSA.jwk("a"), P256.jwk("a"), signed(&P256, "a")),
        (
            "other numbers",
            fixture::with(other, &json!({"kid": "a", "e": "Aw"})),
            RSA.jwk("a"),
            signed(&RSA, "a"),
        ),
        ("a name", RSA.jwk("a"), ED25519.jwk("b"), signed(&ED25519, "b")),
        (
            "another algorithm, without a name",
            unnamed_jwk(&RSA),
            unnamed_jwk(&P256),
            unnamed(&P256),
        ),
        ("a key without a name", RSA.jwk("a"), unnamed_jwk(&P256), unnamed(&P256)),
    ];
    for (what, before, after, token) in cases {
        let stale = signed(&ED25519, "removed");
        let world = World::start(vec![before.clone()]).await;
        let old = world.at(0, &stale).await;
        assert!(old.is_err(), "{what}");
        world.publish(vec![after.clone()]);
        let meanwhile = world.at(1, &token).await;
        assert!(meanwhile.is_err(), "{what}: in the minute of another");
        assert_eq!(meanwhile == not_yet(59_999), what == "a name", "{what}: {meanwhile:?}");
        assert_eq!(world.at(60_000, &token).await, Ok(()), "{what}");
        assert_eq!(world.asked(), 3, "{what}");

        let world = World::start(vec![before]).await;
        world.publish(vec![after]);
        assert_eq!(world.at(0, &token).await, Ok(()), "{what}: at once");
        assert_eq!(world.asked(), 2, "{what}");
    }
}

#[tokio::test]
async fn what_stays_wrong_is_refused_for_good_and_another_algorithm_is_never_tried() {
    let world = World::start(vec![RSA.jwk("a"), P256.jwk("b")]).await;
    let wrong = signed(&P256, "a");
    assert_eq!(world.at(0, &wrong).await, Err(TokenError::WrongAlgorithm));
    assert_eq!(world.at(1, &wrong).await, Err(TokenError::WrongAlgorithm));
    let forged = RSA.forge(r#"{"alg":"ES256","kid":"b"}"#, &claims().to_string());
    assert_eq!(world.at(2, &forged).await, Err(TokenError::BadSignature), "by a known key");
    assert_eq!(world.at(60_000, &forged).await, Err(TokenError::BadSignature));
    assert_eq!(world.at(60_001, &forged).await, Err(TokenError::BadSignature));
    assert_eq!(world.at(120_000, &unnamed(&RSA)).await, Err(TokenError::NoKeyId));
    assert_eq!(world.at(120_001, &unnamed(&RSA)).await, Err(TokenError::NoKeyId));
    assert_eq!(world.asked(), 4);
    // What no published key can have signed has nobody asked.
    for alg in ["none", "HS256", "PS256", "ES384", ""] {
        for (kid, fault) in [("a", TokenError::WrongAlgorithm), ("c", TokenError::UnknownKey)] {
            let header = json!({"alg": alg, "kid": kid}).to_string();
            let token = RSA.forge(&header, &claims().to_string());
            assert_eq!(world.at(300_000, &token).await, Err(fault), "{alg}");
        }
    }
    assert_eq!(world.asked(), 4);
}

#[tokio::test]
async fn of_keys_without_a_name_the_algorithm_says_which() {
    let keys = vec![unnamed_jwk(&RSA), unnamed_jwk(&P256), ED25519.jwk("c")];
    let world = World::start(keys).await;
    for (token, outcome) in [
        (unnamed(&RSA), Ok(())),
        (unnamed(&P256), Ok(())),
        (signed(&ED25519, "c"), Ok(())),
        (signed(&RSA, "a"), Err(TokenError::UnknownKey)),
        (unnamed(&Pair::Secret(super::SECRET)), Err(TokenError::WrongAlgorithm)),
    ] {
        assert_eq!(world.at(0, &token).await, outcome, "{token}");
    }
    // That of a name isn't meant by a token without one.
    assert_eq!(world.at(60_000, &unnamed(&ED25519)).await, Err(TokenError::WrongAlgorithm));
}

#[tokio::test]
async fn a_flood_of_keys_asks_once_a_minute_and_refuses_nobody_whose_key_is_new() {
    let world = World::start(vec![RSA.jwk("a")]).await;
    let random = |n: usize| {
        let header = json!({"alg": "ES256", "kid": format!("random{n}")}).to_string();
        P256.forge(&header, &claims().to_string())
    };
    assert_eq!(world.at(0, &random(0)).await, Err(TokenError::UnknownKey));
    for n in 1..1_500 {
        assert_eq!(world.at(1, &random(n)).await, not_yet(59_999));
    }
    world.publish(vec![RSA.jwk("a"), P256.jwk("b")]);
    assert_eq!(world.at(2, &signed(&P256, "b")).await, not_yet(59_998));
    let all = (0..100).map(random).collect::<Vec<_>>();
    let answers = join_all(all.iter().map(|token| world.at(60_000, token))).await;
    assert!(answers.iter().all(|it| *it == Err(TokenError::UnknownKey)), "{answers:?}");
    assert_eq!(world.at(60_000, &signed(&P256, "b")).await, Ok(()));
    assert_eq!(world.asked(), 3);
}
