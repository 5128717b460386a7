use std::collections::BTreeSet;

use model::{ReadToken, UserId};
use sqlx::SqliteConnection;

use super::read::{BUSINESSES_BY_ID, ids_json, json};
use crate::core::catalogue::business::{Business, Source};
use crate::core::catalogue::needs::{KeyOf, Needs, Remembered};
use crate::core::catalogue::transaction_state::TransactionState;
use crate::store::rows;

/// Reads what a batch of writes needs, in a few statements whatever its size.
pub(super) async fn state(
    connection: &mut SqliteConnection,
    needs: &Needs,
) -> Result<TransactionState, sqlx::Error> {
    let by_id = sqlx::query(BUSINESSES_BY_ID).bind(ids_json(&needs.ids));
    let found = by_id.fetch_all(&mut *connection).await?;
    let mut stored = found.iter().map(rows::business).collect::<Result<Vec<_>, _>>()?;
    stored.extend(by_source(connection, &needs.sources).await?);
    let keys = keys(connection, &needs.keys).await?;
    let owned =
        if needs.owners.is_empty() { Vec::new() } else { owned(connection, &needs.owners).await? };
    Ok(TransactionState::new(stored, keys, owned))
}

/// The businesses of these sources.
async fn by_source(
    connection: &mut SqliteConnection,
    sources: &BTreeSet<Source>,
) -> Result<Vec<Business>, sqlx::Error> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<_> = sources.iter().map(|s| (s.name.as_str(), s.id.as_str())).collect();
    let sql = "SELECT businesses.*
               FROM json_each(?1) AS wanted
               CROSS JOIN businesses INDEXED BY sources
                   ON source = wanted.value ->> 0 AND source_id = wanted.value ->> 1";
    let found = sqlx::query(sql).bind(json(&wanted)).fetch_all(connection).await?;
    found.iter().map(rows::business).collect()
}

/// The state before this transaction changes anything.
pub(super) async fn read_token(
    connection: &mut SqliteConnection,
) -> Result<ReadToken, sqlx::Error> {
    sql::read_token(&sqlx::query("SELECT head, history FROM feed").fetch_one(connection).await?)
}

async fn keys(
    connection: &mut SqliteConnection,
    keys: &BTreeSet<KeyOf>,
) -> Result<Vec<(KeyOf, Remembered)>, sqlx::Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<_> = keys.iter().map(|(user, key)| (user.as_str(), key.as_str())).collect();
    let sql = "SELECT caller, keys.key AS key, fingerprint, digest, at_ms, outcome
               FROM json_each(?1) AS wanted
               CROSS JOIN keys ON caller = wanted.value ->> 0 AND keys.key = wanted.value ->> 1";
    let found = sqlx::query(sql).bind(json(&wanted)).fetch_all(connection).await?;
    found.iter().map(rows::remembered).collect()
}

async fn owned(
    connection: &mut SqliteConnection,
    owners: &BTreeSet<UserId>,
) -> Result<Vec<(UserId, u32)>, sqlx::Error> {
    let sql = "SELECT value AS owner,
                      (SELECT count(*) FROM businesses INDEXED BY owned WHERE owner = value) AS owned
               FROM json_each(?1)";
    let wanted: Vec<_> = owners.iter().map(UserId::as_str).collect();
    let found = sqlx::query(sql).bind(json(&wanted)).fetch_all(connection).await?;
    found.iter().map(rows::owned).collect()
}
