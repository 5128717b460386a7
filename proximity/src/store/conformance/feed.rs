//! The feed of changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Backend;
use super::world::{NOW, World, at, details, operator, write};
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::change::Change;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{Mutation, WriteRequest};
use crate::core::limits::REMOVED_AGE_MS_MAX;
use crate::core::refusal::Refusal;
use crate::error::Error;
use model::{FeedPosition, ReadToken};

/// Creations, changes and removals, each with its version, without a hole.
pub async fn the_feed_tells_every_change_once_in_order(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let (nothing, start) = world.feed(None).await;
    assert_eq!((nothing.len(), start.position), (0, FeedPosition(0)));
    let a = world.operate(world.create(details("a", "y", at(0.0, 0.0)))).await.id;
    let b = world.operate(world.create(details("b", "y", at(0.0, 0.0)))).await.id;
    let c = world.operate(world.create(details("c", "y", at(0.0, 0.0)))).await.id;
    world.operate(Mutation::Remove { id: b, expected: None }).await;
    for after in [None, Some(start)] {
        let (changes, end) = world.feed(after).await;
        let told: Vec<_> =
            changes.iter().map(|c| (c.position.0, c.id, c.version, c.business.is_some())).collect();
        assert_eq!(told, [(1, a, 1, true), (3, c, 1, true), (4, b, 2, false)]);
        assert_eq!(end.position, FeedPosition(4));
        assert_eq!(world.feed(Some(end)).await, (vec![], end));
    }
    // Each of it is a place to go on from.
    let (changes, end) = world.feed(None).await;
    let middle = ReadToken { position: changes[0].position, ..end };
    assert_eq!(world.feed(Some(middle)).await.0, changes[1..]);
}

/// And only there: the feed doesn't grow with changes.
pub async fn a_business_that_changed_again_is_told_last(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let a = world.operate(world.create(details("a", "y", at(0.0, 0.0)))).await.id;
    let b = world.operate(world.create(details("b", "y", at(0.0, 0.0)))).await.id;
    for n in 0..10 {
        let details = Box::new(details(&format!("a{n}"), "y", at(0.0, f64::from(n))));
        world.operate(Mutation::Replace { id: a, expected: None, details }).await;
    }
    let (changes, _) = world.feed(None).await;
    let told: Vec<_> = changes.iter().map(|c| (c.position.0, c.id, c.version)).collect();
    assert_eq!(told, [(2, b, 1), (12, a, 11)]);
    let last = changes[1].business.as_ref().expect("there");
    assert_eq!(last.details.name.as_str(), "a9");
    assert_eq!(last.placed, FeedPosition(12));
}

/// Nor does what was only renamed count as moved.
pub async fn what_changes_nothing_is_not_told(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let made = world.operate(world.create(details("a", "y", at(0.0, 0.0)))).await;
    let (_, end) = world.feed(None).await;
    let replace = |name: &str| {
        let details = Box::new(details(name, "y", at(0.0, 0.0)));
        Mutation::Replace { id: made.id, expected: None, details }
    };
    world.operate(replace("a")).await;
    assert_eq!(world.feed(Some(end)).await, (vec![], end));
    world.operate(replace("b")).await;
    let (changes, _) = world.feed(Some(end)).await;
    assert_eq!(changes[0].business.as_ref().expect("there").placed, FeedPosition(1));
}

/// And one that isn't reached yet.
pub async fn a_position_of_another_history_is_refused(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.operate(world.create(details("a", "y", at(0.0, 0.0)))).await;
    let (_, end) = world.feed(None).await;
    for strange in [
        ReadToken { timeline: end.timeline ^ 1, ..end },
        ReadToken { position: FeedPosition(end.position.0 + 1), ..end },
        ReadToken { position: FeedPosition(u64::MAX), ..end },
    ] {
        let refused = world.store.changes(Some(strange.into()), 10).await;
        assert_eq!(refused, Err(Error::Refused(Refusal::OtherTimeline)));
    }
}

/// In the end the follower has what the store has.
pub async fn who_follows_while_others_write_misses_nothing(backend: &dyn Backend) {
    let world = Arc::new(World::open(backend).await);
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let mut own = Vec::new();
                for n in 0..60_u32 {
                    let here = details(&n.to_string(), "y", at(0.0, f64::from(n)));
                    match n % 4 {
                        0 | 1 => own.push(world.operate(world.create(here)).await.id),
                        2 => {
                            let (id, details) = (own[world.below(own.len())], Box::new(here));
                            world.operate(Mutation::Replace { id, expected: None, details }).await;
                        }
                        _ => {
                            let id = own.swap_remove(world.below(own.len()));
                            world.operate(Mutation::Remove { id, expected: None }).await;
                        }
                    }
                }
            })
        })
        .collect();
    let follower = {
        let (world, done) = (Arc::clone(&world), Arc::clone(&done));
        tokio::spawn(async move {
            let (mut held, mut after) = (BTreeMap::new(), None);
            loop {
                // Asked before reading: what was written by then is in what is read.
                let last = done.load(Ordering::SeqCst);
                let page = world.store.changes(after, 7).await.expect("the store is there");
                for change in page.changes {
                    match change.business {
                        Some(_) => held.insert(change.id, change.version),
                        None => held.remove(&change.id),
                    };
                }
                after = Some(page.next);
                if last && !page.more {
                    return held;
                }
                tokio::task::yield_now().await;
            }
        })
    };
    for writer in writers {
        writer.await.expect("wrote");
    }
    done.store(true, Ordering::SeqCst);
    let held = follower.await.expect("followed");
    let (all, end) = world.feed(None).await;
    let stored = all.iter().filter(|change| change.business.is_some());
    let stored: BTreeMap<_, _> = stored.map(|change| (change.id, change.version)).collect();
    assert_eq!((held.len(), held), (60, stored));
    assert_eq!(end.position.0, 240);
}

/// Of those that followed already; whoever begins needs none of it, however many pages it takes.
pub async fn removals_are_forgotten_after_a_week(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        ids.push(world.operate(world.create(details(name, "y", at(0.0, 0.0)))).await.id);
    }
    let (_, knows_all) = world.feed(None).await;
    let remove = |id: BusinessId, ms: i64| {
        let write = write(operator(), Mutation::Remove { id, expected: None });
        WriteRequest { at: NOW.plus_ms(ms), ..write }
    };
    world.give(remove(ids[0], 0)).await.expect("removed");
    let (_, knows_the_first) = world.feed(None).await;
    world.give(remove(ids[1], REMOVED_AGE_MS_MAX)).await.expect("removed");
    // Not older than a week.
    assert_eq!(world.feed(Some(knows_all)).await.0.len(), 2);
    let walking = world.store.changes(None, 1).await.expect("the store is there").next;
    world.give(remove(ids[2], REMOVED_AGE_MS_MAX + 1)).await.expect("removed");
    let behind = world.store.changes(Some(knows_all.into()), 9).await;
    assert_eq!(behind, Err(Error::Refused(Refusal::BehindHorizon)));
    let told = |changes: Vec<Change>| {
        changes.into_iter().map(|it| (it.id, it.business.is_some())).collect::<Vec<_>>()
    };
    let since = [(ids[1], false), (ids[2], false)];
    assert_eq!(told(world.feed(Some(knows_the_first)).await.0), since);
    let all = [(ids[3], true), (ids[4], true), (ids[5], true), since[0], since[1]];
    assert_eq!(told(world.feed(None).await.0), all);
    let page = world.store.changes(Some(walking), 9).await.expect("began after it was removed");
    assert_eq!(told(page.changes).len(), 5);
    let fresh = world.store.changes(None, 1).await.expect("the store is there").next;
    assert_eq!(world.store.changes(Some(fresh), 9).await.expect("goes on").changes.len(), 4);
}

/// Clocks of processes differ: one may date a removal before that of another that came first.
pub async fn no_removal_is_forgotten_before_the_oldest(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(world.operate(world.create(details(name, "y", at(0.0, 0.0)))).await.id);
    }
    let (_, knows_all) = world.feed(None).await;
    for (id, ms) in [(0, 9), (1, 0), (2, REMOVED_AGE_MS_MAX + 5)] {
        let write = write(operator(), Mutation::Remove { id: ids[id], expected: None });
        world.give(WriteRequest { at: NOW.plus_ms(ms), ..write }).await.expect("removed");
    }
    assert_eq!(world.feed(Some(knows_all)).await.0.len(), 3);
    let write = write(operator(), Mutation::Remove { id: ids[3], expected: None });
    let later = WriteRequest { at: NOW.plus_ms(REMOVED_AGE_MS_MAX + 10), ..write };
    world.give(later).await.expect("removed");
    let behind = world.store.changes(Some(knows_all.into()), 9).await;
    assert_eq!(behind, Err(Error::Refused(Refusal::BehindHorizon)));
    assert_eq!(world.feed(None).await.0.len(), 2);
}

/// Until then a search for one is answered, with nothing.
pub async fn a_category_without_businesses_is_forgotten_after_a_week(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let known = async |text: &str| {
        let key = CategoryKey::parse(text).expect("a category");
        world.store.has_category(&key, None).await.expect("the store is there")
    };
    let id = world.operate(world.create(details("a", "Food / Bar", at(0.0, 0.0)))).await.id;
    let other = world.operate(world.create(details("b", "Food / Tea", at(0.0, 0.0)))).await.id;
    let at_ms =
        |ms: i64, mutation| WriteRequest { at: NOW.plus_ms(ms), ..write(operator(), mutation) };
    let replace = |id, category| {
        let details = Box::new(details("c", category, at(0.0, 0.0)));
        Mutation::Replace { id, expected: None, details }
    };
    world.give(at_ms(0, replace(id, "Shop"))).await.expect("changed");
    assert!(known("Food / Bar").await && known("Shop").await && known("Food").await);
    // Back in time, and away again.
    world.give(at_ms(1, replace(id, "Food / Bar"))).await.expect("changed");
    world.give(at_ms(REMOVED_AGE_MS_MAX, replace(id, "Shop"))).await.expect("changed");
    world.give(at_ms(REMOVED_AGE_MS_MAX + 2, replace(other, "Pub"))).await.expect("changed");
    assert!(known("Food / Bar").await);
    world.give(at_ms(2 * REMOVED_AGE_MS_MAX + 1, replace(other, "Tea"))).await.expect("changed");
    assert!(!known("Food / Bar").await && known("Food / Tea").await && known("Shop").await);
}
