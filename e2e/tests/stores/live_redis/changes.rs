//! Changes of circles: told by whoever committed them; what nobody told is told by the gateway that leads the server.

use ws_gateway::CircleEdit;

use super::*;

fn befriended(position: u64, one: &str, other: &str) -> CircleChange {
    let [one, other] = [one, other].map(|name| UserId::parse(name).expect("an id"));
    let edit = CircleEdit::Pair {
        low: one.clone().min(other.clone()),
        high: one.max(other),
        friends: true,
    };
    CircleChange { as_of: ReadToken { timeline: 7, position: FeedPosition(position) }, edit }
}

fn positions(gateway: &Gateway) -> Vec<u64> {
    let mut heard: Vec<_> = gateway.ear.0.borrow().changes.iter().map(|at| at.position.0).collect();
    heard.sort_unstable();
    heard
}

#[tokio::test]
async fn what_was_told_is_not_told_again_and_what_nobody_told_is() {
    let [server] = servers().await;
    let world = World::over(&[server.url()]);
    let [watcher, committer, leader] = world.gateways().await;
    watcher.subscribe(&["alice"]).await;
    let changes: Vec<_> = (1..=4).map(|n| befriended(n, "alice", &format!("friend{n}"))).collect();
    committer.live.tell(changes[..2].to_vec()).await.expect("told");

    let up_to = ReadToken { timeline: 7, position: FeedPosition(3) };
    leader.live.relay(0, changes[..3].to_vec(), up_to).await.expect("told");
    watcher.until("three changes", |heard| heard.changes.len() >= 3).await;
    // The feed has no gaps, but those who commit may be late: a change beyond the mark stays noted.
    committer.live.tell(changes[3..].to_vec()).await.expect("told");
    let up_to = ReadToken { timeline: 7, position: FeedPosition(4) };
    leader.live.relay(0, changes[3..].to_vec(), up_to).await.expect("told");
    // In order with what comes last.
    committer.live.tell(vec![befriended(5, "alice", "friend5")]).await.expect("told");
    watcher.until("the last", |heard| heard.changes.iter().any(|at| at.position.0 == 5)).await;
    assert_eq!(positions(&watcher), [1, 2, 3, 4, 5], "each once");
    assert_eq!(server.run::<usize>("ZCARD whereabouts:told-since").await, 1, "only what is new");
}

#[tokio::test]
async fn a_position_of_an_earlier_history_is_told_all_the_same() {
    let [server] = servers().await;
    let world = World::over(&[server.url()]);
    let [watcher, gateway] = world.gateways().await;
    watcher.subscribe(&["alice"]).await;
    let mut of_before = befriended(1, "alice", "bob");
    of_before.as_of.timeline = 6;
    gateway.live.tell(vec![of_before]).await.expect("told");
    let now = befriended(1, "alice", "bob");
    gateway.live.relay(0, vec![now.clone()], now.as_of).await.expect("told");
    watcher.until("both", |heard| heard.changes.contains(&now.as_of)).await;
}
