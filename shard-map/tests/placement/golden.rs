//! Placement is frozen: `golden/README.md` says why.

use std::path::Path;

use model::UserId;
use shard_map::{ShardMap, Slot};

use super::lists::{dealt, shards};

/// Compares with what is in the folder `golden`, or writes it there and fails, so that only a comparison ever passes.
fn frozen(files: &[(String, String)]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    if std::env::var("WHEREABOUTS_GOLDEN").as_deref() == Ok("write") {
        for (name, text) in files {
            std::fs::write(folder.join(name), text).expect("a writable folder");
        }
        panic!("written; look at the difference, then run again without WHEREABOUTS_GOLDEN");
    }
    for (name, now) in files {
        let path = folder.join(name);
        let held =
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(
            held == *now,
            "shard-map/golden/{name} differs from what the code does now: running systems would look for users where \
             they are not. See shard-map/golden/README.md."
        );
    }
}

/// Short and long, with every kind of character, and as applications number their users.
fn users() -> Vec<String> {
    let mut users: Vec<String> =
        ["0", "a", "b", "A", "~", "-", "_", "..a", "alice", "bob", "A-Z_0.9~"]
            .map(Into::into)
            .into();
    users.extend(["x".repeat(63), "x".repeat(64), format!("{}y", "x".repeat(63))]);
    users.push("7f8a1c52-93de-4b0e-a6f1-2d3c4b5a6978".to_owned());
    users.push("01JCYQ3V6W8X9Z0A1B2C3D4E5F".to_owned());
    users.extend((0..32).map(|n| format!("user-{n}")));
    users.extend((0..16).map(|n| (1_000_000_007_u64 * n).to_string()));
    users
}

#[test]
fn users_stay_in_their_slots() {
    let line = |user: &String| {
        let slot = Slot::from(&UserId::parse(user).expect("a valid id"));
        format!("{user} {}\n", slot.number())
    };
    let lines: Vec<String> = users().iter().map(line).collect();
    frozen(&[("users.txt".to_owned(), lines.concat())]);
}

const ONE: [(&str, u32); 1] = [("only", 1)];
const THREE: [(&str, u32); 3] = [("a", 100), ("b", 100), ("c", 100)];
const SEVEN: [(&str, u32); 7] =
    [("s1", 1), ("s2", 1), ("s3", 1), ("s4", 1), ("s5", 1), ("s6", 1), ("s7", 1)];
const WEIGHTED: [(&str, u32); 4] = [("large", 100), ("medium", 10), ("small", 1), ("spare", 0)];

fn hundred() -> Vec<(String, u32)> {
    (0..100).map(|n| (format!("redis-{n:02}"), n * 337 % 1_001)).collect()
}

#[test]
fn first_maps_are_dealt_as_ever() {
    let hundred = hundred();
    let hundred = hundred.iter().map(|(name, weight)| (name.as_str(), *weight));
    let maps = [
        ("one", dealt(ONE)),
        ("three", dealt(THREE)),
        ("seven", dealt(SEVEN)),
        ("weighted", dealt(WEIGHTED)),
        ("hundred", dealt(hundred)),
    ];
    let digests = maps.iter().map(|(name, map)| format!("{name} {}\n", map.digest()));
    frozen(&[("digests.txt".to_owned(), digests.collect())]);
    frozen(&maps.map(|(name, map)| (format!("maps/{name}.toml"), map.to_toml())));
}

#[test]
fn a_digest_tells_names_weights_and_slots_apart_but_not_epochs() {
    let three = dealt(THREE);
    let renamed = dealt([("a", 100), ("b", 100), ("d", 100)]);
    let lighter = dealt([("a", 99), ("b", 99), ("c", 99)]);
    // The same shards, of which each holds other slots.
    let dealt_anew = dealt([("a", 100), ("c", 100), ("d", 100)]);
    let four = three.change(shards([("a", 100), ("b", 100), ("c", 100), ("d", 100)]));
    let emptied = four.and_then(|four| four.change(shards([("a", 100), ("c", 100), ("d", 100)])));
    let emptied = emptied.expect("shards with slots");
    let digests = [&three, &renamed, &lighter, &dealt_anew, &emptied].map(ShardMap::digest);
    for (at, digest) in digests.iter().enumerate() {
        assert!(!digests[..at].contains(digest), "{at}: {digests:?}");
    }
    let later = three.to_toml().replace("epoch = 1", "epoch = 2");
    let later = ShardMap::parse(&later).expect("a map");
    assert_eq!((later.epoch(), later.digest()), (2, three.digest()));
}

/// The map after a change, and what moved.
fn changed(name: &str, before: &ShardMap, after: &ShardMap) -> [(String, String); 2] {
    let moves: Vec<String> =
        before.moves_to(after).iter().map(|moved| format!("{moved}\n")).collect();
    [
        (format!("changes/{name}.toml"), after.to_toml()),
        (format!("changes/{name}.moves"), moves.concat()),
    ]
}

#[test]
fn changes_move_the_same_slots_as_ever() {
    let to = |map: &ShardMap, listed: &[(&str, u32)]| {
        map.change(shards(listed.iter().copied())).expect("shards that can hold the slots")
    };
    let (three, seven, weighted) = (dealt(THREE), dealt(SEVEN), dealt(WEIGHTED));
    let four = to(&three, &[("a", 100), ("b", 100), ("c", 100), ("d", 100)]);
    let replaced = [("s1", 1), ("s2", 1), ("s3", 1), ("s5", 1), ("s7", 1), ("s8", 1), ("s9", 1)];
    let reweighed = [("large", 100), ("medium", 10), ("small", 20), ("spare", 0)];
    let four_without_b = to(&four, &[("a", 100), ("c", 100), ("d", 100)]);
    let files = [
        changed("three-gains-d", &three, &four),
        changed("three-gains-d-loses-b", &four, &four_without_b),
        changed("three-loses-b", &three, &to(&three, &[("a", 100), ("c", 100)])),
        changed("three-empties-b", &three, &to(&three, &[("a", 100), ("b", 0), ("c", 100)])),
        changed("seven-replaces-s4-and-s6", &seven, &to(&seven, &replaced)),
        changed("weighted-raises-small", &weighted, &to(&weighted, &reweighed)),
    ];
    frozen(&files.concat());
}
