//! Events: what belongs together, and in which order.

use futures_util::future::join_all;

use super::Backend;
use super::world::{SUMS, World, change, event, user, write};
use crate::Amount::Delta;
use crate::limits::CHANGES_MAX;
use crate::{BoardPosition, Mutation, Outcome, Refusal, Rules, ScoreRange};

/// Also if the last of its changes is refused.
pub async fn an_event_over_boards_happens_as_a_whole_or_not_at_all(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("a", SUMS).await.expect("made");
    let range = ScoreRange { min: 0, max: 5 };
    world.put_board("b", Rules { range, ..SUMS }).await.expect("made");
    let both = |key: &str, delta| {
        event(key, vec![change("a", "ann", Delta(delta)), change("b", "ann", Delta(delta))])
    };
    world.post(both("1", 4)).await.expect("counted");
    let refused = Err(Refusal::OutOfRange { min: 0, max: 5 });
    assert_eq!(world.post(both("2", 4)).await.map(|_| ()), refused);
    assert_eq!(world.table("a").await, ["ann 1 4"]);
    assert_eq!(world.table("b").await, ["ann 1 4"]);
    let unknown = event("3", vec![change("a", "ann", Delta(1)), change("none", "ann", Delta(1))]);
    assert_eq!(world.post(unknown).await, Err(Refusal::NoSuchBoard));
    let after = world.post(both("4", 1)).await.expect("counted");
    assert_eq!(after[0].position, BoardPosition(2), "a refused event has no position");
}

/// In their order, each with a position of its own.
pub async fn changes_of_one_event_see_each_other(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    let changes = [("ann", 5), ("bob", 1), ("ann", -2), ("ann", 0)];
    let changes = changes.map(|(player, delta)| change("b", player, Delta(delta)));
    let applied = world.post(event("1", changes.into())).await.expect("counted");
    let came_to: Vec<_> = applied.iter().map(|it| (it.position.0, it.entry.score)).collect();
    assert_eq!(came_to, [(1, 5), (2, 1), (3, 3), (4, 3)]);
    assert_eq!(applied[3].entry.reached, BoardPosition(3), "nothing was reached anew");
    assert_eq!(world.table("b").await, ["ann 1 3", "bob 2 1"]);
}

/// On each board by itself; what comes again has none.
pub async fn positions_have_no_gaps_and_follow_the_order(backend: &dyn Backend) {
    let world = World::open(backend).await;
    for board in ["a", "b"] {
        world.put_board(board, SUMS).await.expect("made");
    }
    for n in 0..20_u64 {
        let board = if n % 2 == 0 { "a" } else { "b" };
        let it = event(&n.to_string(), vec![change(board, "ann", Delta(1))]);
        let applied = world.post(it.clone()).await.expect("counted");
        assert_eq!(applied[0].position, BoardPosition(n / 2 + 1));
        assert_eq!(world.post(it).await, Ok(applied), "told as the first time");
    }
    assert_eq!(
        world.page("a", crate::PageStart::Place(0), 1).await.as_of,
        BoardPosition(10).into()
    );
    world.ban("a", "ann", true).await;
    let applied =
        world.post(event("x", vec![change("a", "ann", Delta(1))])).await.expect("counted");
    assert_eq!(applied[0].position, BoardPosition(12), "a ban is a change too");
}

/// Nor does one that comes again.
pub async fn a_refused_event_does_not_undo_its_neighbours(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    let post = |key: &str, board: &str| {
        write(Mutation::Post(event(key, vec![change(board, "ann", Delta(1))])))
    };
    let outcomes =
        world.append(vec![post("1", "b"), post("2", "none"), post("1", "b"), post("3", "b")]).await;
    let scores: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Ok(Outcome::Posted(applied)) => Ok(applied[0].entry.score),
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(refusal),
        })
        .collect();
    assert_eq!(scores, [Ok(1), Err(Refusal::NoSuchBoard), Ok(1), Ok(2)]);
}

/// Each sees all of those before, none is lost.
pub async fn batches_at_one_moment_act_one_after_the_other(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    let batch = |n: usize| {
        let one = move |k| {
            let it = event(&format!("{n} {k}"), vec![change("b", "ann", Delta(1))]);
            write(Mutation::Post(it))
        };
        world.append((0..10).map(one).collect())
    };
    let all = join_all((0..20).map(batch)).await;
    let mut scores: Vec<i64> = all
        .into_iter()
        .flatten()
        .map(|outcome| match outcome {
            Ok(Outcome::Posted(applied)) => applied[0].entry.score,
            other => panic!("{other:?}"),
        })
        .collect();
    scores.sort_unstable();
    assert_eq!(scores, (1..=200).collect::<Vec<_>>());
    assert_eq!(world.table("b").await, ["ann 1 200"]);
}

/// The most that are allowed are taken.
pub async fn an_event_has_one_change_at_least_and_not_too_many(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    assert_eq!(world.post(event("1", vec![])).await, Err(Refusal::Changes));
    let many = |count| vec![change("b", "ann", Delta(1)); count];
    assert_eq!(world.post(event("2", many(CHANGES_MAX + 1))).await, Err(Refusal::Changes));
    world.post(event("3", many(CHANGES_MAX))).await.expect("counted");
    let standing = world.standing("b", "ann").await.expect("there");
    assert_eq!((standing.user, standing.entry.score), (user("ann"), CHANGES_MAX as i64));
}
