//! What no map can be, said so that whoever reads it knows where to look and what to write.

use shard_map::{EPOCH_MAX, MapError, SHARDS_MAX, Shard, ShardMap, ShardName};

use super::lists::{dealt, shards};

/// What is said of a list of shards.
fn said_of(listed: &[(&str, u32)]) -> String {
    ShardMap::deal(shards(listed.iter().copied())).expect_err("refused").to_string()
}

/// What is said of a file.
fn said(text: &str) -> String {
    ShardMap::parse(text).expect_err("refused").to_string()
}

/// What is said of a file with these entries.
fn said_of_entries(entries: &[(&str, i64, &str)]) -> String {
    let entry = |(name, weight, slots): &(&str, i64, &str)| {
        format!("[[shard]]\nname = \"{name}\"\nweight = {weight}\nslots = \"{slots}\"\n")
    };
    let entries: Vec<String> = entries.iter().map(entry).collect();
    said(&format!("epoch = 1\n{}", entries.concat()))
}

/// All of these words occur.
#[track_caller]
fn has(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "{word:?} is missing: {message}");
    }
}

#[test]
fn lists_that_can_hold_nothing_are_refused() {
    has(&said_of(&[]), &["no shard", "at least one"]);
    has(&said_of(&[("a", 0), ("b", 0)]), &["weight 0", "at least one"]);
}

#[test]
fn one_name_has_one_shard() {
    has(&said_of(&[("a", 1), ("b", 1), ("a", 2)]), &["shard a", "more than once"]);
    has(&said_of_entries(&[("a", 1, "0-16383"), ("a", 1, "")]), &["shard a", "more than once"]);
}

#[test]
fn weights_have_a_range() {
    has(&said_of(&[("a", 1), ("b", 1_001)]), &["shard b", "1001", "from 0 to 1000"]);
    has(&said_of_entries(&[("a", -1, "0-16383")]), &["shard a", "-1", "from 0 to 1000"]);
    has(&said_of_entries(&[("a", 1 << 32, "0-16383")]), &["4294967296", "from 0 to 1000"]);
    assert_eq!(dealt([("a", 1_000)]).slots(0), 16_384);
}

#[test]
fn there_are_at_most_so_many_shards() {
    let many = |count: usize| -> Vec<Shard> {
        let names = (0..count).map(|n| format!("s{n}"));
        names.map(|name| shards([(name.as_str(), 1)]).remove(0)).collect()
    };
    let most = ShardMap::deal(many(SHARDS_MAX)).expect("as many as possible");
    assert!((0..SHARDS_MAX).all(|index| most.slots(index) == 16));
    let fault = ShardMap::deal(many(SHARDS_MAX + 1)).expect_err("one too many");
    has(&fault.to_string(), &["1025", "at most 1024"]);
    assert_eq!(most.change(many(SHARDS_MAX + 1)), Err(fault));
}

#[test]
fn names_are_short_and_plain() {
    for name in ["a", "A-Z_0.9", ".", &"x".repeat(64)] {
        assert_eq!(ShardName::parse(name).expect(name).as_str(), name);
    }
    for name in ["", "a b", "a/b", "é", "a\n", "a\"", &"x".repeat(65)] {
        let fault = ShardName::parse(name).expect_err(name);
        assert_eq!(fault, MapError::Name(name.to_owned()));
        has(&fault.to_string(), &[&format!("{name:?}"), "1 to 64 characters"]);
    }
    has(&said_of_entries(&[("a b", 1, "0-16383")]), &["\"a b\""]);
}

#[test]
fn epochs_count_from_one_and_end() {
    let text = |epoch: i64| dealt([("a", 1)]).to_toml().replacen('1', &epoch.to_string(), 1);
    for epoch in [0, -1, EPOCH_MAX as i64 + 1] {
        has(&said(&text(epoch)), &["epoch", "from 1 to 9007199254740992"]);
    }
    let last = ShardMap::parse(&text(EPOCH_MAX as i64)).expect("the last epoch");
    assert_eq!(last.change(shards([("a", 1)])), Err(MapError::Epoch));
}

#[test]
fn slots_that_cannot_be_read_are_quoted() {
    let unreadable = [
        "16384",
        "9-3",
        "-5",
        "5-",
        "-",
        "+5",
        "1-2-3",
        "0x10",
        "a",
        "65536",
        "99999999999",
        "1.5",
        "٣",
    ];
    for part in unreadable {
        let message = said_of_entries(&[("a", 1, &format!("0,{part},7"))]);
        has(&message, &["shard a", &format!("{part:?}"), "0 to 16383", "0-5460,8000"]);
    }
    for text in ["0,", ",0", "0,,1", ","] {
        has(&said_of_entries(&[("a", 1, text)]), &["shard a", "\"\"", "names no slots"]);
    }
}

#[test]
fn a_slot_given_away_twice_is_named_with_both_owners() {
    let message = said_of_entries(&[("b", 1, "0-8000"), ("a", 1, "8000-16383")]);
    has(&message, &["slot 8000", "both b and a", "one of them"]);
    let message = said_of_entries(&[("a", 1, "0-16383,5")]);
    has(&message, &["shard a", "slot 5 twice"]);
}

#[test]
fn slots_of_nobody_are_named() {
    let message = said_of_entries(&[("a", 1, "0-99,103-199"), ("b", 1, "201-16383")]);
    has(&message, &["no shard", "100-102", "missing in all: 4", "add them"]);
    has(&said_of_entries(&[("a", 1, "0-16382")]), &["slots 16383", "missing in all: 1"]);
    has(&said_of_entries(&[("a", 1, "")]), &["slots 0-16383", "missing in all: 16384"]);
}

#[test]
fn a_shard_of_no_weight_holds_nothing() {
    let message = said_of_entries(&[("a", 1, "0-8000"), ("b", 0, "8001-16383")]);
    has(&message, &["shard b", "weight 0", "holds slots", "to another shard"]);
}

#[test]
fn unknown_and_missing_keys_are_named_with_their_line() {
    let whole = dealt([("a", 1)]).to_toml();
    has(&said(&whole.replace("weight", "weigth")), &["line 5", "weigth", "`weight`"]);
    has(&said(&format!("epohc = 1\n{whole}")), &["line 1", "epohc", "`epoch`"]);
    has(&said(&whole.replace("weight = 1\n", "")), &["line 3", "missing", "weight"]);
    has(&said(&whole.replace("slots = \"0-16383\"\n", "")), &["line 3", "missing", "slots"]);
    has(&said(&whole.replace("epoch = 1\n", "")), &["missing", "epoch"]);
    has(&said(&whole.replace("name = \"a\"", "name = a")), &["line 4"]);
    has(&said("epoch = 1\n"), &["no shard"]);
    has(&said(&format!("epoch = 2\n{whole}")), &["line 2", "duplicate"]);
}
