//! A person gets all that is held about them as one archive.

use std::collections::BTreeMap;
use std::io::Read as _;

use e2e::{LISBON, Sandbox};
use flate2::read::DeflateDecoder;
use serde_json::{Value, json};

fn number(bytes: &[u8], at: usize, length: usize) -> usize {
    bytes[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// The files of a zip archive, by the list at its end.
fn unzipped(archive: &[u8]) -> BTreeMap<String, String> {
    let end = archive.len() - 22;
    assert_eq!(archive[end..end + 4], *b"PK\x05\x06", "the end of an archive");
    let (count, mut at) = (number(archive, end + 10, 2), number(archive, end + 16, 4));
    let mut files = BTreeMap::new();
    for _ in 0..count {
        assert_eq!(archive[at..at + 4], *b"PK\x01\x02", "an entry of the list");
        let (crc, packed) = (number(archive, at + 16, 4), number(archive, at + 20, 4));
        let (size, length) = (number(archive, at + 24, 4), number(archive, at + 28, 2));
        let name = String::from_utf8(archive[at + 46..at + 46 + length].to_vec()).expect("UTF-8");
        let file = number(archive, at + 42, 4);
        assert_eq!(archive[file..file + 4], *b"PK\x03\x04", "{name}");
        let begin = file + 30 + length;
        let mut content = Vec::new();
        let mut decoder = DeflateDecoder::new(&archive[begin..begin + packed]);
        decoder.read_to_end(&mut content).expect("deflated");
        let mut sum = flate2::Crc::new();
        sum.update(&content);
        assert_eq!((content.len(), sum.sum() as usize), (size, crc), "{name}");
        let text = String::from_utf8(content).expect("UTF-8");
        assert!(files.insert(name.clone(), text).is_none(), "{name} twice");
        at += 46 + length;
    }
    assert_eq!(at, end);
    files
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_gets_all_that_is_held_about_them_and_nobody_else_does() {
    let world = Sandbox::start().await;
    world.befriend("alice", "bob").await;
    let block = world.as_user("alice", "PUT", "/v1/users/me/blocks/mallory", None).await;
    assert_eq!(block.status, 204, "{block:?}");
    let mut alice = world.connect("alice").await;
    alice.at(LISBON).await;
    let board = json!({ "wins": "high", "operator": "sum" });
    assert_eq!(world.as_service("PUT", "/v1/boards/weekly", Some(board)).await.status, 201);
    let event = json!({ "key": "1", "board": "weekly", "user": "alice", "delta": 25 });
    assert_eq!(world.as_service("POST", "/v1/scores", Some(event)).await.status, 200);

    let answer = world.as_user("alice", "GET", "/v1/users/me/export", None).await;
    assert_eq!(
        (answer.status, &answer.headers["content-type"]),
        (200, &"application/zip".parse().expect("a value"))
    );
    let files = unzipped(&answer.bytes);
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    let month = names.iter().find(|name| name.starts_with("history/track/")).expect("a track");
    let track = lines(&files[*month]);
    assert_eq!((track.len(), &track[0]["latitude"]), (1, &json!(LISBON.0)));
    for (name, expected) in [
        ("businesses/owned.ndjson", vec![]),
        ("directory/friends.ndjson", vec!["bob"]),
        ("directory/incoming.ndjson", vec![]),
        ("directory/outgoing.ndjson", vec![]),
        ("directory/blocks.ndjson", vec!["mallory"]),
    ] {
        let ids: Vec<_> = lines(&files[name]).into_iter().map(|line| line["id"].clone()).collect();
        assert_eq!(ids, expected, "{name}");
    }
    let one = |name: &str| -> Value { serde_json::from_str(&files[name]).expect("JSON") };
    assert_eq!(one("directory/user.json")["id"], "alice");
    assert_eq!(one("position.json")["position"]["latitude"], LISBON.0);
    assert_eq!(lines(&files["leaderboards/standings.ndjson"])[0]["score"], 25);
    assert_eq!(one("history/settings.json")["enabled"], true);
    let parts = one("export.json")["parts"].clone();
    assert_eq!(parts, json!(["directory", "leaderboards", "history", "position", "businesses"]));

    let theirs = world.as_user("bob", "GET", "/v1/users/alice/export", None).await;
    assert_eq!(theirs.status, 403, "{theirs:?}");
    let nobodys = world.as_service("GET", "/v1/users/nobody/export", None).await;
    assert_eq!(unzipped(&nobodys.bytes)["directory/user.json"], "null\n");
}
