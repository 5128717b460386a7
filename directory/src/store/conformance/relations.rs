//! What users can do about each other.

use std::collections::HashMap;

use model::{Random, SeededRandom, Timestamp};

use super::{Backend, NOW, World, relate};
use crate::{List, Mutation, Outcome, Refusal, Relation, Verb, decide};

const FRIENDS: Relation =
    Relation { friend: true, asked: false, asked_by: false, blocks: false, blocked_by: false };

/// And keeps the time of the first.
pub async fn asking_twice_is_one_request(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    assert_eq!(world.does("alice", Verb::Ask, "bob").await, Ok(Outcome::Changed));
    let again = world.at(Timestamp(NOW.0 + 1), relate(Verb::Ask, "alice", "bob")).await;
    assert_eq!(again, Ok(Outcome::Unchanged));
    let (outgoing, incoming) =
        (world.list(List::Outgoing, "alice").await, world.list(List::Incoming, "bob").await);
    assert_eq!((outgoing.len(), outgoing[0].other.as_str(), outgoing[0].since), (1, "bob", NOW));
    assert_eq!((incoming.len(), incoming[0].other.as_str(), incoming[0].since), (1, "alice", NOW));
}

/// Without accepting.
pub async fn asking_each_other_makes_friends(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    assert_eq!(world.does("alice", Verb::Ask, "bob").await, Ok(Outcome::Changed));
    assert_eq!(world.does("bob", Verb::Ask, "alice").await, Ok(Outcome::Changed));
    assert_eq!(world.relation("alice", "bob").await, FRIENDS);
    assert_eq!(world.does("bob", Verb::Ask, "alice").await, Ok(Outcome::Unchanged));
}

/// Only a request can be accepted; accepting again is no harm.
pub async fn accepting_makes_friends(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    assert_eq!(world.does("bob", Verb::Accept, "alice").await, Err(Refusal::NoSuchRequest));
    world.does("alice", Verb::Ask, "bob").await.expect("asked");
    assert_eq!(world.does("alice", Verb::Accept, "bob").await, Err(Refusal::NoSuchRequest));
    assert_eq!(world.does("bob", Verb::Accept, "alice").await, Ok(Outcome::Changed));
    assert_eq!(world.does("bob", Verb::Accept, "alice").await, Ok(Outcome::Unchanged));
    assert_eq!(world.lists(List::Friends, "alice").await, ["bob"]);
    assert_eq!(world.lists(List::Friends, "bob").await, ["alice"]);
    assert!(world.list(List::Outgoing, "alice").await.is_empty());
    assert!(world.list(List::Incoming, "bob").await.is_empty());
}

/// From either side; nothing is left.
pub async fn declining_and_cancelling_end_a_request(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    for (user, verb, other) in [("bob", Verb::Decline, "alice"), ("alice", Verb::Cancel, "bob")] {
        world.does("alice", Verb::Ask, "bob").await.expect("asked");
        assert_eq!(world.does(user, verb, other).await, Ok(Outcome::Changed));
        assert_eq!(world.does(user, verb, other).await, Ok(Outcome::Unchanged));
        assert!(world.relation("alice", "bob").await.is_nothing());
        assert!(world.list(List::Outgoing, "alice").await.is_empty());
        assert!(world.list(List::Incoming, "bob").await.is_empty());
    }
}

/// Whatever they try.
pub async fn nobody_is_related_to_themself(backend: &dyn Backend) {
    let world = World::with(backend, &["alice"]).await;
    for &verb in Verb::ALL {
        assert_eq!(world.does("alice", verb, "alice").await, Err(Refusal::Yourself));
    }
    assert!(world.relation("alice", "alice").await.is_nothing());
}

/// It looks like any other, and is there when they come. Only who exists can ask.
pub async fn a_request_to_nobody_waits_for_them(backend: &dyn Backend) {
    let world = World::with(backend, &["alice"]).await;
    assert_eq!(world.does("alice", Verb::Ask, "nobody").await, Ok(Outcome::Changed));
    assert_eq!(world.lists(List::Outgoing, "alice").await, ["nobody"]);
    assert_eq!(world.does("nobody", Verb::Accept, "alice").await, Err(Refusal::NoSuchUser));
    world.mutation(super::ensure("nobody")).await.expect("made");
    assert_eq!(world.lists(List::Incoming, "nobody").await, ["alice"]);
    assert_eq!(world.does("nobody", Verb::Accept, "alice").await, Ok(Outcome::Changed));
}

/// Both ways, for both.
pub async fn blocking_ends_friendship_and_requests(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob", "carol", "dave"]).await;
    world.does("alice", Verb::Befriend, "bob").await.expect("befriended");
    world.does("alice", Verb::Ask, "carol").await.expect("asked");
    world.does("dave", Verb::Ask, "alice").await.expect("asked");
    for other in ["bob", "carol", "dave"] {
        assert_eq!(world.does("alice", Verb::Block, other).await, Ok(Outcome::Changed));
        assert_eq!(world.does("alice", Verb::Block, other).await, Ok(Outcome::Unchanged));
        let blocked = Relation { blocks: true, ..Relation::default() };
        assert_eq!(world.relation("alice", other).await, blocked);
        assert_eq!(world.relation(other, "alice").await, blocked.mirror());
        for list in [List::Friends, List::Incoming, List::Outgoing, List::Blocks] {
            assert!(world.list(list, other).await.is_empty(), "{list:?} of {other}");
        }
        assert_eq!(world.does("alice", Verb::Ask, other).await, Err(Refusal::YouBlockedThem));
    }
    assert_eq!(world.lists(List::Blocks, "alice").await, ["bob", "carol", "dave"]);
    assert_eq!(world.does("alice", Verb::Unblock, "bob").await, Ok(Outcome::Changed));
    assert!(world.relation("alice", "bob").await.is_nothing());
    assert_eq!(world.lists(List::Blocks, "alice").await, ["carol", "dave"]);
}

/// To the one who asks; the other sees it when they lift the block.
pub async fn a_request_to_somebody_who_blocks_looks_pending(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    world.does("bob", Verb::Block, "alice").await.expect("blocked");
    assert_eq!(world.does("alice", Verb::Ask, "bob").await, Ok(Outcome::Changed));
    assert_eq!(world.lists(List::Outgoing, "alice").await, ["bob"]);
    assert!(world.list(List::Incoming, "bob").await.is_empty());
    assert_eq!(world.does("bob", Verb::Accept, "alice").await, Err(Refusal::NoSuchRequest));
    assert_eq!(world.does("bob", Verb::Decline, "alice").await, Ok(Outcome::Unchanged));
    assert_eq!(world.lists(List::Outgoing, "alice").await, ["bob"]);
    world.does("bob", Verb::Unblock, "alice").await.expect("unblocked");
    assert_eq!(world.lists(List::Incoming, "bob").await, ["alice"]);
}

/// Neither in its time nor otherwise.
pub async fn being_asked_does_not_show_in_a_block(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    world.does("bob", Verb::Block, "alice").await.expect("blocked");
    let later = Timestamp(NOW.0 + 5_000);
    world.at(later, relate(Verb::Ask, "alice", "bob")).await.expect("asked");
    assert_eq!(world.list(List::Blocks, "bob").await[0].since, NOW);
    assert_eq!(world.list(List::Outgoing, "alice").await[0].since, later);
}

/// In one step, for services.
pub async fn befriending_needs_both_users_and_no_block(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    for (user, other) in [("alice", "nobody"), ("nobody", "alice")] {
        assert_eq!(world.does(user, Verb::Befriend, other).await, Err(Refusal::NoSuchUser));
    }
    world.does("bob", Verb::Block, "alice").await.expect("blocked");
    assert_eq!(world.does("alice", Verb::Befriend, "bob").await, Err(Refusal::Blocked));
    assert_eq!(world.does("bob", Verb::Befriend, "alice").await, Err(Refusal::Blocked));
    world.does("bob", Verb::Unblock, "alice").await.expect("unblocked");
    assert_eq!(world.does("alice", Verb::Befriend, "bob").await, Ok(Outcome::Changed));
    assert_eq!(world.does("bob", Verb::Befriend, "alice").await, Ok(Outcome::Unchanged));
    assert_eq!(world.relation("bob", "alice").await, FRIENDS);
}

/// Whoever of the two does it.
pub async fn removing_a_friend_is_seen_by_both(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob"]).await;
    world.does("alice", Verb::Befriend, "bob").await.expect("befriended");
    assert_eq!(world.does("bob", Verb::Remove, "alice").await, Ok(Outcome::Changed));
    assert_eq!(world.does("alice", Verb::Remove, "bob").await, Ok(Outcome::Unchanged));
    assert!(world.list(List::Friends, "alice").await.is_empty());
    assert!(world.list(List::Friends, "bob").await.is_empty());
}

const CROWD: [&str; 5] = ["a", "B", "c~", "d.d", "e-"];

/// Random writes in random batches, against [`decide`] alone.
pub async fn whatever_is_done_the_store_agrees_with_the_rules(backend: &dyn Backend) {
    let world = World::with(backend, &CROWD).await;
    let random = SeededRandom::new(7);
    let below = |n: usize| (random.next_u64() % n as u64) as usize;
    let mut rules: HashMap<(&str, &str), Relation> = HashMap::new();
    for _ in 0..60 {
        let mut mutations: Vec<Mutation> = Vec::new();
        let mut expected = Vec::new();
        for _ in 0..below(20) {
            let (user, verb) = (CROWD[below(CROWD.len())], Verb::ALL[below(Verb::ALL.len())]);
            let other = CROWD[below(CROWD.len())];
            mutations.push(relate(verb, user, other));
            let before = rules.get(&(user, other)).copied().unwrap_or_default();
            let after = if user == other { Err(Refusal::Yourself) } else { decide(verb, before) };
            expected.push(after.map(|after| {
                rules.insert((user, other), after);
                rules.insert((other, user), after.mirror());
                if after == before { Outcome::Unchanged } else { Outcome::Changed }
            }));
        }
        assert_eq!(world.batch(mutations).await, expected);
    }
    for (user, other) in rules.keys() {
        assert_eq!(world.relation(user, other).await, rules[&(*user, *other)], "{user} {other}");
    }
    for user in CROWD {
        for (list, belongs) in [
            (List::Friends, (|r| r.friend) as fn(Relation) -> bool),
            (List::Incoming, |r| r.visible().asked_by),
            (List::Outgoing, |r| r.asked),
            (List::Blocks, |r| r.blocks),
        ] {
            let of_user = rules.iter().filter(|((owner, _), r)| *owner == user && belongs(**r));
            let mut expected: Vec<_> = of_user.map(|((_, other), _)| *other).collect();
            expected.sort_unstable();
            assert_eq!(world.lists(list, user).await, expected, "{list:?} of {user}");
        }
    }
}
