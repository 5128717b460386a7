use std::sync::Arc;
use std::time::Instant;

use leaderboard::limits::KEY_AGE_MS_DEFAULT;
use leaderboard::postgres::{Config, PostgresLog, migrate};
use leaderboard::{
    Amount, EventKey, KeyTime, Log, Mutation, Operator, Ranking, Readers, Rules, ScoreChange,
    ScoreEvent, ScoreRange, Wins, WriteRequest,
};
use model::{BoardId, Clock, Random, SeededRandom, SystemClock, UserId};

use crate::{Outcome, player};

/// The board of all updates.
pub(crate) const BOARD: &str = "board";

/// The log, with the board.
pub(crate) async fn open(url: &str) -> Outcome<PostgresLog> {
    let config = Config { url: url.to_owned().into(), ..Config::default() };
    migrate(&config).await?;
    let log = PostgresLog::connect(
        &config,
        leaderboard::Config::default(),
        Arc::new(SystemClock::start()),
    )
    .await?;
    let (ranking, readers) = (Ranking::Standard, Readers::Anyone);
    let (wins, operator, range) = (Wins::High, Operator::Sum, ScoreRange::default());
    let rules = Rules { wins, operator, ranking, readers, range, season: None };
    let put = Mutation::PutBoard { id: BoardId::parse(BOARD)?, rules };
    log.append(vec![write(put, &SystemClock::start())]).await?.remove(0)?;
    Ok(log)
}

fn write(mutation: Mutation, clock: &dyn Clock) -> WriteRequest {
    let at = clock.now().wall;
    WriteRequest { mutation, at, keys: KeyTime::new(at, KEY_AGE_MS_DEFAULT) }
}

/// A point for a player.
pub(crate) fn point(key: &str, user: usize) -> Outcome<ScoreEvent> {
    let (board, user) = (BoardId::parse(BOARD)?, UserId::parse(&player(user))?);
    let changes = vec![ScoreChange { board, user, amount: Amount::Delta(1) }];
    let (producer, key) = (UserId::parse("game")?, EventKey::parse(key)?);
    Ok(ScoreEvent { producer, key, happened: None, changes })
}

/// Appends batches, and prints what they took.
pub(crate) async fn run(url: &str, events: usize, batches: usize, players: usize) -> Outcome<()> {
    let log = open(url).await?;
    let (clock, random) = (SystemClock::start(), SeededRandom::new(1));
    let stamp = clock.now().wall.0;
    let mut all = Vec::with_capacity(batches);
    for batch in 0..batches {
        let mut writes = Vec::with_capacity(events);
        for event in 0..events {
            let user = random.next_u64() as usize % players;
            let mutation = Mutation::Post(point(&format!("{stamp}-{batch}-{event}"), user)?);
            writes.push(write(mutation, &clock));
        }
        all.push(writes);
    }
    let started = Instant::now();
    for writes in all {
        for outcome in log.append(writes).await? {
            outcome?;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(r#"{{"events_per_s": {:.0}}}"#, (events * batches) as f64 / seconds);
    Ok(())
}
