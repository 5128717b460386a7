//! A primary dies, and a replica that lacked something becomes the primary.

use std::sync::Arc;

use e2e::servers::{Postgres, Proxy};
use leaderboard::{FollowingIndex, Index, Log, LogId, PageStart};
use model::SeededRandom;

use super::world::{
    board, changes, connect, database, event, give, has_no_gaps, name, port, post, posted,
    put_board, table, through, until,
};

/// Who stands there, with the score; empty while the index says that it is behind.
async fn ranked(log: &dyn Log, index: &dyn Index) -> Vec<(String, i64)> {
    let board = board(log, "b").await;
    let page = index.page(&board, PageStart::Place(0), 100).await;
    let standings = page.map(|page| page.standings).unwrap_or_default();
    standings.into_iter().map(|it| (it.user.to_string(), it.entry.score)).collect()
}

/// A log goes on where the replica was, as another one; whoever followed the old one begins anew.
#[tokio::test]
async fn a_promoted_replica_that_lagged_is_another_log() {
    let mut primary = Postgres::start().await;
    let config = database(&primary).await;
    let replica = primary.replica().await;
    let address = Proxy::before(port(&config.url)).await;
    let moving = through(&config, &address);
    let log: Arc<dyn Log> = Arc::new(connect(&moving).await);
    let index = FollowingIndex::start(Arc::clone(&log), Arc::new(SeededRandom::new(1)));
    give(&*log, put_board("b")).await.expect("made");
    for n in 0..5 {
        post(&*log, &format!("kept {n}"), &[("b", "ann", 1)]).await;
    }
    let on_replica = super::world::config(&replica.url(name(&config)));
    until("the replica has them", async || table(&on_replica).await == [("ann".to_owned(), 5)])
        .await;
    // From now on it gets nothing more.
    replica.superuser("ALTER SYSTEM SET primary_conninfo = ''").await;
    replica.superuser("SELECT pg_reload_conf()").await;
    let no_sender = "SELECT count(*) FROM pg_stat_replication";
    until("it is cut off", async || super::world::number(&config, no_sender).await == 0).await;
    for n in 0..4 {
        post(&*log, &format!("lost {n}"), &[("b", "bob", 2)]).await;
    }
    let before: LogId = log.id().await.expect("the log is there");
    let number = board(&*log, "b").await.number;
    until("all are ranked", async || ranked(&*log, &index).await.len() == 2).await;
    primary.kill().await;
    replica.promote().await;
    address.lead_to(replica.port());

    until("the log is back", async || log.id().await.is_ok()).await;
    assert_ne!(log.id().await, Ok(before), "it went back");
    let only_ann = [("ann".to_owned(), 5)];
    until("what was lost isn't ranked", async || ranked(&*log, &index).await == only_ann).await;
    assert_eq!(changes(&*log, number, 9).await, None, "there is no such position any more");
    // Sent again they count, once, and those that were kept don't again.
    for n in 0..4 {
        post(&*log, &format!("lost {n}"), &[("b", "bob", 2)]).await;
        posted(give(&*log, event(&format!("kept {n}"), &[("b", "ann", 1)])).await);
    }
    let both = [("bob".to_owned(), 8), ("ann".to_owned(), 5)];
    assert_eq!(table(&on_replica).await, both);
    until("all are ranked again", async || ranked(&*log, &index).await == both).await;
    assert!(has_no_gaps(&on_replica).await);
}
