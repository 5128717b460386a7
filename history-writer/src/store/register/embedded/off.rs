use model::{Timestamp, UserId};
use sqlx::{SqliteConnection, SqlitePool};

use super::json::json;
use super::page::page;
use crate::{OffStretch, OffTimes};

const STRETCHES: &str = "SELECT json_group_array(json_array(since_ms, until_ms))
    FROM off_stretches WHERE user = ?1";

/// A user's stretches, as they are selected as JSON.
pub(super) fn read(text: &str) -> Result<OffTimes, sqlx::Error> {
    let rows: Vec<(i64, Option<i64>)> = serde_json::from_str(text).map_err(sql::damaged)?;
    let stretch = |(since, until): (i64, Option<i64>)| OffStretch {
        since: Timestamp(since),
        until: until.map(Timestamp),
    };
    Ok(rows.into_iter().map(stretch).collect())
}

pub(super) async fn set(
    connection: &mut SqliteConnection,
    user: &UserId,
    is_off: bool,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let stored: String =
        sqlx::query_scalar(STRETCHES).bind(user.as_str()).fetch_one(&mut *connection).await?;
    let mut times = read(&stored)?;
    times.turn(is_off, at);
    let rows: Vec<_> = times.iter().map(|it| (it.since.0, it.until.map(|until| until.0))).collect();
    let sql = "DELETE FROM off_stretches WHERE user = ?1";
    sqlx::query(sql).bind(user.as_str()).execute(&mut *connection).await?;
    let sql = "INSERT INTO off_stretches SELECT ?1, value ->> 0, value ->> 1 FROM json_each(?2)";
    sqlx::query(sql).bind(user.as_str()).bind(json(&rows)).execute(connection).await?;
    Ok(())
}

/// Those whose history is off, behind a user.
pub(super) async fn users(
    readers: &SqlitePool,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<UserId>, sqlx::Error> {
    let sql = "SELECT user FROM off_stretches INDEXED BY users_off
               WHERE until_ms IS NULL AND user > ?1 ORDER BY user LIMIT ?2";
    page(readers, sql, after, limit).await
}
