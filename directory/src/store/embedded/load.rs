use std::collections::BTreeSet;

use model::UserId;
use sqlx::SqliteConnection;

use super::read::{USERS, ids_json, json};
use crate::User;
use crate::core::pair::Pair;
use crate::core::transaction_state::{Needs, Row, Tally, TransactionState};
use crate::store::rows;

/// Reads what a batch of writes needs, in three statements whatever its size.
pub(super) async fn state(
    connection: &mut SqliteConnection,
    needs: &Needs,
) -> Result<TransactionState, sqlx::Error> {
    let users = users(connection, &needs.users).await?;
    let pairs = pairs(connection, &needs.pairs).await?;
    let tallies = tallies(connection, &needs.tallies).await?;
    Ok(TransactionState::new(users, pairs, tallies))
}

async fn users(
    connection: &mut SqliteConnection,
    ids: &BTreeSet<UserId>,
) -> Result<Vec<User>, sqlx::Error> {
    let found = sqlx::query(USERS).bind(ids_json(ids)).fetch_all(connection).await?;
    found.iter().map(rows::user).collect()
}

async fn pairs(
    connection: &mut SqliteConnection,
    pairs: &BTreeSet<Pair>,
) -> Result<Vec<(Pair, Row)>, sqlx::Error> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<_> = pairs.iter().map(|pair| (pair.low.as_str(), pair.high.as_str())).collect();
    let sql = "SELECT mine.owner, mine.other, mine.friend, mine.asked, mine.asked_by, mine.blocks,
                      mine.blocked_by, mine.since_ms, theirs.since_ms AS their_since_ms
               FROM json_each(?1) AS wanted
               CROSS JOIN relations AS mine
                   ON mine.owner = wanted.value ->> 0 AND mine.other = wanted.value ->> 1
               CROSS JOIN relations AS theirs
                   ON theirs.owner = mine.other AND theirs.other = mine.owner";
    let found = sqlx::query(sql).bind(json(&wanted)).fetch_all(connection).await?;
    found.iter().map(rows::pair).collect()
}

async fn tallies(
    connection: &mut SqliteConnection,
    ids: &BTreeSet<UserId>,
) -> Result<Vec<(UserId, Tally)>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT value AS id,
                   (SELECT count(*) FROM relations INDEXED BY friends
                    WHERE owner = value AND friend = 1) AS friends,
                   (SELECT count(*) FROM relations INDEXED BY outgoing
                    WHERE owner = value AND asked = 1) AS outgoing,
                   (SELECT count(*) FROM relations INDEXED BY blocked
                    WHERE owner = value AND blocks = 1) AS blocks
               FROM json_each(?1)";
    let found = sqlx::query(sql).bind(ids_json(ids)).fetch_all(connection).await?;
    found.iter().map(rows::tally).collect()
}
