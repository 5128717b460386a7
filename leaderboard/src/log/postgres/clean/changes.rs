use model::{Clock, crash};
use sqlx::PgConnection;

use super::super::crash_points;

/// Rows that are looked at, and removed, in one statement.
const ROWS_AT_ONCE: i64 = 5_000;

/// The latest time that is too old, by our clock and by the database's: one that is ahead removes nothing early.
const CUTOFF: &str =
    "SELECT least($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) - $2";

/// Boards whose first event is too old, with its position.
const BOARDS: &str = "
    SELECT number, first.position
    FROM leaderboard.boards
    JOIN LATERAL (
        SELECT position, at_ms FROM leaderboard.changes
        WHERE changes.board = number AND at_ms IS NOT NULL
        ORDER BY position LIMIT 1) AS first ON true
    WHERE first.at_ms < $1
    ORDER BY number";

/// The last of a board's next changes that is an event which is too old, before any that isn't.
const LAST: &str = "
    WITH next AS (
        SELECT position, at_ms FROM leaderboard.changes
        WHERE board = $1 AND position >= $2
        ORDER BY position LIMIT $4)
    SELECT max(position) FROM next
    WHERE at_ms < $3
        AND position < coalesce((SELECT min(position) FROM next WHERE at_ms >= $3), 9223372036854775807)";

/// Removes the oldest changes of each board: whoever follows from before them finds a gap, and begins anew with entries. Bans and
/// ends of seasons have no time of their own: they go with the next event.
pub(super) async fn remove(
    connection: &mut PgConnection,
    age_ms: i64,
    clock: &dyn Clock,
) -> Result<(), sqlx::Error> {
    let cutoff = sqlx::query_scalar(CUTOFF).bind(clock.now().wall.0).bind(age_ms);
    let cutoff: i64 = cutoff.fetch_one(&mut *connection).await?;
    let boards = sqlx::query_as(BOARDS).bind(cutoff).fetch_all(&mut *connection).await?;
    for (board, first) in boards {
        remove_from(connection, board, first, cutoff).await?;
    }
    Ok(())
}

async fn remove_from(
    connection: &mut PgConnection,
    board: i64,
    first: i64,
    cutoff: i64,
) -> Result<(), sqlx::Error> {
    let mut from = first;
    loop {
        let last = sqlx::query_scalar(LAST).bind(board).bind(from).bind(cutoff).bind(ROWS_AT_ONCE);
        let Some(last) = last.fetch_one(&mut *connection).await? else { return Ok(()) };
        let last: i64 = last;
        let sql = "DELETE FROM leaderboard.changes WHERE board = $1 AND position <= $2";
        sqlx::query(sql).bind(board).bind(last).execute(&mut *connection).await?;
        crash::point(crash_points::CHANGES_REMOVED);
        from = last + 1;
    }
}
