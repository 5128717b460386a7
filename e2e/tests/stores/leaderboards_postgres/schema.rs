//! What is wrong before anything starts, and how it is said.

use e2e::servers::Postgres;
use leaderboard::postgres::{Config, check, migrate};
use leaderboard::{Log as _, StoreErrorKind};
use model::ErrorChain;

use super::world::{aside, config, connect, database, name, number, shared, try_connect};

async fn unusable(config: &Config) -> String {
    assert_eq!(check(config).await.err(), try_connect(config).await.err());
    match try_connect(config).await {
        Err(error) if error.kind() == StoreErrorKind::Unusable => ErrorChain(&error).to_string(),
        other => panic!("should be unusable: {other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_can_not_be_used_is_said_with_the_remedy() {
    // Nobody listens on port 1.
    let why = unusable(&config("postgres://whereabouts:x@127.0.0.1:1/boards")).await;
    assert!(why.contains("127.0.0.1:1") && why.contains("can't be reached"), "{why}");
    let why = unusable(&config(&shared().await.url("nowhere"))).await;
    assert!(why.contains("no database nowhere"), "{why}");
    let why = unusable(&config(&shared().await.database().await)).await;
    assert!(why.contains("no schema") && why.contains("whereabouts migrate --config"), "{why}");
}

#[tokio::test]
async fn a_replica_is_refused() {
    let server = Postgres::start().await;
    let primary = database(&server).await;
    let replica = server.replica().await;
    let why = unusable(&config(&replica.url(name(&primary)))).await;
    assert!(why.contains("is a replica"), "{why}");
}

#[tokio::test]
async fn migrations_may_be_repeated_and_newer_ones_are_left_alone() {
    let made = database(shared().await).await;
    let again = migrate(&made).await.expect("nothing to do");
    assert_eq!(again.from, again.to);
    let log = connect(&made).await;
    assert_eq!(log.heads().await, Ok(Vec::new()));
    let newer = "UPDATE leaderboard.schema_version SET number = 99";
    sqlx::raw_sql(newer).execute(&mut aside(&made).await).await.expect("written");
    let kind = |failed: leaderboard::StoreError| failed.kind();
    assert_eq!(try_connect(&made).await.map_err(kind).err(), Some(StoreErrorKind::NewerVersion));
    assert_eq!(migrate(&made).await.map_err(kind).err(), Some(StoreErrorKind::NewerVersion));
    assert_eq!(number(&made, "SELECT number FROM leaderboard.schema_version").await, 99);
}
