//! A server that comes back has all its gateways at once, and answers them late.

use futures_util::future::join_all;

use super::*;

const GATEWAYS: usize = 20;
const CHANNELS: usize = 2_000;

/// How long the server does nothing at all: four times what one that is quick is allowed to.
const STALL: Duration = Duration::from_secs(2);

/// What the server counts of itself.
async fn count(connection: &mut redis::aio::MultiplexedConnection, name: &str) -> usize {
    let mut asked = redis::cmd("INFO");
    let info: String = asked.arg("everything").query_async(connection).await.expect("it answers");
    let line = info.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    })
}

#[tokio::test]
async fn a_server_that_is_slow_when_it_comes_back_loses_no_gateway_again() {
    let [mut server] = servers().await;
    let world = World::over(&[server.url()]);
    let gateways: [Gateway; GATEWAYS] = world.gateways().await;
    let users: Vec<String> = (0..CHANNELS).map(|n| format!("user{n}")).collect();
    let wanted: Vec<&str> = users.iter().map(String::as_str).collect();
    join_all(gateways.iter().map(|gateway| gateway.subscribe(&wanted))).await;
    for (n, gateway) in gateways.iter().enumerate() {
        world.announce(gateway, &users[n], 7).await;
    }

    server.kill();
    eventually("the loss is noticed", || gateways.iter().all(|g| g.live.fault().is_some())).await;
    server.start_again().await;
    let mut own = server.connection().await;
    // Each subscribes for its probe first; whatever comes then are steps on the way.
    while count(&mut own, "cmdstat_subscribe:calls=").await <= GATEWAYS {
        tokio::task::yield_now().await;
    }
    server.stall();
    tokio::time::sleep(STALL).await;
    server.go_on();
    for gateway in &gateways {
        gateway.until("a gap", |heard| heard.gaps.len() == CHANNELS).await;
        for user in &users[..GATEWAYS] {
            assert_eq!(gateway.read(user).await, Some(7));
        }
    }
    // Two of each gateway, ours, and the one that looked whether the server listens.
    let connections = count(&mut own, "total_connections_received:").await;
    assert_eq!(
        connections,
        2 * GATEWAYS + 2,
        "a connection was given up while the server answered"
    );
}

#[tokio::test]
async fn what_is_written_to_a_server_that_is_back_waits_for_nothing_what_is_read_for_all_gateways()
{
    let [mut server] = servers().await;
    let mut world = World::over(&[server.url()]);
    world.config.settle_ms = 3_000;
    let [one, two] = world.gateways().await;
    two.subscribe(&["alice"]).await;
    world.announce(&one, "alice", 1).await;
    server.kill();
    eventually("the loss is noticed", || one.live.fault().is_some()).await;
    server.start_again().await;
    let back = tokio::time::Instant::now();
    world.announce(&one, "alice", 2).await;
    let written = back.elapsed();
    assert!(written < Duration::from_secs(2), "a fix waited for {written:?}");
    assert_eq!(one.read("alice").await, Some(2));
    let read = back.elapsed();
    assert!(read > Duration::from_millis(2_500), "it was read {read:?} after it had forgotten");
}
