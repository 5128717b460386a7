//! Lists, page by page, and circles.

use model::UserId;

use super::{Backend, World, id, names, relate};
use crate::{BATCH_MAX, List, Verb};

async fn befriend_all(world: &World, user: &str, others: &[String]) {
    for chunk in others.chunks(BATCH_MAX) {
        let writes = chunk.iter().map(|other| relate(Verb::Befriend, user, other)).collect();
        for outcome in world.batch(writes).await {
            outcome.expect("befriended");
        }
    }
}

async fn world_of(backend: &dyn Backend, others: &[String]) -> World {
    let mut all: Vec<&str> = others.iter().map(String::as_str).collect();
    all.push("alice");
    World::with(backend, &all).await
}

/// Ids order as bytes: digits, capitals, `_`, small letters, `~`.
pub async fn a_walk_meets_everything_once_in_order(backend: &dyn Backend) {
    let others: Vec<String> = ["~z", "a", "B", "_", "-", "1", "a.b", "a-b", "aa", "Z9"]
        .into_iter()
        .map(str::to_owned)
        .collect();
    let world = world_of(backend, &others).await;
    befriend_all(&world, "alice", &others).await;
    let mut expected = others.clone();
    expected.sort_unstable();
    for limit in [1, 3, 10, 11] {
        let mut met: Vec<String> = Vec::new();
        let mut after: Option<UserId> = None;
        loop {
            let page = world.store.page(List::Friends, &id("alice"), after.as_ref(), limit).await;
            let page = page.expect("the store is there");
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.other.clone());
            met.extend(names(&page).into_iter().map(str::to_owned));
        }
        assert_eq!(met, expected, "pages of {limit}");
    }
}

/// Whoever stays is met exactly once.
pub async fn a_walk_is_not_disturbed_by_changes_behind_it(backend: &dyn Backend) {
    let others: Vec<String> = (0..9).map(|n| format!("u{n}")).collect();
    let world = world_of(backend, &others).await;
    befriend_all(&world, "alice", &others[1..]).await;
    let alice = id("alice");
    let first = world.store.page(List::Friends, &alice, None, 4).await.expect("a page");
    assert_eq!(names(&first), ["u1", "u2", "u3", "u4"]);
    world.does("alice", Verb::Remove, "u4").await.expect("removed");
    world.does("alice", Verb::Remove, "u6").await.expect("removed");
    befriend_all(&world, "alice", &others[..1]).await;
    let last = &first[3].other;
    let second = world.store.page(List::Friends, &alice, Some(last), 4).await.expect("a page");
    assert_eq!(names(&second), ["u5", "u7", "u8"]);
}

/// As many as the limit allows, in order, and nobody else.
pub async fn a_circle_holds_all_friends_of_a_full_user(backend: &dyn Backend) {
    let others: Vec<String> = (0..5_000).map(|n| format!("u{n:04}")).collect();
    let world = world_of(backend, &others).await;
    befriend_all(&world, "alice", &others).await;
    world.does("alice", Verb::Block, "stranger").await.expect("blocked");
    world.does("alice", Verb::Ask, "nobody").await.expect("asked");
    let circle = world.circle("alice").await;
    assert_eq!(circle.radius_m, None);
    assert!(circle.friends.iter().map(|friend| friend.id.as_str()).eq(&others));
    assert!(world.circle("unknown").await.friends.is_empty());
}
