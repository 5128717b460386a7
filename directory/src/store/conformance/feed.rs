//! The feed of changes of circles.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::Arc;

use futures_util::future::{join, join_all};
use model::{FeedPosition, Random, ReadToken, SeededRandom, Timestamp, UserId};
use parking_lot::Mutex;

use super::{Backend, World, ensure, id, relate};
use crate::{
    CHANGES_MAX, Change, Changes, CircleChange, CircleEdit, DisplayName, Error, FeedGap, Mutation,
    Store, StoredCircle, Verb,
};

const CROWD: [&str; 6] = ["a", "B", "c~", "d.d", "e-", "f"];

/// All that a store announces.
type Announced = Arc<Mutex<Vec<(u64, CircleChange)>>>;

fn announced_by(store: &dyn Store) -> Announced {
    let announced = Announced::default();
    let told = Arc::clone(&announced);
    store.listen(Box::new(move |change| {
        let Change::Committed { timeline, changes } = change else {
            panic!("every commit is answered");
        };
        let changes = changes.iter().map(|change| (*timeline, change.clone()));
        told.lock().extend(changes);
        Box::pin(ready(()))
    }));
    announced
}

async fn state(world: &World) -> ReadToken {
    world.store.state().await.expect("the store is there").0
}

async fn read(world: &World, after: ReadToken, limit: usize) -> Result<Changes, FeedGap> {
    world.store.changes(after, limit).await.expect("the store is there")
}

async fn circles(world: &World) -> (ReadToken, BTreeMap<UserId, StoredCircle>) {
    let users = CROWD.map(id);
    let (state, circles) = world.store.circles(&users).await.expect("the store is there");
    (state, users.into_iter().zip(circles).collect())
}

/// What a change makes of circles, said anew.
fn follow(circles: &mut BTreeMap<UserId, StoredCircle>, edit: &CircleEdit) {
    match edit {
        CircleEdit::Radius { user, radius_m } => {
            circles.get_mut(user).expect("of the crowd").radius_m = *radius_m;
        }
        CircleEdit::Pair { low, high, class } => {
            assert!(low < high);
            for (owner, other) in [(low, high), (high, low)] {
                let friends = &mut circles.get_mut(owner).expect("of the crowd").friends;
                friends.retain(|friend| friend.id != *other);
                let friend = class.map(|class| crate::Friend { id: other.clone(), class });
                friends.extend(friend);
                friends.sort_unstable_by(|one, two| one.id.cmp(&two.id));
            }
        }
        CircleEdit::Standing { .. } | CircleEdit::Name { .. } => {}
    }
}

/// Something that may change circles of the crowd, or may not be possible.
fn anything(random: &dyn Random) -> Mutation {
    let below = |n: usize| (random.next_u64() % n as u64) as usize;
    let user = CROWD[below(CROWD.len())];
    if below(5) == 0 {
        let radius_m = [None, Some(500), Some(700)][below(3)];
        return Mutation::SetRadius { user: id(user), radius_m };
    }
    let verbs = [Verb::Befriend, Verb::Remove, Verb::Block, Verb::Unblock, Verb::Ask];
    relate(verbs[below(verbs.len())], user, CROWD[below(CROWD.len())])
}

async fn anything_in_batches(world: &World, seed: u64, batches: usize) {
    let random = SeededRandom::new(seed);
    for _ in 0..batches {
        let count = 1 + random.next_u64() % 4;
        world.batch((0..count).map(|_| anything(&random)).collect()).await;
    }
}

/// From two stores at once, each with several batches under way; each store announces its own in their order.
pub async fn positions_have_no_gaps_and_follow_the_order_of_commits(backend: &dyn Backend) {
    let one = World::with(backend, &CROWD).await;
    let other = World::with(backend, &[]).await;
    let announced = [announced_by(&*one.store), announced_by(&*other.store)];
    let start = state(&one).await;
    let busy = (0..8).map(|n| anything_in_batches(if n % 2 == 0 { &one } else { &other }, n, 20));
    join_all(busy).await;
    let (end, stored) = circles(&other).await;
    let all = read(&one, start, CHANGES_MAX).await.expect("nothing is missing");
    assert_eq!((all.as_of, all.more), (end, false));
    let expected = start.position.0 + 1..=end.position.0;
    assert!(all.changes.iter().map(|change| change.position.0).eq(expected));
    assert!(all.changes.len() > 20, "the case is about something");
    let mut followed = stored.clone();
    for circle in followed.values_mut() {
        *circle = StoredCircle { exists: true, ..StoredCircle::default() };
    }
    all.changes.iter().for_each(|change| follow(&mut followed, &change.what));
    assert_eq!(followed, stored);

    let mut heard = BTreeSet::new();
    for announced in announced {
        let announced = announced.lock().clone();
        let positions = announced.iter().map(|(_, change)| change.position);
        assert!(positions.is_sorted(), "announced in the order of commits");
        for (timeline, change) in announced {
            assert_eq!(timeline, end.timeline);
            let place = (change.position.0 - start.position.0 - 1) as usize;
            assert_eq!(all.changes[place], change);
            heard.insert(change.position);
        }
    }
    assert_eq!(heard.len(), all.changes.len());
}

/// Whenever it is read, while anything happens.
pub async fn a_circle_and_the_changes_behind_it_give_every_later_circle(backend: &dyn Backend) {
    let world = World::with(backend, &CROWD).await;
    let reading = async {
        let mut seen = Vec::new();
        for _ in 0..40 {
            seen.push(circles(&world).await);
        }
        seen
    };
    let changing = join(anything_in_batches(&world, 1, 60), anything_in_batches(&world, 2, 60));
    let (seen, _) = join(reading, changing).await;
    for steps in seen.windows(2) {
        let [(before, circles), (after, later)] = steps else { continue };
        let mut followed = circles.clone();
        let behind = read(&world, *before, CHANGES_MAX).await.expect("nothing is missing");
        for change in behind.changes.iter().filter(|change| change.position <= after.position) {
            follow(&mut followed, &change.what);
        }
        assert_eq!(followed, *later, "from {before} to {after}");
    }
}

/// Users who come, refusals, and what the same batch undoes.
pub async fn what_changes_nothing_for_anybody_has_no_position(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    let start = state(&world).await;
    world
        .batch(vec![
            ensure("carol"),
            relate(Verb::Ask, "alice", "bob"),
            relate(Verb::Decline, "bob", "alice"),
            relate(Verb::Block, "alice", "dave"),
            relate(Verb::Unblock, "alice", "dave"),
            relate(Verb::Befriend, "alice", "nobody"),
            relate(Verb::Befriend, "alice", "carol"),
            relate(Verb::Remove, "carol", "alice"),
        ])
        .await;
    assert_eq!(state(&world).await, start);
    let none = read(&world, start, 10).await.expect("nothing is missing");
    assert_eq!(none, Changes { as_of: start, changes: vec![], more: false });
}

/// Each leads to the next.
pub async fn the_feed_is_read_in_parts(backend: &dyn Backend) {
    let world = World::with(backend, &CROWD).await;
    let start = state(&world).await;
    let friends = CROWD[1..].iter().map(|other| relate(Verb::Befriend, CROWD[0], other));
    world.batch(friends.collect()).await;
    let end = state(&world).await;
    let (mut at, mut met, mut more) = (start, Vec::new(), true);
    while more {
        let part = read(&world, at, 2).await.expect("nothing is missing");
        assert!(part.changes.len() <= 2);
        met.extend(part.changes);
        (at, more) = (part.as_of, part.more);
    }
    assert_eq!(at, end);
    let all = read(&world, start, CHANGES_MAX).await.expect("nothing is missing");
    assert_eq!((all.changes.len(), all.as_of), (5, end));
    assert_eq!(met, all.changes);
}

/// The oldest first, no more than allowed, and never the positions.
pub async fn what_was_forgotten_is_said_to_be(backend: &dyn Backend) {
    let world = World::with(backend, &CROWD).await;
    let (start, then) = world.store.state().await.expect("the store is there");
    let friends = CROWD[1..].iter().map(|other| relate(Verb::Befriend, CROWD[0], other));
    world.batch(friends.collect()).await;
    let (end, now) = world.store.state().await.expect("the store is there");
    assert!(now >= then && now - then < 60_000, "{then:?} {now:?}");
    let forget = async |before, limit| -> Result<usize, Error> {
        world.store.forget_changes(before, limit).await
    };
    assert_eq!(forget(then, 10).await, Ok(0));
    assert_eq!(read(&world, start, 10).await.map(|all| all.changes.len()), Ok(5));
    let later = Timestamp(now.0 + 1);
    assert_eq!(forget(later, 2).await, Ok(2));
    assert_eq!(read(&world, start, 10).await, Err(FeedGap::Forgotten));
    let after_two = ReadToken { position: FeedPosition(start.position.0 + 2), ..start };
    assert_eq!(read(&world, after_two, 10).await.map(|all| all.changes.len()), Ok(3));
    assert_eq!(forget(later, 10).await, Ok(3));
    assert_eq!(read(&world, after_two, 10).await, Err(FeedGap::Forgotten));
    assert_eq!(state(&world).await, end);
    let none = read(&world, end, 10).await.expect("nothing is missing");
    assert_eq!(none, Changes { as_of: end, changes: vec![], more: false });
    world.does(CROWD[0], Verb::Remove, CROWD[1]).await.expect("removed");
    let next = read(&world, end, 10).await.expect("nothing is missing");
    assert_eq!(next.changes[0].position.0, end.position.0 + 1);
}

/// And so is one that this timeline hasn't come to.
pub async fn a_position_of_another_history_is_refused(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    world.does("alice", Verb::Befriend, "bob").await.expect("befriended");
    let end = state(&world).await;
    let other = ReadToken { timeline: end.timeline ^ 1, ..end };
    assert_eq!(read(&world, other, 10).await, Err(FeedGap::OtherTimeline));
    for ahead in [end.position.0 + 1, i64::MAX as u64, u64::MAX] {
        let ahead = ReadToken { position: FeedPosition(ahead), ..end };
        assert_eq!(read(&world, ahead, 10).await, Err(FeedGap::OtherTimeline));
    }
}

/// With its timeline.
pub async fn the_feed_survives_reopening(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    let start = state(&world).await;
    world.does("alice", Verb::Befriend, "bob").await.expect("befriended");
    let radius = Mutation::SetRadius { user: id("bob"), radius_m: Some(300) };
    world.mutation(radius).await.expect("set");
    world.does("bob", Verb::Block, "carol").await.expect("blocked");
    world.does("carol", Verb::Ask, "bob").await.expect_err("she doesn't exist");
    let name = DisplayName::parse("B").expect("a name");
    world.mutation(Mutation::Put { user: id("bob"), name }).await.expect("renamed");
    drop(world);
    let world = World::with(backend, &[]).await;
    let all = read(&world, start, 10).await.expect("nothing is missing");
    let (low, high) = (id("alice"), id("bob"));
    let class = Some(model::ViewerClass::Precise);
    let expected = [
        CircleEdit::Pair { low, high, class },
        CircleEdit::Radius { user: id("bob"), radius_m: Some(300) },
        CircleEdit::Standing { user: id("bob"), other: id("carol") },
        CircleEdit::Name { user: id("bob") },
    ];
    assert!(all.changes.iter().map(|change| &change.what).eq(&expected));
}
