use std::sync::Arc;
use std::time::{Duration, Instant};

use leaderboard::embedded::EmbeddedLog;
use leaderboard::limits::{EVENTS_MAX, KEY_AGE_MS_DEFAULT};
use leaderboard::redis::{Config, RANGE, RedisIndex, ServerConfig};
use leaderboard::{
    Amount, Board, BoardNumber, EventKey, Index, KeyTime, Log, Mutation, Operator, Outcome,
    PageStart, Ranking, Readers, Rules, ScoreChange, ScoreEvent, Wins, WriteRequest,
};
use model::{BoardId, Random, SeededRandom, Timestamp, UserId};
use serde_json::{Value, json};
use shard_map::{Shard, ShardMap, ShardName};
use tempfile::TempDir;

use super::Failure;

/// When all writes come.
const NOW: Timestamp = Timestamp(1_763_700_000_000);
/// Keys that the log remembers, more than there are events.
const KEYS_MAX: usize = 100_000_000;
/// How long it is waited before a server is asked again whether it has all.
const LOOK: Duration = Duration::from_millis(2);
/// Between two updates while a board is built anew.
const POST_PAUSE: Duration = Duration::from_millis(10);

pub(super) struct World {
    _folder: TempDir,
    log: Arc<dyn Log>,
    index: Option<RedisIndex>,
    users: Vec<UserId>,
    game: UserId,
    board: Board,
    random: Arc<dyn Random>,
    events: u64,
}

impl World {
    /// A log that has a score of each player.
    pub(super) async fn filled(players: u64) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let settings = leaderboard::Config { keys_max: KEYS_MAX, ..leaderboard::Config::default() };
        let log: Arc<dyn Log> =
            Arc::new(EmbeddedLog::open(folder.path(), settings, &*random).await?);
        let users = (0..players).map(|n| UserId::parse(&format!("players-{n:012}")));
        let users = users.collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
        let id = BoardId::parse("weekly").map_err(|e| e.to_string())?;
        let rules = Rules {
            wins: Wins::High,
            operator: Operator::Sum,
            ranking: Ranking::Standard,
            readers: Readers::Anyone,
            range: RANGE,
            season: None,
        };
        log.append(vec![write(Mutation::PutBoard { id: id.clone(), rules })]).await?;
        let board = log.board(&id).await?.ok_or("the board is gone")?;
        let game = UserId::parse("game").map_err(|e| e.to_string())?;
        let mut world =
            Self { _folder: folder, log, index: None, users, game, board, random, events: 0 };
        for first in (0..world.users.len()).step_by(EVENTS_MAX) {
            let some = first..world.users.len().min(first + EVENTS_MAX);
            world.post(some).await?;
        }
        Ok(world)
    }

    /// Follows the log from now on, on a server that has nothing yet; how long that takes until it has all.
    pub(super) async fn start(&mut self, url: &str) -> Result<Value, Failure> {
        let server = ServerConfig {
            name: "a".to_owned(),
            weight: 1,
            url: url.to_owned(),
            password_file: None,
            tls_ca_file: None,
        };
        let shard = Shard { name: ShardName::parse("a")?, weight: 1 };
        let map = ShardMap::deal(vec![shard])?;
        let config = Config {
            key_prefix: "bench".to_owned(),
            connect_timeout: Duration::from_secs(2),
            command_timeout: Duration::from_secs(2),
        };
        let begun = Instant::now();
        let index = RedisIndex::start(&[server], map, &config, &self.log, &self.random)?;
        while !is_whole(&index, &self.board, self.users.len()).await {
            tokio::time::sleep(LOOK).await;
        }
        self.index = Some(index);
        Ok(json!({ "built_from_nothing_s": begun.elapsed().as_secs_f64() }))
    }

    /// Has the board built anew, while it is asked again and again, and now and then an update comes.
    pub(super) async fn rebuild(&mut self) -> Result<Value, Failure> {
        let index = self.index.take().ok_or("nothing follows the log")?;
        let (board, begun) = (self.board.clone(), Instant::now());
        let (mut answers, mut slowest, mut updates) = (0_u64, Duration::ZERO, 0_u64);
        let asking = async {
            loop {
                let asked = Instant::now();
                let page = index.page(&board, PageStart::Place(0), 10).await?;
                assert_eq!(page.count, self.users.len() as u64, "nobody is missing meanwhile");
                (answers, slowest) = (answers + 1, slowest.max(asked.elapsed()));
                tokio::time::sleep(LOOK).await;
            }
        };
        let mut posted = self.events;
        let posting = async {
            loop {
                let user = &self.users[self.random.next_u64() as usize % self.users.len()];
                posted += 1;
                self.log.append(vec![write(event(&self.game, posted, user, 1))]).await?;
                updates += 1;
                tokio::time::sleep(POST_PAUSE).await;
            }
        };
        tokio::select! {
            rebuilt = index.rebuild(&board) => rebuilt?,
            failed = asking => return failed,
            failed = posting => return failed,
        }
        self.events = posted + 1;
        self.index = Some(index);
        let slowest_answer_ms = slowest.as_secs_f64() * 1e3;
        Ok(json!({
            "built_anew_while_serving_s": begun.elapsed().as_secs_f64(),
            "answers_meanwhile": answers,
            "slowest_answer_ms": slowest_answer_ms,
            "updates_meanwhile": updates,
        }))
    }

    /// Posts updates of any players, in batches, each ranked before the next.
    pub(super) async fn update(&mut self, batch: usize, count: usize) -> Result<Value, Failure> {
        let begun = Instant::now();
        for _ in 0..count / batch {
            let drawn: Vec<usize> =
                (0..batch).map(|_| self.random.next_u64() as usize % self.users.len()).collect();
            self.post(drawn).await?;
        }
        Ok(json!({ "elapsed_s": begun.elapsed().as_secs_f64() }))
    }

    /// Some points for each of these players.
    async fn post(&mut self, players: impl IntoIterator<Item = usize>) -> Result<(), Failure> {
        let mut writes = Vec::new();
        for player in players {
            self.events += 1;
            let points = (self.random.next_u64() % 1_000_000) as i64;
            writes.push(write(event(&self.game, self.events, &self.users[player], points)));
        }
        let outcomes = self.log.append(writes).await?;
        let Some(Ok(Outcome::Posted(applied))) = outcomes.last() else {
            return Err(format!("not counted: {:?}", outcomes.last()).into());
        };
        if let Some(index) = &self.index {
            let number: BoardNumber = self.board.number;
            index.reach(number, applied[0].position).await?;
        }
        Ok(())
    }
}

async fn is_whole(index: &RedisIndex, board: &Board, players: usize) -> bool {
    let page = index.page(board, PageStart::Place(0), 1).await;
    page.is_ok_and(|page| page.count == players as u64)
}

fn event(game: &UserId, number: u64, user: &UserId, points: i64) -> Mutation {
    Mutation::Post(ScoreEvent {
        producer: game.clone(),
        key: EventKey::parse(&number.to_string()).expect("digits are a key"),
        happened: None,
        changes: vec![ScoreChange {
            board: BoardId::parse("weekly").expect("a board id"),
            user: user.clone(),
            amount: Amount::Delta(points),
        }],
    })
}

fn write(mutation: Mutation) -> WriteRequest {
    WriteRequest { mutation, at: NOW, keys: KeyTime::new(NOW, KEY_AGE_MS_DEFAULT) }
}
