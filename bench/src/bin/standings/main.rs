//! What standings in memory cost: bytes a player after each had ten updates on average, and CPU of an update, a rank and the
//! neighbours of a player.
//!
//! `standings PLAYERS` prints a line of JSON of the first, and then one of the rest for each line that it reads, so that
//! whoever compares can do it in turns: `bench/leaderboard` does. By hand: `seq 5 | standings 1000000`.

use std::error::Error;
use std::fs;
use std::io::stdin;
use std::process::ExitCode;

use leaderboard::{BareStandings, BoardPosition, Entry, Ranking, Wins};
use model::{Random, SeededRandom, UserId};
use serde_json::{Value, json};

/// As the service has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "standings PLAYERS";

/// Questions, and updates, of a round.
const ASKED: u64 = 500_000;
/// Players who are drawn at once; a divisor of the above.
const DRAWN: u64 = 1_000;
/// Updates for each player before memory is looked at, on average.
const CHURN: u64 = 10;
/// Neighbours above, and as many below.
const NEIGHBOURS: usize = 4;

type Failure = Box<dyn Error>;

struct Measured {
    standings: BareStandings,
    users: Vec<UserId>,
    random: SeededRandom,
    position: u64,
}

fn main() -> ExitCode {
    let players = std::env::args().nth(1).and_then(|word| word.parse().ok());
    match players.filter(|players| *players > 0).map_or_else(|| Err(USAGE.into()), run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(players: u64) -> Result<(), Failure> {
    let ids = (0..players).map(|n| UserId::parse(&format!("players-{n:012}")));
    let users = ids.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let id_bytes = users[0].as_str().len();
    let before = resident_bytes()?;
    let standings = BareStandings::new(Wins::High, Ranking::Standard);
    let mut it = Measured { standings, users, random: SeededRandom::new(1), position: 0 };
    for n in 0..it.users.len() {
        it.put(&it.users[n].clone());
    }
    let fresh = resident_bytes()?.saturating_sub(before);
    for _ in 0..CHURN * players {
        it.put(&it.any().clone());
    }
    let churned = resident_bytes()?.saturating_sub(before);
    let memory = json!({
        "players": players,
        "id_bytes": id_bytes,
        "bytes_per_player": fresh as f64 / players as f64,
        "bytes_per_player_after_churn": churned as f64 / players as f64,
    });
    println!("{memory}");
    for line in stdin().lines() {
        line?;
        println!("{}", it.round()?);
    }
    Ok(())
}

impl Measured {
    fn round(&mut self) -> Result<Value, Failure> {
        // What is asked is added up, so that nothing is left out for not being looked at.
        let mut sum = 0;
        let update = self.cost(Self::put)?;
        let rank = self.cost(|it, user| {
            sum += it.standings.standing(user).map_or(0, |standing| standing.rank);
        })?;
        let around = self.cost(|it, user| {
            let around = it.standings.around(user, NEIGHBOURS);
            sum += around.iter().map(|it| it.rank + it.user.as_str().len() as u64).sum::<u64>();
        })?;
        Ok(json!({ "update_ns": update, "rank_ns": rank, "around_ns": around, "sum": sum }))
    }

    /// A player, known or not, gets some score.
    fn put(&mut self, user: &UserId) {
        self.position += 1;
        let score = self.random.next_u64() as i64;
        let entry = Entry { score, reached: BoardPosition(self.position) };
        self.standings.put(user, entry);
    }

    /// CPU of each of [`ASKED`] things done with some player, nanoseconds. Who they are is drawn before, as a request has
    /// named them.
    fn cost(&mut self, mut done: impl FnMut(&mut Self, &UserId)) -> Result<f64, Failure> {
        let mut used = 0;
        for _ in 0..ASKED / DRAWN {
            let drawn: Vec<UserId> = (0..DRAWN).map(|_| copy(self.any())).collect();
            let before = cpu_ns()?;
            for user in &drawn {
                done(self, user);
            }
            used += cpu_ns()? - before;
        }
        Ok(used as f64 / ASKED as f64)
    }

    fn any(&self) -> &UserId {
        &self.users[(self.random.next_u64() % self.users.len() as u64) as usize]
    }
}

/// The same id at another place in memory.
fn copy(user: &UserId) -> UserId {
    UserId::parse(user.as_str()).unwrap_or_else(|_| user.clone())
}

/// What this process, of one thread, has used.
fn cpu_ns() -> Result<u64, Failure> {
    let text = fs::read_to_string("/proc/self/schedstat")?;
    Ok(text.split_whitespace().next().ok_or("the kernel tells no times")?.parse()?)
}

fn resident_bytes() -> Result<u64, Failure> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmRSS")?;
    Ok(kib.parse::<u64>()? * 1_024)
}
