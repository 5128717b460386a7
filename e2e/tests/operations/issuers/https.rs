//! Keys are published by https: only whoever proves to be that host is believed.

use std::path::{Path, PathBuf};

use e2e::process::{Home, Process, run};
use e2e::servers::{make_certificate, make_certificate_for};
use e2e::{DEADLINE, Person};
use tempfile::TempDir;

use super::fixture::{P256, RSA};
use super::publisher::{Mode, Publisher};
use super::{ISSUER, token};

const NAMES: &str = "DNS:localhost,IP:127.0.0.1";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The settings of a service with an issuer whose keys are at this address.
fn settings(url: &str, authority: Option<&Path>) -> String {
    let authority =
        authority.map_or_else(String::new, |it| format!("jwks_ca_file = \"{}\"\n", it.display()));
    format!(
        "[operations]\nlisten = \"127.0.0.1:0\"\n[[auth.issuers]]\nissuer = {ISSUER:?}\naudience = \"app\"\n\
         prefix = \"id:\"\njwks_url = {url:?}\n{authority}"
    )
}

/// Whether a token of the issuer's key opens a WebSocket; else the status.
async fn opens(service: &Process, token: &str) -> Result<(), u16> {
    let opened = Person::try_connect(service.address(), Some(token)).await;
    opened.map(drop).map_err(|refusal| refusal.status().as_u16())
}

async fn check(home: &Home) -> (Option<i32>, String) {
    let settings = home.settings().display().to_string();
    let data = home.data().display().to_string();
    let ended = run(&["check-config", "--config", &settings, "--data", &data]).await;
    // The table breaks lines where the terminal ends.
    (ended.code, ended.output.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn keys_are_taken_from_whoever_the_authority_vouches_for() {
    let dir = folder();
    let authority = make_certificate(dir.path());
    let publisher = Publisher::start_tls(Mode::Keys(vec![RSA.jwk("k")]), dir.path()).await;
    let home = Home::new(&settings(&publisher.url(), Some(&authority)));
    let (code, said) = check(&home).await;
    assert!(code == Some(0) && said.contains("1 keys at https://localhost"), "{said}");
    let service = home.start().await;
    assert_eq!(opens(&service, &token(&RSA, "k")).await, Ok(()));
    publisher.set(Mode::Keys(vec![RSA.jwk("k"), P256.jwk("new")]));
    assert_eq!(opens(&service, &token(&P256, "new")).await, Ok(()), "rotation");
    let by_another = opens(&service, &token(&P256, "k")).await;
    assert_eq!(by_another, Err(401), "by a key that is known");
}

/// A publisher whose certificate doesn't do, the authority that is trusted, and what is said of it.
async fn untrusted() -> Vec<(&'static str, TempDir, Publisher, Option<PathBuf>, &'static str)> {
    let keys = || Mode::Keys(vec![RSA.jwk("k")]);
    let mut all = Vec::new();
    for (case, names, days, why) in [
        ("another authority of that name", NAMES, 2, "BadSignature"),
        ("this machine's authorities", NAMES, 2, "UnknownIssuer"),
        ("expired", NAMES, -1, "Expired"),
        ("another host", "DNS:id.example", 2, "not valid for name"),
        ("an address alone", "IP:127.0.0.1", 2, "not valid for name"),
    ] {
        let dir = folder();
        let mut authority = Some(make_certificate_for(dir.path(), names, days));
        let publisher = Publisher::start_tls(keys(), dir.path()).await;
        match case {
            "another authority of that name" => {
                authority = Some(make_certificate(&other(dir.path())));
            }
            "this machine's authorities" => authority = None,
            _ => {}
        }
        all.push((case, dir, publisher, authority, why));
    }
    all
}

fn other(dir: &Path) -> PathBuf {
    let other = dir.join("other");
    std::fs::create_dir(&other).expect("a new folder");
    other
}

#[tokio::test]
async fn nobody_else_gives_keys_and_the_log_says_why() {
    for (case, _dir, publisher, authority, why) in untrusted().await {
        let home = Home::new(&settings(&publisher.url(), authority.as_deref()));
        let (code, said) = check(&home).await;
        assert_eq!(code, Some(1), "{case}: {said}");
        assert!(said.contains("can't be trusted") && said.contains(why), "{case}: {said}");
        let service = home.start().await;
        assert_eq!(opens(&service, &token(&RSA, "k")).await, Err(503), "{case}");
        let log = service.says("the keys of an issuer can't be had").await;
        assert!(log.contains("can't be trusted") && log.contains(why), "{case}: {log}");
        // Whose keys are the service's own has nothing to do with it.
        let answer = service.as_service("GET", "/v1/boards", None).await;
        assert_eq!(answer.status, 200, "{case}: {answer:?}");
    }
}

#[tokio::test]
async fn a_redirect_to_https_is_not_followed_either() {
    let dir = folder();
    let authority = make_certificate(dir.path());
    let target = Publisher::start_tls(Mode::Keys(vec![RSA.jwk("k")]), dir.path()).await;
    let publisher = Publisher::start_tls(Mode::Redirect(target.url()), dir.path()).await;
    let home = Home::new(&settings(&publisher.url(), Some(&authority)));
    let (code, said) = check(&home).await;
    assert!(code == Some(1) && said.contains("redirect (302)"), "{said}");
    let service = home.start().await;
    assert_eq!(opens(&service, &token(&RSA, "k")).await, Err(503));
    service.says("redirect (302)").await;
    assert_eq!(target.asked(), 0);
}

#[tokio::test]
async fn addresses_and_authorities_that_can_not_be_used_are_refused_before_the_start() {
    let dir = folder();
    let authority = make_certificate(dir.path());
    let key = dir.path().join("server.key");
    let missing = dir.path().join("missing.pem");
    for (url, authority, words) in [
        ("http://id.example/jwks", &authority, "must be https"),
        ("http://192.0.2.1/jwks", &authority, "must be https"),
        ("http://localhost.id.example/jwks", &authority, "must be https"),
        ("https://id.example/jwks", &missing, "missing.pem"),
        ("https://id.example/jwks", &key, "server.key"),
    ] {
        let home = Home::new(&settings(url, Some(authority)));
        let (code, said) = check(&home).await;
        assert!(code == Some(1) && said.contains(words), "{url}: {said}");
        let ended = tokio::time::timeout(DEADLINE, home.fail()).await.expect("it ends");
        assert!(ended.code == Some(1) && ended.log.contains(words), "{url}: {ended:?}");
    }
}
