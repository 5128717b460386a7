use std::collections::BTreeSet;

use model::UserId;
use sqlx::PgConnection;

use super::NAMESPACE;
use super::read::{USERS, texts};
use crate::User;
use crate::core::pair::Pair;
use crate::core::transaction_state::{Needs, Row, Tally, TransactionState};
use crate::store::rows;

/// Waits until no other batch is about these users, and keeps others waiting until the transaction ends.
///
/// Users share 1,024 locks by a hash: then all processes together hold no more, however large their batches, and the
/// server's table of locks (6,400 by default, for all its databases) has room. They are taken in order, so nobody waits
/// in a circle. The hash is the server's, so all processes agree on it.
pub(super) async fn lock(
    connection: &mut PgConnection,
    users: &BTreeSet<UserId>,
) -> Result<(), sqlx::Error> {
    let sql = "SELECT pg_advisory_xact_lock($1, number)
               FROM (SELECT DISTINCT hashtext(id) & 1023 AS number
                     FROM unnest($2::text[]) AS concerned (id) ORDER BY number) AS sorted";
    sqlx::query(sql).bind(NAMESPACE).bind(texts(users)).execute(connection).await?;
    Ok(())
}

/// Reads what a batch of writes needs, in three statements whatever its size. After [`lock`], in statements of their
/// own: each sees what was committed before it began.
pub(super) async fn state(
    connection: &mut PgConnection,
    needs: &Needs,
) -> Result<TransactionState, sqlx::Error> {
    let users = users(connection, &needs.users).await?;
    let pairs = pairs(connection, &needs.pairs).await?;
    let tallies = tallies(connection, &needs.tallies).await?;
    Ok(TransactionState::new(users, pairs, tallies))
}

async fn users(
    connection: &mut PgConnection,
    ids: &BTreeSet<UserId>,
) -> Result<Vec<User>, sqlx::Error> {
    let found = sqlx::query(USERS).bind(texts(ids)).fetch_all(connection).await?;
    found.iter().map(rows::user).collect()
}

async fn pairs(
    connection: &mut PgConnection,
    pairs: &BTreeSet<Pair>,
) -> Result<Vec<(Pair, Row)>, sqlx::Error> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT mine.owner, mine.other, mine.friend, mine.asked, mine.asked_by, mine.blocks,
                      mine.blocked_by, mine.since_ms, theirs.since_ms AS their_since_ms
               FROM unnest($1::text[], $2::text[]) AS wanted (low, high)
               JOIN directory.relations AS mine
                   ON mine.owner = wanted.low AND mine.other = wanted.high
               JOIN directory.relations AS theirs
                   ON theirs.owner = wanted.high AND theirs.other = wanted.low";
    let found = sqlx::query(sql)
        .bind(texts(pairs.iter().map(|pair| &pair.low)))
        .bind(texts(pairs.iter().map(|pair| &pair.high)))
        .fetch_all(connection)
        .await?;
    found.iter().map(rows::pair).collect()
}

async fn tallies(
    connection: &mut PgConnection,
    ids: &BTreeSet<UserId>,
) -> Result<Vec<(UserId, Tally)>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT id,
                   (SELECT count(*) FROM directory.relations
                    WHERE owner = id AND friend) AS friends,
                   (SELECT count(*) FROM directory.relations
                    WHERE owner = id AND asked) AS outgoing,
                   (SELECT count(*) FROM directory.relations
                    WHERE owner = id AND blocks) AS blocks
               FROM unnest($1::text[]) AS wanted (id)";
    let found = sqlx::query(sql).bind(texts(ids)).fetch_all(connection).await?;
    found.iter().map(rows::tally).collect()
}
