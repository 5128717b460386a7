//! The schema's versions, and addresses that can't work.

use futures_util::future::join_all;
use model::ErrorChain;
use proximity::postgres::{Config, Migrated, PostgresStore, migrate};
use proximity::{
    Category, Error, IdempotencyKey, Limits, Refusal, Scan, Store, StoreError, StoreErrorKind,
    WriteRequest,
};

use super::index::everywhere;
use super::world::{apply, aside, config, connect, create, database, id, name, shared, version};

const NONE_TO_NEWEST: Migrated = Migrated { from: 0, to: 4 };
const NEWEST_ALREADY: Migrated = Migrated { from: 4, to: 4 };

async fn refused(config: &Config) -> String {
    match PostgresStore::connect(config).await {
        Err(error) if error.kind() == StoreErrorKind::Unusable => ErrorChain(&error).to_string(),
        other => panic!("should be unusable: {other:?}"),
    }
}

#[tokio::test]
async fn of_many_who_migrate_at_once_one_does_it() {
    let config = config(&shared().await.database().await);
    let migrated = join_all((0..8).map(|_| migrate(&config))).await;
    let of = |wanted| migrated.iter().filter(|done| **done == Ok(wanted)).count();
    assert_eq!((of(NONE_TO_NEWEST), of(NEWEST_ALREADY)), (1, 7), "{migrated:?}");
    connect(&config).await;
}

/// As whoever ran the first version has it: names stand with the businesses only.
const WITHOUT_NAMES: &str = "
    ALTER TABLE proximity.places DROP COLUMN name, ADD PRIMARY KEY (code, id) INCLUDE (latitude, longitude, placed);
    ALTER TABLE proximity.category_places
        DROP COLUMN name, ADD PRIMARY KEY (category_id, code, id) INCLUDE (latitude, longitude, placed);
    ALTER TABLE proximity.keys DROP COLUMN digest;
    ALTER TABLE proximity.feed DROP COLUMN horizon;
    ALTER TABLE proximity.categories DROP COLUMN emptied_ms;
    UPDATE proximity.schema_version SET number = 1";

#[tokio::test]
async fn businesses_from_before_names_were_indexed_are_found_with_theirs() {
    let config = database(shared().await).await;
    apply(&connect(&config).await, (1..50).map(create).collect()).await;
    sqlx::raw_sql(WITHOUT_NAMES).execute(&mut aside(&config.url).await).await.expect("done");
    assert!(refused(&config).await.contains("whereabouts migrate"));
    assert_eq!(migrate(&config).await, Ok(Migrated { from: 1, to: NEWEST_ALREADY.to }));
    let store = connect(&config).await;
    let category = Category::parse("Food / Bakery").expect("a category").key();
    for category in [None, Some(category)] {
        let scan =
            Scan { ranges: everywhere(), category, rows_max: 99, names: true, ..Scan::default() };
        let found = store.scan(scan, None).await.expect("the store is there").candidates;
        assert_eq!(found.len(), 49);
        for candidate in found {
            let business = store.fetch(&[candidate.id], None).await.expect("the store is there");
            let business = business[0].as_ref().expect("it is there");
            assert_eq!(candidate.name.as_ref(), Some(&business.details.name));
        }
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let config = database(shared().await).await;
    let sql = "UPDATE proximity.schema_version SET number = 99";
    sqlx::query(sql).execute(&mut aside(&config.url).await).await.expect("set");
    let newer = StoreError::newer_version(99, 4);
    assert_eq!(PostgresStore::connect(&config).await.err(), Some(newer.clone()));
    assert_eq!(migrate(&config).await, Err(newer));
}

#[tokio::test]
async fn what_can_not_work_is_said_without_the_password() {
    let server = shared().await;
    let fresh = config(&server.database().await);
    assert!(refused(&fresh).await.contains("has no schema yet; run `whereabouts migrate"));
    assert!(refused(&config(&server.url("missing"))).await.contains("no database missing"));
    let wrong = fresh.url.replacen("p%40ss", "other", 1);
    let why = refused(&config(&wrong)).await;
    assert!(why.contains("password of user whereabouts is wrong"), "{why}");
    assert!(!why.contains("other%3A") && !why.contains("other:"), "{why}");
}

#[tokio::test]
async fn a_replica_that_can_not_be_reached_is_left_out() {
    let mut config = database(shared().await).await;
    let nobody = format!("postgres://whereabouts@127.0.0.1:1/{}", name(&config));
    config.replicas = vec![nobody.into()];
    let store = connect(&config).await;
    let written = apply(&store, vec![create(1)]).await;
    for fresh in [None, Some(written)] {
        assert_eq!(version(&store, 1, fresh).await, 1, "{}", id(1));
    }
}

/// What the first writer does that finds itself on another timeline, as after a promotion.
#[tokio::test]
async fn another_timeline_begins_another_history() {
    let config = database(shared().await).await;
    let store = connect(&config).await;
    let before = apply(&store, vec![create(1)]).await;
    let sql = "UPDATE proximity.feed SET lineage = 'of another timeline'";
    sqlx::query(sql).execute(&mut aside(&config.url).await).await.expect("set");
    let after = apply(&store, vec![create(2)]).await;
    assert_ne!(before.timeline, after.timeline);
    assert_eq!((before.position.0, after.position.0), (1, 2));
    let refusal = Error::Refused(Refusal::OtherTimeline);
    assert_eq!(store.changes(Some(before.into()), 9).await.map(|_| ()), Err(refusal));
    assert_eq!(version(&store, 1, Some(before)).await, 1);
    // Who connects anew goes on in the same one.
    assert_eq!(apply(&connect(&config).await, vec![create(3)]).await.timeline, after.timeline);
}

/// As whoever ran the second version has it: requests are known by a hash of their `Debug` text only.
const WITHOUT_DIGESTS: &str = "
    ALTER TABLE proximity.keys DROP COLUMN digest;
    ALTER TABLE proximity.feed DROP COLUMN horizon;
    ALTER TABLE proximity.categories DROP COLUMN emptied_ms;
    UPDATE proximity.schema_version SET number = 2";

#[tokio::test]
async fn keys_from_before_digests_are_honoured() {
    let config = database(shared().await).await;
    let give = async |number| {
        let write = WriteRequest { key: IdempotencyKey::parse("k").ok(), ..create(number) };
        let applied = connect(&config).await.apply(vec![write], Limits::default()).await;
        applied.expect("the store is there").outcomes.remove(0)
    };
    let first = give(1).await;
    sqlx::raw_sql(WITHOUT_DIGESTS).execute(&mut aside(&config.url).await).await.expect("done");
    assert_eq!(migrate(&config).await, Ok(Migrated { from: 2, to: NEWEST_ALREADY.to }));
    assert_eq!(give(1).await, first);
    assert_eq!(give(2).await, Err(Refusal::KeyUsed));
}
