//! Everything at once, at random: afterwards ranks are the log's, and meanwhile no answer is of a state that was left behind.

use e2e::servers::Redis;
use leaderboard::{BoardPosition, Ranking};
use model::{Random as _, SeededRandom};

use super::world::{World, named, until};

const STEPS: usize = 60;

#[tokio::test]
async fn whatever_happens_to_servers_and_processes_ranks_come_to_the_logs() {
    let random = SeededRandom::new(7);
    let below = |count: u64| random.next_u64() % count;
    // One keeps what it had, up to a second of it; the other forgets.
    let appends = ["--appendonly", "yes", "--appendfsync", "everysec"];
    let mut servers = [Redis::start_with(&appends).await, Redis::start().await];
    let names = named(&[&servers[0], &servers[1]]);
    let world = World::new().await;
    let boards = [("a", Ranking::Standard), ("b", Ranking::Dense)];
    for (name, ranking) in boards {
        world.put_board(name, ranking).await;
        world.crowd(name, 700).await;
    }
    let mut index = world.index(&names);
    let mut heads = [BoardPosition(0); 2];
    for step in 0..STEPS {
        let server = &mut servers[below(2) as usize];
        match below(8) {
            0 => {
                server.kill();
                server.start_again().await;
                let mut connection = server.connection().await;
                until("it has read its file", async || {
                    redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
                })
                .await;
            }
            1 => {
                let _: () = server.run("FLUSHALL").await;
            }
            2 => {
                let _: () = server.run("CLIENT KILL TYPE normal").await;
            }
            3 => index = world.index(&names),
            _ => {}
        }
        for (at, (name, _)) in boards.iter().enumerate() {
            let player = |n: u64| format!("p{n}");
            let (one, other) = (player(below(700)), player(below(900)));
            world.post(name, &[(&one, below(40) as i64 - 20), (&other, 3)]).await;
            // Whatever is answered isn't older than what was.
            heads[at] = world.answered(&*index, name).await.unwrap_or(heads[at]).max(heads[at]);
            let again = world.answered(&*index, name).await;
            assert!(again.is_none_or(|again| again >= heads[at]), "{step} {name}: {again:?}");
        }
    }
    for (name, _) in boards {
        world.until_agreed(&*index, name).await;
    }
}
