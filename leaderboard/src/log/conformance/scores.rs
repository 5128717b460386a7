//! What a score becomes.

use super::Backend;
use super::world::{LATEST, SUMS, World};
use crate::Amount::{Delta, Score};
use crate::{Operator, Refusal, Rules, ScoreRange, Wins};

/// To each player's own.
pub async fn a_sum_adds_what_is_posted(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    assert_eq!(world.score("1", "b", "ann", Delta(5)).await, Ok(5));
    assert_eq!(world.score("2", "b", "ann", Delta(7)).await, Ok(12));
    assert_eq!(world.score("3", "b", "bob", Delta(7)).await, Ok(7));
    assert_eq!(world.table("b").await, ["ann 1 12", "bob 2 7"]);
}

/// The higher or the lower one, as the board says.
pub async fn the_best_score_stays(backend: &dyn Backend) {
    let world = World::open(backend).await;
    for (board, wins, better, worse) in [("high", Wins::High, 9, 3), ("low", Wins::Low, 3, 9)] {
        let rules = Rules { wins, operator: Operator::Best, ..SUMS };
        world.put_board(board, rules).await.expect("made");
        for (n, (posted, stays)) in
            [(5, 5), (worse, 5), (5, 5), (better, better), (5, better)].into_iter().enumerate()
        {
            let key = format!("{board} {n}");
            assert_eq!(world.score(&key, board, "ann", Score(posted)).await, Ok(stays), "{key}");
        }
    }
}

/// Whether it is better or worse.
pub async fn the_latest_score_replaces_the_one_before(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", LATEST).await.expect("made");
    for (n, score) in [5, 9, -3, 0].into_iter().enumerate() {
        assert_eq!(world.score(&n.to_string(), "b", "ann", Score(score)).await, Ok(score));
        assert_eq!(world.table("b").await, [format!("ann 1 {score}")]);
    }
}

/// Who gets nothing takes part; who falls is passed.
pub async fn zero_and_negative_changes_count(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    assert_eq!(world.score("1", "b", "ann", Delta(0)).await, Ok(0));
    assert_eq!(world.table("b").await, ["ann 1 0"], "who has nothing takes part");
    assert_eq!(world.score("2", "b", "bob", Delta(-4)).await, Ok(-4));
    assert_eq!(world.score("3", "b", "ann", Delta(-6)).await, Ok(-6));
    assert_eq!(world.table("b").await, ["bob 1 -4", "ann 2 -6"]);
}

/// And what is beyond is refused and changes nothing.
pub async fn the_ends_of_the_range_are_in_it(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let range = ScoreRange { min: -10, max: 10 };
    let refused = Err(Refusal::OutOfRange { min: -10, max: 10 });
    world.put_board("sum", Rules { range, ..SUMS }).await.expect("made");
    assert_eq!(world.score("1", "sum", "ann", Delta(11)).await, refused);
    assert_eq!(world.score("2", "sum", "ann", Delta(10)).await, Ok(10));
    assert_eq!(world.score("3", "sum", "ann", Delta(1)).await, refused);
    assert_eq!(world.score("4", "sum", "ann", Delta(-20)).await, Ok(-10));
    assert_eq!(world.score("5", "sum", "ann", Delta(-1)).await, refused);
    assert_eq!(world.table("sum").await, ["ann 1 -10"]);
    world.put_board("latest", Rules { range, ..LATEST }).await.expect("made");
    assert_eq!(world.score("6", "latest", "ann", Score(11)).await, refused);
    assert_eq!(world.score("7", "latest", "ann", Score(-11)).await, refused);
    assert_eq!(world.score("8", "latest", "ann", Score(-10)).await, Ok(-10));
    assert_eq!(world.score("9", "latest", "ann", Score(10)).await, Ok(10));
}

/// Whole numbers are exact to the last of their bits.
pub async fn a_sum_never_overflows(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    let ScoreRange { min, max } = world.index.range();
    let refused = Err(Refusal::OutOfRange { min, max });
    assert_eq!(world.score("1", "b", "ann", Delta(max)).await, Ok(max));
    assert_eq!(world.score("2", "b", "ann", Delta(1)).await, refused);
    assert_eq!(world.score("3", "b", "bob", Delta(min)).await, Ok(min));
    assert_eq!(world.score("4", "b", "bob", Delta(-1)).await, refused);
    // Doubles don't tell these apart, unless they are within what the index has.
    let high = max.min((1 << 53) + 2);
    assert_eq!(world.score("5", "b", "cid", Delta(high - 1)).await, Ok(high - 1));
    assert_eq!(world.score("6", "b", "dan", Delta(high - 2)).await, Ok(high - 2));
    let table = world.table("b").await;
    let names: Vec<_> = table.iter().map(|line| &line[..3]).collect();
    assert_eq!(names, ["ann", "cid", "dan", "bob"], "exact to the last point");
}

/// And a board that isn't there takes none.
pub async fn each_operator_takes_its_own_kind_of_amount(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("sum", SUMS).await.expect("made");
    world.put_board("latest", LATEST).await.expect("made");
    world.put_board("best", Rules { operator: Operator::Best, ..SUMS }).await.expect("made");
    assert_eq!(world.score("1", "sum", "ann", Score(1)).await, Err(Refusal::NeedsDelta));
    assert_eq!(world.score("2", "latest", "ann", Delta(1)).await, Err(Refusal::NeedsScore));
    assert_eq!(world.score("3", "best", "ann", Delta(1)).await, Err(Refusal::NeedsScore));
    assert_eq!(world.score("4", "none", "ann", Delta(1)).await, Err(Refusal::NoSuchBoard));
}
