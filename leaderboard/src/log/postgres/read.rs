use model::{BoardId, Timestamp, UserId};
use sql::damaged;
use sql::postgres::Readers;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::rows;
use crate::core::limits::STANDEES_MAX;
use crate::{Board, BoardNumber, BoardPosition, Changes, Standee};

/// A board, and its head at the same moment.
pub(super) async fn board(
    readers: &Readers,
    id: &BoardId,
) -> Result<Option<(Board, BoardPosition)>, sqlx::Error> {
    let sql = "SELECT definition, head FROM leaderboard.boards WHERE id = $1";
    let found = readers.fetch_all(sqlx::query(sql).bind(id.as_str())).await?;
    let both = |row| Ok((rows::board(row)?, BoardPosition(rows::count(row, "head")?)));
    found.first().map(both).transpose()
}

pub(super) async fn boards(
    readers: &Readers,
    after: Option<&BoardId>,
    limit: usize,
) -> Result<Vec<Board>, sqlx::Error> {
    let sql = "SELECT definition FROM leaderboard.boards WHERE id > $1 ORDER BY id LIMIT $2";
    // No id is empty.
    let query = sqlx::query(sql).bind(after.map_or("", BoardId::as_str)).bind(limit as i64);
    readers.fetch_all(query).await?.iter().map(rows::board).collect()
}

/// Boards of whose seasons something has come to its end, the longest ago first.
pub(super) async fn due(
    readers: &Readers,
    at: Timestamp,
    limit: usize,
) -> Result<Vec<BoardId>, sqlx::Error> {
    let sql = "SELECT id FROM leaderboard.boards WHERE due_ms <= $1 ORDER BY due_ms LIMIT $2";
    let found = readers.fetch_all(sqlx::query(sql).bind(at.0).bind(limit as i64)).await?;
    let id = |row: &PgRow| BoardId::parse(row.try_get("id")?).map_err(damaged);
    found.iter().map(id).collect()
}

pub(super) async fn banned(
    readers: &Readers,
    board: BoardNumber,
    users: &[UserId],
) -> Result<Vec<UserId>, sqlx::Error> {
    let sql = "SELECT user_id FROM leaderboard.bans WHERE board = $1 AND user_id = ANY ($2)";
    let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let found = readers.fetch_all(sqlx::query(sql).bind(board.0 as i64).bind(users)).await?;
    found.iter().map(rows::user).collect()
}

pub(super) async fn heads(
    readers: &Readers,
) -> Result<Vec<(BoardNumber, BoardPosition)>, sqlx::Error> {
    let found =
        readers.fetch_all(sqlx::query("SELECT number, head FROM leaderboard.boards")).await?;
    let head = |row: &PgRow| {
        Ok((BoardNumber(rows::count(row, "number")?), BoardPosition(rows::count(row, "head")?)))
    };
    found.iter().map(head).collect()
}

/// The changes of a board behind `after` in this timeline, up to `limit` rows and the rest of the last one's position.
/// `None` if not every one of them is there.
pub(super) async fn changes(
    readers: &Readers,
    timeline: u64,
    board: BoardNumber,
    after: BoardPosition,
    limit: usize,
) -> Result<Option<Changes>, sqlx::Error> {
    let sql = "SELECT board.head, change.*
               FROM leaderboard.feed
               JOIN leaderboard.boards AS board ON board.number = $2
               LEFT JOIN LATERAL (
                   SELECT position, part, season, user_id, score, reached, shown, what
                   FROM leaderboard.changes
                   WHERE changes.board = $2 AND position > $3
                   ORDER BY position FETCH FIRST $4 ROWS WITH TIES) AS change ON true
               WHERE history = $1
               ORDER BY change.position, change.part";
    let query = sqlx::query(sql).bind(timeline as i64).bind(board.0 as i64);
    let Ok(position) = i64::try_from(after.0) else { return Ok(None) };
    let found = readers.fetch_all(query.bind(position).bind(limit as i64)).await?;
    let Some(first) = found.first() else { return Ok(None) };
    let head = rows::count(first, "head")?;
    let mut changes = Changes { up_to: after, standees: Vec::with_capacity(found.len()) };
    for row in &found {
        let Some(position) = rows::maybe_count(row, "position")? else { break };
        if position != changes.up_to.0 && position != changes.up_to.0 + 1 {
            return Ok(None);
        }
        changes.up_to = BoardPosition(position);
        let standee = rows::standee(row, board)?;
        changes.standees.extend(standee.map(|standee| (changes.up_to, standee)));
    }
    let is_there = changes.up_to > after || head == after.0;
    Ok(is_there.then_some(changes))
}

/// How far a board has come, and in which timeline.
pub(super) async fn head(
    readers: &Readers,
    board: BoardNumber,
) -> Result<Option<(u64, BoardPosition)>, sqlx::Error> {
    let sql = "SELECT history, board.head
               FROM leaderboard.feed JOIN leaderboard.boards AS board ON number = $1";
    let found = readers.fetch_all(sqlx::query(sql).bind(board.0 as i64)).await?;
    let head = |row: &PgRow| {
        let timeline = row.try_get::<i64, _>("history")? as u64;
        Ok((timeline, BoardPosition(rows::count(row, "head")?)))
    };
    found.first().map(head).transpose()
}

/// Up to [`STANDEES_MAX`] of those who have something on a board, behind this one, in the order of seasons and ids, each as
/// they are at this moment; `None` in another timeline.
pub(super) async fn entries(
    readers: &Readers,
    timeline: u64,
    board: BoardNumber,
    after: Option<&Standee>,
) -> Result<Option<Vec<Standee>>, sqlx::Error> {
    let sql = "SELECT entry.*
               FROM leaderboard.feed
               LEFT JOIN LATERAL (
                   SELECT entries.season, entries.user_id, score, reached, NULL AS what,
                          ban.board IS NULL OR coalesce(season.sealed, false) AS shown
                   FROM leaderboard.entries
                   LEFT JOIN LATERAL (
                       SELECT board FROM leaderboard.bans AS known
                       WHERE known.board = entries.board AND known.user_id = entries.user_id
                       LIMIT 1) AS ban ON true
                   LEFT JOIN LATERAL (
                       SELECT sealed FROM leaderboard.seasons AS known
                       WHERE known.board = entries.board AND known.season = entries.season
                       LIMIT 1) AS season ON true
                   LEFT JOIN LATERAL (
                       SELECT board FROM leaderboard.dropped AS known
                       WHERE known.board = entries.board AND known.season = entries.season
                       LIMIT 1) AS dropped ON true
                   WHERE entries.board = $2 AND (entries.season, entries.user_id) > ($3, $4)
                       AND dropped.board IS NULL
                   ORDER BY entries.season, entries.user_id LIMIT $5) AS entry ON true
               WHERE history = $1
               ORDER BY season, user_id";
    // No season is negative.
    let (season, user) =
        after.map_or((-1, ""), |it| (it.standings.season as i32, it.user.as_str()));
    let query = sqlx::query(sql).bind(timeline as i64).bind(board.0 as i64).bind(season).bind(user);
    let found = readers.fetch_all(query.bind(STANDEES_MAX as i64)).await?;
    if found.is_empty() {
        return Ok(None);
    }
    let standees = found.iter().map(|row| rows::standee(row, board));
    Ok(Some(standees.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()))
}
