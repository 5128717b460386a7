//! Issuers that publish their keys: rotation, revocation, and an address that is away, slow, elsewhere or answers nonsense.

mod examples;
#[path = "../../../api/tests/auth/fixture.rs"]
mod fixture;
mod https;
mod publisher;
mod rotation;

use std::time::{Duration, Instant};

use e2e::{DEADLINE, Frame, Person, Sandbox};
use model::{Clock, Role, SystemClock};
use serde_json::{Value, json};
use server::Config;

use fixture::{ED25519, P256, Pair, RSA};
use publisher::{Mode, Publisher};

const ISSUER: &str = "https://id.example/";

/// How long sessions of a removed key are closed for, milliseconds.
const WINDOW_MS: u64 = 500;

fn now_s() -> i64 {
    SystemClock::start().now().wall.0 / 1_000
}

fn claims(issuer: &str, sub: &str) -> Value {
    json!({"iss": issuer, "aud": "app", "sub": sub, "iat": now_s(), "exp": now_s() + 3_600})
}

fn token(pair: &Pair, kid: &str) -> String {
    pair.token(kid, &claims(ISSUER, "alice"))
}

/// A node with these issuers beside its own key.
async fn node(issuers: &str) -> Sandbox {
    let config: Config = toml::from_str(issuers).expect("settings");
    Sandbox::with(|out_of_the_box| {
        out_of_the_box.auth = config.auth;
        out_of_the_box.gateway.drain_window_ms = WINDOW_MS;
    })
    .await
}

async fn node_of(publisher: &Publisher) -> Sandbox {
    let url = publisher.url();
    let issuer = format!(
        "[[auth.issuers]]\nissuer = {ISSUER:?}\naudience = \"app\"\nprefix = \"id:\"\njwks_url = {url:?}\n"
    );
    node(&issuer).await
}

/// The status that a token gets, and why.
async fn status(node: &Sandbox, token: &str) -> (u16, String) {
    let answer = node.with_token(token, "GET", "/v1/users/me", None).await;
    (answer.status, answer.json["detail"].as_str().unwrap_or_default().to_owned())
}

async fn is_let_in(node: &Sandbox, token: &str) -> bool {
    status(node, token).await.0 == 200
}

/// Waits until the token is let in, or isn't.
async fn await_status(node: &Sandbox, token: &str, expected: u16) {
    let began = Instant::now();
    while status(node, token).await.0 != expected {
        assert!(began.elapsed() < DEADLINE, "{:?}", status(node, token).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_new_key_counts_at_once_and_issuers_are_asked_for_unknown_ones_once_a_minute() {
    let publisher = Publisher::start(Mode::Keys(vec![RSA.jwk("old")])).await;
    let node = node_of(&publisher).await;
    let (old, new) = (token(&RSA, "old"), token(&P256, "new"));
    assert!(is_let_in(&node, &old).await);
    assert_eq!(publisher.asked(), 1);
    // Both at first, as issuers rotate.
    publisher.set(Mode::Keys(vec![RSA.jwk("old"), P256.jwk("new")]));
    assert!(is_let_in(&node, &new).await && is_let_in(&node, &old).await);
    assert_eq!(publisher.asked(), 2);
    publisher.set(Mode::Keys(vec![ED25519.jwk("third")]));
    assert_eq!(status(&node, &token(&ED25519, "third")).await.0, 401);
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn sessions_of_a_removed_key_close_and_others_stay() {
    let publisher = Publisher::start(Mode::Keys(vec![RSA.jwk("leaked"), P256.jwk("good")])).await;
    let node = node_of(&publisher).await;
    let leaked = token(&RSA, "leaked");
    let mut by_header = Person::connect(node.address(), &leaked).await;
    by_header.await_snapshot().await;
    let mut by_message = node.connect_anonymously().await;
    by_message.send(&json!({"type": "auth", "token": leaked})).await;
    by_message.await_snapshot().await;
    let mut renewed = Person::connect(node.address(), &leaked).await;
    renewed.await_snapshot().await;
    let later = fixture::with(claims(ISSUER, "alice"), &json!({"exp": now_s() + 7_200}));
    renewed.send(&json!({"type": "renew", "token": P256.token("good", &later)})).await;
    renewed.hear(|m| m["type"] == "renewed").await;
    let mut ours = node.connect("somebody").await;

    publisher.set(Mode::Keys(vec![P256.jwk("good"), ED25519.jwk("new")]));
    assert!(is_let_in(&node, &token(&ED25519, "new")).await, "which has the node look");
    let (status, why) = status(&node, &leaked).await;
    assert_eq!(status, 401, "what was remembered is forgotten: {why}");
    for person in [&mut by_header, &mut by_message] {
        let Frame::Closed(code, why) = person.end().await else { panic!("no close") };
        assert_eq!(code, 4002, "{why}");
    }
    for person in [&mut renewed, &mut ours] {
        person.send(&json!({"type": "ping", "id": 7})).await;
        person.hear(|m| m["type"] == "pong").await;
    }
    assert_eq!(
        Person::try_connect(node.address(), Some(&leaked))
            .await
            .err()
            .map(|it| it.status().as_u16()),
        Some(401)
    );
}

#[tokio::test]
async fn whatever_an_issuer_answers_the_keys_that_are_known_stay() {
    let good = || Mode::Keys(vec![RSA.jwk("k")]);
    let elsewhere = Publisher::start(Mode::Keys(vec![P256.jwk("new")])).await;
    let secret = Pair::Secret(b"a secret that nobody should publish").jwk("new");
    for bad in [
        Mode::Keys(Vec::new()),
        Mode::Keys(vec![secret]),
        Mode::Text(200, "<html>".to_owned()),
        Mode::Text(200, String::new()),
        Mode::Text(500, json!({"keys": [P256.jwk("new")]}).to_string()),
        Mode::Text(404, String::new()),
        Mode::Text(304, String::new()),
        Mode::Redirect(elsewhere.url()),
        Mode::Huge(100),
        Mode::Away,
    ] {
        let publisher = Publisher::start(good()).await;
        let node = node_of(&publisher).await;
        let known = token(&RSA, "k");
        assert!(is_let_in(&node, &known).await);
        publisher.set(bad.clone());
        let (refused, why) = status(&node, &token(&P256, "new")).await;
        assert_eq!(refused, 503, "{bad:?}: it can't be told whose key it is: {why}");
        assert!(is_let_in(&node, &known).await, "{bad:?}");
        let ready = node.request("GET", "/ready", None).await;
        assert_eq!(ready.status, 200, "{}", ready.text);
        let mut person = Person::connect(node.address(), &known).await;
        person.send(&json!({"type": "renew", "token": token(&P256, "new")})).await;
        let told = person.hear(|m| m["type"] == "error").await;
        assert_eq!(told["error"], "unavailable", "{bad:?} {told}");
        let mut person = node.connect_anonymously().await;
        person.send(&json!({"type": "auth", "token": token(&P256, "new")})).await;
        assert!(matches!(person.end().await, Frame::Closed(1013, _)), "{bad:?}");
    }
    assert_eq!(elsewhere.asked(), 0, "redirects are not followed");
}

#[tokio::test]
async fn an_issuer_that_is_away_at_the_start_is_asked_again_and_keeps_nobody_else_out() {
    let publisher = Publisher::start(Mode::Away).await;
    let node = node_of(&publisher).await;
    let theirs = token(&RSA, "k");
    assert_eq!(status(&node, &theirs).await.0, 503);
    assert_eq!(node.as_service("GET", "/v1/boards", None).await.status, 200);
    publisher.set(Mode::Keys(vec![RSA.jwk("k")]));
    await_status(&node, &theirs, 200).await;
}

#[tokio::test]
async fn an_issuer_that_never_answers_is_waited_for_at_most_five_seconds_and_by_nobody_else() {
    let publisher = Publisher::start(Mode::Keys(vec![RSA.jwk("k")])).await;
    let node = node_of(&publisher).await;
    let known = token(&RSA, "k");
    assert!(is_let_in(&node, &known).await);
    publisher.set(Mode::Silent);
    let began = Instant::now();
    let unknown = async {
        let all = (0..20).map(|n| {
            let (node, token) = (&node, token(&P256, &format!("new{n}")));
            async move { status(node, &token).await.0 }
        });
        futures_util::future::join_all(all).await
    };
    let others = async {
        assert!(is_let_in(&node, &known).await);
        let mut alice = Person::connect(node.address(), &known).await;
        alice.await_snapshot().await;
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    };
    let (unknown, ()) = tokio::join!(unknown, others);
    assert!(unknown.iter().all(|status| *status == 503), "{unknown:?}");
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    assert_eq!(publisher.asked(), 2, "one question for all of them");
}

#[tokio::test]
async fn keys_in_files_are_as_good_for_every_algorithm() {
    let dir = tempfile::tempdir().expect("a folder");
    let secret = Pair::Secret(b"a shared secret of an old project");
    let mut keys = Vec::new();
    for pair in [&*RSA, &*P256, &*ED25519, &secret] {
        let (alg, path) = (pair.alg(), dir.path().join(pair.alg()));
        let (content, name) = match pair {
            Pair::Secret(secret) => ([secret, &b"\n"[..]].concat(), "secret_file"),
            _ => (pair.public_pem(), "public_key_file"),
        };
        std::fs::write(&path, content).expect("written");
        keys.push(format!("{{ kid = {alg:?}, alg = {alg:?}, {name} = {path:?} }}"));
    }
    let keys = keys.join(", ");
    let issuer = format!(
        "[[auth.issuers]]\nissuer = {ISSUER:?}\naudience = [\"x\", \"app\"]\nkeys = [{keys}]\n"
    );
    let node = node(&issuer).await;
    for pair in [&*RSA, &*P256, &*ED25519, &secret] {
        let (refused, why) = status(&node, &token(pair, pair.alg())).await;
        assert_eq!(refused, 200, "{}: {why}", pair.alg());
    }
    // Beside an issuer without a prefix the node's own key speaks for no users.
    assert_eq!(node.as_service("GET", "/v1/boards", None).await.status, 200);
    let (refused, why) = status(&node, &node.token("alice", Role::User)).await;
    assert!(refused == 401 && why.contains("services and operators"), "{why}");
}

/// A token of so many bytes, or one less: not every length is one of base64url.
fn long_token(bytes: usize) -> String {
    let of = |more: usize| {
        RSA.token(
            "k",
            &fixture::with(claims(ISSUER, "alice"), &json!({"groups": "x".repeat(more)})),
        )
    };
    let more = (bytes - of(0).len()) * 3 / 4;
    let found = (more - 8..more + 8).rev().map(of).find(|token| token.len() <= bytes);
    found.expect("a token that fits")
}

#[tokio::test]
async fn a_token_of_the_longest_length_is_taken_wherever_tokens_are() {
    for (settings, bytes) in [("", 8_192), ("[auth]\ntoken_bytes_max = 40000\n", 40_000)] {
        let publisher = Publisher::start(Mode::Keys(vec![RSA.jwk("k")])).await;
        let url = publisher.url();
        let node = node(&format!("{settings}[[auth.issuers]]\nissuer = {ISSUER:?}\naudience = \"app\"\njwks_url = {url:?}\n")).await;
        let longest = long_token(bytes);
        assert!((bytes - 1..=bytes).contains(&longest.len()));
        let (answered, why) = status(&node, &longest).await;
        assert_eq!(answered, 200, "{why}");
        Person::connect(node.address(), &longest).await.await_snapshot().await;
        let mut anonymous = node.connect_anonymously().await;
        anonymous.send(&json!({"type": "auth", "token": longest})).await;
        anonymous.await_snapshot().await;
        let (refused, why) = status(&node, &long_token(bytes + 30)).await;
        assert!(refused == 401 && why.contains(&format!("over {bytes} bytes")), "{refused} {why}");
        let (refused, _) = status(&node, &"x".repeat(2 * bytes)).await;
        assert!([401, 431].contains(&refused), "{refused}");
    }
}
