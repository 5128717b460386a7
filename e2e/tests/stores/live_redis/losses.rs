//! What is lost is found, made good, and told to those it concerns.

use e2e::servers::Proxy;
use tokio::time::Instant;

use super::*;

#[tokio::test]
async fn a_server_that_comes_back_empty_is_filled_again_before_anybody_reads_it() {
    let [mut first, second] = servers().await;
    let world = World::over(&[first.url(), second.url()]);
    let [one, two] = world.gateways().await;
    let (alice, bob) = (world.user_on("a"), world.user_on("b"));
    two.subscribe(&[&alice, &bob]).await;
    world.announce(&one, &alice, 1).await;
    world.announce(&one, &bob, 2).await;
    two.until_heard(&bob, 2).await;
    let before = one.live.epoch();

    first.kill();
    first.start_again().await;
    let back = Instant::now();
    // Somebody who asks now, before anything was written again, isn't told that nobody is there.
    assert_eq!(two.read(&alice).await, Some(1));
    two.until_gap(&alice).await;
    assert!(back.elapsed() < RECOVERY, "{:?}", back.elapsed());
    assert_eq!(two.gaps(), [channel(&alice)], "the other server was never away");
    let after = two.live.epoch();
    assert_ne!(after, before);
    // The other gateway needs its own time.
    eventually("one epoch", || one.live.epoch() == after).await;
    eventually("all well", || one.live.fault().is_none() && two.live.fault().is_none()).await;
}

#[tokio::test]
async fn a_wiped_server_is_noticed_though_its_connections_live() {
    let [server] = servers().await;
    let world = World::over(&[server.url()]);
    let [one, two] = world.gateways().await;
    two.subscribe(&["alice"]).await;
    world.announce(&one, "alice", 1).await;
    let () = server.run("FLUSHALL").await;
    two.until_gap("alice").await;
    assert_eq!(two.read("alice").await, Some(1));
    world.announce(&one, "alice", 2).await;
    two.until_heard("alice", 2).await;
}

#[tokio::test]
async fn a_cut_connection_to_hear_on_is_a_gap_for_its_server_alone() {
    let [first, second] = servers().await;
    let world = World::over(&[first.url(), second.url()]);
    let [one, two] = world.gateways().await;
    let (alice, bob) = (world.user_on("a"), world.user_on("b"));
    two.subscribe(&[&alice, &bob]).await;
    let _: i64 = first.run("CLIENT KILL TYPE pubsub").await;
    two.until_gap(&alice).await;
    assert_eq!(two.gaps(), [channel(&alice)]);
    world.announce(&one, &alice, 1).await;
    two.until_heard(&alice, 1).await;
}

#[tokio::test]
async fn a_connection_that_lives_while_nothing_comes_through_is_found_within_three_seconds() {
    let [server] = servers().await;
    let proxy = Proxy::before(server.port()).await;
    let world = World::over(&[server.url_through(proxy.port())]);
    let direct = World { config: World::over(&[server.url()]).config, ..World::over(&[]) };
    let [one] = world.gateways().await;
    let [other] = direct.gateways().await;
    one.subscribe(&["alice"]).await;
    for swallow in [Proxy::swallow, Proxy::swallow_answers] {
        eventually("all well", || one.live.fault().is_none()).await;
        one.ear.0.send_modify(|heard| heard.gaps.clear());
        let seq = one.ear.0.borrow().newest.get(&channel("alice")).copied().unwrap_or(0) + 1;
        swallow(&proxy);
        let dead = Instant::now();
        direct.announce(&other, "alice", seq).await;
        eventually("found", || one.live.fault().is_some()).await;
        assert!(dead.elapsed() < Duration::from_secs(3), "{:?}", dead.elapsed());
        proxy.pass();
        one.until_gap("alice").await;
        one.until_heard("alice", seq).await;
    }
}

#[tokio::test]
async fn a_fix_that_comes_while_its_server_is_away_arrives_when_it_is_back() {
    let [mut server] = servers().await;
    let world = World::over(&[server.url()]);
    let [one, two] = world.gateways().await;
    two.subscribe(&["alice"]).await;
    server.kill();
    let announcing = one.live.announce(world.sighting("alice", 1), 0);
    server.start_again().await;
    announcing.await.expect("announced late");
    two.until_heard("alice", 1).await;
}

#[tokio::test]
async fn what_another_gateway_has_overtaken_is_not_written_again() {
    let [mut server] = servers().await;
    let world = World::over(&[server.url()]);
    let [first, second] = world.gateways().await;
    first.subscribe(&["alice"]).await;
    world.announce(&first, "alice", 1).await;
    world.announce(&second, "alice", 2).await;
    first.until_heard("alice", 2).await;
    // The user went on to another gateway, which is gone when the server forgets.
    drop(second);
    server.kill();
    server.start_again().await;
    first.until_gap("alice").await;
    assert_eq!(first.read("alice").await, Some(2));
}

#[tokio::test]
async fn patience_ends() {
    let [mut server] = servers().await;
    let mut world = World::over(&[server.url()]);
    world.config.patience_ms = 300;
    let [one] = world.gateways().await;
    server.kill();
    let refused = one.live.announce(world.sighting("alice", 1), 0).await.expect_err("away");
    assert!(
        refused.to_string().contains(&format!("redis a at 127.0.0.1:{}", server.port())),
        "{refused}"
    );
    assert!(one.live.read(vec![channel("alice")]).await.is_err());
    assert!(one.live.subscribe(vec![channel("alice")]).await.is_err());
    assert!(one.live.fault().is_some());
    // What was announced in vain is written when the server is back: nobody has to send it again.
    server.start_again().await;
    let [two] = world.gateways().await;
    let found = async {
        loop {
            if let Ok(read) = two.live.read(vec![channel("alice")]).await
                && read[0].is_some()
            {
                return;
            }
        }
    };
    tokio::time::timeout(DEADLINE, found).await.expect("written again");
}
