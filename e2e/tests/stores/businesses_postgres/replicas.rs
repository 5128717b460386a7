//! What happens to streaming replicas, and that nobody is told anything wrong meanwhile.

use std::sync::Arc;
use std::time::Duration;

use e2e::servers::{Postgres, Proxy};
use proximity::postgres::Config;
use proximity::{Limits, ReadToken, Store};
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

use super::readers::Readers;
use super::world::{
    apply, aside, connect, create, database, head, name, port, rename, through, try_read, until,
    version,
};

/// In this time each server is looked at a few times.
const LOOKS: Duration = Duration::from_secs(1);

/// A primary of its own with a replica.
struct World {
    primary: Postgres,
    replica: Postgres,
    config: Config,
}

impl World {
    async fn start() -> Self {
        let primary = Postgres::start().await;
        let mut config = database(&primary).await;
        config.lag_max_ms = 500;
        let replica = primary.replica().await;
        config.replicas = vec![replica.url(name(&config)).into()];
        Self { primary, replica, config }
    }

    /// A connection of the test to the replica.
    async fn beside(&self) -> PgConnection {
        aside(&self.config.replicas[0]).await
    }

    /// Waits until the replica has all of this.
    async fn caught_up(&self, written: ReadToken) {
        let mut beside = self.beside().await;
        let wanted = written.position.0 as i64;
        until("the replica catches up", async || head(&mut beside).await >= wanted).await;
    }

    /// Keeps the replica from replaying anything, until the answer is dropped: a table that somebody reads there is
    /// locked by the primary.
    async fn pause_replay(&self) -> PgConnection {
        let mut primary = aside(&self.config.url).await;
        let mut beside = self.beside().await;
        sqlx::raw_sql("CREATE TABLE IF NOT EXISTS paused ()")
            .execute(&mut primary)
            .await
            .expect("made");
        until("the table arrives", async || {
            let there = sqlx::query_scalar("SELECT to_regclass('paused') IS NOT NULL");
            there.fetch_one(&mut beside).await.expect("answers")
        })
        .await;
        sqlx::raw_sql("BEGIN; SELECT FROM paused").execute(&mut beside).await.expect("read");
        sqlx::raw_sql("TRUNCATE paused").execute(&mut primary).await.expect("emptied");
        beside
    }
}

#[tokio::test]
async fn nothing_is_read_back_older_than_it_was_written() {
    let world = World::start().await;
    let store = connect(&world.config).await;
    apply(&store, vec![create(1)]).await;
    for wanted in 2..200 {
        let written = apply(&store, vec![rename(1, &format!("name {wanted}"))]).await;
        assert_eq!(version(&store, 1, Some(written)).await, wanted);
    }
}

#[tokio::test]
async fn a_replica_that_lags_is_left_out_and_taken_back() {
    let mut world = World::start().await;
    let store = connect(&world.config).await;
    let made = apply(&store, vec![create(1)]).await;
    world.caught_up(made).await;
    let paused = world.pause_replay().await;
    let written = apply(&store, vec![rename(1, "new name")]).await;
    // Whoever wrote reads it from the primary; the replica hasn't got it.
    assert_eq!(version(&store, 1, Some(written)).await, 2);
    assert_eq!(head(&mut world.beside().await).await, 1);
    // In time everybody does.
    until("the replica is left out", async || version(&store, 1, None).await == 2).await;
    for _ in 0..100 {
        assert_eq!(version(&store, 1, None).await, 2);
    }
    assert_eq!(head(&mut world.beside().await).await, 1);
    paused.close().await.expect("closes");
    world.caught_up(written).await;
    // Only the replica is left to answer.
    world.primary.kill().await;
    until("the replica is taken back", async || {
        try_read(&store, 1, Some(written)).await.is_ok_and(|found| found.is_some())
    })
    .await;
    assert_eq!(version(&store, 1, Some(written)).await, 2);
}

#[tokio::test]
async fn a_replica_that_lagged_before_the_start_is_left_out_from_the_first_search() {
    let mut world = World::start().await;
    // Much longer than the test: nobody may read the replica only because no time has passed yet.
    world.config.lag_max_ms = 60_000;
    let before = connect(&world.config).await;
    let made = apply(&before, vec![create(1)]).await;
    world.caught_up(made).await;
    let paused = world.pause_replay().await;
    apply(&before, vec![rename(1, "new name")]).await;
    drop(before);
    let store = connect(&world.config).await;
    let end = Instant::now() + LOOKS;
    while Instant::now() < end {
        assert_eq!(version(&store, 1, None).await, 2, "an answer of the replica that lags");
    }
    assert_eq!(head(&mut world.beside().await).await, 1);
    paused.close().await.expect("closes");
}

#[tokio::test]
async fn while_the_primary_is_away_its_replica_is_read() {
    let mut world = World::start().await;
    let store = Arc::new(connect(&world.config).await);
    let made = apply(&*store, vec![create(1)]).await;
    world.caught_up(made).await;
    let readers = Readers::start(&store, 1);
    readers.go_on().await;
    world.primary.kill().await;
    readers.go_on().await;
    assert_eq!(version(&*store, 1, Some(made)).await, 1);
    assert_eq!(store.fault(), None, "businesses can be read");
    let refused = store.apply(vec![create(2)], Limits::default()).await;
    assert!(matches!(&refused, Err(error) if error.is_unavailable()), "{refused:?}");
    world.primary.start_again().await;
    readers.go_on().await;
    readers.stop().await;
    let mut written = None;
    until("businesses can be written", async || {
        written = store.apply(vec![create(2)], Limits::default()).await.ok();
        written.is_some()
    })
    .await;
    assert_eq!(written.expect("written").as_of.position.0, 2);
}

#[tokio::test]
async fn a_replica_killed_in_mid_query_is_not_missed() {
    let mut world = World::start().await;
    let store = Arc::new(connect(&world.config).await);
    let made = apply(&*store, vec![create(1)]).await;
    world.caught_up(made).await;
    let readers = Readers::start(&store, 1);
    for _ in 0..3 {
        readers.go_on().await;
        world.replica.kill().await;
        readers.go_on().await;
        world.replica.start_again().await;
    }
    readers.go_on().await;
    world.replica.restart().await;
    readers.go_on().await;
    readers.stop().await;
}

#[tokio::test]
async fn a_replica_that_is_silent_is_left_out_until_it_speaks_again() {
    let mut world = World::start().await;
    let proxy = Proxy::before(port(&world.config.replicas[0])).await;
    world.config.replicas[0] = through(&world.config.replicas[0], &proxy).into();
    let store = Arc::new(connect(&world.config).await);
    let made = apply(&*store, vec![create(1)]).await;
    world.caught_up(made).await;
    let readers = Readers::start(&store, 1);
    readers.go_on().await;
    proxy.swallow();
    readers.go_on().await;
    assert_eq!(version(&*store, 1, Some(made)).await, 1);
    proxy.pass();
    proxy.cut();
    readers.stop().await;
    world.primary.kill().await;
    until("it is read again", async || try_read(&*store, 1, None).await.is_ok()).await;
}
