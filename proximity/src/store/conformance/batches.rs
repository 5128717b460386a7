//! Many writes at once, and what outlives the process.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Backend;
use super::world::{World, at, details, operator, owner, user, write};
use crate::core::catalogue::mutation::{Actor, Effect, Mutation};
use crate::core::refusal::Refusal;
use crate::error::Error;
use crate::service::By;

/// Each write has its own answer, in its place.
pub async fn a_refused_order_does_not_undo_its_neighbours(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let here = || details("x", "y", at(0.0, 0.0));
    let first = world.create_for("alice", here());
    let taken =
        Mutation::Create { id: first.id(), owner: Some(user("bob")), details: Box::new(here()) };
    let missing = Mutation::Remove { id: world.id(), expected: None };
    let last = world.create_for("alice", here());
    let (first_id, last_id) = (first.id(), last.id());
    let writes = [
        (owner("alice"), first),
        (owner("bob"), taken),
        (operator(), missing),
        (owner("alice"), last),
    ];
    let writes = writes.into_iter().map(|(actor, mutation)| write(actor, mutation)).collect();
    let outcomes = world.apply(writes).await.outcomes;
    assert_eq!(outcomes[1], Err(Refusal::IdTaken));
    assert_eq!(outcomes[2], Err(Refusal::NoSuchBusiness));
    for id in [first_id, last_id] {
        assert_eq!(world.business(id).await.expect("made").owner, Some(user("alice")));
    }
    assert!(world.apply(vec![]).await.outcomes.is_empty());
}

/// In the order of the batch.
pub async fn later_orders_see_what_earlier_ones_did(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let create = world.create(details("x", "y", at(0.0, 0.0)));
    let id = create.id();
    let moved = Box::new(details("x", "z", at(1.0, 1.0)));
    let writes = vec![
        create,
        Mutation::Assign { id, expected: Some(1), owner: Some(user("alice")) },
        Mutation::Replace { id, expected: Some(2), details: moved },
        Mutation::Remove { id, expected: Some(3) },
        Mutation::Remove { id, expected: None },
    ];
    let writes = writes.into_iter().map(|mutation| write(operator(), mutation)).collect();
    let outcomes = world.apply(writes).await.outcomes;
    let effects: Vec<_> =
        outcomes[..4].iter().map(|o| o.as_ref().expect("possible").effect).collect();
    assert_eq!(effects, [Effect::Created, Effect::Changed, Effect::Changed, Effect::Removed]);
    assert_eq!(outcomes[4], Err(Refusal::NoSuchBusiness));
    assert_eq!(world.business(id).await, None);
}

/// No change is lost: as many versions as changes.
pub async fn batches_at_one_moment_act_one_after_the_other(backend: &dyn Backend) {
    let world = Arc::new(World::open(backend).await);
    let id = world.operate(world.create(details("x", "y", at(0.0, 0.0)))).await.id;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                for n in 0..10 {
                    let details = Box::new(details(&format!("{writer}-{n}"), "y", at(0.0, 0.0)));
                    world.operate(Mutation::Replace { id, expected: None, details }).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("wrote");
    }
    assert_eq!(world.business(id).await.expect("there").version, 81);
    assert_eq!(world.feed(None).await.1.position.0, 81);
}

/// Through the handle, whose task puts them into common batches.
pub async fn concurrent_callers_get_their_own_answers(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let proximity = world.proximity().await;
    let callers: Vec<_> = (0..300)
        .map(|n| {
            let proximity = proximity.clone();
            let missing = Mutation::Remove { id: world.id(), expected: None };
            tokio::spawn(async move {
                let by = By { actor: Actor::Operator(user("root")), key: None };
                if n % 3 == 0 {
                    let refused = proximity.write(by, missing).await;
                    assert_eq!(refused, Err(Error::Refused(Refusal::NoSuchBusiness)));
                    return None;
                }
                let details = details(&n.to_string(), "y", at(0.0, 0.0));
                let written = proximity.create(by, None, details.clone()).await.expect("made");
                assert_eq!(written.outcome.business.details, details);
                let id = written.outcome.business.id;
                let read = proximity.business(id, Some(written.as_of)).await.expect("read");
                assert_eq!(read.expect("is seen at once").details, details);
                Some(id)
            })
        })
        .collect();
    let mut made = BTreeSet::new();
    for caller in callers {
        made.extend(caller.await.expect("answered"));
    }
    assert_eq!(made.len(), 200);
}

/// All of it, also without an orderly end.
pub async fn what_was_answered_survives_reopening(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let kept = world.operate(world.create_for("alice", details("x", "y", at(1.0, 1.0)))).await;
    let gone = world.operate(world.create(details("x", "y", at(1.0, 1.0)))).await.id;
    world.operate(Mutation::Remove { id: gone, expected: None }).await;
    let (feed, end) = world.feed(None).await;
    let world = world.reopen(backend).await;
    let found = world.business(kept.id).await.expect("kept");
    assert_eq!((found.details, found.owner), (kept.details, kept.owner));
    assert_eq!(world.business(gone).await, None);
    assert_eq!(world.feed(None).await, (feed, end));
    world.operate(Mutation::Remove { id: kept.id, expected: Some(1) }).await;
    assert_eq!(world.feed(Some(end)).await.0.len(), 1);
}
