//! People who are unknown from a moment on.

use std::collections::BTreeMap;

use super::Backend;
use super::following::{copy, follow};
use super::seasons::daily;
use super::world::{NOW, SUMS, World, board_id, change, event, lines, user};
use crate::Amount::Delta;
use crate::{Mutation, Outcome, PageStart};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

async fn erase(world: &World, player: &str, pseudonym: &str) -> usize {
    let (user, pseudonym) = (user(player), user(pseudonym));
    match world.give(Mutation::Erase { user, pseudonym }).await {
        Ok(Outcome::Erased(boards)) => boards.len(),
        other => panic!("{other:?}"),
    }
}

/// Boards `a` and `b`: ann is on both, before bob; on `b` in a season that is sealed, too.
async fn filled(backend: &dyn Backend) -> World {
    let world = World::open(backend).await;
    world.put_board("a", SUMS).await.expect("made");
    world.put_board("b", daily()).await.expect("made");
    // Who follows is heard from the first time on that they ask.
    follow(&world, world.board("b").await.number, &mut BTreeMap::new(), &mut 0).await;
    for (key, day) in [("1", 0), ("2", 2)] {
        for (player, delta) in [("ann", 3), ("bob", 2)] {
            let changes = ["a", "b"].map(|board| change(board, player, Delta(delta)));
            let event = event(&format!("{key} {player}"), changes.into());
            world.post_at(event, NOW.plus_ms(day * DAY_MS)).await.expect("counted");
        }
    }
    world
}

async fn tables(world: &World) -> [Vec<String>; 3] {
    let board = world.board("b").await;
    let sealed = board.in_season(0).expect("it is kept");
    let page = world.index.page(&sealed, PageStart::Place(0), 100).await.expect("read");
    [world.table("a").await, world.table("b").await, lines(&page.standings)]
}

/// What they scored stays where it stood.
pub async fn whoever_is_erased_is_unknown_in_all_seasons(backend: &dyn Backend) {
    let expected = [
        vec!["erased-1 1 6".to_owned(), "bob 2 4".to_owned()],
        vec!["erased-1 1 3".to_owned(), "bob 2 2".to_owned()],
        vec!["erased-1 1 3".to_owned(), "bob 2 2".to_owned()],
    ];
    {
        let world = filled(backend).await;
        assert_eq!(erase(&world, "ann", "erased-1").await, 2);
        assert_eq!(tables(&world).await, expected);
        assert_eq!(world.standing("a", "ann").await, None);
    }
    assert_eq!(tables(&World::open(backend).await).await, expected, "for good");
}

/// With nothing; an event of before stays counted once.
pub async fn whoever_was_erased_begins_anew(backend: &dyn Backend) {
    let world = filled(backend).await;
    erase(&world, "ann", "erased-1").await;
    let changes = ["a", "b"].map(|board| change(board, "ann", Delta(3)));
    let again = world.post_at(event("2 ann", changes.into()), NOW.plus_ms(2 * DAY_MS)).await;
    assert_eq!(again.expect("known")[0].entry.score, 6, "told as the first time");
    assert_eq!(world.table("a").await, ["erased-1 1 6", "bob 2 4"]);
    assert_eq!(world.score("new", "a", "ann", Delta(5)).await, Ok(5));
    assert_eq!(world.table("a").await, ["erased-1 1 6", "ann 2 5", "bob 3 4"]);
    assert_eq!(erase(&world, "ann", "erased-2").await, 1, "only what they have since");
    assert_eq!(world.table("a").await, ["erased-1 1 6", "erased-2 2 5", "bob 3 4"]);
}

/// Whoever comes under the name isn't banned; what was banned isn't shown.
pub async fn a_ban_stays_with_what_was_scored(backend: &dyn Backend) {
    let world = filled(backend).await;
    world.ban("a", "ann", true).await;
    world.put_board("c", SUMS).await.expect("made");
    world.ban("c", "ann", true).await;
    assert_eq!(erase(&world, "ann", "erased-1").await, 3);
    assert_eq!(world.table("a").await, ["bob 1 4"]);
    world.score("new", "a", "ann", Delta(5)).await.expect("counted");
    world.score("new c", "c", "ann", Delta(5)).await.expect("counted");
    assert_eq!(world.table("a").await, ["ann 1 5", "bob 2 4"]);
    assert_eq!(world.table("c").await, ["ann 1 5"]);
    world.ban("a", "erased-1", false).await;
    assert_eq!(world.table("a").await, ["erased-1 1 6", "ann 2 5", "bob 3 4"]);
}

/// As often as whoever erases isn't sure whether it happened; and of nobody it is no change.
pub async fn erasing_again_changes_nothing(backend: &dyn Backend) {
    let world = filled(backend).await;
    assert_eq!(erase(&world, "nobody", "erased-0").await, 0);
    let before = world.page("a", PageStart::Place(0), 1).await.as_of.lowest;
    assert_eq!(erase(&world, "ann", "erased-1").await, 2);
    let after = world.page("a", PageStart::Place(0), 1).await.as_of.lowest;
    assert_eq!(after.0, before.0 + 1, "a change of each board");
    assert_eq!(erase(&world, "ann", "erased-2").await, 0);
    assert_eq!(world.table("a").await, ["erased-1 1 6", "bob 2 4"]);
    world.give(Mutation::DeleteBoard { id: board_id("a") }).await.expect("deleted");
    assert_eq!(erase(&world, "bob", "erased-3").await, 1, "what is gone knows nobody");
}

/// They are told that nothing is under it any more.
pub async fn whoever_follows_forgets_the_name(backend: &dyn Backend) {
    let world = filled(backend).await;
    let board = world.board("b").await.number;
    let mut followed = copy(&world, board).await;
    let mut at = world.page("b", PageStart::Place(0), 1).await.as_of.lowest.0;
    follow(&world, board, &mut followed, &mut at).await;
    world.ban("b", "bob", true).await;
    erase(&world, "ann", "erased-1").await;
    erase(&world, "bob", "erased-2").await;
    follow(&world, board, &mut followed, &mut at).await;
    assert_eq!(followed, copy(&world, board).await);
    assert_eq!(followed.len(), 4, "two people in two seasons");
    assert!(followed.keys().all(|(_, user)| user.as_str().starts_with("erased-")), "{followed:?}");
}
