//! Seasons over several servers.

use e2e::servers::Redis;
use leaderboard::Ranking;

use super::world::{World, named, until};

/// The first ends with standard ranks, the second with dense ones, which stay what they were when they ended; now there are
/// standard ones again. Where equal scores are counted once the board lies on one server, and so it must for all of its seasons.
#[tokio::test]
async fn seasons_with_other_ranks_than_the_present_ones_are_read() {
    let servers = [Redis::start().await, Redis::start().await];
    let world = World::new().await;
    let index = world.index(&named(&[&servers[0], &servers[1]]));
    for (ranking, later) in [(Ranking::Standard, 1_000), (Ranking::Dense, 2_000)] {
        world.put_season("b", ranking, later).await;
        world.crowd("b", 100).await;
        world.ban("b", "p3").await;
        world.later("b", later).await;
    }
    let index_now = world.index(&named(&[&servers[0], &servers[1]]));
    for begun in [false, true] {
        world.put_season("b", Ranking::Standard, if begun { 9_000 } else { 2_000 }).await;
        if begun {
            world.crowd("b", 50).await;
        }
        let board = world.board("b").await;
        assert_eq!(board.season.number, if begun { 2 } else { 1 });
        for index in [&index, &index_now] {
            for season in 0..=board.season.number {
                let board = board.in_season(season).expect("it is kept");
                until("a season is read", async || world.agrees_on(&**index, &board).await).await;
            }
        }
    }
}

/// All of them at one position.
#[tokio::test]
async fn a_season_ends_from_which_many_are_banned() {
    let servers = [Redis::start().await, Redis::start().await];
    let world = World::new().await;
    let index = world.index(&named(&[&servers[0], &servers[1]]));
    world.put_season("b", Ranking::Standard, 1_000).await;
    world.crowd("b", 1_500).await;
    world.until_agreed(&*index, "b").await;
    let names: Vec<String> = (0..1_200).map(|n| format!("p{n}")).collect();
    for some in names.chunks(200) {
        world.ban_all("b", &some.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    world.until_agreed(&*index, "b").await;
    world.later("b", 1_000).await;
    world.until_agreed(&*index, "b").await;
    // Also where all of it is taken at once.
    for server in &servers {
        let _: () = server.run("FLUSHALL").await;
    }
    world.until_agreed(&*index, "b").await;
    let left: usize = server_users(&servers).await;
    assert_eq!(left, 300, "nobody who is banned has a key");
}

async fn server_users(servers: &[Redis]) -> usize {
    let mut users = 0;
    for server in servers {
        let keys: Vec<String> = server.run("KEYS *:users").await;
        for key in keys {
            users += server.run::<usize>(&format!("HLEN {key}")).await;
        }
    }
    users
}
