use model::{Timestamp, UserId};
use serde::Serialize;
use sqlx::SqliteConnection;

use crate::Relation;
use crate::ledger::Dirty;

/// A row of `relations`.
#[derive(Serialize)]
struct Directed<'a>(&'a str, &'a str, u8, u8, u8, u8, u8, i64);

impl<'a> Directed<'a> {
    fn new(owner: &'a UserId, other: &'a UserId, relation: Relation, since: Timestamp) -> Self {
        Self(
            owner.as_str(),
            other.as_str(),
            relation.friend.into(),
            relation.asked.into(),
            relation.asked_by.into(),
            relation.blocks.into(),
            relation.blocked_by.into(),
            since.0,
        )
    }
}

/// Writes what a ledger changed, in at most three statements.
pub(super) async fn dirty(
    connection: &mut SqliteConnection,
    dirty: &Dirty,
) -> Result<(), sqlx::Error> {
    users(connection, dirty).await?;
    let (gone, standing): (Vec<_>, Vec<_>) =
        dirty.pairs.iter().partition(|(_, row)| row.relation.is_nothing());
    if !standing.is_empty() {
        let mut rows = Vec::with_capacity(2 * standing.len());
        for (pair, row) in standing {
            let (low, high) = (pair.low(), pair.high());
            rows.push(Directed::new(low, high, row.relation, row.since_low));
            rows.push(Directed::new(high, low, row.relation.mirror(), row.since_high));
        }
        let sql = "INSERT OR REPLACE INTO relations
                   SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
                          value ->> 5, value ->> 6, value ->> 7
                   FROM json_each(?1)";
        sqlx::query(sql).bind(json(&rows)).execute(&mut *connection).await?;
    }
    if !gone.is_empty() {
        let both = gone.iter().flat_map(|(pair, _)| {
            let (low, high) = (pair.low().as_str(), pair.high().as_str());
            [(low, high), (high, low)]
        });
        let keys: Vec<_> = both.collect();
        let sql = "DELETE FROM relations WHERE (owner, other) IN
                       (SELECT value ->> 0, value ->> 1 FROM json_each(?1))";
        sqlx::query(sql).bind(json(&keys)).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn users(connection: &mut SqliteConnection, dirty: &Dirty) -> Result<(), sqlx::Error> {
    if dirty.users.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = dirty
        .users
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
