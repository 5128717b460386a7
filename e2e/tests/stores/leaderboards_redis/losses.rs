//! Servers that lose what they had, all of it or a part.

use e2e::servers::Redis;
use leaderboard::Ranking;

use super::world::{World, named};

const PLAYERS: usize = 1_200;

#[tokio::test]
async fn a_server_that_is_emptied_is_filled_again_while_serving() {
    let servers = [Redis::start().await, Redis::start().await];
    let world = World::new().await;
    for (name, ranking) in [("b", Ranking::Standard), ("dense", Ranking::Dense)] {
        world.put_board(name, ranking).await;
        world.crowd(name, PLAYERS).await;
    }
    let index = world.index(&named(&[&servers[0], &servers[1]]));
    for name in ["b", "dense"] {
        world.until_agreed(&*index, name).await;
    }
    let head = world.post("b", &[("ann", 5)]).await;
    index.reach(world.board("b").await.number, head).await.expect("reached");
    for server in &servers {
        let emptied = async {
            let _: () = server.run("FLUSHALL").await;
            world.until_agreed(&*index, "b").await;
        };
        world.never_older(&*index, "b", head, emptied).await;
        world.until_agreed(&*index, "dense").await;
    }
}

/// As when it throws away what is large, or somebody deletes it.
#[tokio::test]
async fn part_of_a_board_that_is_gone_is_noticed() {
    let server = Redis::start().await;
    let world = World::new().await;
    world.put_board("b", Ranking::Standard).await;
    world.crowd("b", PLAYERS).await;
    let index = world.index(&named(&[&server]));
    world.until_agreed(&*index, "b").await;
    for part in ["*:ranks", "*:users", "w:board:*"] {
        let keys: Vec<String> = server.run(&format!("KEYS {part}")).await;
        assert!(!keys.is_empty(), "{part}");
        let _: () = server.run(&format!("DEL {}", keys.join(" "))).await;
        world.until_agreed(&*index, "b").await;
    }
}

#[tokio::test]
async fn a_server_that_forgets_its_scripts_is_told_them_again() {
    let server = Redis::start().await;
    let world = World::new().await;
    world.put_board("b", Ranking::Ordinal).await;
    let index = world.index(&named(&[&server]));
    for player in ["ann", "bob"] {
        let head = world.post("b", &[(player, 1)]).await;
        index.reach(world.board("b").await.number, head).await.expect("reached");
        assert!(world.agrees(&*index, "b").await);
        let _: () = server.run("SCRIPT FLUSH SYNC").await;
    }
}

/// Nobody who was erased or banned, or whose board was deleted, has a key that names them, also if that happened while the
/// server was away.
#[tokio::test]
async fn names_that_are_gone_leave_no_key() {
    let mut server = Redis::start_with(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let world = World::new().await;
    for name in ["b", "old"] {
        world.put_board(name, Ranking::Standard).await;
        world.post(name, &[("ann", 3), ("bob", 2), ("cid", 1)]).await;
    }
    let index = world.index(&named(&[&server]));
    for name in ["b", "old"] {
        world.until_agreed(&*index, name).await;
    }
    server.kill();
    world.erase("ann").await;
    world.ban("b", "bob").await;
    world.delete_board("old").await;
    server.start_again().await;
    world.until_agreed(&*index, "b").await;
    super::world::until("the deleted board has no keys", async || {
        let keys: Vec<String> = server.run("KEYS w:board:*").await;
        keys.iter().all(|key| key.starts_with("w:board:1"))
    })
    .await;
    let keys: Vec<String> = server.run("KEYS *:users").await;
    for key in keys {
        let users: Vec<String> = server.run(&format!("HKEYS {key}")).await;
        assert!(!users.iter().any(|user| user == "ann" || user == "bob"), "{key}: {users:?}");
    }
}

/// Rather than with ranks that aren't exact; other boards go on.
#[tokio::test]
async fn a_board_with_a_score_beyond_what_is_exact_is_not_answered() {
    let server = Redis::start().await;
    let world = World::new().await;
    for name in ["wide", "other"] {
        world.put_wide_board(name).await;
        world.post(name, &[("ann", 1 << 53), ("bob", (1 << 53) - 1), ("cid", -(1 << 53))]).await;
    }
    let index = world.index(&named(&[&server]));
    for name in ["wide", "other"] {
        world.until_agreed(&*index, name).await;
    }
    let head = world.post("wide", &[("ann", 1)]).await;
    let board = world.board("wide").await;
    index.reach(board.number, head).await.expect("reached");
    let start = leaderboard::PageStart::Place(0);
    let told = index.page(&board, start, 3).await.expect_err("not exact");
    assert!(format!("{told:?}").contains("2^53"), "{told:?}");
    world.post("other", &[("ann", -1)]).await;
    world.until_agreed(&*index, "other").await;
    // Nor after it was built anew.
    let _: () = server.run("FLUSHALL").await;
    world.until_agreed(&*index, "other").await;
    super::world::until("it is told again", async || {
        let told = index.page(&board, start, 3).await;
        told.is_err_and(|error| format!("{error:?}").contains("2^53"))
    })
    .await;
}
