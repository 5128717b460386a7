//! The schema's versions.

use directory::StoreError;
use directory::postgres::{Config, Migrated, migrate};
use futures_util::future::join_all;

use super::world::{aside, config, connect, database, shared, try_connect};

const NONE_TO_NEWEST: Migrated = Migrated { from: 0, to: 3 };
const NEWEST_ALREADY: Migrated = Migrated { from: 3, to: 3 };

#[tokio::test]
async fn migrating_twice_is_migrating_once() {
    let config = config(&shared().await.database().await);
    assert_eq!(migrate(&config).await, Ok(NONE_TO_NEWEST));
    assert_eq!(migrate(&config).await, Ok(NEWEST_ALREADY));
    connect(&config).await;
}

#[tokio::test]
async fn of_many_who_migrate_at_once_one_does_it() {
    let config = config(&shared().await.database().await);
    let migrated = join_all((0..8).map(|_| migrate(&config))).await;
    let of = |wanted| migrated.iter().filter(|done| **done == Ok(wanted)).count();
    assert_eq!((of(NONE_TO_NEWEST), of(NEWEST_ALREADY)), (1, 7), "{migrated:?}");
    connect(&config).await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let config = database(shared().await).await;
    set_version(&config, 99).await;
    let newer = StoreError::newer_version(99, 3);
    assert_eq!(try_connect(&config).await.err(), Some(newer.clone()));
    assert!(newer.to_string().contains("newer version"));
    assert_eq!(migrate(&config).await, Err(newer));
    let version = sqlx::query_scalar("SELECT number FROM directory.schema_version");
    let found: i64 = version.fetch_one(&mut aside(&config).await).await.expect("read");
    assert_eq!(found, 99);
}

async fn set_version(config: &Config, number: i64) {
    let sql = "UPDATE directory.schema_version SET number = $1";
    sqlx::query(sql).bind(number).execute(&mut aside(config).await).await.expect("set");
}
