//! Places from elsewhere.

use super::Backend;
use super::world::{NOW, World, at, details, operator, source, user, write};
use crate::core::catalogue::details::Details;
use crate::core::catalogue::mutation::{Import, Imported, Mutation};
use crate::core::refusal::Refusal;
use crate::error::Error;

fn places(world: &World, all: &[Details]) -> Vec<Import> {
    let place = |(n, details): (usize, &Details)| Import {
        id: world.id(),
        source: source(n),
        details: details.clone(),
    };
    all.iter().enumerate().map(place).collect()
}

async fn import(world: &World, all: &[Details]) -> Imported {
    let imported = world.store.import(places(world, all), NOW).await;
    let (imported, as_of) = imported.expect("the store is there");
    assert_eq!(world.feed(None).await.1, as_of);
    imported
}

fn some(count: usize) -> Vec<Details> {
    let place = |n| details(&format!("p{n}"), "Food / Thai", at(n as f64 / 7.0, n as f64 / 3.0));
    (0..count).map(place).collect()
}

/// Not even the feed.
pub async fn importing_again_changes_nothing(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let all = some(100);
    let created = Imported { created: 100, ..Imported::default() };
    assert_eq!(import(&world, &all).await, created);
    let before = world.feed(None).await;
    let unchanged = Imported { unchanged: 100, ..Imported::default() };
    assert_eq!(import(&world, &all).await, unchanged);
    assert_eq!(world.feed(None).await, before);
    let first = before.0[0].business.as_ref().expect("there");
    assert_eq!((first.source.as_ref(), first.owner.as_ref()), (Some(&source(0)), None));
    assert_eq!(import(&world, &[]).await, Imported::default());
}

/// And only that: the id stays.
pub async fn an_import_changes_what_is_different(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut all = some(10);
    import(&world, &all).await;
    let (before, end) = world.feed(None).await;
    all[3] = details("new name", "Food / Thai", all[3].position);
    all[4] = details("p4", "Food / Thai", at(50.0, 50.0));
    all.push(details("p10", "Bar", at(1.0, 1.0)));
    let expected = Imported { created: 1, changed: 2, unchanged: 8, owned: 0 };
    assert_eq!(import(&world, &all).await, expected);
    let (changes, _) = world.feed(Some(end)).await;
    let told: Vec<_> = changes.iter().map(|change| (change.id, change.version)).collect();
    assert_eq!(told[..2], [(before[3].id, 2), (before[4].id, 2)]);
    assert_eq!(told.len(), 3);
    assert_eq!(world.business(before[4].id).await.expect("there").details, all[4]);
}

/// Owners know better.
pub async fn an_import_leaves_what_is_owned_alone(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut all = some(2);
    import(&world, &all).await;
    let id = world.feed(None).await.0[0].id;
    world.operate(Mutation::Assign { id, expected: None, owner: Some(user("alice")) }).await;
    all[0] = details("outdated", "Food", at(0.0, 0.0));
    let expected = Imported { unchanged: 1, owned: 1, ..Imported::default() };
    assert_eq!(import(&world, &all).await, expected);
    assert_eq!(world.business(id).await.expect("there").details.name.as_str(), "p0");
}

/// The later one counts.
pub async fn a_place_twice_in_an_import_is_one_business(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut twice = places(&world, &some(2));
    twice[1].source = source(0);
    let (imported, _) = world.store.import(twice, NOW).await.expect("the store is there");
    assert_eq!(imported, Imported { created: 1, changed: 1, ..Imported::default() });
    let (changes, _) = world.feed(None).await;
    let all: Vec<_> = changes.into_iter().filter_map(|change| change.business).collect();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].details.name.as_str(), all[0].version), ("p1", 2));
}

/// All or none.
pub async fn a_taken_id_refuses_the_whole_import(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let create = world.create(details("x", "y", at(0.0, 0.0)));
    let id = create.id();
    world.give(write(operator(), create)).await.expect("made");
    let mut all = places(&world, &some(3));
    all[1].id = id;
    let refused = world.store.import(all, NOW).await;
    assert_eq!(refused, Err(Error::Refused(Refusal::IdTaken)));
    assert_eq!(world.feed(None).await.0.len(), 1);
    assert_eq!(import(&world, &some(3)).await.created, 3);
}
