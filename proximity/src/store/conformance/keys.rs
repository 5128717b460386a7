//! Writes that come again.

use super::Backend;
use super::world::{NOW, World, at, details, keyed, operator, owner, user, write};
use crate::core::catalogue::mutation::{Mutation, WriteRequest};
use crate::core::limits::KEY_AGE_MS_MAX;
use crate::core::refusal::Refusal;

fn create(world: &World, name: &str) -> WriteRequest {
    write(owner("alice"), world.create_for("alice", details(name, "y", at(1.0 / 3.0, 0.1))))
}

/// Whatever happened since; also after a restart, and twice in a batch.
pub async fn an_order_given_again_is_answered_as_before(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let outcomes =
        world.apply(vec![keyed("k", create(&world, "x")), keyed("k", create(&world, "x"))]).await;
    let first = outcomes.outcomes[0].clone().expect("made");
    assert_eq!(outcomes.outcomes[1].as_ref(), Ok(&first));
    let id = first.business.id;
    let remove = keyed("r", write(owner("alice"), Mutation::Remove { id, expected: Some(1) }));
    let removed = world.give(remove.clone()).await;
    assert!(removed.is_ok());
    let (_, end) = world.feed(None).await;
    let world = world.reopen(backend).await;
    assert_eq!(world.give(keyed("k", create(&world, "x"))).await, Ok(first));
    assert_eq!(world.give(remove).await, removed);
    assert_eq!(world.business(id).await, None);
    assert_eq!(world.feed(None).await.1, end);
}

/// Any other: of another name, place or kind.
pub async fn a_key_of_another_order_is_refused(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let made = world.give(keyed("k", create(&world, "x"))).await.expect("made").business;
    let elsewhere = details("x", "y", at(1.0 / 3.0, 0.100_000_1));
    let others = [
        create(&world, "z"),
        write(owner("alice"), world.create_for("alice", elsewhere)),
        write(owner("alice"), Mutation::Remove { id: made.id, expected: None }),
    ];
    for other in others {
        assert_eq!(world.give(keyed("k", other)).await, Err(Refusal::KeyUsed));
    }
    assert_eq!(world.business(made.id).await.expect("untouched").version, 1);
}

/// Another's same key is another key.
pub async fn a_key_is_its_callers_own(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let alices = world.give(keyed("k", create(&world, "x"))).await.expect("made").business;
    let bobs = write(owner("bob"), world.create_for("bob", details("x", "y", at(0.0, 0.0))));
    let bobs = world.give(keyed("k", bobs)).await.expect("made").business;
    assert_ne!(alices.id, bobs.id);
    assert_eq!(bobs.owner, Some(user("bob")));
}

/// A day to the millisecond, by when the writes are given.
pub async fn a_key_is_forgotten_after_a_day(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let at = |ms, write| WriteRequest { at: NOW.plus_ms(ms), ..write };
    let first = world.give(keyed("k", create(&world, "x"))).await.expect("made").business;
    // Another key makes the store forget what is too old.
    world.give(at(KEY_AGE_MS_MAX, keyed("other", create(&world, "x")))).await.expect("made");
    let same = world.give(at(KEY_AGE_MS_MAX, keyed("k", create(&world, "x")))).await;
    assert_eq!(same.expect("remembered").business.id, first.id);
    let later = KEY_AGE_MS_MAX + 1;
    let fresh = world.give(at(later, keyed("k", create(&world, "z")))).await.expect("made");
    assert_ne!(fresh.business.id, first.id);
    let again = world.give(at(later + 1, keyed("k", create(&world, "z")))).await;
    assert_eq!(again, Ok(fresh));
}

/// It changed nothing, so nothing would be repeated.
pub async fn a_refused_order_may_come_again_with_its_key(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let id = world.operate(world.create(details("x", "y", at(0.0, 0.0)))).await.id;
    let remove = keyed("k", write(owner("alice"), Mutation::Remove { id, expected: None }));
    assert_eq!(world.give(remove.clone()).await, Err(Refusal::NotYours));
    let assign = Mutation::Assign { id, expected: None, owner: Some(user("alice")) };
    world.give(write(operator(), assign)).await.expect("assigned");
    assert!(world.give(remove).await.is_ok());
}
