//! Servers that come back with less than they had.

use e2e::servers::{Proxy, Redis};
use leaderboard::Ranking;

use super::world::{World, at, named, until};

#[tokio::test]
async fn a_server_restored_from_an_old_snapshot_is_caught_up_before_it_answers() {
    let mut server = Redis::start().await;
    let world = World::new().await;
    world.put_board("b", Ranking::Standard).await;
    world.crowd("b", 300).await;
    let index = world.index(&named(&[&server]));
    world.until_agreed(&*index, "b").await;
    let _: () = server.run("SAVE").await;
    world.crowd("b", 300).await;
    world.ban("b", "p7").await;
    let head = world.post("b", &[("ann", 50)]).await;
    index.reach(world.board("b").await.number, head).await.expect("reached");
    let back = async {
        // It has no appendonly file, so that it comes back with the snapshot.
        server.kill();
        server.start_again().await;
        let restored: usize = server.run("EXISTS w:board:1").await;
        assert_eq!(restored, 1, "the snapshot is there");
        world.until_agreed(&*index, "b").await;
    };
    world.never_older(&*index, "b", head, back).await;
}

/// Also one that this process never saw anything of: it was restored while no process ran.
#[tokio::test]
async fn an_old_snapshot_is_not_believed_by_a_process_that_just_started() {
    let mut server = Redis::start().await;
    let world = World::new().await;
    world.put_board("b", Ranking::Standard).await;
    world.post("b", &[("ann", 3), ("bob", 2)]).await;
    let before = world.index(&named(&[&server]));
    world.until_agreed(&*before, "b").await;
    let _: () = server.run("SAVE").await;
    drop(before);
    server.kill();
    let head = world.post("b", &[("bob", 5), ("cid", 9)]).await;
    server.start_again().await;
    let index = world.index(&named(&[&server]));
    world.never_older(&*index, "b", head, world.until_agreed(&*index, "b")).await;
}

/// Behind an address that moves, as Sentinel has it: the replica was cut off before the last scores.
#[tokio::test]
async fn a_replica_that_lagged_takes_over_and_is_caught_up() {
    let first = Redis::start().await;
    let replica = Redis::start().await;
    let proxy = Proxy::before(first.port()).await;
    let _: () = replica.run(&format!("REPLICAOF 127.0.0.1 {}", first.port())).await;
    let world = World::new().await;
    world.put_board("b", Ranking::Standard).await;
    world.crowd("b", 500).await;
    let index = world.index(&[at("a", first.url_through(proxy.port()))]);
    world.until_agreed(&*index, "b").await;
    until("the replica has it", async || {
        let state: Vec<Option<String>> = replica.run("HMGET w:board:1 position").await;
        state == [Some("500".to_owned())]
    })
    .await;
    // Cut off: from now on it lacks what the first one has.
    let _: () = replica.run("REPLICAOF NO ONE").await;
    world.crowd("b", 500).await;
    world.ban("b", "p3").await;
    let head = world.post("b", &[("ann", 99)]).await;
    index.reach(world.board("b").await.number, head).await.expect("reached");
    let moved = async {
        proxy.lead_to(replica.port());
        world.until_agreed(&*index, "b").await;
    };
    world.never_older(&*index, "b", head, moved).await;
    let position: Vec<Option<String>> = replica.run("HMGET w:board:1 position").await;
    assert_eq!(position, [Some(head.0.to_string())], "it is the replica that was caught up");
}

/// A server that neither answers nor hangs up keeps nobody waiting for long, and is believed again when it goes on.
#[tokio::test]
async fn a_server_that_stalls_is_away_until_it_goes_on() {
    let server = Redis::start().await;
    let world = World::new().await;
    world.put_board("b", Ranking::Standard).await;
    let index = world.index(&named(&[&server]));
    let number = world.board("b").await.number;
    let head = world.post("b", &[("ann", 1)]).await;
    index.reach(number, head).await.expect("reached");
    server.stall();
    let head = world.post("b", &[("ann", 1)]).await;
    assert!(index.reach(number, head).await.is_err());
    until("it is noticed", async || index.fault().is_some()).await;
    let asked = tokio::time::Instant::now();
    assert!(index.reach(number, head).await.is_err());
    assert!(
        asked.elapsed().as_millis() < 500,
        "nobody waits for what is away: {:?}",
        asked.elapsed()
    );
    server.go_on();
    world.until_agreed(&*index, "b").await;
}

/// The log went on elsewhere: another one than the one whose standings are there.
#[tokio::test]
async fn standings_of_another_log_are_replaced() {
    let server = Redis::start().await;
    let other = World::new().await;
    other.put_board("b", Ranking::Standard).await;
    other.crowd("b", 50).await;
    let index = other.index(&named(&[&server]));
    other.until_agreed(&*index, "b").await;
    drop(index);
    let world = World::new().await;
    world.put_board("b", Ranking::Standard).await;
    world.post("b", &[("ann", 1)]).await;
    let index = world.index(&named(&[&server]));
    world.until_agreed(&*index, "b").await;
    let keys: Vec<String> = server.run("KEYS w:board:*:users").await;
    assert_eq!(keys.len(), 1, "what was there before is gone: {keys:?}");
}
