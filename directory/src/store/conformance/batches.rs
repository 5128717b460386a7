//! Many writes at once, and what outlives the process.

use std::sync::Arc;

use futures_util::future::join_all;
use model::ManualClock;

use super::{Backend, NOW, World, ensure, id, relate};
use crate::{Config, Directory, Error, Limits, List, Outcome, Refusal, Verb, WriteRequest};

/// Each write has its own answer, in its place.
pub async fn a_refused_order_does_not_undo_its_neighbours(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob", "carol"]).await;
    let outcomes = world
        .batch(vec![
            relate(Verb::Befriend, "alice", "bob"),
            relate(Verb::Ask, "alice", "alice"),
            relate(Verb::Befriend, "alice", "nobody"),
            relate(Verb::Befriend, "alice", "carol"),
        ])
        .await;
    let expected = [
        Ok(Outcome::Changed),
        Err(Refusal::Yourself),
        Err(Refusal::NoSuchUser),
        Ok(Outcome::Changed),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(world.lists(List::Friends, "alice").await, ["bob", "carol"]);
    assert_eq!(world.batch(vec![]).await, []);
}

/// In the order of the batch, from both sides of a pair.
pub async fn later_orders_see_what_earlier_ones_did(backend: &dyn Backend) {
    let world = World::with(backend, &[]).await;
    let outcomes = world
        .batch(vec![
            ensure("alice"),
            ensure("bob"),
            ensure("alice"),
            relate(Verb::Ask, "bob", "alice"),
            relate(Verb::Accept, "alice", "bob"),
            relate(Verb::Block, "bob", "alice"),
            relate(Verb::Unblock, "bob", "alice"),
            relate(Verb::Befriend, "alice", "bob"),
        ])
        .await;
    let done: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("possible")).collect();
    let (made, again) = (&done[..2], &done[2..3]);
    assert_eq!((made, again), (&[Outcome::Created; 2][..], &[Outcome::Unchanged][..]));
    assert_eq!(done[3..], [Outcome::Changed; 5]);
    assert!(world.relation("alice", "bob").await.friend);
}

/// Neither loses what the other did.
pub async fn batches_at_one_moment_act_one_after_the_other(backend: &dyn Backend) {
    let users: Vec<String> = (0..16).map(|n| format!("u{n}")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let world = World::with(backend, &names).await;
    // Everybody asks everybody: of each pair the later one makes them friends.
    let everybody_asks = names.iter().map(|user| {
        let others = names.iter().filter(move |other| *other != user);
        world.batch(others.map(|other| relate(Verb::Ask, user, other)).collect())
    });
    for outcomes in join_all(everybody_asks).await {
        assert!(outcomes.iter().all(|outcome| *outcome == Ok(Outcome::Changed)));
    }
    for user in &names {
        assert_eq!(world.list(List::Friends, user).await.len(), names.len() - 1);
        assert!(world.list(List::Outgoing, user).await.is_empty());
    }
}

/// Through the handle, whose task puts them into common batches.
pub async fn concurrent_callers_get_their_own_answers(backend: &dyn Backend) {
    let store = backend.open().await.expect("an empty store opens");
    let clock = Arc::new(ManualClock::at(NOW));
    let directory = Directory::start(store, clock, Config::default());
    let users: Vec<_> = (0..600).map(|n| id(&format!("u{n}"))).collect();
    join_all(users.iter().map(|user| directory.ensure_user(user)))
        .await
        .into_iter()
        .for_each(|made| made.expect("made"));
    let asks = users.iter().enumerate().map(|(n, user)| {
        // Every third asks themself.
        let other = if n % 3 == 0 { n } else { (n + 1) % users.len() };
        directory.relate(Verb::Ask, user, &users[other])
    });
    for (n, outcome) in join_all(asks).await.into_iter().enumerate() {
        let expected =
            if n % 3 == 0 { Err(Error::Refused(Refusal::Yourself)) } else { Ok(Outcome::Changed) };
        assert_eq!(outcome, expected, "{n}");
    }
}

/// Counted with what the same batch did before.
pub async fn limits_hold_also_within_a_batch(backend: &dyn Backend) {
    let mut world = World::with(backend, &["a", "b", "c", "d", "e"]).await;
    world.limits = Limits { friends_max: 2, requests_max: 2, blocks_max: 2 };
    let befriend = |user, other| relate(Verb::Befriend, user, other);
    let changed = Ok(Outcome::Changed);
    assert_eq!(
        world.batch(vec![befriend("a", "b"), befriend("c", "a"), befriend("d", "a")]).await,
        [changed, changed, Err(Refusal::TooManyFriends)]
    );
    assert_eq!(world.does("a", Verb::Remove, "b").await, changed);
    world.does("d", Verb::Ask, "a").await.expect("asked");
    assert_eq!(world.does("a", Verb::Accept, "d").await, changed);
    world.does("e", Verb::Ask, "a").await.expect("asked");
    assert_eq!(world.does("a", Verb::Ask, "e").await, Err(Refusal::TooManyFriends));
    assert_eq!(world.does("a", Verb::Accept, "e").await, Err(Refusal::TooManyFriends));

    let ask = |other| relate(Verb::Ask, "b", other);
    assert_eq!(
        world.batch(vec![ask("x"), ask("y"), ask("x"), ask("z")]).await,
        [changed, changed, Ok(Outcome::Unchanged), Err(Refusal::TooManyRequests)]
    );
    let block = |other| relate(Verb::Block, "b", other);
    assert_eq!(
        world.batch(vec![block("x"), block("v"), block("v"), block("w")]).await,
        [changed, changed, Ok(Outcome::Unchanged), Err(Refusal::TooManyBlocks)]
    );
    assert_eq!(world.does("b", Verb::Ask, "z").await, changed);
}

/// All of it, also without an orderly end.
pub async fn what_was_answered_survives_reopening(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob", "carol", "dave"]).await;
    world.does("alice", Verb::Befriend, "bob").await.expect("befriended");
    world.does("alice", Verb::Ask, "carol").await.expect("asked");
    world.does("alice", Verb::Block, "dave").await.expect("blocked");
    drop(world);
    let world = World::with(backend, &[]).await;
    assert!(world.user("alice").await.is_some());
    assert_eq!(world.lists(List::Friends, "alice").await, ["bob"]);
    assert_eq!(world.lists(List::Outgoing, "alice").await, ["carol"]);
    assert_eq!(world.lists(List::Blocks, "alice").await, ["dave"]);
    let again = vec![WriteRequest { mutation: relate(Verb::Remove, "bob", "alice"), at: NOW }];
    let outcomes = world.apply(again).await;
    assert_eq!(outcomes, [Ok(Outcome::Changed)]);
}
