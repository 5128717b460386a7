//! What one process changes, the others read in the feed.

use std::time::Duration;

use directory::postgres::Config;
use directory::{
    Change, CircleChange, CircleEdit, FeedGap, FeedPosition, Limits, ReadToken, Store, Verb,
};
use e2e::servers::{Postgres, Proxy};
use model::ViewerClass;

use super::world::{
    Ear, apply, aside, changes, circle, config, connect, database, ensure, id, relate, shared,
    state, until, users,
};

fn friends(low: &str, high: &str) -> CircleEdit {
    CircleEdit::Pair { low: id(low), high: id(high), class: Some(ViewerClass::Precise) }
}

#[tokio::test]
async fn what_another_process_changed_is_in_the_feed_and_only_the_own_is_announced() {
    let config = database(shared().await).await;
    let (one, other) = (connect(&config).await, connect(&config).await);
    apply(&one, ensure(&["alice", "bob", "carol"])).await;
    let start = state(&other).await;
    let (mut near, mut far) = (Ear::on(&one), Ear::on(&other));
    apply(&one, relate(Verb::Befriend, "bob", "alice")).await;
    let change = |n, what| CircleChange { position: FeedPosition(start.position.0 + n), what };
    let first = change(1, friends("alice", "bob"));
    let committed = |change: &CircleChange| Change::Committed {
        timeline: start.timeline,
        changes: vec![change.clone()],
    };
    assert_eq!(near.rest(), [committed(&first)]);
    apply(&other, relate(Verb::Block, "bob", "alice")).await;
    let what = CircleEdit::Pair { low: id("alice"), high: id("bob"), class: None };
    let second = change(2, what);
    assert_eq!(far.rest(), [committed(&second)]);
    assert_eq!(near.rest(), []);
    assert_eq!(changes(&one, start).await, [first, second]);
    assert!(circle(&one, "alice").await.friends.is_empty());
}

#[tokio::test]
async fn a_change_of_hundreds_of_users_is_read_whole() {
    let config = database(shared().await).await;
    let (one, other) = (connect(&config).await, connect(&config).await);
    let names: Vec<String> = (0..512).map(|n| format!("{n:0128}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for half in names.chunks(256) {
        apply(&one, ensure(half)).await;
    }
    let start = state(&other).await;
    let pairs = names.chunks(2).flat_map(|pair| relate(Verb::Befriend, pair[0], pair[1]));
    apply(&one, pairs.collect()).await;
    assert_eq!(users(&changes(&other, start).await), names);
}

#[tokio::test]
async fn a_promoted_replica_begins_another_history_and_the_old_primary_stays_in_its_own() {
    let server = Postgres::start().await;
    let old = database(&server).await;
    let name = old.url.rsplit('/').next().expect("a database");
    let before = connect(&old).await;
    apply(&before, ensure(&["alice", "bob", "carol"])).await;
    apply(&before, relate(Verb::Befriend, "alice", "bob")).await;
    let known = state(&before).await;
    let promoted = server.replica().await;
    promoted.promote().await;
    // What only the old one commits, as one that doesn't know of the promotion would.
    apply(&before, relate(Verb::Befriend, "alice", "carol")).await;

    let after = connect(&config(&promoted.url(name))).await;
    let (as_of, circles) = after.circles(&[id("alice")]).await.expect("the store is there");
    assert_ne!(as_of.timeline, known.timeline);
    assert_eq!(circles[0].friends.len(), 1);
    assert_eq!(after.changes(known, 10).await, Ok(Err(FeedGap::OtherTimeline)));
    let mut ear = Ear::on(&after);
    apply(&after, relate(Verb::Remove, "alice", "bob")).await;
    let Change::Committed { timeline, .. } = ear.next().await else { panic!("it is answered") };
    assert_eq!(timeline, as_of.timeline);
    let of_old = changes(&before, known).await;
    assert_eq!(users(&of_old), ["alice", "carol"]);
    assert_eq!(before.changes(as_of, 10).await, Ok(Err(FeedGap::OtherTimeline)));
}

#[tokio::test]
async fn a_server_that_is_promoted_under_a_store_writes_in_another_history_at_once() {
    let server = Postgres::start().await;
    let direct = database(&server).await;
    let name = direct.url.rsplit('/').next().expect("a database");
    apply(&connect(&direct).await, ensure(&["alice", "bob"])).await;
    let replica = server.replica().await;
    let proxy = Proxy::before(server.port()).await;
    let port = |url: &str, port: u16| {
        let (start, _) = url.rsplit_once(':').expect("a port");
        format!("{start}:{port}/{name}")
    };
    let store = connect(&config(&port(&direct.url, proxy.port()))).await;
    let before = state(&store).await;
    replica.promote().await;
    proxy.lead_to(replica.port());
    apply(&store, relate(Verb::Befriend, "alice", "bob")).await;
    let after = state(&store).await;
    assert_ne!(after.timeline, before.timeline);
    let first = ReadToken { position: before.position, ..after };
    assert_eq!(users(&changes(&store, first).await), ["alice", "bob"]);
}

#[tokio::test]
async fn a_commit_whose_answer_never_comes_is_announced_as_doubtful_and_is_in_the_feed() {
    let server = shared().await;
    let direct = database(server).await;
    let proxy = Proxy::before(server.port()).await;
    let through =
        direct.url.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port()));
    let hasty = Config { connect_timeout_ms: 500, statement_timeout_ms: 2_000, ..config(&through) };
    let (store, other) = (connect(&hasty).await, connect(&direct).await);
    apply(&store, ensure(&["alice", "bob"])).await;
    let start = state(&other).await;
    let mut ear = Ear::on(&store);
    // So that there is a moment in which it commits.
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
                    AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END';
                CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON directory.changes
                    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()";
    sqlx::raw_sql(slow).execute(&mut aside(&direct).await).await.expect("made");
    let befriend = relate(Verb::Befriend, "alice", "bob");
    let applying = store.apply(befriend, Limits::default());
    let swallowing = async {
        until("it commits", async || is_committing(&direct).await).await;
        proxy.swallow_answers();
    };
    let (applied, ()) = futures_util::future::join(applying, swallowing).await;
    assert!(matches!(&applied, Err(error) if error.is_unavailable()), "{applied:?}");
    assert_eq!(ear.rest(), [Change::Doubtful(vec![id("alice"), id("bob")])]);
    until("it is in the feed", async || !changes(&other, start).await.is_empty()).await;
    assert_eq!(changes(&other, start).await[0].what, friends("alice", "bob"));
}

async fn is_committing(config: &Config) -> bool {
    let sql = "SELECT EXISTS (SELECT FROM pg_stat_activity
                              WHERE datname = current_database() AND wait_event = 'PgSleep')";
    sqlx::query_scalar(sql).fetch_one(&mut aside(config).await).await.expect("answers")
}

#[tokio::test]
async fn whoever_holds_the_feed_for_long_makes_it_unavailable_and_not_stuck() {
    let made = database(shared().await).await;
    let hasty = Config { lock_timeout_ms: 100, ..made };
    let store = connect(&hasty).await;
    apply(&store, ensure(&["alice", "bob"])).await;
    let mut holder = aside(&hasty).await;
    let lock = "BEGIN; SELECT FROM directory.feed FOR UPDATE";
    sqlx::raw_sql(lock).execute(&mut holder).await.expect("locked");
    let befriended = store.apply(relate(Verb::Befriend, "alice", "bob"), Limits::default()).await;
    assert!(matches!(&befriended, Err(error) if error.is_unavailable()), "{befriended:?}");
    // What changes no circle doesn't wait for it.
    let soon = tokio::time::timeout(Duration::from_secs(5), apply(&store, ensure(&["carol"])));
    soon.await.expect("in time");
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.expect("released");
    apply(&store, relate(Verb::Befriend, "alice", "bob")).await;
}
