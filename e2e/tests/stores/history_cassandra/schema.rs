//! What is wrong before anything starts, and how it is said.

use std::collections::BTreeMap;
use std::time::Duration;

use history_writer::StoreErrorKind;
use history_writer::cassandra::{CassandraStore, Config, Migrated, check, migrate};
use model::{Clock, ErrorChain, ManualClock, SystemClock, Timestamp};
use scylla::client::session_builder::SessionBuilder;

use super::world::{config, connect, migrated, node};

/// Why it can't be worked with.
async fn unusable(config: &Config) -> String {
    let checked = check(config, None, &SystemClock::start()).await.expect_err("unusable");
    assert_eq!(Some(&checked), CassandraStore::connect(config, None).await.err().as_ref());
    assert_eq!(checked.kind(), StoreErrorKind::Unusable);
    ErrorChain(&checked).to_string()
}

#[tokio::test]
async fn a_database_that_can_not_be_used_is_said_with_the_remedy() {
    let node = node().await.read().await;
    let there = config(&node);
    // Nobody listens on port 1.
    let nobody = Config { nodes: vec!["127.0.0.1:1".to_owned()], ..there.clone() };
    let why = unusable(&nobody).await;
    assert!(why.contains("127.0.0.1:1") && why.contains("can't be reached"), "{why}");
    let why = unusable(&there).await;
    assert!(why.contains("no keyspace") && why.contains("whereabouts migrate --config"), "{why}");
    let without = Config { replication: BTreeMap::new(), ..there.clone() };
    let why = migrate(&without, None).await.expect_err("it isn't made").to_string();
    assert!(why.contains("say in replication how many copies"), "{why}");
    // The log of a node that has no authentication takes any password, so only the file can be wrong.
    let file = Some("/missing/password".into());
    let login = Config { user: Some("u".to_owned()), password_file: file, ..there.clone() };
    assert!(unusable(&login).await.contains("/missing/password can't be read"));
    let elsewhere = Config { datacenter: "dc9".to_owned(), ..there };
    let clock = SystemClock::start();
    let why = check(&elsewhere, None, &clock).await.expect_err("no such datacenter").to_string();
    assert!(why.contains("no datacenter dc9") && why.contains("datacenter1"), "{why}");
}

#[tokio::test]
async fn migrations_may_be_repeated_and_newer_ones_are_left_alone() {
    let node = node().await.read().await;
    let config = config(&node);
    let first = migrate(&config, None).await.expect("the node is there");
    let made = Migrated { made_keyspace: true, from: 0, to: 1, changed_retention: false };
    assert_eq!(first, made);
    let again = migrate(&config, None).await.expect("the node is there");
    assert_eq!(again, Migrated { made_keyspace: false, from: 1, ..made });
    let said = check(&config, None, &SystemClock::start()).await.expect("well");
    assert!(said.contains("for ever") && said.contains("in one copy"), "{said}");

    let session = SessionBuilder::new().known_node(node.node()).build().await.expect("a session");
    let newer = "INSERT INTO $.schema_version (part, number) VALUES ('history', 99)";
    session.query_unpaged(newer.replace('$', &config.keyspace), ()).await.expect("written");
    let opened = CassandraStore::connect(&config, None).await.expect_err("newer");
    let repeated = migrate(&config, None).await.expect_err("newer");
    let kinds = [opened, repeated].map(|error| error.kind());
    assert_eq!(kinds, [StoreErrorKind::NewerVersion; 2]);
}

#[tokio::test]
async fn another_retention_is_set_by_a_migration_and_not_passed_over() {
    let node = node().await.read().await;
    let config = migrated(config(&node)).await;
    let year = Some(Duration::from_hours(365 * 24));
    let error = CassandraStore::connect(&config, year).await.expect_err("kept for ever");
    let why = error.to_string();
    assert!(why.contains("another time") && why.contains("whereabouts migrate"), "{why}");
    let changed = migrate(&config, year).await.expect("the node is there");
    assert!(changed.changed_retention && changed.from == changed.to, "{changed:?}");
    CassandraStore::connect(&config, year).await.expect("kept for a year");
    assert!(!migrate(&config, year).await.expect("the node is there").changed_retention);
}

#[tokio::test]
async fn a_clock_that_differs_is_found() {
    let node = node().await.read().await;
    let config = migrated(config(&node)).await;
    connect(&config).await;
    let now = SystemClock::start().now().wall;
    for (off_ms, is_well) in [(0, true), (-60_000, false), (60_000, false)] {
        let clock = ManualClock::at(Timestamp(now.0 + off_ms));
        let checked = check(&config, None, &clock).await;
        assert_eq!(checked.is_ok(), is_well, "{off_ms}: {checked:?}");
    }
}
