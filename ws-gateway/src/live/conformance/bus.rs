//! What is published.

use super::{Backend, Rig, channel};

/// And hears nothing of others.
pub(super) async fn a_subscriber_hears_its_channels_in_order(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    rig.lives[1].subscribe(vec![channel("alice")]).await.expect("subscribed");
    for seq in 1..=200 {
        rig.lives[0].announce(rig.sighting("alice", seq as i64, seq), 0).await.expect("announced");
        rig.lives[0]
            .announce(rig.sighting("bob", seq as i64, 1_000 + seq), 0)
            .await
            .expect("announced");
    }
    rig.sinks[1].await_seq(200).await;
    assert_eq!(rig.sinks[1].seqs(), (1..=200).collect::<Vec<_>>());
}

/// Its own friends were served before the bus was asked.
pub(super) async fn a_gateway_is_not_told_its_own(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    for live in &rig.lives {
        live.subscribe(vec![channel("alice")]).await.expect("subscribed");
    }
    rig.lives[0].announce(rig.sighting("alice", 0, 1), 0).await.expect("announced");
    rig.lives[1].announce(rig.sighting("alice", 1, 2), 0).await.expect("announced");
    rig.sinks[0].await_seq(2).await;
    rig.sinks[1].await_seq(1).await;
    assert_eq!((rig.sinks[0].seqs(), rig.sinks[1].seqs()), (vec![2], vec![1]));
}

/// What is older than what is cached isn't worth telling.
pub(super) async fn only_news_is_published(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    rig.lives[1].subscribe(vec![channel("alice")]).await.expect("subscribed");
    let outcomes = [(5, 5_000), (4, 4_000), (6, 6_000)];
    for (seq, offset_ms) in outcomes {
        rig.lives[0]
            .announce(rig.sighting("alice", offset_ms - 6_000, seq), 0)
            .await
            .expect("announced");
    }
    rig.sinks[1].await_seq(6).await;
    assert_eq!(rig.sinks[1].seqs(), [5, 6]);
}

/// A set, not a counter.
pub(super) async fn subscribing_twice_is_once_and_ends_with_one_unsubscribe(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    for _ in 0..2 {
        rig.lives[1].subscribe(vec![channel("alice"), channel("end")]).await.expect("subscribed");
    }
    rig.lives[0].announce(rig.sighting("alice", 0, 1), 0).await.expect("announced");
    rig.sinks[1].await_seq(1).await;
    rig.lives[1].unsubscribe(vec![channel("alice")]);
    // Subscribing to anything else confirms that the end was taken in before.
    rig.lives[1].subscribe(vec![channel("another")]).await.expect("subscribed");
    rig.lives[0].announce(rig.sighting("alice", 1, 2), 0).await.expect("announced");
    rig.lives[0].announce(rig.sighting("end", 0, 3), 0).await.expect("announced");
    rig.sinks[1].await_seq(3).await;
    assert_eq!(rig.sinks[1].seqs(), [1, 3]);
}

/// In the order in which they were called, though nobody has waited yet.
pub(super) async fn subscribe_and_unsubscribe_take_effect_in_the_order_of_the_calls(
    backend: &dyn Backend,
) {
    let rig = Rig::new(backend, 2).await;
    let first = rig.lives[1].subscribe(vec![channel("alice")]);
    rig.lives[1].unsubscribe(vec![channel("alice")]);
    let second = rig.lives[1].subscribe(vec![channel("alice")]);
    second.await.expect("subscribed");
    first.await.expect("subscribed");
    rig.lives[0].announce(rig.sighting("alice", 0, 1), 0).await.expect("announced");
    rig.sinks[1].await_seq(1).await;
}

/// Whoever subscribes, then reads, has it from the one or hears it from the other.
pub(super) async fn nothing_falls_between_subscribing_and_reading(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    for round in 1..=50_u64 {
        let user = format!("user{round}");
        let announced = rig.lives[0].announce(rig.sighting(&user, 0, round), 0);
        let watched = async {
            rig.lives[1].subscribe(vec![channel(&user)]).await.expect("subscribed");
            rig.read_seq(1, &user).await
        };
        let (announced, read) = futures_util::future::join(announced, watched).await;
        announced.expect("announced");
        if read != Some(round) {
            rig.sinks[1].await_seq(round).await;
        }
    }
}

/// Gateways of one bus agree on it; clients compare it.
pub(super) async fn the_epoch_is_the_same_everywhere_and_not_empty(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    let epochs = [rig.lives[0].epoch(), rig.lives[1].epoch()];
    assert!(!epochs[0].is_empty() && epochs[0] == epochs[1], "{epochs:?}");
}
