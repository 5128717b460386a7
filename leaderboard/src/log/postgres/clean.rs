mod changes;
mod erased;

use std::sync::Arc;
use std::time::Duration;

use model::{Clock, ErrorChain, crash};
use sqlx::PgConnection;
use tokio::time::sleep;

use super::{Shared, crash_points};
use crate::Config;

/// How long to wait between two looks for what may go.
const PAUSE: Duration = Duration::from_secs(10);
/// After so many looks boards are asked for changes that are too old: about every minute.
const LOOKS_A_REMOVAL: u32 = 6;
/// Rows that go in one statement: it takes a moment only, and keeps nobody waiting.
const ROWS_AT_ONCE: i64 = 5_000;
/// Positions of a log that are gone through in one statement.
const POSITIONS_AT_ONCE: i64 = 20_000;
/// How much longer than they count keys are kept, milliseconds: clocks may differ by as much.
const MARGIN_MS: i64 = 60 * 60 * 1_000;

/// The oldest keys, by our clock and by the database's: one that is ahead forgets nothing early.
const KEYS: &str = "
    DELETE FROM leaderboard.keys WHERE (producer, key) IN (
        SELECT producer, key FROM leaderboard.keys
        WHERE at_ms < least($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) - $2
        ORDER BY at_ms LIMIT $3 FOR UPDATE SKIP LOCKED)";

/// What was on a board that is gone, table by table.
const ON_BOARD: [&str; 6] = [
    "DELETE FROM leaderboard.entries WHERE (board, season, user_id) IN (
         SELECT board, season, user_id FROM leaderboard.entries WHERE board = $1 LIMIT $2)",
    "DELETE FROM leaderboard.changes WHERE (board, position, season) IN (
         SELECT board, position, season FROM leaderboard.changes WHERE board = $1 LIMIT $2)",
    "DELETE FROM leaderboard.bans WHERE (board, user_id) IN (
         SELECT board, user_id FROM leaderboard.bans WHERE board = $1 LIMIT $2)",
    "DELETE FROM leaderboard.seasons WHERE (board, season) IN (
         SELECT board, season FROM leaderboard.seasons WHERE board = $1 LIMIT $2)",
    "DELETE FROM leaderboard.dropped WHERE (board, season) IN (
         SELECT board, season FROM leaderboard.dropped WHERE board = $1 LIMIT $2)",
    "DELETE FROM leaderboard.erased WHERE (board, position) IN (
         SELECT board, position FROM leaderboard.erased WHERE board = $1 LIMIT $2)",
];

/// Removes what nobody asks for any more, in small pieces; any number of processes may.
pub(super) async fn run(shared: Arc<Shared>, settings: Config, clock: Arc<dyn Clock>) {
    for look in 0_u32.. {
        let change_age_ms = Some(settings.change_age_ms)
            .filter(|age_ms| *age_ms > 0 && look.is_multiple_of(LOOKS_A_REMOVAL));
        if let Err(error) = shared.clean(settings.key_age_ms, change_age_ms, &*clock).await {
            tracing::warn!(error = %ErrorChain(&error), "what is outdated in the log of leaderboards stays");
        }
        sleep(PAUSE).await;
    }
}

impl Shared {
    async fn clean(
        &self,
        key_age_ms: i64,
        change_age_ms: Option<i64>,
        clock: &dyn Clock,
    ) -> Result<(), sqlx::Error> {
        let mut connection = self.connections.connection().await?;
        keys(&mut connection, key_age_ms, clock).await?;
        if let Some(age_ms) = change_age_ms {
            changes::remove(&mut connection, age_ms, clock).await?;
        }
        let gone = sqlx::query_scalar("SELECT number FROM leaderboard.deleted ORDER BY number");
        let gone: Vec<i64> = gone.fetch_all(&mut connection).await?;
        for board in gone {
            clear(&mut connection, board).await?;
        }
        let dropped = "SELECT board, season FROM leaderboard.dropped ORDER BY board, season";
        let dropped: Vec<(i64, i32)> = sqlx::query_as(dropped).fetch_all(&mut connection).await?;
        for (board, season) in dropped {
            drop_season(&mut connection, board, season).await?;
        }
        erased::forget(&mut connection).await?;
        self.connections.give_back(connection);
        Ok(())
    }
}

async fn keys(
    connection: &mut PgConnection,
    key_age_ms: i64,
    clock: &dyn Clock,
) -> Result<(), sqlx::Error> {
    loop {
        let done = sqlx::query(KEYS)
            .bind(clock.now().wall.0)
            .bind(key_age_ms + MARGIN_MS)
            .bind(ROWS_AT_ONCE)
            .execute(&mut *connection)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
        crash::point(crash_points::KEYS_FORGOTTEN);
    }
}

async fn clear(connection: &mut PgConnection, board: i64) -> Result<(), sqlx::Error> {
    for sql in ON_BOARD {
        let delete = || sqlx::query(sql).bind(board).bind(ROWS_AT_ONCE);
        while delete().execute(&mut *connection).await?.rows_affected() > 0 {
            crash::point(crash_points::BOARD_CLEARED);
        }
    }
    let sql = "DELETE FROM leaderboard.deleted WHERE number = $1";
    sqlx::query(sql).bind(board).execute(connection).await?;
    Ok(())
}

/// What was on a season that is kept no more, table by table.
const ON_SEASON: [&str; 2] = [
    "DELETE FROM leaderboard.entries WHERE (board, season, user_id) IN (
         SELECT board, season, user_id FROM leaderboard.entries
         WHERE board = $1 AND season = $2 LIMIT $3)",
    "DELETE FROM leaderboard.seasons WHERE (board, season) IN (
         SELECT board, season FROM leaderboard.seasons
         WHERE board = $1 AND season = $2 LIMIT $3)",
];

/// What the log says of a season that is kept no more: how far it came, and nothing of anybody. Whoever is erased later isn't
/// looked for there.
const UNNAMED: &str = "
    UPDATE leaderboard.changes SET user_id = NULL, score = NULL, reached = NULL, amount = NULL, key = NULL
    WHERE board = $1 AND position > $2 AND position <= $3 AND season = $4 AND user_id IS NOT NULL";

async fn unname(connection: &mut PgConnection, board: i64, season: i32) -> Result<(), sqlx::Error> {
    let head = "SELECT head FROM leaderboard.boards WHERE number = $1";
    let head: Option<i64> =
        sqlx::query_scalar(head).bind(board).fetch_optional(&mut *connection).await?;
    let (mut from, head) = (0, head.unwrap_or(0));
    while from < head {
        let to = head.min(from + POSITIONS_AT_ONCE);
        let unnamed = sqlx::query(UNNAMED).bind(board).bind(from).bind(to).bind(season);
        unnamed.execute(&mut *connection).await?;
        from = to;
    }
    Ok(())
}

async fn drop_season(
    connection: &mut PgConnection,
    board: i64,
    season: i32,
) -> Result<(), sqlx::Error> {
    unname(connection, board, season).await?;
    for sql in ON_SEASON {
        let delete = || sqlx::query(sql).bind(board).bind(season).bind(ROWS_AT_ONCE);
        while delete().execute(&mut *connection).await?.rows_affected() > 0 {}
    }
    let sql = "DELETE FROM leaderboard.dropped WHERE board = $1 AND season = $2";
    sqlx::query(sql).bind(board).bind(season).execute(connection).await?;
    Ok(())
}
