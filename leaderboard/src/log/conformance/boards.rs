//! Boards: made, changed, listed, deleted.

use super::Backend;
use super::world::{LATEST, NOW, SUMS, World, board_id};
use crate::{Amount, Effect, Mutation, Operator, Ranking, Refusal, Rules, ScoreRange, Wins};

/// With its rules and the time at which it was made, and nobody on it.
pub async fn a_board_is_made_and_read_back(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let rules = Rules {
        wins: Wins::Low,
        operator: Operator::Best,
        ranking: Ranking::Dense,
        range: ScoreRange { min: -5, max: 5 },
        ..SUMS
    };
    assert_eq!(world.log.board(&board_id("laps")).await, Ok(None));
    assert_eq!(world.put_board("laps", rules.clone()).await, Ok(Effect::Created));
    let board = world.board("laps").await;
    assert_eq!((board.rules, board.created), (rules, NOW));
    assert_eq!(world.table("laps").await, Vec::<String>::new());
}

/// Making is idempotent; other rules replace those before.
pub async fn the_same_rules_again_change_nothing(backend: &dyn Backend) {
    let world = World::open(backend).await;
    assert_eq!(world.put_board("b", SUMS).await, Ok(Effect::Created));
    assert_eq!(world.put_board("b", SUMS).await, Ok(Effect::Unchanged));
    let dense = Rules { ranking: Ranking::Dense, ..SUMS };
    assert_eq!(world.put_board("b", dense.clone()).await, Ok(Effect::Changed));
    assert_eq!(world.board("b").await.rules, world.rules(dense));
}

/// Scores that were kept would mean something else.
pub async fn what_wins_and_what_is_kept_are_fixed(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    let low = Rules { wins: Wins::Low, ..SUMS };
    assert_eq!(world.put_board("b", low).await, Err(Refusal::RulesFixed));
    assert_eq!(world.put_board("b", LATEST).await, Err(Refusal::RulesFixed));
    assert_eq!(world.board("b").await.rules, world.rules(SUMS));
}

/// A range of one score is one.
pub async fn a_range_that_no_score_is_in_is_refused(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let rules = Rules { range: ScoreRange { min: 1, max: 0 }, ..SUMS };
    assert_eq!(world.put_board("b", rules).await, Err(Refusal::EmptyRange));
    let one = Rules { range: ScoreRange { min: 0, max: 0 }, ..SUMS };
    assert_eq!(world.put_board("b", one).await, Ok(Effect::Created));
}

/// As bytes, in pages, also behind a name that no board has.
pub async fn boards_are_listed_in_the_order_of_their_names(backend: &dyn Backend) {
    let world = World::open(backend).await;
    for name in ["b", "B", "a", "ab", "~"] {
        world.put_board(name, SUMS).await.expect("made");
    }
    let list = async |after: Option<&str>, limit| {
        let after = after.map(board_id);
        let boards = world.log.boards(after.as_ref(), limit).await.expect("read");
        boards.iter().map(|board| board.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, ["B", "a", "ab", "b", "~"]);
    assert_eq!(list(None, 2).await, ["B", "a"]);
    assert_eq!(list(Some("a"), 2).await, ["ab", "b"]);
    assert_eq!(list(Some("aa"), 1).await, ["ab"]);
    assert_eq!(list(Some("~"), 2).await, Vec::<String>::new());
}

/// Neither scores nor bans nor rules.
pub async fn a_board_that_is_made_again_shows_nothing_of_the_old_one(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    world.score("k", "b", "ann", Amount::Delta(7)).await.expect("counted");
    world.ban("b", "bob", true).await;
    let old = world.board("b").await;
    world.give(Mutation::DeleteBoard { id: board_id("b") }).await.expect("deleted");
    assert_eq!(world.log.board(&board_id("b")).await, Ok(None));
    let gone = world.score("l", "b", "ann", Amount::Delta(1)).await;
    assert_eq!(gone, Err(Refusal::NoSuchBoard));
    let again = world.give(Mutation::DeleteBoard { id: board_id("b") }).await;
    assert_eq!(again.map(|_| ()), Err(Refusal::NoSuchBoard));

    let low = Rules { wins: Wins::Low, operator: Operator::Latest, ..SUMS };
    assert_eq!(world.put_board("b", low).await, Ok(Effect::Created));
    assert!(world.board("b").await.number > old.number, "another number");
    assert_eq!(world.table("b").await, Vec::<String>::new());
    assert_eq!(world.standing("b", "ann").await, None);
    world.score("m", "b", "bob", Amount::Score(3)).await.expect("counted");
    assert_eq!(world.table("b").await, ["bob 1 3"], "the ban went with the board");
}
