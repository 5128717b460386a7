use serde::Serialize;
use sqlx::SqliteConnection;

use crate::ledger::Dirty;
use crate::rows::Directions;
use crate::{Relation, User};

/// Writes what a ledger changed, in at most three statements.
pub(super) async fn dirty(
    connection: &mut SqliteConnection,
    dirty: &Dirty,
) -> Result<(), sqlx::Error> {
    users(connection, &dirty.users).await?;
    let Directions { standing, gone } = Directions::of(&dirty.pairs);
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
    Ok(())
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

fn json(rows: &impl Serialize) -> String {
    serde_json::to_string(rows).expect("text and numbers become JSON")
}
