//! Changes that are too old are removed, and whoever lacks some of them begins anew.

use std::sync::Arc;
use std::time::Duration;

use e2e::servers::Redis;
use leaderboard::postgres::{Config, PostgresLog};
use leaderboard::redis::{Config as RedisConfig, RedisIndex, ServerConfig};
use leaderboard::{FollowingIndex, Index, Log, Mutation, Page, PageStart};
use model::SeededRandom;
use shard_map::{Shard, ShardMap, ShardName};

use super::world::{
    aside, board, board_id, changes, connect, database, days_ago, event, give, number, post,
    put_board, shared, until, user, write_at,
};

/// Events of the first week, each of as many changes as one may have: more rows than are removed at once.
const EVENTS: usize = 330;
const CHANGES: usize = 16;

const ROWS: &str = "SELECT count(*) FROM leaderboard.changes";

/// Points that came so many days ago, for players from a number on.
async fn post_old(log: &dyn Log, days: i64, events: std::ops::Range<usize>) {
    for some in events.collect::<Vec<_>>().chunks(100) {
        let old = some.iter().map(|n| {
            let names: Vec<String> = (0..CHANGES).map(|at| format!("p{}", n % 7 + at)).collect();
            let points: Vec<_> = names.iter().map(|name| ("b", name.as_str(), 1)).collect();
            write_at(event(&format!("{days} {n}"), &points).mutation, days_ago(days))
        });
        for outcome in log.append(old.collect()).await.expect("kept") {
            outcome.expect("counted");
        }
    }
}

/// Has a process look what is too old, until as many rows are left.
async fn until_removed(config: &Config, rows: i64) -> PostgresLog {
    let cleaning = connect(config).await;
    until("old changes are removed", async || number(config, ROWS).await == rows).await;
    cleaning
}

#[tokio::test]
async fn changes_are_kept_for_a_week() {
    let config = database(shared().await).await;
    let log = connect(&config).await;
    give(&log, put_board("b")).await.expect("made");
    post_old(&log, 8, 0..EVENTS).await;
    let last = (EVENTS * CHANGES) as u64;
    let ban = Mutation::Ban { board: board_id("b"), user: user("p0"), is_banned: true };
    give(&log, write_at(ban, days_ago(8))).await.expect("banned");
    post_old(&log, 6, 0..1).await;
    post(&log, "now", &[("b", "p0", 1)]).await;
    let log = until_removed(&config, 1 + CHANGES as i64 + 1).await;
    let made = board(&log, "b").await.number;
    // A ban has no time: it goes with the next event.
    for (after, rows) in [(0, None), (last - 1, None), (last, Some(18)), (last + 17, Some(1))] {
        let left = changes(&log, made, after).await.map(|rows| rows.len());
        assert_eq!(left, rows, "behind {after}");
    }
    let kept = number(&config, "SELECT sum(score)::bigint FROM leaderboard.entries").await;
    assert_eq!(kept, last as i64 + CHANGES as i64 + 1, "what everybody has is kept");
}

fn redis_index(server: &Redis, log: &Arc<dyn Log>) -> RedisIndex {
    let server = ServerConfig {
        name: "a".to_owned(),
        weight: 1,
        url: server.url(),
        password_file: None,
        tls_ca_file: None,
    };
    let shard = Shard { name: ShardName::parse("a").expect("a name"), weight: 1 };
    let map = ShardMap::deal(vec![shard]).expect("a map");
    let config = RedisConfig {
        key_prefix: "w".to_owned(),
        connect_timeout: Duration::from_secs(1),
        command_timeout: Duration::from_secs(1),
    };
    let random = Arc::new(SeededRandom::new(1)) as Arc<_>;
    RedisIndex::start(&[server], map, &config, log, &random).expect("a server")
}

/// An index that lacks what was removed, because nobody brought it further or its server stood still: it answers nothing, or
/// all of what is right.
#[tokio::test]
async fn an_index_that_lacks_what_was_removed_begins_anew() {
    let config = database(shared().await).await;
    let server = Redis::start().await;
    let log: Arc<dyn Log> = Arc::new(connect(&config).await);
    give(&*log, put_board("b")).await.expect("made");
    let made = board(&*log, "b").await;
    let own = FollowingIndex::start(log.clone(), Arc::new(SeededRandom::new(2)));
    let page = async |index: &dyn Index| index.page(&made, PageStart::Place(0), 100).await.ok();
    let right = async || -> Page {
        let head = log.heads().await.expect("read")[0].1;
        own.reach(made.number, head).await.expect("reached");
        page(&own).await.expect("its own memory")
    };
    let mut index = None;
    for (round, is_stalled) in [(0, false), (1, true), (2, false)] {
        // What it has so far.
        let lagging = index.take().unwrap_or_else(|| redis_index(&server, &log));
        let expected = right().await;
        until("it has all", async || page(&lagging).await.as_ref() == Some(&expected)).await;
        if is_stalled {
            server.stall();
            index = Some(lagging);
        } else {
            drop(lagging);
        }
        post_old(&*log, 8 + round, 0..10).await;
        let old = "UPDATE leaderboard.changes SET at_ms = 0";
        sqlx::raw_sql(old).execute(&mut aside(&config).await).await.expect("its time is over");
        post(&*log, &format!("now {round}"), &[("b", "ann", 1)]).await;
        let _cleaning = until_removed(&config, 1).await;
        let (expected, head) = (right().await, log.heads().await.expect("read")[0].1);
        if is_stalled {
            server.go_on();
        }
        let index = index.get_or_insert_with(|| redis_index(&server, &log));
        until("it was built anew", async || {
            let answered = page(index).await;
            let is_right = |page: &Page| *page == expected;
            let is_late = |page: &Page| is_stalled && page.as_of.highest < head;
            // What was under way when the server stood still is of before, and says so.
            assert!(answered.iter().all(|page| is_right(page) || is_late(page)), "{answered:?}");
            answered.is_some_and(|page| is_right(&page))
        })
        .await;
    }
}
