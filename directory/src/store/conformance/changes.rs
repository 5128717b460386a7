//! What listeners hear.

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;

use model::ManualClock;
use parking_lot::{Mutex, MutexGuard};

use super::{Backend, NOW, World, id, relate};
use crate::{Change, Config, Directory, DisplayName, Listener, Mutation, Verb};

/// Remembers what it is told.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<BTreeSet<String>>>);

impl Ear {
    fn on(listen: impl FnOnce(Listener)) -> Self {
        let ear = Self::default();
        let told = ear.clone();
        listen(Box::new(move |change| {
            let Change::Committed { changes, .. } = change else {
                panic!("every commit is answered");
            };
            let users = changes.iter().flat_map(|change| change.what.users());
            told.lock().extend(users.map(ToString::to_string));
            Box::pin(ready(()))
        }));
        ear
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock()
    }

    /// What has been announced since the last look, merged.
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock()).into_iter().collect()
    }
}

/// Friendship made and ended, also by a block; requests, to whom they show; radius; name.
pub async fn whoever_is_concerned_is_named(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob", "carol", "dave"]).await;
    let ear = Ear::on(|listener| world.store.listen(listener));
    world.does("alice", Verb::Befriend, "bob").await.expect("befriended");
    assert_eq!(ear.heard(), ["alice", "bob"]);
    world.does("carol", Verb::Ask, "alice").await.expect("asked");
    assert_eq!(ear.heard(), ["alice", "carol"]);
    world.does("alice", Verb::Accept, "carol").await.expect("accepted");
    assert_eq!(ear.heard(), ["alice", "carol"]);
    world.does("bob", Verb::Block, "alice").await.expect("blocked");
    assert_eq!(ear.heard(), ["alice", "bob"]);
    world.does("carol", Verb::Remove, "alice").await.expect("removed");
    assert_eq!(ear.heard(), ["alice", "carol"]);
    let radius = Mutation::SetRadius { user: id("dave"), radius_m: Some(300) };
    world.mutation(radius).await.expect("set");
    assert_eq!(ear.heard(), ["dave"]);
    world.does("alice", Verb::Ask, "bob").await.expect("as if nothing were in the way");
    assert_eq!(ear.heard(), ["alice"], "bob blocks alice");
    let name = DisplayName::parse("D").expect("a name");
    world.mutation(Mutation::Put { user: id("dave"), name }).await.expect("renamed");
    assert_eq!(ear.heard(), ["dave"]);
}

/// A listener isn't called for refusals, repetitions, and what the same batch undoes.
pub async fn nothing_is_announced_where_nothing_changed(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    world.does("alice", Verb::Befriend, "bob").await.expect("befriended");
    let ear = Ear::on(|listener| world.store.listen(listener));
    world
        .batch(vec![
            relate(Verb::Befriend, "bob", "alice"),
            relate(Verb::Ask, "alice", "carol"),
            relate(Verb::Cancel, "alice", "carol"),
            relate(Verb::Ask, "alice", "alice"),
            Mutation::SetRadius { user: id("bob"), radius_m: None },
            relate(Verb::Remove, "bob", "alice"),
            relate(Verb::Befriend, "bob", "alice"),
        ])
        .await;
    assert!(ear.heard().is_empty());
}

/// And after it can be read.
pub async fn a_change_is_announced_before_its_answer(backend: &dyn Backend) {
    let store = backend.open().await.expect("an empty store opens");
    let clock = Arc::new(ManualClock::at(NOW));
    let directory = Directory::start(store, clock, Config::default());
    let (alice, bob) = (id("alice"), id("bob"));
    for user in [&alice, &bob] {
        directory.ensure_user(user).await.expect("made");
    }
    let ear = Ear::on(|listener| directory.listen(listener));
    directory.relate(Verb::Befriend, &alice, &bob).await.expect("befriended");
    assert_eq!(ear.heard(), ["alice", "bob"]);
    directory.set_radius(&alice, Some(700)).await.expect("set");
    assert_eq!(ear.heard(), ["alice"]);
    let circle = directory.circle(&alice).await.expect("the store is there");
    assert_eq!((circle.radius_m, circle.friends.len()), (700, 1));
}
