use std::collections::BTreeMap;

use model::{Position, Random, SeededRandom};

use super::*;
use crate::core::catalogue::business::{IdempotencyKey, Source, SourceName};
use crate::core::catalogue::details::{Draft, Name};
use crate::core::catalogue::mutation::{Actor, Mutation};
use crate::core::geo::cell::Range;

fn draft() -> Draft {
    Draft {
        name: "x".to_owned(),
        categories: vec!["Food".to_owned()],
        address: None,
        position: Position::new(1.0, 2.0).expect("on Earth"),
        hours: None,
        phone: None,
        site: None,
        attributes: BTreeMap::new(),
    }
}

fn places(random: &dyn Random, range: std::ops::Range<usize>) -> Vec<Import> {
    let line = |text: &str| SourceName::parse(text).expect("a source");
    let place = |n: usize| {
        let position = Position::new(n as f64 / 100.0, 0.0).expect("on Earth");
        let draft = Draft { name: format!("{n:0100}"), position, ..draft() };
        let source = Source { name: line("case"), id: line(&n.to_string()) };
        let details = draft.check().expect("good");
        Import { id: BusinessId::random(random), source, details }
    };
    range.map(place).collect()
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_changes_nothing() {
    let data = tempfile::TempDir::new().expect("a temporary directory");
    let store = EmbeddedStore::open(data.path()).await.expect("opens");
    let mut writer = store.file.writer().await.expect("nothing has failed yet");
    let mut transaction = writer.begin().await.expect("begins");
    // SQLite takes a limit below the present size as the present size.
    let limit = sqlx::raw_sql("PRAGMA max_page_count = 1").execute(&mut *transaction).await;
    limit.expect("set");
    transaction.commit().await.expect("nothing to write");
    writer.keep();
    let random = SeededRandom::new(1);
    let full = Err(StoreError::unavailable("the disk is full").into());
    let imported = store.import(places(&random, 0..500), Timestamp(0)).await;
    assert_eq!(imported.map(|_| ()), full);
    assert_eq!(store.changes(None, 1).await.expect("reads").next.at.position.0, 0);
    // The limit went with the connection.
    store.import(places(&random, 0..500), Timestamp(0)).await.expect("there is room again");
    assert_eq!(store.changes(None, 1_000).await.expect("reads").changes.len(), 500);
}

#[tokio::test]
async fn a_file_from_before_names_were_indexed_is_brought_up_to_date() {
    let data = tempfile::TempDir::new().expect("a temporary directory");
    let path = data.path().join(FILE_NAME);
    let before = File::open(&path, CACHE_KIB, &schema::STEPS[..1]).await.expect("opens");
    let mut writer = before.writer().await.expect("nothing has failed yet");
    let mut transaction = writer.begin().await.expect("begins");
    let sql = r#"INSERT INTO businesses (id, feed_position, placed, version, name, latitude, longitude, rest, updated_ms)
                 VALUES (7, 1, 1, 1, 'Old Bar', 1.0, 2.0, '{"categories": ["Bar"]}', 0);
                 INSERT INTO places VALUES (5, 7, 1.0, 2.0, 1);
                 INSERT INTO categories VALUES (3, 'bar');
                 INSERT INTO category_places VALUES (3, 5, 7, 1.0, 2.0, 1)"#;
    sqlx::raw_sql(sql).execute(&mut *transaction).await.expect("inserted");
    transaction.commit().await.expect("committed");
    writer.keep();
    before.close().await.expect("closes");
    let store = EmbeddedStore::open(data.path()).await.expect("opens");
    for category in [None, CategoryKey::parse("bar").ok()] {
        let ranges = vec![Range::of_prefix(0, 0)];
        let scan = Scan { ranges, category, rows_max: 2, names: true, ..Scan::default() };
        let found = store.scan(scan, None).await.expect("reads").candidates;
        assert_eq!(found[0].name.as_ref().map(Name::as_str), Some("Old Bar"));
    }
}

/// A plan that reads more than it has to would be slow and still right: no other test would notice.
#[tokio::test]
async fn scans_read_ranges_of_the_indexes_and_sort_nothing() {
    let data = tempfile::TempDir::new().expect("a temporary directory");
    let store = EmbeddedStore::open(data.path()).await.expect("opens");
    for sql in [read::SCAN, read::SCAN_CATEGORY, read::CHANGES, read::HEXAGONS] {
        let explained = format!("EXPLAIN QUERY PLAN {sql}");
        let found =
            sqlx::query(sqlx::AssertSqlSafe(explained)).fetch_all(store.file.readers()).await;
        let steps = found.expect("explains");
        let steps: Vec<String> =
            steps.iter().map(|step| sqlx::Row::get::<String, _>(step, "detail")).collect();
        let tables = ["places", "category_places", "businesses", "removed", "cells", "hexagons"];
        let is_whole =
            |step: &&String| tables.iter().any(|t| step.starts_with(&format!("SCAN {t}")));
        assert_eq!(steps.iter().find(is_whole), None, "{steps:#?}");
        // Of the feed two pages are merged, each no longer than the limit.
        let sorts = steps.iter().filter(|step| step.contains("TEMP B-TREE")).count();
        assert!(sorts <= if sql == read::CHANGES { 2 } else { 0 }, "{steps:#?}");
    }
}

/// As it was stored when requests were compared by a hash of their `Debug` text: the hash is that of a creation, by an
/// operator, of a business of nobody's.
#[tokio::test]
async fn a_key_that_was_stored_before_digests_is_honoured() {
    let data = tempfile::TempDir::new().expect("a temporary directory");
    let path = data.path().join(FILE_NAME);
    let before = File::open(&path, CACHE_KIB, &schema::STEPS[..2]).await.expect("opens");
    let mut writer = before.writer().await.expect("nothing has failed yet");
    let mut transaction = writer.begin().await.expect("begins");
    let outcome = r#"{"effect":"created","id":7,"version":1,"updated_ms":5,"name":"x",
        "latitude_bits":4607182418800017408,"longitude_bits":4611686018427387904,"rest":"{\"categories\":[\"Food\"]}"}"#;
    sqlx::query("INSERT INTO keys VALUES ('root', 'k', ?1, 5, ?2)")
        .bind(0x94ba_a3e2_2bce_a86f_u64 as i64)
        .bind(outcome)
        .execute(&mut *transaction)
        .await
        .expect("inserted");
    transaction.commit().await.expect("committed");
    writer.keep();
    before.close().await.expect("closes");

    let store = EmbeddedStore::open(data.path()).await.expect("opens");
    let give = async |name: &str| {
        let draft = Draft { name: name.to_owned(), ..draft() };
        let id = BusinessId::random(&SeededRandom::new(1));
        let details = Box::new(draft.check().expect("good"));
        let mutation = Mutation::Create { id, owner: None, details };
        let actor = Actor::Operator(UserId::parse("root").expect("an id"));
        let key = IdempotencyKey::parse("k").ok();
        let write = WriteRequest { actor, key, mutation, at: Timestamp(6) };
        store.apply(vec![write], Limits::default()).await.expect("applies").outcomes.remove(0)
    };
    assert_eq!(give("x").await.map(|answer| answer.business.id.integer()), Ok(7));
    assert_eq!(give("y").await.map(|_| ()), Err(Refusal::KeyUsed));
    assert!(store.changes(None, 1).await.expect("reads").changes.is_empty());
}
