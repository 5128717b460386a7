//! What subscribers hear.

use std::sync::Arc;

use futures_util::FutureExt;
use model::ManualClock;

use super::{Backend, NOW, World, id, relate};
use crate::{Change, Changes, Command, Directory, Limits, Verb};

/// What has been announced so far, merged.
fn heard(changes: &mut Changes) -> Vec<String> {
    let mut users = Vec::new();
    while let Some(change) = changes.next().now_or_never() {
        match change.expect("the store is there") {
            Change::Touched(touched) => users.extend(touched.iter().map(ToString::to_string)),
            Change::Lost => panic!("nothing was lost"),
        }
    }
    users.sort();
    users.dedup();
    users
}

/// Friendship made and ended, also by a block; radius.
pub async fn whoever_is_concerned_is_named(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob", "carol", "dave"]).await;
    let mut changes = world.store.changes();
    world.does("alice", Verb::Befriend, "bob").await.expect("befriended");
    assert_eq!(heard(&mut changes), ["alice", "bob"]);
    world.does("carol", Verb::Ask, "alice").await.expect("asked");
    world.does("alice", Verb::Accept, "carol").await.expect("accepted");
    assert_eq!(heard(&mut changes), ["alice", "carol"]);
    world.does("bob", Verb::Block, "alice").await.expect("blocked");
    assert_eq!(heard(&mut changes), ["alice", "bob"]);
    world.does("carol", Verb::Remove, "alice").await.expect("removed");
    assert_eq!(heard(&mut changes), ["alice", "carol"]);
    let radius = Command::SetRadius { user: id("dave"), radius_m: Some(300) };
    world.command(radius).await.expect("set");
    assert_eq!(heard(&mut changes), ["dave"]);
}

/// A subscriber isn't woken for requests, refusals and repetitions.
pub async fn nothing_is_announced_where_nothing_changed(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    world.does("alice", Verb::Befriend, "bob").await.expect("befriended");
    let mut changes = world.store.changes();
    world
        .batch(vec![
            relate(Verb::Befriend, "bob", "alice"),
            relate(Verb::Ask, "alice", "carol"),
            relate(Verb::Block, "alice", "dave"),
            relate(Verb::Ask, "alice", "alice"),
            Command::SetRadius { user: id("bob"), radius_m: None },
        ])
        .await;
    assert!(heard(&mut changes).is_empty());
}

/// And after it can be read.
pub async fn a_change_is_announced_before_its_answer(backend: &dyn Backend) {
    let store = backend.open().await.expect("an empty store opens");
    let clock = Arc::new(ManualClock::at(NOW));
    let directory = Directory::start(store, clock, Limits::default());
    let (alice, bob) = (id("alice"), id("bob"));
    for user in [&alice, &bob] {
        directory.ensure_user(user).await.expect("made");
    }
    let mut changes = directory.subscribe();
    directory.befriend(&alice, &bob).await.expect("befriended");
    assert_eq!(heard(&mut changes), ["alice", "bob"]);
    directory.set_radius(&alice, Some(700)).await.expect("set");
    assert_eq!(heard(&mut changes), ["alice"]);
    let circle = directory.circle(&alice).await.expect("the store is there");
    assert_eq!((circle.radius_m, circle.friends.len()), (700, 1));
}
