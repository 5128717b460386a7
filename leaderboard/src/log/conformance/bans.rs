//! Players who are taken off a board.

use super::Backend;
use super::world::{SUMS, World, board_id, user};
use crate::Amount::Delta;
use crate::{Effect, Mutation, Refusal};

async fn with_three_players(backend: &dyn Backend) -> World {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    for (player, points) in [("ann", 3), ("bob", 2), ("cid", 1)] {
        world.score(player, "b", player, Delta(points)).await.expect("counted");
    }
    world
}

/// Put back, they stand where they would have stood.
pub async fn a_ban_hides_a_player_who_goes_on_scoring(backend: &dyn Backend) {
    let world = with_three_players(backend).await;
    assert_eq!(world.ban("b", "ann", true).await, Effect::Changed);
    assert_eq!(world.ban("b", "ann", true).await, Effect::Unchanged);
    assert_eq!(world.table("b").await, ["bob 1 2", "cid 2 1"]);
    assert_eq!(world.standing("b", "ann").await, None);
    assert_eq!(world.view("b", 0, "ann", 1).await.neighbours, None);
    assert_eq!(world.score("x", "b", "ann", Delta(-1)).await, Ok(2), "counted all the same");
    assert_eq!(world.table("b").await, ["bob 1 2", "cid 2 1"]);
    assert_eq!(world.ban("b", "ann", false).await, Effect::Changed);
    assert_eq!(world.ban("b", "ann", false).await, Effect::Unchanged);
    assert_eq!(world.table("b").await, ["bob 1 2", "ann 1 2", "cid 3 1"], "bob was there first");
    let nowhere = Mutation::Ban { board: board_id("x"), user: user("ann"), is_banned: true };
    assert_eq!(world.give(nowhere).await, Err(Refusal::NoSuchBoard));
}

/// It may come before the player's first score.
pub async fn a_ban_is_of_one_board(backend: &dyn Backend) {
    let world = with_three_players(backend).await;
    world.put_board("c", SUMS).await.expect("made");
    world.ban("c", "ann", true).await;
    for (key, player) in [("1", "ann"), ("2", "bob")] {
        world.score(key, "c", player, Delta(1)).await.expect("counted");
    }
    assert_eq!(world.table("c").await, ["bob 1 1"]);
    assert_eq!(world.table("b").await, ["ann 1 3", "bob 2 2", "cid 3 1"]);
}

/// And so do those that were taken back.
pub async fn bans_survive_reopening(backend: &dyn Backend) {
    {
        let world = with_three_players(backend).await;
        world.ban("b", "ann", true).await;
        world.ban("b", "bob", true).await;
        world.ban("b", "bob", false).await;
    }
    let world = World::open(backend).await;
    assert_eq!(world.table("b").await, ["bob 1 2", "cid 2 1"]);
    world.ban("b", "ann", false).await;
    assert_eq!(world.table("b").await, ["ann 1 3", "bob 2 2", "cid 3 1"]);
}
