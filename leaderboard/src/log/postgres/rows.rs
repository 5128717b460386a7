//! What is read of a row, and what is written as bytes.

use model::{CanonicalDigest, Timestamp, UserId};
use sql::{damaged, missing};
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::core::record::{EventRecord, Remembered};
use crate::log::codec::{Bytes, Decoder, Encoder, FORMAT, check_result, put_result, read_result};
use crate::{Board, BoardNumber, BoardPosition, Entry, ScoreEvent, Standee, StandingsId};

/// What bytes begin with: a program of later may have written them.
const FORM: u8 = FORMAT as u8;

/// A number that isn't negative.
pub(super) fn count(row: &PgRow, column: &str) -> Result<u64, sqlx::Error> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(damaged)
}

/// A number that isn't negative; `None` where there is none.
pub(super) fn maybe_count(row: &PgRow, column: &str) -> Result<Option<u64>, sqlx::Error> {
    row.try_get::<Option<i64>, _>(column)?.map(u64::try_from).transpose().map_err(damaged)
}

/// The row's place among those that were asked for.
pub(super) fn place(row: &PgRow) -> Result<usize, sqlx::Error> {
    Ok(count(row, "place")? as usize)
}

/// A board: `definition`.
pub(super) fn board(row: &PgRow) -> Result<Board, sqlx::Error> {
    let bytes = content(row.try_get("definition")?)?;
    let mut decoder = Decoder::new(bytes);
    let board = decoder.board().map_err(damaged)?;
    if decoder.is_empty() { Ok(board) } else { Err(damaged("definition goes on")) }
}

/// A board as bytes.
pub(super) fn definition(board: &Board) -> Vec<u8> {
    let mut bytes = vec![FORM];
    Encoder::new(&mut bytes).board(board);
    bytes
}

/// What a player has: `score`, `reached`; `None` if there is nothing.
pub(super) fn entry(row: &PgRow) -> Result<Option<Entry>, sqlx::Error> {
    let Some(score) = row.try_get::<Option<i64>, _>("score")? else { return Ok(None) };
    let reached = maybe_count(row, "reached")?.ok_or_else(|| missing("reached"))?;
    Ok(Some(Entry { score, reached: BoardPosition(reached) }))
}

/// What a row of the log says of somebody who has nothing any more.
pub(super) const REMOVED: &str = "removed";

/// Who has what on a board: `season`, `user_id`, `score`, `reached`, `shown`, `what`; `None` if the row is of nobody who has
/// anything, or had.
pub(super) fn standee(row: &PgRow, board: BoardNumber) -> Result<Option<Standee>, sqlx::Error> {
    let entry = entry(row)?;
    let had = entry.is_some() || row.try_get::<Option<&str>, _>("what")? == Some(REMOVED);
    // Of a season that the board keeps no more the log doesn't say who it was.
    let is_known = row.try_get::<Option<&str>, _>("user_id")?.is_some();
    if !had || !is_known {
        return Ok(None);
    }
    let standings = StandingsId { board, season: season(row)? };
    let is_shown = row.try_get("shown")?;
    Ok(Some(Standee { standings, user: user(row)?, entry, is_shown }))
}

/// `season`.
pub(super) fn season(row: &PgRow) -> Result<u32, sqlx::Error> {
    u32::try_from(row.try_get::<i32, _>("season")?).map_err(damaged)
}

/// `user_id`.
pub(super) fn user(row: &PgRow) -> Result<UserId, sqlx::Error> {
    UserId::parse(row.try_get("user_id")?).map_err(damaged)
}

/// What became of an event, as bytes.
pub(super) fn result(event: &EventRecord) -> Vec<u8> {
    let mut bytes = vec![FORM];
    put_result(&mut bytes, &event.result);
    bytes
}

/// What is remembered by the key of an event.
pub(super) struct RememberedRow {
    digest: CanonicalDigest,
    at: Timestamp,
    result: Vec<u8>,
}

impl RememberedRow {
    /// Reads `at_ms`, `digest`, `result`.
    pub(super) fn new(row: &PgRow) -> Result<Self, sqlx::Error> {
        let digest: &[u8] = row.try_get("digest")?;
        let digest = CanonicalDigest::from_bytes(digest.try_into().map_err(damaged)?);
        let result: Vec<u8> = row.try_get("result")?;
        check_result(content(&result)?).map_err(damaged)?;
        Ok(Self { digest, at: Timestamp(row.try_get("at_ms")?), result })
    }

    /// As if the event were this one; if it isn't, their digests differ.
    pub(super) fn as_if(&self, event: &ScoreEvent) -> Option<Remembered> {
        let users = event.changes.iter().map(|change| &change.user);
        let result = read_result(&mut content(&self.result).ok()?, users).ok()?;
        Some(Remembered { digest: self.digest, at: self.at, result })
    }
}

fn content(bytes: &[u8]) -> Result<Bytes<'_>, sqlx::Error> {
    match bytes.split_first() {
        Some((&FORM, content)) => Ok(Bytes(content)),
        Some((form, _)) => Err(damaged(format!("it has form {form}, this program knows {FORM}"))),
        None => Err(damaged("it is empty")),
    }
}
