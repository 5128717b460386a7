use model::{ReadToken, Timestamp};
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::read::{NOW_MS, json};
use crate::core::transaction_state::ChangeSet;
use crate::store::rows::{Directions, EditRow};
use crate::{CircleEdit, Relation, User};

/// Writes what a transaction state changed, in a few statements; answers the state of the feed with it, if it changed any
/// circle.
pub(super) async fn changes(
    connection: &mut SqliteConnection,
    changes: &ChangeSet,
) -> Result<Option<ReadToken>, sqlx::Error> {
    users(connection, &changes.users).await?;
    let Directions { standing, gone } = Directions::new(&changes.pairs);
    if !standing.is_empty() {
        let rows: Vec<_> = standing
            .iter()
            .map(|row| {
                let Relation { friend, asked, asked_by, blocks, blocked_by } = row.relation;
                // `->>` makes 1 of true, and 0 of false.
                (row.owner, row.other, friend, asked, asked_by, blocks, blocked_by, row.since_ms)
            })
            .collect();
        let sql = "INSERT OR REPLACE INTO relations
                   SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
                          value ->> 5, value ->> 6, value ->> 7
                   FROM json_each(?1)";
        sqlx::query(sql).bind(json(&rows)).execute(&mut *connection).await?;
    }
    if !gone.is_empty() {
        let sql = "DELETE FROM relations WHERE (owner, other) IN
                       (SELECT value ->> 0, value ->> 1 FROM json_each(?1))";
        sqlx::query(sql).bind(json(&gone)).execute(&mut *connection).await?;
    }
    if changes.edits.is_empty() {
        return Ok(None);
    }
    append(connection, &changes.edits).await.map(Some)
}

async fn users(connection: &mut SqliteConnection, users: &[User]) -> Result<(), sqlx::Error> {
    if users.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = users
        .iter()
        .map(|user| (user.id.as_str(), user.name.as_str(), user.radius_m, user.created.0))
        .collect();
    let sql = "INSERT OR REPLACE INTO users
               SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)";
    sqlx::query(sql).bind(json(&rows)).execute(connection).await?;
    Ok(())
}

/// Appends the changes to the feed; answers the state with them.
async fn append(
    connection: &mut SqliteConnection,
    edits: &[CircleEdit],
) -> Result<ReadToken, sqlx::Error> {
    let sql = "UPDATE feed SET head = head + ?1 RETURNING head, history";
    let count = edits.len() as i64;
    let row = sqlx::query(sql).bind(count).fetch_one(&mut *connection).await?;
    let state = sql::read_token(&row)?;
    let rows: Vec<_> = edits
        .iter()
        .map(EditRow::new)
        .map(|row| (row.kind, row.a, row.b, row.class, row.radius_m))
        .collect();
    let sql = AssertSqlSafe(format!(
        "INSERT INTO changes
         SELECT ?1 + key, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, {NOW_MS}
         FROM json_each(?2)"
    ));
    let first = state.position.0 as i64 + 1 - count;
    sqlx::query(sql).bind(first).bind(json(&rows)).execute(connection).await?;
    Ok(state)
}

/// Forgets the oldest changes, up to `limit`, that are all older than `before`, so that what is left has no gaps.
pub(super) async fn forget(
    connection: &mut SqliteConnection,
    before: Timestamp,
    limit: usize,
) -> Result<usize, sqlx::Error> {
    let sql = "DELETE FROM changes WHERE position IN (
                   SELECT position FROM (
                       SELECT position, max(at_ms) OVER (ORDER BY position) AS newest_ms
                       FROM (SELECT position, at_ms FROM changes ORDER BY position LIMIT ?2))
                   WHERE newest_ms < ?1)";
    let done = sqlx::query(sql).bind(before.0).bind(limit as i64).execute(connection).await?;
    Ok(done.rows_affected() as usize)
}
