//! Circles, many at a time.

use std::sync::Arc;

use futures_util::future::join_all;
use model::{ManualClock, UserId};

use super::{Backend, NOW, World, id};
use crate::{BATCH_MAX, Config, Directory, Mutation, Verb};

/// Also for the same user twice, for as many as there may be, and for none.
pub async fn circles_come_in_the_order_of_the_users_and_say_who_exists(backend: &dyn Backend) {
    let world = World::with(backend, &["alice", "bob", "carol"]).await;
    world.does("alice", Verb::Befriend, "carol").await.expect("befriended");
    world.does("alice", Verb::Befriend, "bob").await.expect("befriended");
    world.does("carol", Verb::Ask, "bob").await.expect("asked");
    let radius = Mutation::SetRadius { user: id("bob"), radius_m: Some(300) };
    world.mutation(radius).await.expect("set");
    let mut users: Vec<UserId> = ["carol", "nobody", "alice", "bob", "carol"].map(id).to_vec();
    users.extend((users.len()..BATCH_MAX).map(|n| id(&format!("stranger-{n}"))));
    let (state, circles) = world.store.circles(&users).await.expect("the store is there");
    let seen: Vec<_> = circles
        .iter()
        .map(|circle| {
            let friends: Vec<_> = circle.friends.iter().map(|friend| friend.id.as_str()).collect();
            (circle.exists, circle.radius_m, friends)
        })
        .collect();
    let expected = [
        (true, None, vec!["alice"]),
        (false, None, vec![]),
        (true, None, vec!["bob", "carol"]),
        (true, Some(300), vec!["alice"]),
        (true, None, vec!["alice"]),
    ];
    assert_eq!(seen[..5], expected);
    assert!(seen.len() == BATCH_MAX && seen[5..].iter().all(|circle| *circle == seen[1]));
    let none = world.store.circles(&[]).await.expect("the store is there");
    assert_eq!(none, (state, vec![]));
}

/// Through the handle; each caller has their own circle.
pub async fn circles_that_are_asked_for_at_once_share_statements(backend: &dyn Backend) {
    let store = backend.open().await.expect("an empty store opens");
    let clock = Arc::new(ManualClock::at(NOW));
    let directory = Directory::start(store, clock, Config::default());
    let users: Vec<_> = (0..400).map(|n| id(&format!("u{n}"))).collect();
    let made = join_all(users.iter().map(|user| directory.ensure_user(user))).await;
    assert!(made.iter().all(Result::is_ok));
    let befriending =
        (0..200).map(|n| directory.relate(Verb::Befriend, &users[2 * n], &users[2 * n + 1]));
    for outcome in join_all(befriending).await {
        outcome.expect("befriended");
    }
    // Everybody twice, from two connections.
    let asked = users.iter().chain(&users);
    let circles = join_all(asked.map(|user| directory.circle(user))).await;
    for (n, circle) in circles.into_iter().enumerate() {
        let circle = circle.expect("the store is there");
        assert!(circle.exists && circle.radius_m == Config::default().radius_m_default);
        let friends: Vec<_> = circle.friends.into_iter().map(|friend| friend.id).collect();
        assert_eq!(friends, [users[(n % 400) ^ 1].clone()]);
    }
    assert!(!directory.circle(&id("nobody")).await.expect("the store is there").exists);
}
