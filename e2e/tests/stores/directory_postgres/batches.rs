//! Batches of several processes at one moment.

use directory::postgres::Config;
use directory::{Limits, List, Outcome, Store, StoreError, Verb, WriteRequest};
use futures_util::future::join_all;

use super::world::{apply, aside, circle, connect, database, ensure, id, relate, shared};

const USERS: usize = 16;

fn names() -> Vec<String> {
    (0..USERS).map(|n| format!("u{n}")).collect()
}

#[tokio::test]
async fn batches_of_two_stores_act_one_after_the_other() {
    let config = database(shared().await).await;
    let stores = [connect(&config).await, connect(&config).await];
    let names = names();
    let users: Vec<&str> = names.iter().map(String::as_str).collect();
    apply(&stores[0], ensure(&users)).await;
    // Everybody asks everybody: of each pair the later one makes them friends.
    let everybody_asks = users.iter().enumerate().map(|(n, user)| {
        let others = users.iter().filter(move |other| *other != user);
        let writes: Vec<WriteRequest> =
            others.flat_map(|other| relate(Verb::Ask, user, other)).collect();
        apply(&stores[n % 2], writes)
    });
    join_all(everybody_asks).await;
    for user in &users {
        let friends = stores[0].page(List::Friends, &id(user), None, USERS).await.expect("a page");
        assert_eq!(friends.len(), USERS - 1);
    }
}

#[tokio::test]
async fn a_limit_holds_though_two_stores_reach_for_it_at_once() {
    let config = database(shared().await).await;
    let stores = [connect(&config).await, connect(&config).await];
    let names = names();
    let users: Vec<&str> = names.iter().map(String::as_str).collect();
    apply(&stores[0], ensure(&users)).await;
    let limits = Limits { friends_max: 5, ..Limits::default() };
    let befriending = users[1..]
        .iter()
        .enumerate()
        .map(|(n, other)| stores[n % 2].apply(relate(Verb::Befriend, users[0], other), limits));
    let applied = join_all(befriending).await.into_iter().flatten();
    let outcomes: Vec<_> = applied.flat_map(|applied| applied.outcomes).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(Outcome::Changed)).count(), 5);
    assert_eq!(outcomes.len(), USERS - 1);
    assert_eq!(circle(&stores[1], users[0]).await.friends.len(), 5);
}

#[tokio::test]
async fn whoever_holds_a_lock_for_long_makes_it_unavailable_and_not_stuck() {
    let made = database(shared().await).await;
    let hasty = Config { lock_timeout_ms: 100, ..made };
    let store = connect(&hasty).await;
    let mut holder = aside(&hasty).await;
    let lock = "BEGIN; LOCK TABLE directory.users IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut holder).await.expect("locked");
    let locked =
        Err(StoreError::unavailable("another transaction holds a lock for too long").into());
    let applied = store.apply(ensure(&["alice"]), Limits::default()).await;
    assert_eq!(applied.map(|_| ()), locked);
    assert_eq!(store.users(&[id("alice")]).await.map(|_| ()), locked);
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.expect("released");
    apply(&store, ensure(&["alice"])).await;
}
