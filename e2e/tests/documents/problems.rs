//! Every problem has a page, and every page a problem.

mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use api::problems::{Meaning, Retry};
use e2e::raw::{Raw, Request};
use e2e::{Answer, Sandbox};
use model::Role;
use serde_json::json;

use super::tree;

/// Words that metrics and the log have, and no answer: there is nobody who could read one.
const UNANSWERED: [&str; 3] = ["gone", "tls_handshake", "tls_unwanted"];

fn all() -> impl Iterator<Item = &'static Meaning> {
    server::problems::tables().flatten()
}

fn codes() -> BTreeSet<&'static str> {
    all().map(|meaning| meaning.code).collect()
}

async fn get(address: SocketAddr, path: &str, accept: &str) -> Answer {
    let mut raw = Raw::connect(address).await;
    raw.send(&Request::new("GET", path).with("Accept", accept).encode()).await;
    raw.response().await.expect("an answer")
}

#[test]
fn every_word_in_the_source_has_a_meaning_and_every_meaning_a_word() {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in tree::rust_files() {
        if path.contains("/src/") {
            for word in words::of_problems(&path, &text) {
                said.entry(word).or_default().push(path.clone());
            }
        }
    }
    let unanswered: BTreeSet<_> = UNANSWERED.into();
    said.retain(|word, _| !unanswered.contains(word.as_str()));
    let codes = codes();
    let missing: Vec<_> = said.iter().filter(|(word, _)| !codes.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "say in a `problem_table!` what these mean: {missing:#?}");
    let unused: Vec<_> = codes.iter().filter(|code| !said.contains_key(**code)).collect();
    assert!(unused.is_empty(), "nothing is answered with these: {unused:#?}");
}

#[test]
fn meanings_are_sentences() {
    let count = all().count();
    assert_eq!(codes().len(), count, "no word stands in two tables");
    for Meaning { code, statuses, means, remedy, retry, example } in all() {
        for text in [means.trim(), remedy] {
            let begins = text.starts_with(char::is_uppercase);
            assert!(begins && text.ends_with('.') && text.len() > 10, "{code}: {text:?}");
            assert!(!text.contains("  "), "{code}: {text:?}");
        }
        assert!(!example.is_empty() && !example.ends_with('.'), "{code}: {example:?}");
        assert!(!statuses.is_empty(), "{code}");
        let passes = statuses.iter().any(|status| matches!(status, 429 | 500 | 503));
        assert!(!passes || *retry == Retry::Later, "{code}: it passes by itself");
    }
}

#[tokio::test]
async fn words_that_the_description_names_have_a_meaning() {
    let world = Sandbox::start().await;
    let description = world.request("GET", "/openapi.json", None).await.text;
    let codes = codes();
    let mut named = 0;
    for (at, _) in description.match_indices(" `") {
        let before = &description[..at];
        let status: String = before.chars().rev().take(3).collect();
        let quoted = description[at + 2..].split('`').next().unwrap_or_default();
        if status.bytes().all(|b| b.is_ascii_digit()) && status.ends_with(['4', '5']) {
            assert!(codes.contains(quoted), "{quoted} is described and in no table");
            named += 1;
        }
    }
    assert!(named > 4, "{named}");
    assert!(description.contains("/problems/"), "where words are explained");
}

#[tokio::test]
async fn every_type_leads_to_a_page() {
    let world = Sandbox::start().await;
    let index = world.request("GET", "/problems/", None).await;
    assert_eq!(
        (index.status, &index.headers["content-type"] == "text/html; charset=utf-8"),
        (200, true)
    );
    for meaning in all() {
        let code = meaning.code;
        assert!(index.text.contains(&format!("<a href=\"{code}\">")), "{code}");
        let page = world.request("GET", &format!("/problems/{code}"), None).await;
        assert_eq!(page.status, 200, "{code}");
        assert!(page.text.contains(&format!("<h1>{code}</h1>")), "{}", page.text);
        assert!(page.text.contains(&meaning.statuses[0].to_string()), "{}", page.text);
        assert!(page.text.contains(&format!("/problems/{code}")), "an example: {}", page.text);
        let cached = page.headers["cache-control"].to_str().expect("text");
        assert!(cached.contains("max-age="), "{cached}");
    }
}

#[tokio::test]
async fn pages_load_and_run_nothing() {
    let world = Sandbox::start().await;
    for path in ["/problems/", "/problems/no_such_user"] {
        let page = world.request("GET", path, None).await;
        let policy = page.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let (_, rest) = page.text.split_once("<style>").expect("a style");
        let (style, _) = rest.split_once("</style>").expect("its end");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, style.as_bytes());
        let digest = data_encoding::BASE64.encode(digest.as_ref());
        assert!(policy.contains(&format!("style-src 'sha256-{digest}'")), "{digest}: {policy}");
        for loaded in ["<script", "src=", "url(", "http:", "https:", "style="] {
            assert!(!page.text.contains(loaded), "{path}: {loaded}");
        }
        assert!(page.text.contains("name=\"viewport\""), "{path}: for phones");
    }
}

#[tokio::test]
async fn programs_read_the_same_as_json() {
    let world = Sandbox::start().await;
    for (path, accept, is_json) in [
        ("/problems/busy", "application/json", true),
        ("/problems/busy", "application/problem+json", true),
        ("/problems/busy", "application/json, text/html;q=0.5", true),
        ("/problems/busy", "text/html,application/xhtml+xml,*/*;q=0.8", false),
        ("/problems/busy", "*/*", false),
        ("/problems/busy", "image/png", false),
        ("/problems/", "application/json", true),
    ] {
        let answer = get(world.address(), path, accept).await;
        assert_eq!((answer.status, answer.json.is_object()), (200, is_json), "{accept}");
        assert_eq!(answer.headers["vary"], "accept");
    }
    let busy = get(world.address(), "/problems/busy", "application/json").await.json;
    assert_eq!((&busy["code"], &busy["retry"]), (&json!("busy"), &json!("later")));
    assert_eq!(busy["example"]["type"], "/problems/busy");
    assert_eq!(busy["example"]["retry_after_s"], 1);
    let index = get(world.address(), "/problems/", "application/json").await.json;
    assert_eq!(index["problems"].as_array().map(Vec::len), Some(all().count()));
    let closes = index["websocket_closes"].as_array().expect("a list");
    assert!(closes.contains(&json!({ "code": 4501, "word": "bad_messages", "comes_back": false })));
    assert!(index["websocket_errors"].as_array().expect("a list").contains(&json!("invalid_fix")));
}

#[tokio::test]
async fn the_way_from_an_answer_to_its_page_is_open_to_everybody() {
    let world = Sandbox::with(|config| {
        "/apps/geo".clone_into(&mut config.http.base_path);
        config.rest.requests_per_s = 1;
        config.rest.requests_burst = 1;
    })
    .await;
    let token = world.token("alice", Role::User);
    let mut refused = Vec::new();
    for path in
        ["/v1/nothing", "/v1/ws", "/v1/ws?token=x", "/v1/users/a%2Fb", "/problems/none", "/live//"]
    {
        refused.push(world.request("GET", &format!("/apps/geo{path}"), None).await);
    }
    for _ in 0..3 {
        refused.push(world.with_token(&token, "GET", "/v1/users/alice", None).await);
    }
    assert!(refused.iter().any(|answer| answer.status == 429), "{refused:#?}");
    for answer in refused.iter().filter(|answer| answer.status >= 400) {
        let kind = answer.json["type"].as_str().unwrap_or_else(|| panic!("no type: {answer:?}"));
        assert!(kind.starts_with("/apps/geo/problems/"), "{kind}");
        for address in [world.address(), world.operations_address()] {
            let page = get(address, kind, "*/*").await;
            assert_eq!(page.status, 200, "{kind}");
            assert!(page.text.contains(&format!("\"{kind}\"").replace('"', "&quot;")), "{kind}");
        }
        let head = world.request("HEAD", kind, None).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{kind}");
    }
    let unknown = world.request("GET", "/problems/%3Cb%3E", None).await;
    assert_eq!((unknown.status, &unknown.json["code"]), (404, &json!("no_such_problem")));
    let moved = world.request("GET", "/apps/geo/problems", None).await;
    assert_eq!((moved.status, moved.headers["location"].to_str().ok()), (308, Some("problems/")));
    let posted = world.request("POST", "/problems/", None).await;
    assert_eq!(posted.status, 405, "{posted:?}");
}
