//! What comes again counts once.

use futures_util::future::join_all;

use super::Backend;
use super::world::{NOW, SUMS, World, board_id, change, event, user};
use crate::Amount::Delta;
use crate::limits::{AHEAD_MS_MAX, KEY_AGE_MS_DEFAULT};
use crate::{Mutation, Refusal, ScoreEvent};

fn one(key: &str, delta: i64) -> ScoreEvent {
    event(key, vec![change("b", "ann", Delta(delta))])
}

async fn with_a_board(backend: &dyn Backend) -> World {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    world
}

/// And is answered as it was the first time, whatever came since.
pub async fn the_same_event_counts_once(backend: &dyn Backend) {
    let world = with_a_board(backend).await;
    let first = world.post(one("k", 5)).await.expect("counted");
    world.post(one("l", 2)).await.expect("counted");
    assert_eq!(world.post(one("k", 5)).await, Ok(first), "told as the first time");
    assert_eq!(world.table("b").await, ["ann 1 7"]);
}

/// Whatever about it is different.
pub async fn another_event_under_a_used_key_is_refused(backend: &dyn Backend) {
    let world = with_a_board(backend).await;
    world.post(one("k", 5)).await.expect("counted");
    let others = [
        one("k", 6),
        event("k", vec![change("b", "bob", Delta(5))]),
        event("k", vec![change("b", "ann", Delta(5)), change("b", "ann", Delta(0))]),
        event("k", vec![change("b", "ann", crate::Amount::Score(5))]),
        ScoreEvent { happened: Some(NOW), ..one("k", 5) },
    ];
    for other in others {
        assert_eq!(world.post(other).await, Err(Refusal::KeyUsed));
    }
    assert_eq!(world.table("b").await, ["ann 1 5"]);
}

/// Keys are the producer's own.
pub async fn two_producers_may_use_the_same_key(backend: &dyn Backend) {
    let world = with_a_board(backend).await;
    world.post(one("k", 5)).await.expect("counted");
    let other = ScoreEvent { producer: user("shop"), ..one("k", 3) };
    world.post(other).await.expect("counted");
    assert_eq!(world.table("b").await, ["ann 1 8"]);
}

/// Its producer was told that it doesn't count: a copy that comes late must not.
pub async fn a_refused_event_stays_refused(backend: &dyn Backend) {
    let world = World::open(backend).await;
    assert_eq!(world.post(one("k", 5)).await, Err(Refusal::NoSuchBoard));
    world.put_board("b", SUMS).await.expect("made");
    assert_eq!(world.post(one("k", 5)).await, Err(Refusal::NoSuchBoard));
    assert_eq!(world.table("b").await, Vec::<String>::new());
    world.post(one("l", 5)).await.expect("counted");
}

/// To the millisecond, counted from when the event came.
pub async fn a_key_is_remembered_for_a_day(backend: &dyn Backend) {
    let world = with_a_board(backend).await;
    world.post(one("k", 5)).await.expect("counted");
    let last = NOW.plus_ms(KEY_AGE_MS_DEFAULT);
    world.post_at(one("k", 5), last).await.expect("known");
    assert_eq!(world.post_at(one("k", 6), last).await, Err(Refusal::KeyUsed));
    assert_eq!(world.table("b").await, ["ann 1 5"]);
    world.post_at(one("k", 6), last.plus_ms(1)).await.expect("counted");
    assert_eq!(world.table("b").await, ["ann 1 11"]);
    world.post_at(one("k", 6), last.plus_ms(2)).await.expect("known");
    assert_eq!(world.table("b").await, ["ann 1 11"]);
}

/// Of those it couldn't be known whether they were counted.
pub async fn events_dated_too_early_or_ahead_are_refused(backend: &dyn Backend) {
    let world = with_a_board(backend).await;
    let dated = |key: &str, ms| ScoreEvent { happened: Some(NOW.plus_ms(ms)), ..one(key, 1) };
    assert_eq!(world.post(dated("1", -KEY_AGE_MS_DEFAULT - 1)).await, Err(Refusal::TooOld));
    assert_eq!(world.post(dated("2", AHEAD_MS_MAX + 1)).await, Err(Refusal::Ahead));
    world.post(dated("3", -KEY_AGE_MS_DEFAULT)).await.expect("counted");
    world.post(dated("4", AHEAD_MS_MAX)).await.expect("counted");
    assert_eq!(world.table("b").await, ["ann 1 2"]);
}

/// All are answered alike.
pub async fn a_hundred_copies_at_once_count_once(backend: &dyn Backend) {
    let world = with_a_board(backend).await;
    let all = join_all((0..100).map(|_| world.post(one("k", 5)))).await;
    assert!(all.iter().all(|answer| *answer == all[0]), "all are told the same");
    assert_eq!(world.table("b").await, ["ann 1 5"]);
}

/// Those of refused events too, and of boards that are gone.
pub async fn keys_survive_reopening(backend: &dyn Backend) {
    let first = {
        let world = with_a_board(backend).await;
        assert_eq!(
            world.post(event("n", vec![change("none", "a", Delta(1))])).await,
            Err(Refusal::NoSuchBoard)
        );
        world.post(one("k", 5)).await.expect("counted")
    };
    let world = World::open(backend).await;
    assert_eq!(world.post(one("k", 5)).await, Ok(first));
    assert_eq!(world.post(one("k", 6)).await, Err(Refusal::KeyUsed));
    world.put_board("none", SUMS).await.expect("made");
    assert_eq!(
        world.post(event("n", vec![change("none", "a", Delta(1))])).await,
        Err(Refusal::NoSuchBoard)
    );
    assert_eq!(world.table("b").await, ["ann 1 5"]);
    world.give(Mutation::DeleteBoard { id: board_id("b") }).await.expect("deleted");
    let known = world.post(one("k", 5)).await;
    assert!(known.is_ok(), "it was counted, whatever became of the board: {known:?}");
}
