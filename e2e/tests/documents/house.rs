//! Rules of the house, each with what to do about it.

mod items;
mod limits;
mod places;
mod purity;
mod tokens;
mod twins;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::tree;

/// The parts of the product. None knows another's insides.
const PARTS: [&str; 6] =
    ["ws-gateway", "proximity", "directory", "leaderboard", "history-writer", "shard-map"];

/// The cores: the folder of a part, the module that decides, and the pure crates it may use beside `model`.
const CORES: [(&str, &str, &[&str]); 5] = [
    ("directory", "core", &["thiserror"]),
    ("history-writer", "core", &["aws_lc_rs", "crc32fast", "thiserror"]),
    ("leaderboard", "core", &["jiff", "thiserror"]),
    ("proximity", "core", &["h3o", "jiff", "thiserror"]),
    ("ws-gateway", "session", &[]),
];

/// A file that is longer answers more than one question.
const LINES_MAX: usize = 300;

/// Which crates a crate may know. A new arrow is a decision: write down why in ARCHITECTURE.md, then add it here.
const ARROWS: [(&str, &[&str]); 15] = [
    ("model", &[]),
    ("api", &["model"]),
    ("shard-map", &["model"]),
    ("sql", &["model"]),
    ("redis-connection", &["model"]),
    ("segment-log", &["model"]),
    ("directory", &["model", "api", "sql"]),
    ("proximity", &["model", "api", "sql"]),
    ("leaderboard", &["model", "shard-map", "api", "sql", "redis-connection", "segment-log"]),
    ("history-writer", &["model", "shard-map", "api", "sql", "redis-connection", "segment-log"]),
    ("ws-gateway", &["model", "shard-map", "api", "redis-connection", "directory"]),
    ("simulation", &["model"]),
    (
        "bench",
        &["model", "api", "directory", "history-writer", "leaderboard", "shard-map", "ws-gateway"],
    ),
    (
        "server",
        &[
            "model",
            "shard-map",
            "api",
            "directory",
            "proximity",
            "leaderboard",
            "history-writer",
            "ws-gateway",
            "simulation",
        ],
    ),
    (
        "e2e",
        &[
            "model",
            "shard-map",
            "api",
            "directory",
            "proximity",
            "leaderboard",
            "history-writer",
            "ws-gateway",
            "simulation",
            "server",
        ],
    ),
];

#[test]
fn no_file_is_longer_than_one_question() {
    let long: Vec<_> = tree::rust_files()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .collect();
    assert!(
        long.is_empty(),
        "over {LINES_MAX} lines: split by the questions they answer: {long:#?}"
    );
}

/// What a reader takes in at a glance.
const ENTRIES_MAX: usize = 15;

#[test]
fn no_folder_has_more_than_a_glance_takes_in() {
    let mut folders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, _) in tree::rust_files() {
        let names: Vec<_> = path.split('/').collect();
        for (depth, name) in names.iter().enumerate().skip(1) {
            let folder = names[..depth].join("/");
            // A module's file and the folder of its modules are one thing.
            folders.entry(folder).or_default().insert(name.trim_end_matches(".rs").to_owned());
        }
    }
    folders.retain(|_, names| names.len() > ENTRIES_MAX);
    assert!(
        folders.is_empty(),
        "over {ENTRIES_MAX} entries: gather what belongs together into a folder of its own: {folders:#?}"
    );
}

#[test]
fn crates_know_only_whom_they_may() {
    let root: toml::Table = tree::read("Cargo.toml").parse().expect("TOML");
    let members: Vec<_> =
        root["workspace"]["members"].as_array().expect("members").iter().collect();
    let allowed: BTreeMap<_, _> = ARROWS.into_iter().collect();
    assert_eq!(members.len(), allowed.len(), "a crate is missing from the arrows");
    for member in members {
        let member = member.as_str().expect("a name");
        let manifest: toml::Table =
            tree::read(&format!("{member}/Cargo.toml")).parse().expect("TOML");
        let known =
            manifest.get("dependencies").and_then(toml::Value::as_table).into_iter().flatten();
        let arrows = allowed.get(member).unwrap_or_else(|| panic!("{member} has no arrows"));
        for (name, _) in known {
            let forbidden = allowed.contains_key(name.as_str()) && !arrows.contains(&name.as_str());
            assert!(!forbidden, "{member} may not know {name}; it may know {arrows:?}");
        }
    }
}

#[test]
fn no_test_is_passed_over() {
    // Put together so that this file doesn't say it.
    let attribute = concat!("#[", "ignore");
    let passed_over = said_in(attribute, tree::rust_files());
    assert!(
        passed_over.is_empty(),
        "tests run or go; long ones ask for WHEREABOUTS_LONG: {passed_over:#?}"
    );
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let place = concat!("/wo", "rk/");
    let named = said_in(place, tree::texts());
    assert!(named.is_empty(), "{place} exists on one machine only: {named:#?}");
}

/// The places where files say something: `path:line`.
fn said_in(words: &str, texts: Vec<(String, String)>) -> Vec<String> {
    let mut places = Vec::new();
    for (path, text) in texts {
        let lines = text.lines().enumerate().filter(|(_, line)| line.contains(words));
        places.extend(lines.map(|(at, _)| format!("{path}:{}", at + 1)));
    }
    places
}
