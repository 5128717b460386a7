//! Single businesses, and who may change them.

use std::collections::BTreeMap;

use super::Backend;
use super::world::{NOW, World, at, details, operator, owner, user, write};
use crate::core::catalogue::details::Draft;
use crate::core::catalogue::hours::{Interval, OpeningHours};
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{Effect, Mutation};
use crate::core::catalogue::patch::{Edit, PatchDraft};
use crate::core::limits::{ATTRIBUTES_MAX, Limits};
use crate::core::refusal::Refusal;

/// All of it: names of any script, hours, and positions that have no short decimal form.
pub async fn what_was_said_comes_back_to_the_last_bit(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let third = 1.0 / 3.0;
    let positions = [
        at(90.0, 123.456_789_012_345_67),
        at(-90.0, 0.0),
        at(-0.0, -0.0),
        at(1e-320, 180.0),
        at(third, -180.0),
        at(36.103_576_000_000_004, -100.0 * third),
    ];
    let interval = |day, opens, closes| Interval::parse(day, opens, closes).expect("a time");
    let week = vec![interval(7, "18:00", "02:30"), interval(1, "00:00", "24:00")];
    for (n, position) in positions.into_iter().enumerate() {
        let said = Draft {
            name: ["山田 太郎", "\u{5d0}\u{5d1}\u{200f}", "김밥 'n \"roll\" \\"][n % 3].to_owned(),
            categories: vec!["Food / Thai".to_owned(), "Bar".to_owned()],
            address: Some("953 E Sahara Ave, Las Vegas".to_owned()),
            position,
            hours: OpeningHours::new("America/Los_Angeles", week.clone()).ok(),
            phone: Some("+1 702 735 3033".to_owned()),
            site: Some("https://lotus.example/?q='x'".to_owned()),
            attributes: (0..ATTRIBUTES_MAX).map(|n| (format!("é{n}"), "✓".to_owned())).collect(),
        };
        let said = said.check().expect("good");
        let made = world.operate(world.create_for("alice", said.clone())).await;
        let found = world.business(made.id).await.expect("was made");
        let bits = |at: model::Position| (at.latitude().to_bits(), at.longitude().to_bits());
        assert_eq!(bits(found.details.position), bits(said.position));
        assert_eq!(found.details, said);
        assert_eq!((found.owner, found.source), (Some(user("alice")), None));
        assert_eq!((found.version, found.updated), (1, NOW));
    }
    let bare = world.operate(world.create(details("x", "y", at(0.0, 0.0)))).await;
    let found = world.business(bare.id).await.expect("was made");
    assert_eq!((found.details, found.owner), (details("x", "y", at(0.0, 0.0)), None));
}

/// Absence is no failure, and has its place among others.
pub async fn a_business_that_never_was_is_absent(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let made = world.operate(world.create(details("x", "y", at(0.0, 0.0)))).await;
    let ids = [world.id(), made.id, world.id(), made.id];
    let found = world.store.fetch(&ids, None).await.expect("the store is there");
    let found: Vec<Option<BusinessId>> = found.iter().map(|b| b.as_ref().map(|b| b.id)).collect();
    assert_eq!(found, [None, Some(made.id), None, Some(made.id)]);
    let remove = Mutation::Remove { id: world.id(), expected: None };
    let refused = world.give(write(operator(), remove)).await;
    assert_eq!(refused, Err(Refusal::NoSuchBusiness));
}

/// And what changes nothing makes none.
pub async fn every_change_makes_one_version(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let made = world.operate(world.create(details("x", "y", at(0.0, 0.0)))).await;
    let id = made.id;
    let replace = |name: &str| Mutation::Replace {
        id,
        expected: None,
        details: Box::new(details(name, "y", at(0.0, 0.0))),
    };
    let patch = PatchDraft { phone: Edit::Set("1".to_owned()), ..PatchDraft::default() };
    let patch = Box::new(patch.check().expect("good"));
    let owned = Some(user("alice"));
    let steps = [
        (replace("x"), Effect::Unchanged, 1),
        (replace("z"), Effect::Changed, 2),
        (Mutation::Change { id, expected: None, patch: patch.clone() }, Effect::Changed, 3),
        (Mutation::Change { id, expected: None, patch }, Effect::Unchanged, 3),
        (Mutation::Assign { id, expected: None, owner: owned.clone() }, Effect::Changed, 4),
        (Mutation::Assign { id, expected: None, owner: owned }, Effect::Unchanged, 4),
    ];
    for (mutation, effect, version) in steps {
        let mut later = write(operator(), mutation);
        later.at = NOW.plus_ms(version as i64);
        let outcome = world.give(later).await.expect("possible");
        assert_eq!((outcome.effect, outcome.business.version), (effect, version));
        let stored = world.business(id).await.expect("there");
        assert_eq!(stored.version, version);
        assert_eq!(stored.details, outcome.business.details);
        assert_eq!(stored.updated, outcome.business.updated);
    }
    let last = world.business(id).await.expect("there");
    assert_eq!((last.owner, last.updated), (Some(user("alice")), NOW.plus_ms(4)));
    assert_eq!(last.details.phone.expect("set").as_str(), "1");
}

/// Whoever read before somebody else wrote doesn't undo that.
pub async fn another_version_is_refused_and_told(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let id = world.operate(world.create(details("x", "y", at(0.0, 0.0)))).await.id;
    let replace = |name: &str, expected| {
        let details = Box::new(details(name, "y", at(0.0, 0.0)));
        write(operator(), Mutation::Replace { id, expected, details })
    };
    let applied = world.apply(vec![replace("one", Some(1)), replace("two", Some(1))]).await;
    assert!(applied.outcomes[0].is_ok());
    assert_eq!(applied.outcomes[1], Err(Refusal::OtherVersion { current: 2 }));
    let remove = |expected| write(operator(), Mutation::Remove { id, expected });
    assert_eq!(world.give(remove(Some(1))).await, Err(Refusal::OtherVersion { current: 2 }));
    assert_eq!(world.business(id).await.expect("there").details.name.as_str(), "one");
    world.give(remove(Some(2))).await.expect("removed");
}

/// From its id and from its owner's list; its place is free.
pub async fn what_was_removed_is_gone(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mine = details("x", "y", at(0.0, 0.0));
    let made = world.operate(world.create_for("alice", mine.clone())).await;
    let remove = Mutation::Remove { id: made.id, expected: None };
    let removed = world.give(write(owner("alice"), remove.clone())).await.expect("removed");
    assert_eq!((removed.effect, removed.business.details), (Effect::Removed, mine));
    assert_eq!(world.business(made.id).await, None);
    let owned = world.store.owned(&user("alice"), None, 10, None).await;
    assert_eq!(owned.expect("the store is there"), []);
    let again = world.give(write(owner("alice"), remove)).await;
    assert_eq!(again, Err(Refusal::NoSuchBusiness));
}

/// Nobody else, and nobody at all but operators what has no owner.
pub async fn only_owners_and_operators_change_a_business(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let here = || details("x", "y", at(0.0, 0.0));
    let made = world.give(write(owner("alice"), world.create_for("alice", here()))).await;
    let id = made.expect("everybody may make their own").business.id;
    let for_others = world.give(write(owner("alice"), world.create_for("bob", here()))).await;
    assert_eq!(for_others, Err(Refusal::OperatorsOnly));
    let for_nobody = world.give(write(owner("alice"), world.create(here()))).await;
    assert_eq!(for_nobody, Err(Refusal::OperatorsOnly));
    let nobodys = world.operate(world.create(here())).await.id;
    for (actor, id, expected) in [
        (owner("bob"), id, Err(Refusal::NotYours)),
        (owner("alice"), nobodys, Err(Refusal::NotYours)),
        (owner("alice"), id, Ok(())),
        (operator(), id, Ok(())),
        (operator(), nobodys, Ok(())),
    ] {
        let name = format!("{actor:?}");
        let details = Box::new(details(&name, "y", at(0.0, 0.0)));
        let replaced = world.give(write(actor, Mutation::Replace { id, expected: None, details }));
        assert_eq!(replaced.await.map(|_| ()), expected, "{name}");
    }
}

/// To somebody, to somebody else, to nobody: at once, in the lists of both.
pub async fn operators_say_whose_a_business_is(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let id = world.operate(world.create(details("x", "y", at(0.0, 0.0)))).await.id;
    let assign =
        |name: Option<&str>| Mutation::Assign { id, expected: None, owner: name.map(user) };
    for (given, alices, bobs) in [(Some("alice"), 1, 0), (Some("bob"), 0, 1), (None, 0, 0)] {
        assert_eq!(world.operate(assign(given)).await.owner, given.map(user));
        for (name, count) in [("alice", alices), ("bob", bobs)] {
            let owned = world.store.owned(&user(name), None, 10, None).await;
            assert_eq!(owned.expect("the store is there").len(), count, "{name}'s");
        }
    }
    world.operate(assign(Some("alice"))).await;
    let give_away = world.give(write(owner("alice"), assign(Some("bob")))).await;
    assert_eq!(give_away, Err(Refusal::OperatorsOnly));
}

/// Also within a batch, and by assignment.
pub async fn an_owner_has_no_more_than_allowed(backend: &dyn Backend) {
    let mut world = World::open(backend).await;
    world.limits = Limits { owned_max: 2, ..world.limits };
    let here = || details("x", "y", at(0.0, 0.0));
    let create = || write(owner("alice"), world.create_for("alice", here()));
    let applied = world.apply(vec![create(), create(), create()]).await;
    assert!(applied.outcomes[..2].iter().all(Result::is_ok));
    assert_eq!(applied.outcomes[2], Err(Refusal::TooManyOwned { max: 2 }));
    let nobodys = world.operate(world.create(here())).await.id;
    let alice = Some(user("alice"));
    let assign = write(operator(), Mutation::Assign { id: nobodys, expected: None, owner: alice });
    assert_eq!(world.give(assign.clone()).await, Err(Refusal::TooManyOwned { max: 2 }));
    let first = applied.outcomes[0].as_ref().expect("made").business.id;
    world.operate(Mutation::Remove { id: first, expected: None }).await;
    assert!(world.give(assign).await.is_ok());
}

/// Page by page, in the order of ids, whatever is made behind it.
pub async fn a_walk_over_what_is_owned_meets_everything_once(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut expected = BTreeMap::new();
    for n in 0..25 {
        let name = ["alice", "bob"][n % 2];
        let made = world.operate(world.create_for(name, details("x", "y", at(0.0, 0.0)))).await;
        if name == "alice" {
            expected.insert(made.id, made.version);
        }
    }
    for limit in [1, 5, 13, 20] {
        let (mut met, mut after) = (Vec::new(), None);
        loop {
            let page = world.store.owned(&user("alice"), after, limit, None).await;
            let page = page.expect("the store is there");
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            met.extend(page.iter().map(|business| (business.id, business.version)));
        }
        assert!(met.into_iter().eq(expected.clone()), "pages of {limit}");
    }
}
