//! Several processes that follow one log for the same servers, and servers that players are placed over anew.

use e2e::servers::Redis;
use leaderboard::Ranking;

use super::world::{World, named, until};

#[tokio::test]
async fn processes_keep_the_same_standings_together() {
    let servers = [Redis::start().await, Redis::start().await];
    let names = named(&[&servers[0], &servers[1]]);
    let world = World::new().await;
    world.put_board("b", Ranking::Standard).await;
    let (one, other) = (world.index(&names), world.index(&names));
    let number = world.board("b").await.number;
    let mut watched = other.watch(number).await.expect("watched");
    for round in 0..40 {
        let head = world.post("b", &[("ann", round), ("bob", 7), ("cid", -round)]).await;
        let reached = if round % 2 == 0 { &one } else { &other };
        reached.reach(number, head).await.expect("reached");
        assert!(world.agrees(&**reached, "b").await, "{round}");
        // Whoever watches with the other one is told, too.
        watched.wait_for(|at| *at >= head).await.expect("told");
    }
    // Both build anew at once.
    for server in &servers {
        let _: () = server.run("FLUSHALL").await;
    }
    world.crowd("b", 1_000).await;
    for index in [&one, &other] {
        world.until_agreed(&**index, "b").await;
    }
}

#[tokio::test]
async fn players_move_when_a_server_is_added_or_ranks_become_dense() {
    let servers = [Redis::start().await, Redis::start().await, Redis::start().await];
    let world = World::new().await;
    world.put_board("b", Ranking::Standard).await;
    world.crowd("b", 1_000).await;
    for count in [1, 2, 3, 2] {
        let servers: Vec<_> = servers[..count].iter().collect();
        let index = world.index(&named(&servers));
        for ranking in [Ranking::Standard, Ranking::Dense, Ranking::Ordinal, Ranking::Standard] {
            world.put_board("b", ranking).await;
            world.until_agreed(&*index, "b").await;
        }
    }
}

#[tokio::test]
async fn boards_move_when_other_servers_are_to_hold_them() {
    let servers = [Redis::start().await, Redis::start().await];
    let names = named(&[&servers[0], &servers[1]]);
    let world = World::new().await;
    for (name, ranking) in [("b", Ranking::Standard), ("dense", Ranking::Dense)] {
        world.put_board(name, ranking).await;
        world.crowd(name, 1_000).await;
    }
    for holders in [&names[..], &names[1..], &names[..1], &names[..], &names[1..]] {
        // What was there before may be outdated.
        world.post("b", &[("ann", 3)]).await;
        let index = world.index_on(&names, holders);
        for name in ["b", "dense"] {
            world.until_agreed(&*index, name).await;
        }
        for (server, config) in servers.iter().zip(&names) {
            let holds = holders.contains(config);
            until("boards are where they should be", async || {
                let keys: Vec<String> = server.run("KEYS w:board:*").await;
                keys.is_empty() != holds
            })
            .await;
        }
    }
}

#[tokio::test]
async fn a_place_far_down_is_found_over_several_servers() {
    let servers = [Redis::start().await, Redis::start().await, Redis::start().await];
    let world = World::new().await;
    world.put_board("b", Ranking::Ordinal).await;
    world.crowd("b", 4_000).await;
    let index = world.index(&named(&[&servers[0], &servers[1], &servers[2]]));
    world.until_agreed(&*index, "b").await;
    let board = world.board("b").await;
    for place in [0, 1, 995, 1_000, 2_345, 3_990, 3_999, 4_000, u64::MAX] {
        let start = leaderboard::PageStart::Place(place);
        let page = index.page(&board, start, 10).await.expect("read");
        assert_eq!(page.standings.len() as u64, 4_000_u64.saturating_sub(place).min(10), "{place}");
        let ranks = page.standings.iter().map(|it| it.rank);
        assert!(
            ranks.eq((place.saturating_add(1)..).take(page.standings.len())),
            "{place}: {page:?}"
        );
    }
}

/// Whoever reads meanwhile is answered, whoever posts is ranked, and nothing goes back.
#[tokio::test]
async fn a_board_is_built_anew_while_serving_when_that_is_asked_for() {
    let servers = [Redis::start().await, Redis::start().await];
    let world = World::new().await;
    world.put_board("b", Ranking::Standard).await;
    world.crowd("b", 4_000).await;
    let index = world.index(&named(&[&servers[0], &servers[1]]));
    world.until_agreed(&*index, "b").await;
    let board = world.board("b").await;
    // What nobody notices: somebody has more than the log says.
    for server in &servers {
        let ranks: Vec<String> = server.run("KEYS w:board:*:ranks").await;
        let script = "redis.call('ZINCRBY',KEYS[1],1000,redis.call('ZRANGE',KEYS[1],0,0)[1])";
        let _: () = server.run(&format!("EVAL {} 1 {}", script.replace(' ', ""), ranks[0])).await;
    }
    assert!(!world.agrees(&*index, "b").await);
    let least = world.post("b", &[("ann", 1)]).await;
    index.reach(board.number, least).await.expect("reached");
    let rebuilding = async {
        index.rebuild(&board).await.expect("built anew");
    };
    let posting = async {
        for n in 0.. {
            let head = world.post("b", &[("ann", n)]).await;
            index.reach(board.number, head).await.expect("ranked meanwhile");
        }
    };
    tokio::select! {
        () = world.never_older(&*index, "b", least, rebuilding) => {}
        () = posting => {}
    }
    world.until_agreed(&*index, "b").await;
}
