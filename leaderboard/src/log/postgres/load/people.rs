//! What somebody has whom no write names on a board: those who are to be unknown, and those who are banned where a season is
//! sealed.

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::{Loaded, Needs, rows};
use crate::core::transaction_state::seasons;
use crate::{BoardNumber, SeasonState, StandingsId};

/// The boards that know those who are to be unknown. Seasons are gone through, of which there are few: what people have is
/// found by them.
pub(super) async fn boards(
    connection: &mut PgConnection,
    needs: &Needs<'_>,
) -> Result<Vec<i64>, sqlx::Error> {
    if needs.erased.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT season.board FROM leaderboard.seasons AS season
               JOIN leaderboard.entries AS entry
                   ON entry.board = season.board AND entry.season = season.season
               WHERE entry.user_id = ANY ($1)
               UNION
               SELECT ban.board FROM leaderboard.boards
               JOIN leaderboard.bans AS ban ON ban.board = boards.number
               WHERE ban.user_id = ANY ($1)";
    let boards = sqlx::query_scalar(sql).bind(&needs.erased).fetch_all(connection).await?;
    Ok(boards)
}

/// All that those have who are to be unknown, on the boards that are locked.
pub(super) async fn erased(
    connection: &mut PgConnection,
    needs: &Needs<'_>,
    loaded: &mut Loaded,
) -> Result<(), sqlx::Error> {
    if needs.erased.is_empty() {
        return Ok(());
    }
    let boards: Vec<i64> = loaded.boards.values().map(|board| board.number.0 as i64).collect();
    let entries = "SELECT entry.board, entry.season, entry.user_id, entry.score, entry.reached
                   FROM leaderboard.seasons AS season
                   JOIN leaderboard.entries AS entry
                       ON entry.board = season.board AND entry.season = season.season
                   LEFT JOIN leaderboard.dropped AS dropped
                       ON dropped.board = season.board AND dropped.season = season.season
                   WHERE season.board = ANY ($1) AND entry.user_id = ANY ($2)
                       AND dropped.board IS NULL";
    let bans = "SELECT board, user_id FROM leaderboard.bans
                WHERE board = ANY ($1) AND user_id = ANY ($2)";
    let query = |sql| sqlx::query(sql).bind(boards.clone()).bind(&needs.erased);
    for row in &query(entries).fetch_all(&mut *connection).await? {
        take(row, loaded)?;
    }
    for row in &query(bans).fetch_all(connection).await? {
        loaded.banned.insert((board(row)?, rows::user(row)?));
    }
    Ok(())
}

/// Those who are banned and have something on seasons that come to their ends with this batch.
pub(super) async fn banned(
    connection: &mut PgConnection,
    needs: &Needs<'_>,
    loaded: &mut Loaded,
) -> Result<(), sqlx::Error> {
    let is_due = |at| at <= needs.latest;
    let due = loaded.boards.values().filter(|board| seasons::due(board).is_some_and(is_due));
    let open = due.flat_map(|board| {
        let open = board.seasons().filter(|season| season.state() != SeasonState::Sealed);
        open.map(|season| board.standings(season.number))
    });
    let open: Vec<StandingsId> = open.collect();
    if open.is_empty() {
        return Ok(());
    }
    let sql = "SELECT entry.board, entry.season, entry.user_id, entry.score, entry.reached
               FROM unnest($1::bigint[], $2::integer[]) AS due (board, season)
               JOIN leaderboard.bans AS ban ON ban.board = due.board
               JOIN leaderboard.entries AS entry ON entry.board = due.board
                   AND entry.season = due.season AND entry.user_id = ban.user_id";
    let query = sqlx::query(sql)
        .bind(open.iter().map(|id| id.board.0 as i64).collect::<Vec<_>>())
        .bind(open.iter().map(|id| id.season as i32).collect::<Vec<_>>());
    for row in &query.fetch_all(connection).await? {
        take(row, loaded)?;
        loaded.banned.insert((board(row)?, rows::user(row)?));
    }
    Ok(())
}

fn take(row: &PgRow, loaded: &mut Loaded) -> Result<(), sqlx::Error> {
    let standings = StandingsId { board: board(row)?, season: rows::season(row)? };
    if let Some(entry) = rows::entry(row)? {
        loaded.entries.insert((standings, rows::user(row)?), entry);
    }
    Ok(())
}

fn board(row: &PgRow) -> Result<BoardNumber, sqlx::Error> {
    Ok(BoardNumber(rows::count(row, "board")?))
}
