//! Users.

use model::Timestamp;

use super::{Backend, NOW, World, ensure, id};
use crate::{DisplayName, Mutation, Outcome, Refusal};

fn put(user: &str, name: &str) -> Mutation {
    let name = DisplayName::parse(name).expect("the case's names are valid");
    Mutation::Put { user: id(user), name }
}

fn radius(user: &str, radius_m: Option<u32>) -> Mutation {
    Mutation::SetRadius { user: id(user), radius_m }
}

/// An answer in each place, also for the same id twice.
pub async fn a_user_who_never_came_is_absent(backend: &dyn Backend) {
    let world = World::with(backend, &["alice"]).await;
    let wanted = [id("nobody"), id("alice"), id("alice")];
    let found = world.store.users(&wanted).await.expect("the store is there");
    let found: Vec<_> = found.iter().map(Option::is_some).collect();
    assert_eq!(found, [false, true, true]);
    assert!(world.store.users(&[]).await.expect("the store is there").is_empty());
}

/// The first token makes a user; the others change nothing.
pub async fn ensuring_a_user_leaves_an_existing_one_alone(backend: &dyn Backend) {
    let world = World::with(backend, &[]).await;
    assert_eq!(world.mutation(ensure("alice")).await, Ok(Outcome::Created));
    let alice = world.user("alice").await.expect("made");
    assert_eq!((alice.name.as_str(), alice.radius_m, alice.created), ("alice", None, NOW));
    assert_eq!(world.mutation(put("alice", "Alice A.")).await, Ok(Outcome::Changed));
    let later = Timestamp(NOW.0 + 1);
    assert_eq!(world.at(later, ensure("alice")).await, Ok(Outcome::Unchanged));
    let alice = world.user("alice").await.expect("made");
    assert_eq!((alice.name.as_str(), alice.created), ("Alice A.", NOW));
}

/// Renaming keeps everything else.
pub async fn putting_a_user_makes_or_renames_them(backend: &dyn Backend) {
    let world = World::with(backend, &[]).await;
    assert_eq!(world.mutation(put("alice", "A")).await, Ok(Outcome::Created));
    assert_eq!(world.mutation(put("alice", "A")).await, Ok(Outcome::Unchanged));
    assert_eq!(world.mutation(radius("alice", Some(500))).await, Ok(Outcome::Changed));
    assert_eq!(world.mutation(put("alice", "B")).await, Ok(Outcome::Changed));
    let alice = world.user("alice").await.expect("made");
    assert_eq!((alice.name.as_str(), alice.radius_m), ("B", Some(500)));
}

/// Right to left, beyond the basic plane, quotes.
pub async fn names_of_any_script_survive(backend: &dyn Backend) {
    let world = World::with(backend, &[]).await;
    let long = "😀".repeat(crate::NAME_CHARS_MAX);
    for name in ["\u{200f}\u{5d0}\u{5d1}", "山田 太郎", "O'Brien \"Bob\" \\", "%_'; --", &long]
    {
        world.mutation(put("alice", name)).await.expect("any name goes");
        assert_eq!(world.name("alice").await, DisplayName::parse(name).ok());
    }
}

/// `None` is a radius of its own.
pub async fn a_radius_is_set_and_taken_back(backend: &dyn Backend) {
    let world = World::with(backend, &["alice"]).await;
    assert_eq!(world.mutation(radius("alice", Some(500))).await, Ok(Outcome::Changed));
    assert_eq!(world.mutation(radius("alice", Some(500))).await, Ok(Outcome::Unchanged));
    let circle = world.circle("alice").await;
    assert_eq!(circle.radius_m, Some(500));
    assert_eq!(world.mutation(radius("alice", None)).await, Ok(Outcome::Changed));
    let circle = world.circle("alice").await;
    assert_eq!(circle.radius_m, None);
}

/// Setting one makes nobody.
pub async fn a_radius_needs_its_user(backend: &dyn Backend) {
    let world = World::with(backend, &[]).await;
    assert_eq!(world.mutation(radius("nobody", Some(500))).await, Err(Refusal::NoSuchUser));
    assert_eq!(world.user("nobody").await, None);
}
