//! What standings on a Redis server are sent: a log in a folder, and the index that follows it there, as in a service.
//!
//! `standings_redis PLAYERS URL` fills a log with a score for each player, has their board built on the server, and built anew
//! while it is read and written; each is a line of JSON. Then it answers each line that it reads: `update BATCH COUNT` posts so
//! many updates in such batches, each ranked before the next, and says how long that took. Whoever compares looks at the
//! server meanwhile: `bench/standings-redis` does.

mod world;

use std::error::Error;
use std::io::stdin;
use std::process::ExitCode;

use world::World;

const USAGE: &str = "standings_redis PLAYERS URL";

type Failure = Box<dyn Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match &words[..] {
        [players, url] => match players.parse() {
            Ok(players) => run(players, url).await,
            Err(_) => Err(USAGE.into()),
        },
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(players: u64, url: &str) -> Result<(), Failure> {
    let mut world = World::filled(players).await?;
    println!("{}", world.start(url).await?);
    println!("{}", world.rebuild().await?);
    for line in stdin().lines() {
        let line = line?;
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["update", batch, count] => {
                println!("{}", world.update(batch.parse()?, count.parse()?).await?);
            }
            _ => return Err(format!("what is {line:?}?").into()),
        }
    }
    Ok(())
}
