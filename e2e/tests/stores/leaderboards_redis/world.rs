use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use e2e::DEADLINE;
use e2e::servers::Redis;
use leaderboard::embedded::EmbeddedLog;
use leaderboard::limits::KEY_AGE_MS_DEFAULT;
use leaderboard::redis::{Config, RANGE, RedisIndex, ServerConfig};
use leaderboard::{
    Amount, Board, BoardPosition, EventKey, Index, KeyTime, Log, Mutation, Operator, Outcome, Page,
    PageStart, Ranking, Readers, Rules, Schedule, ScoreChange, ScoreEvent, ScoreRange, SeasonRules,
    Wins, WriteRequest,
};
use model::{BoardId, Random, SeededRandom, Timestamp, UserId};
use shard_map::{Shard, ShardMap, ShardName};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// When all writes come.
const NOW: Timestamp = Timestamp(1_763_700_000_000);

/// Names that no two indexes share.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// A log with its own standings, which are right, and ways to those on servers.
pub(super) struct World {
    _dir: TempDir,
    pub(super) log: Arc<dyn Log>,
    own: Arc<dyn Index>,
    keys: AtomicU64,
    later_ms: AtomicI64,
}

/// Sums; high scores win.
pub(super) fn sums(ranking: Ranking) -> Rules {
    Rules {
        wins: Wins::High,
        operator: Operator::Sum,
        ranking,
        readers: Readers::Anyone,
        range: RANGE,
        season: None,
    }
}

fn id(name: &str) -> BoardId {
    BoardId::parse(name).expect("a board id")
}

pub(super) fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a user id")
}

/// A server at an address.
pub(super) fn at(name: &str, url: String) -> ServerConfig {
    let (name, weight) = (name.to_owned(), 1);
    ServerConfig { name, weight, url, password_file: None, tls_ca_file: None }
}

/// These servers, as the settings name them.
pub(super) fn named(servers: &[&Redis]) -> Vec<ServerConfig> {
    servers.iter().zip(["a", "b", "c", "d"]).map(|(it, name)| at(name, it.url())).collect()
}

impl World {
    pub(super) async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let log = EmbeddedLog::open(dir.path(), leaderboard::Config::default(), &*random())
            .await
            .expect("opens");
        let own = Arc::new(log.index());
        Self {
            _dir: dir,
            log: Arc::new(log),
            own,
            keys: AtomicU64::new(0),
            later_ms: AtomicI64::new(0),
        }
    }

    /// Another process' standings on these servers.
    pub(super) fn index(&self, servers: &[ServerConfig]) -> Arc<dyn Index> {
        index_of(&self.log, servers, servers)
    }

    /// The same on some of the servers.
    pub(super) fn index_on(
        &self,
        servers: &[ServerConfig],
        holders: &[ServerConfig],
    ) -> Arc<dyn Index> {
        index_of(&self.log, servers, holders)
    }

    async fn append(&self, mutations: Vec<Mutation>) -> Vec<Outcome> {
        let at = NOW.plus_ms(self.later_ms.load(Ordering::Relaxed));
        let write = |mutation| {
            let keys = KeyTime::new(at, KEY_AGE_MS_DEFAULT);
            WriteRequest { mutation, at, keys }
        };
        let outcomes = self.log.append(mutations.into_iter().map(write).collect()).await;
        outcomes.expect("kept").into_iter().map(|outcome| outcome.expect("done")).collect()
    }

    pub(super) async fn put_board(&self, name: &str, ranking: Ranking) {
        self.append(vec![Mutation::PutBoard { id: id(name), rules: sums(ranking) }]).await;
    }

    /// The same with a season that ends so long after the first write.
    pub(super) async fn put_season(&self, name: &str, ranking: Ranking, ends_ms: i64) {
        let schedule = Schedule::Ends(NOW.plus_ms(ends_ms));
        let season = SeasonRules { schedule, grace_ms: 0, archives: 5, rewards: Arc::from([]) };
        let rules = Rules { season: Some(Arc::new(season)), ..sums(ranking) };
        self.append(vec![Mutation::PutBoard { id: id(name), rules }]).await;
    }

    /// From now on writes come so long after the first; a board's seasons end that are over by then.
    pub(super) async fn later(&self, name: &str, ms: i64) {
        self.later_ms.store(ms, Ordering::Relaxed);
        self.append(vec![Mutation::EndSeasons { board: id(name) }]).await;
    }

    /// One whose scores may be any, as they are made where standings are embedded.
    pub(super) async fn put_wide_board(&self, name: &str) {
        let rules = Rules { range: ScoreRange::default(), ..sums(Ranking::Standard) };
        self.append(vec![Mutation::PutBoard { id: id(name), rules }]).await;
    }

    pub(super) async fn delete_board(&self, name: &str) {
        self.append(vec![Mutation::DeleteBoard { id: id(name) }]).await;
    }

    pub(super) async fn ban(&self, board: &str, player: &str) {
        self.ban_all(board, &[player]).await;
    }

    pub(super) async fn ban_all(&self, board: &str, players: &[&str]) {
        let ban = |player: &&str| {
            let (board, user) = (id(board), user(player));
            Mutation::Ban { board, user, is_banned: true }
        };
        self.append(players.iter().map(ban).collect()).await;
    }

    pub(super) async fn erase(&self, player: &str) {
        let (user, pseudonym) = (user(player), user("erased-1"));
        self.append(vec![Mutation::Erase { user, pseudonym }]).await;
    }

    /// Points for players of a board, each an event; answers how far the board has come.
    pub(super) async fn post(&self, board: &str, points: &[(&str, i64)]) -> BoardPosition {
        let event = |&(player, points): &(&str, i64)| {
            let key = self.keys.fetch_add(1, Ordering::Relaxed).to_string();
            let (board, user, amount) = (id(board), user(player), Amount::Delta(points));
            Mutation::Post(ScoreEvent {
                producer: self::user("game"),
                key: EventKey::parse(&key).expect("a key"),
                happened: None,
                changes: vec![ScoreChange { board, user, amount }],
            })
        };
        let outcomes = self.append(points.iter().map(event).collect()).await;
        match outcomes.last() {
            Some(Outcome::Posted(applied)) => applied[0].position,
            other => panic!("{other:?}"),
        }
    }

    /// Many players of whom some share a score.
    pub(super) async fn crowd(&self, board: &str, players: usize) {
        for some in (0..players).collect::<Vec<_>>().chunks(200) {
            let names: Vec<_> = some.iter().map(|n| format!("p{n}")).collect();
            let points = some.iter().map(|n| (n * 7 % 31) as i64);
            let points: Vec<_> = names.iter().map(String::as_str).zip(points).collect();
            self.post(board, &points).await;
        }
    }

    pub(super) async fn board(&self, name: &str) -> Board {
        self.log.board(&id(name)).await.expect("read").expect("there")
    }

    async fn page(&self, index: &dyn Index, board: &Board) -> Option<Page> {
        index.page(board, PageStart::Place(0), 5_000).await.ok()
    }

    /// The position that the top of a board is as of, if it is answered.
    pub(super) async fn answered(&self, index: &dyn Index, name: &str) -> Option<BoardPosition> {
        let board = self.board(name).await;
        Some(index.page(&board, PageStart::Place(0), 10).await.ok()?.as_of.lowest)
    }

    /// Whether standings on servers are exactly those of the log, as of its head, ranks included.
    pub(super) async fn agrees(&self, index: &dyn Index, name: &str) -> bool {
        self.agrees_on(index, &self.board(name).await).await
    }

    /// The same of a board in one of its seasons.
    pub(super) async fn agrees_on(&self, index: &dyn Index, board: &Board) -> bool {
        let right = self.page(&*self.own, board).await.expect("its own memory");
        self.page(index, board).await == Some(right)
    }

    /// Waits until they are.
    pub(super) async fn until_agreed(&self, index: &dyn Index, name: &str) {
        until("standings are those of the log", async || self.agrees(index, name).await).await;
    }

    /// Asks again and again for as long as `during` takes; whatever is answered must be a state that the board was in at
    /// this position or later, and never one that lacks somebody of before.
    pub(super) async fn never_older(
        &self,
        index: &dyn Index,
        name: &str,
        least: BoardPosition,
        during: impl Future<Output = ()>,
    ) {
        let board = self.board(name).await;
        let asking = async {
            loop {
                if let Some(page) = self.page(index, &board).await {
                    let as_of = page.as_of.lowest;
                    assert!(as_of >= least, "as of {as_of:?}, not {least:?}");
                }
                sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            () = during => {}
            () = asking => {}
        }
    }
}

/// A process' standings of this log, for which it has these servers, on some of them.
pub(super) fn index_of(
    log: &Arc<dyn Log>,
    servers: &[ServerConfig],
    holders: &[ServerConfig],
) -> Arc<dyn Index> {
    let shards = holders.iter().map(|server| {
        let name = ShardName::parse(&server.name).expect("a name");
        Shard { name, weight: server.weight }
    });
    let map = ShardMap::deal(shards.collect()).expect("a map");
    let config = Config {
        key_prefix: "w".to_owned(),
        connect_timeout: Duration::from_secs(1),
        command_timeout: Duration::from_secs(1),
    };
    let index = RedisIndex::start(servers, map, &config, log, &random());
    Arc::new(index.expect("servers that can be reached"))
}

fn random() -> Arc<dyn Random> {
    Arc::new(SeededRandom::new(OPENED.fetch_add(1, Ordering::Relaxed)))
}

/// Waits until it holds.
pub(super) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds().await {
        assert!(Instant::now() < deadline, "it never happens that {what}");
        sleep(LOOK).await;
    }
}
