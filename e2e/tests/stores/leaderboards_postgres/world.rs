use std::sync::Arc;
use std::time::Duration;

use e2e::DEADLINE;
use e2e::servers::{Postgres, Proxy};
use leaderboard::limits::KEY_AGE_MS_DEFAULT;
use leaderboard::postgres::{Config, PostgresLog, migrate};
use leaderboard::{
    Amount, Applied, Board, BoardNumber, BoardPosition, Error, EventKey, KeyTime, Log, Mutation,
    Operator, Outcome, Ranking, Readers, Refusal, Rules, ScoreChange, ScoreEvent, ScoreRange,
    StoreError, Wins, WriteRequest,
};
use model::{BoardId, Clock, SystemClock, Timestamp, UserId};
use sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Sums; high scores win.
pub(crate) const SUMS: Rules = Rules {
    wins: Wins::High,
    operator: Operator::Sum,
    ranking: Ranking::Standard,
    readers: Readers::Anyone,
    range: ScoreRange { min: i64::MIN, max: i64::MAX },
    season: None,
};

/// The server of all tests that don't break it.
pub(crate) async fn shared() -> &'static Postgres {
    static SHARED: OnceCell<Postgres> = OnceCell::const_new();
    SHARED.get_or_init(Postgres::start).await
}

pub(crate) fn config(url: &str) -> Config {
    Config { url: url.to_owned().into(), ..Config::default() }
}

/// A database with the schema.
pub(crate) async fn database(server: &Postgres) -> Config {
    let config = config(&server.database().await);
    migrate(&config).await.expect("migrates");
    config
}

/// The port in the address of a database.
pub(crate) fn port(url: &str) -> u16 {
    let place = url.rsplit(':').next().expect("a port");
    place.split('/').next().and_then(|port| port.parse().ok()).expect("a port")
}

/// The same database through a proxy.
pub(crate) fn through(config: &Config, proxy: &Proxy) -> Config {
    let port = port(&config.url);
    let url = config.url.replace(&format!(":{port}/"), &format!(":{}/", proxy.port()));
    Config { url: url.into(), ..config.clone() }
}

/// The name of the database.
pub(crate) fn name(config: &Config) -> &str {
    config.url.rsplit('/').next().expect("a database")
}

pub(crate) async fn try_connect(config: &Config) -> Result<PostgresLog, StoreError> {
    let settings = leaderboard::Config::default();
    PostgresLog::connect(config, settings, Arc::new(SystemClock::start())).await
}

pub(crate) async fn connect(config: &Config) -> PostgresLog {
    try_connect(config).await.expect("connects")
}

/// One whose changes are kept, however old they are.
pub(crate) async fn connect_for_ever(config: &Config) -> PostgresLog {
    let settings = leaderboard::Config { change_age_ms: 0, ..leaderboard::Config::default() };
    let clock = Arc::new(SystemClock::start());
    PostgresLog::connect(config, settings, clock).await.expect("connects")
}

/// A connection of the test, beside the log's.
pub(crate) async fn aside(config: &Config) -> PgConnection {
    PgConnection::connect(&config.url).await.expect("connects")
}

/// One number that a statement finds.
pub(crate) async fn number(config: &Config, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut aside(config).await).await.expect("a number")
}

pub(crate) fn board_id(name: &str) -> BoardId {
    BoardId::parse(name).expect("a board id")
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a user id")
}

/// A write that comes now.
pub(crate) fn write(mutation: Mutation) -> WriteRequest {
    write_at(mutation, SystemClock::start().now().wall)
}

/// A write at a moment, when keys are remembered for a day.
pub(crate) fn write_at(mutation: Mutation, at: Timestamp) -> WriteRequest {
    WriteRequest { mutation, at, keys: KeyTime::new(at, KEY_AGE_MS_DEFAULT) }
}

pub(crate) fn put_board(name: &str) -> WriteRequest {
    write(Mutation::PutBoard { id: board_id(name), rules: SUMS })
}

/// Points for players on boards, in one event.
pub(crate) fn event(key: &str, changes: &[(&str, &str, i64)]) -> WriteRequest {
    let change = |&(board, player, points): &(&str, &str, i64)| ScoreChange {
        board: board_id(board),
        user: user(player),
        amount: Amount::Delta(points),
    };
    let changes = changes.iter().map(change).collect();
    let key = EventKey::parse(key).expect("a key");
    write(Mutation::Post(ScoreEvent { producer: user("game"), key, happened: None, changes }))
}

pub(crate) async fn give(log: &dyn Log, one: WriteRequest) -> Result<Outcome, Refusal> {
    log.append(vec![one]).await.expect("the log is there").remove(0)
}

pub(crate) fn posted(outcome: Result<Outcome, Refusal>) -> Vec<Applied> {
    match outcome {
        Ok(Outcome::Posted(applied)) => applied,
        other => panic!("should be counted: {other:?}"),
    }
}

/// Posts one event that must count; answers the score of its first change.
pub(crate) async fn post(log: &dyn Log, key: &str, changes: &[(&str, &str, i64)]) -> i64 {
    posted(give(log, event(key, changes)).await)[0].entry.score
}

pub(crate) async fn board(log: &dyn Log, name: &str) -> Board {
    log.board(&board_id(name)).await.expect("the log is there").expect("there is one")
}

/// All changes of a board behind a position: position, player, score.
pub(crate) async fn changes(
    log: &dyn Log,
    board: BoardNumber,
    after: u64,
) -> Option<Vec<(u64, String, i64)>> {
    let (mut at, mut all) = (BoardPosition(after), Vec::new());
    loop {
        let piece = log.changes(board, at, 100).await.expect("the log is there")?;
        if piece.up_to == at {
            return Some(all);
        }
        at = piece.up_to;
        all.extend(piece.standees.into_iter().map(|(p, it)| {
            let score = it.entry.expect("nobody was removed").score;
            (p.0, it.user.to_string(), score)
        }));
    }
}

/// Whether a write failed because the log is away.
pub(crate) fn is_away<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Store(error)) if error.is_unavailable())
}

/// Waits until it holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds().await {
        assert!(Instant::now() < deadline, "it never happens that {what}");
        sleep(LOOK).await;
    }
}

/// A time that is long ago for keys.
pub(crate) fn days_ago(days: i64) -> Timestamp {
    SystemClock::start().now().wall.plus_ms(-days * 24 * 60 * 60 * 1_000)
}

/// Everybody on a board as the database has it, best first: player and score.
pub(crate) async fn table(config: &Config) -> Vec<(String, i64)> {
    let sql = "SELECT user_id, score FROM leaderboard.entries ORDER BY score DESC, reached";
    sqlx::query_as(sql).fetch_all(&mut aside(config).await).await.expect("read")
}

/// Whether every board's log has all changes up to its head at positions without gaps, from the first on that it has.
pub(crate) async fn has_no_gaps(config: &Config) -> bool {
    let sql = "SELECT count(*) FROM leaderboard.boards WHERE head <> (
                   SELECT coalesce(min(position) - 1, 0) + count(DISTINCT position)
                   FROM leaderboard.changes WHERE board = number)
               OR head <> (
                   SELECT coalesce(max(position), 0) FROM leaderboard.changes WHERE board = number)";
    number(config, sql).await == 0
}
