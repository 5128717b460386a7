//! Who the client is: tokens, in the header or in the first message.

use api::Signer;
use e2e::raw::{Bystanders, OFFENDER, Raw, RawFrame, Request, assert_problem, opcode};
use e2e::{Frame, Sandbox};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use model::{Clock, Role, SystemClock, UserId};
use serde_json::{Value, json};
use server::{Config, Node};

use super::refusals::{expect_close, expect_refusals};

/// `{"alg":"none","typ":"JWT"}` and the same with `"kid":"own"`, in base64url.
const ALG_NONE: [&str; 2] =
    ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJub25lIiwidHlwIjoiSldUIiwia2lkIjoib3duIn0"];

/// RFC 8032, 7.1, test 1, in PKCS #8 and SPKI.
const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
    -----END PUBLIC KEY-----\n";

#[tokio::test]
async fn an_authorization_header_that_is_no_bearer_token_is_refused() {
    let world = Sandbox::start().await;
    let token = world.token(OFFENDER, Role::User);
    let anonymous = || Request::upgrade(None);
    let refused = |words| (401, "invalid_authorization", words);
    let authorization = "Authorization";
    let cases = vec![
        ("twice", anonymous().bearer(&token).bearer(&token), refused("more than once")),
        (
            "two in one",
            anonymous().bearer(&format!("{token}, Bearer {token}")),
            refused("characters"),
        ),
        ("Basic", anonymous().with(authorization, "Basic YTpi"), refused("Bearer")),
        ("no scheme", anonymous().with(authorization, &token), refused("Bearer")),
        ("no token", anonymous().with(authorization, "Bearer"), refused("no token")),
        ("empty", anonymous().with(authorization, ""), refused("no token")),
    ];
    expect_refusals(&world, cases).await;
}

/// A node's own key, in the hands of whoever forges tokens.
struct Forge {
    key: EncodingKey,
    now_s: i64,
}

impl Forge {
    fn new(world: &Sandbox) -> Self {
        let secret = std::fs::read(world.data_dir().join("token.key")).expect("the node's key");
        let now_s = SystemClock::start().now().wall.0 / 1_000;
        Self { key: EncodingKey::from_secret(&secret), now_s }
    }

    /// The right claims, with some replaced, or removed by null.
    fn claims(&self, changes: &Value) -> Value {
        let mut claims = json!({
            "sub": OFFENDER, "role": "user", "iss": "whereabouts", "aud": "whereabouts",
            "iat": self.now_s, "exp": self.now_s + 3_600,
        });
        let fields = claims.as_object_mut().expect("an object");
        fields.extend(changes.as_object().expect("an object").clone());
        fields.retain(|_, value| !value.is_null());
        claims
    }

    fn signed(&self, kid: &str, changes: &Value) -> String {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &self.claims(changes), &self.key).expect("a token")
    }

    fn own(&self, changes: &Value) -> String {
        self.signed("own", changes)
    }
}

type BadToken = (&'static str, String, &'static str, &'static str);

/// What is refused only for now.
const NOT_YET: &str = "token_not_yet_valid";

fn bad_tokens(world: &Sandbox) -> Vec<BadToken> {
    let forge = Forge::new(world);
    let right = forge.own(&json!({}));
    let (_, payload_and_signature) = right.split_once('.').expect("three parts");
    let (payload, signature) = payload_and_signature.split_once('.').expect("three parts");
    let now_s = forge.now_s;
    let foreign = Forge { key: EncodingKey::from_secret(&[7; 32]), now_s };
    let invalid = "invalid_token";
    vec![
        ("expired", forge.own(&json!({ "exp": now_s - 3_600 })), "token_expired", "has expired"),
        ("no expiry", forge.own(&json!({ "exp": null })), invalid, "(exp)"),
        (
            "issued in an hour",
            forge.own(&json!({ "iat": now_s + 3_600 })),
            NOT_YET,
            "not valid yet",
        ),
        ("valid in an hour", forge.own(&json!({ "nbf": now_s + 3_600 })), NOT_YET, "not valid yet"),
        ("another audience", forge.own(&json!({ "aud": "elsewhere" })), invalid, "(aud)"),
        ("no audience", forge.own(&json!({ "aud": null })), invalid, "(aud)"),
        ("another issuer", forge.own(&json!({ "iss": "somebody" })), invalid, "(iss)"),
        ("no issuer", forge.own(&json!({ "iss": null })), invalid, "(iss)"),
        ("no subject", forge.own(&json!({ "sub": null })), invalid, "(sub"),
        ("a subject that is no id", forge.own(&json!({ "sub": "a b" })), invalid, "subject"),
        ("alg none", format!("{}.{payload}.", ALG_NONE[0]), invalid, "(alg)"),
        ("alg none with kid", format!("{}.{payload}.", ALG_NONE[1]), invalid, "(alg)"),
        ("alg none, signed", format!("{}.{payload}.{signature}", ALG_NONE[1]), invalid, "(alg)"),
        ("unsigned", right.replace(signature, ""), invalid, "signature"),
        ("signed by others", foreign.own(&json!({})), invalid, "signature"),
        ("an unknown key", forge.signed("other", &json!({})), invalid, "(kid)"),
        ("8,193 bytes", "x".repeat(8_193), invalid, "8192"),
        ("no token", "abc".to_owned(), invalid, "not a signed JWT"),
        ("two parts", format!("e30.{payload}"), invalid, "not a signed JWT"),
        ("four parts", format!("{right}.e30"), invalid, "not a signed JWT"),
    ]
}

#[tokio::test]
async fn a_bad_token_in_the_header_is_refused_before_the_upgrade() {
    let world = Sandbox::start().await;
    let refused = |(case, token, code, words): BadToken| {
        (case, Request::upgrade(Some(&token)), (401, code, words))
    };
    let cases = bad_tokens(&world).into_iter().map(refused).collect();
    expect_refusals(&world, cases).await;
}

#[tokio::test]
async fn a_bad_token_in_the_first_message_ends_the_session() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let long = ("60 KB", "x".repeat(60_000), "", "8192");
    for (case, token, why, words) in bad_tokens(&world).into_iter().chain([long]) {
        let mut raw = Raw::upgrade(world.address(), None).await;
        raw.send_text(&json!({ "type": "auth", "token": token }).to_string()).await;
        // Whose clock is wrong isn't known: another gateway may think otherwise.
        let code = if why == NOT_YET { 4006 } else { 4500 };
        expect_close(case, raw.end().await, code, words);
        bystanders.carry_on(case).await;
    }
}

#[tokio::test]
async fn a_token_of_a_megabyte_is_refused_unread() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let token = "x".repeat(1_000_000);

    let mut raw = Raw::connect(world.address()).await;
    raw.send(&Request::upgrade(Some(&token)).encode()).await;
    assert_eq!(raw.response().await.map(|answer| answer.status), Some(431));
    raw.expect_hung_up().await;
    bystanders.carry_on("in the header").await;

    let mut raw = Raw::upgrade(world.address(), None).await;
    raw.send_text(&json!({ "type": "auth", "token": token }).to_string()).await;
    expect_close("in a message", raw.end().await, 1009, "message_too_big");
    bystanders.carry_on("in a message").await;
}

#[tokio::test]
async fn a_token_signed_with_the_public_key_as_a_secret_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let public_key_file = dir.path().join("public.pem");
    std::fs::write(&public_key_file, PUBLIC_PEM).expect("written");
    let config: Config = serde_json::from_value(json!({
        "http": { "listen": "127.0.0.1:0" },
        "data": { "dir": dir.path().join("data") },
        "auth": { "keys": [{ "alg": "EdDSA", "kid": "ed", "public_key_file": public_key_file }] },
    }))
    .expect("a configuration");
    let node = Node::start(config).await.expect("the node starts");

    let us = "whereabouts";
    let sign = |signer: &Signer, user: &str, role| {
        let user = UserId::parse(user).expect("an id");
        signer.sign(&user, role, SystemClock::start().now().wall, 3_600)
    };
    let issuer = Signer::eddsa("ed", PRIVATE_PEM.as_bytes(), us, us).expect("a signer");
    let mut bystanders = Bystanders::at(node.address(), |u, r| sign(&issuer, u, r)).await;

    let thief = Signer::hs256("ed", PUBLIC_PEM.as_bytes(), us, us).expect("a signer");
    let forged = sign(&thief, OFFENDER, Role::User);
    let mut raw = Raw::connect(node.address()).await;
    raw.send(&Request::upgrade(Some(&forged)).encode()).await;
    let answer = raw.response().await.expect("an answer");
    assert_problem("in the header", &answer, (401, "invalid_token", "(alg)"));

    let mut raw = Raw::upgrade(node.address(), None).await;
    raw.send_text(&json!({ "type": "auth", "token": forged }).to_string()).await;
    expect_close("in a message", raw.end().await, 4500, "(alg)");
    bystanders.carry_on("a forged token").await;
}

#[tokio::test]
async fn a_second_authentication_is_refused_and_the_session_goes_on() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let auth = |user| json!({ "type": "auth", "token": world.token(user, Role::User) }).to_string();
    for header in [true, false] {
        let mut raw = if header {
            Raw::upgrade(world.address(), Some(&world.token(OFFENDER, Role::User))).await
        } else {
            let mut raw = Raw::upgrade(world.address(), None).await;
            raw.send_text(&auth(OFFENDER)).await;
            raw
        };
        // Sent before the welcome has come.
        raw.send_text(&auth("ann")).await;
        assert_eq!(raw.hear(|m| m["type"] == "welcome").await["user"], OFFENDER);
        let error = raw.hear(|m| m["type"] == "error").await;
        assert_eq!(error["error"], "already_authenticated", "{error}");
        assert!(error["detail"].as_str().is_some_and(|d| d.contains("renew")), "{error}");
        raw.send_text(r#"{"type":"ping","id":7}"#).await;
        raw.hear(|m| m["type"] == "pong" && m["id"] == 7).await;
        bystanders.carry_on("a second authentication").await;
    }
}

#[tokio::test]
async fn whoever_is_silent_or_says_other_things_is_closed_at_the_deadline() {
    let world = Sandbox::with(|c| c.gateway.auth_timeout_ms = 500).await;
    let mut bystanders = Bystanders::on(&world).await;
    let half = RawFrame { length: e2e::raw::Length::Announced(100), ..RawFrame::text("{") };
    let cases = [
        ("silence", Vec::new()),
        ("a ping", RawFrame::new(opcode::PING, "x").encode()),
        ("half a message", half.encode()),
        ("a fragment", RawFrame::text("{").unfinished().encode()),
        ("no JSON", RawFrame::text("hello").encode()),
    ];
    for (case, bytes) in cases {
        let mut raw = Raw::upgrade(world.address(), None).await;
        raw.send(&bytes).await;
        expect_close(case, raw.end().await, 4005, "auth_timeout");
        bystanders.carry_on(case).await;
    }
}

#[tokio::test]
async fn anything_before_the_authentication_ends_the_session() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let fix = r#"{"type":"fix","device":"phone","seq":9,"latitude":1,"longitude":1}"#;
    let renew = json!({ "type": "renew", "token": world.token(OFFENDER, Role::User) }).to_string();
    let ping = r#"{"type":"ping","id":1}"#;
    let keep = r#"{"type":"keep","device":"phone"}"#;
    let sign_off = r#"{"type":"sign_off","device":"phone"}"#;
    for case in [fix, &renew, ping, keep, sign_off] {
        let mut raw = Raw::upgrade(world.address(), None).await;
        raw.send_text(case).await;
        raw.send_text(
            &json!({ "type": "auth", "token": world.token(OFFENDER, Role::User) }).to_string(),
        )
        .await;
        let Frame::Message(error) = raw.next().await else { panic!("{case}: no error") };
        assert_eq!(error["error"], "not_authenticated", "{case}: {error}");
        expect_close(case, raw.next().await, 4500, "auth");
        bystanders.carry_on(case).await;
    }
}
