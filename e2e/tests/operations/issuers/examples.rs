//! The settings of four hosted issuers as the page about them has them, and who may be whom by their tokens.

use std::sync::{Arc, LazyLock};

use api::{TokenError, Verifier};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use model::{Clock, Role, SystemClock};
use serde_json::{Value, json};
use server::{Config, Keys};

use super::fixture::{ED25519, P256, Pair, RSA, with};
use super::now_s;
use super::publisher::{Mode, Publisher};

const PAGE: &str = include_str!("../../../../ops/issuers.md");

static OTHER_RSA: LazyLock<Pair> =
    LazyLock::new(|| Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key")));

/// An issuer of the page, and what its tokens are like.
struct Hosted {
    name: &'static str,
    prefix: &'static str,
    pair: &'static Pair,
    claims: Value,
    /// What makes somebody a service or an operator.
    role: fn(&str) -> Value,
    /// What looks like it and doesn't.
    lookalikes: Vec<Value>,
}

fn all() -> [Hosted; 4] {
    [
        Hosted {
            name: "auth0",
            prefix: "",
            pair: &RSA,
            claims: json!({
                "iss": "https://example.eu.auth0.com/", "sub": "auth0|0123456789abcdef01234567",
                "aud": ["https://whereabouts.example.com", "https://example.eu.auth0.com/userinfo"],
                "azp": "client", "scope": "openid profile", "gty": "password", "permissions": [],
            }),
            role: |role| json!({"permissions": ["read:x", if role == "operator" { "whereabouts:operate" } else { "whereabouts:service" }]}),
            lookalikes: vec![
                json!({"permissions": "whereabouts:operate"}),
                json!({"permissions": ["service", "operator", "whereabouts:operate "]}),
                json!({"permissions": {"0": "whereabouts:operate"}}),
                json!({"permissions": [["whereabouts:operate"]]}),
                json!({"scope": "whereabouts:operate", "user_metadata": {"permissions": ["whereabouts:operate"]}}),
                json!({"https://app.example.com/permissions": ["whereabouts:operate"]}),
            ],
        },
        Hosted {
            name: "keycloak",
            prefix: "kc:",
            pair: &OTHER_RSA,
            claims: json!({
                "iss": "https://id.example.com/realms/app", "sub": "f:00000000-0000-4000-8000-000000000000:bob",
                "aud": ["whereabouts", "account"], "azp": "app", "typ": "Bearer", "scope": "email profile",
                "realm_access": {"roles": ["offline_access", "uma_authorization"]},
                "resource_access": {"account": {"roles": ["manage-account"]}},
            }),
            role: |role| json!({"realm_access": {"roles": ["offline_access", format!("whereabouts-{role}")]}}),
            lookalikes: vec![
                json!({"realm_access": {"roles": "whereabouts-operator"}}),
                json!({"realm_access": ["whereabouts-operator"]}),
                json!({"realm_access": {"roles": {"roles": ["whereabouts-operator"]}}}),
                json!({"realm_access.roles": ["whereabouts-operator"], "roles": ["whereabouts-operator"]}),
                json!({"resource_access": {"app": {"roles": ["whereabouts-operator"]}}}),
                json!({"groups": ["whereabouts-operator"], "preferred_username": "whereabouts-operator"}),
            ],
        },
        Hosted {
            name: "firebase",
            prefix: "fb:",
            pair: &ED25519,
            claims: json!({
                "iss": "https://securetoken.google.com/my-project", "aud": "my-project",
                "sub": "AbCdEf0123456789AbCdEf012345", "user_id": "AbCdEf0123456789AbCdEf012345",
                "name": "operator", "email": "a@example.com", "email_verified": false,
                "firebase": {"identities": {"email": ["a@example.com"]}, "sign_in_provider": "password"},
            }),
            role: |role| json!({ "whereabouts_role": role }),
            lookalikes: vec![
                json!({"whereabouts_role": ["operator"]}),
                json!({"whereabouts_role": {"operator": true}}),
                json!({"whereabouts_role": "Operator"}),
                json!({"firebase": {"whereabouts_role": "operator"}, "claims": {"whereabouts_role": "operator"}}),
                json!({"operator": true, "admin": true}),
            ],
        },
        Hosted {
            name: "supabase",
            prefix: "sb:",
            pair: &P256,
            claims: json!({
                "iss": "https://abcdefghijklmnopqrst.supabase.co/auth/v1", "aud": "authenticated",
                "sub": "00000000-0000-4000-8000-000000000001", "role": "authenticated", "aal": "aal1",
                "app_metadata": {"provider": "email", "providers": ["email"]},
                "user_metadata": {}, "is_anonymous": false, "session_id": "s",
            }),
            role: |role| json!({"app_metadata": {"provider": "email", "whereabouts_role": role}}),
            lookalikes: vec![
                json!({"user_metadata": {"whereabouts_role": "operator", "app_metadata": {"whereabouts_role": "operator"}}}),
                json!({"whereabouts_role": "operator"}),
                json!({"app_metadata": {"role": "operator", "whereabouts_role": ["operator"]}}),
                json!({"app_metadata": [{"whereabouts_role": "operator"}]}),
                json!({"app_metadata": "whereabouts_role"}),
                json!({"role": "service_role"}),
            ],
        },
    ]
}

/// An example of the page.
fn example(name: &str) -> &'static str {
    let begin = format!("<!-- issuer: {name} -->\n```toml\n");
    let (_, behind) = PAGE.split_once(&begin).expect("the example");
    behind.split_once("```").expect("its end").0
}

impl Hosted {
    /// The settings on the page.
    fn settings(&self) -> &'static str {
        example(self.name)
    }

    fn token(&self, changes: &Value) -> String {
        let times = json!({"iat": now_s(), "exp": now_s() + 3_600});
        self.pair.token(self.name, &with(with(self.claims.clone(), &times), changes))
    }

    fn user(&self) -> String {
        format!("{}{}", self.prefix, self.claims["sub"].as_str().expect("text"))
    }
}

/// All four with prefixes, their keys at addresses of our own.
async fn verifier(all: &[Hosted]) -> Arc<Verifier> {
    let mut settings = String::new();
    for hosted in all {
        let publisher = Publisher::start(Mode::Keys(vec![hosted.pair.jwk(hosted.name)])).await;
        let of_example = hosted.settings();
        let url = of_example.lines().find(|line| line.starts_with("jwks_url")).expect("an address");
        let ours = format!("jwks_url = {:?}\nprefix = {:?}", publisher.url(), hosted.prefix);
        settings += &of_example.replace(url, &ours);
    }
    let config: Config = toml::from_str(&settings).expect("settings");
    config.validate().expect("they can work");
    let verifier = Arc::new(Keys::verifier(&config.auth, None).expect("issuers"));
    tokio::spawn(verifier.clone().run());
    verifier
}

async fn who(verifier: &Verifier, token: &str) -> Result<(String, Role), TokenError> {
    let whose = verifier.verify_asking(token, SystemClock::start().now()).await;
    whose.map(|it| (it.caller.user.as_str().to_owned(), it.caller.role))
}

#[test]
fn the_examples_are_settings_that_can_work() {
    for hosted in all() {
        let config: Config = toml::from_str(hosted.settings()).expect(hosted.name);
        assert_eq!(config.validate().map_err(String::from), Ok(()), "{}", hosted.name);
    }
}

#[test]
fn supabases_shared_secret_counts_whatever_its_tokens_call_it() {
    const SECRET: &[u8] = b"a+secret/as-supabase/makes+them/of-many-letters==";
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("supabase");
    std::fs::write(&file, [SECRET, b"\n"].concat()).expect("written");
    let page = example("supabase-secret");
    let path = file.to_str().expect("text");
    let config: Config =
        toml::from_str(&page.replace("/etc/whereabouts/supabase", path)).expect("settings");
    assert_eq!(config.validate().map_err(String::from), Ok(()));
    let verifier = Keys::verifier(&config.auth, None).expect("an issuer");
    let all = all();
    let hosted = all.iter().find(|it| it.name == "supabase").expect("Supabase");
    let times = json!({"iat": now_s(), "exp": now_s() + 3_600});
    let claims = with(hosted.claims.clone(), &times).to_string();
    let secret = Pair::Secret(SECRET);
    let who = |pair: &Pair, header: Value| {
        let token = pair.forge(&header.to_string(), &claims);
        let whose = verifier.verify(&token, SystemClock::start().now().wall);
        whose.map(|it| it.user.as_str().to_owned())
    };
    let user = Ok("00000000-0000-4000-8000-000000000001".to_owned());
    // As a user's, as those of the project itself, and as with a secret that was made a signing key.
    for header in [
        json!({"alg": "HS256", "kid": "hX0aPBqZ6yhYqX4e", "typ": "JWT"}),
        json!({"alg": "HS256", "typ": "JWT"}),
        json!({"alg": "HS256", "kid": "3f0a2a0e-5f9b-4c1b-9a56-6f5b7a6a4f10", "typ": "JWT"}),
    ] {
        assert_eq!(who(&secret, header.clone()), user, "{header}");
        let other = Pair::Secret(b"another secret of more than 32 letters");
        assert_eq!(who(&other, header), Err(TokenError::BadSignature));
    }
    for alg in ["none", "HS512", "RS256", "ES256"] {
        let refused = who(&secret, json!({"alg": alg, "kid": "hX0aPBqZ6yhYqX4e"}));
        assert_eq!(refused, Err(TokenError::WrongAlgorithm), "{alg}");
    }
}

#[tokio::test]
async fn who_may_be_whom_by_the_tokens_of_four_issuers() {
    let all = all();
    let verifier = verifier(&all).await;
    let who = |token: String| {
        let verifier = &verifier;
        async move { who(verifier, &token).await }
    };
    for hosted in &all {
        let of = |changes: Value| who(hosted.token(&changes));
        let (name, user) = (hosted.name, Ok((hosted.user(), Role::User)));
        assert_eq!(of(json!({})).await, user, "{name}");
        for role in [Role::Service, Role::Operator] {
            let made = of((hosted.role)(role.as_str())).await;
            assert_eq!(made, Ok((hosted.user(), role)), "{name}");
        }
        let words = ["service", "operator", "admin", "whereabouts-operator", "whereabouts:operate"];
        let bare = words.into_iter().flat_map(|word| {
            ["role", "roles", "scope", "groups", "permissions_", "name", "nickname"]
                .map(|claim| json!({ claim: word }))
        });
        let lists =
            words.map(|word| json!({"role": [word], "roles": [word], "cognito:groups": [word]}));
        let nested =
            words.map(|word| json!({"role": {"role": word}, "user_metadata": {"role": word}}));
        for changes in bare.chain(lists).chain(nested).chain(hosted.lookalikes.clone()) {
            assert_eq!(of(changes.clone()).await, user, "{name} {changes}");
        }
        let others = all.iter().filter(|other| !other.prefix.is_empty() && other.name != name);
        for other in others {
            let stolen = of(json!({"sub": other.user()})).await;
            let expected = if hosted.prefix.is_empty() {
                Err(TokenError::ForeignPrefix)
            } else {
                Ok((format!("{}{}", hosted.prefix, other.user()), Role::User))
            };
            assert_eq!(stolen, expected, "{name} {}", other.name);
        }
        for other in all.iter().filter(|other| other.name != name) {
            let iss = json!({"iss": other.claims["iss"], "aud": other.claims["aud"]});
            let refused = of(iss).await;
            assert!(refused.is_err(), "{name} as {}: {refused:?}", other.name);
            assert_eq!(
                of(json!({"aud": other.claims["aud"]})).await,
                Err(TokenError::WrongAudience)
            );
        }
        assert_eq!(of(json!({"sub": 42})).await, Ok((format!("{}42", hosted.prefix), Role::User)));
        let max = u64::MAX;
        assert_eq!(
            of(json!({ "sub": max })).await,
            Ok((format!("{}{max}", hosted.prefix), Role::User))
        );
        for number in [json!(42.0), json!(4.2), json!(1e300), json!(-1)] {
            assert_eq!(
                of(json!({"sub": number})).await,
                Err(TokenError::SubjectNumber),
                "{name} {number}"
            );
        }
        assert_eq!(
            of(json!({"exp": (now_s() + 60) * 1_000})).await,
            Err(TokenError::LongLived(2_592_000))
        );
    }
}
