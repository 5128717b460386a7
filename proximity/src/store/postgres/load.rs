use std::collections::BTreeSet;

use model::UserId;
use sqlx::PgConnection;

use crate::core::catalogue::business::{Business, Source};
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::needs::{KeyOf, Needs, Remembered};
use crate::core::catalogue::transaction_state::TransactionState;
use crate::store::rows;

/// Reads what a batch of writes needs, in a few statements whatever its size. After [`FeedTable::take`](sql::postgres::FeedTable::take), in
/// statements of their own: each sees what was committed before it began.
pub(super) async fn state(
    connection: &mut PgConnection,
    needs: &Needs,
) -> Result<TransactionState, sqlx::Error> {
    let mut stored = by_id(connection, &needs.ids).await?;
    stored.extend(by_source(connection, &needs.sources).await?);
    let keys = keys(connection, &needs.keys).await?;
    let owned =
        if needs.owners.is_empty() { Vec::new() } else { owned(connection, &needs.owners).await? };
    Ok(TransactionState::new(stored, keys, owned))
}

/// Those of these businesses that there are.
async fn by_id(
    connection: &mut PgConnection,
    ids: &BTreeSet<BusinessId>,
) -> Result<Vec<Business>, sqlx::Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.integer()).collect();
    let sql = "SELECT * FROM proximity.businesses WHERE id = ANY ($1)";
    let found = sqlx::query(sql).bind(ids).fetch_all(connection).await?;
    found.iter().map(rows::business).collect()
}

/// The businesses of these sources. A join, for which each pair is looked up by itself: ids as an array of one source
/// might be compared one after the other with all that the source has.
async fn by_source(
    connection: &mut PgConnection,
    sources: &BTreeSet<Source>,
) -> Result<Vec<Business>, sqlx::Error> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT businesses.*
               FROM unnest($1::text[], $2::text[]) AS wanted (source, source_id)
               JOIN proximity.businesses USING (source, source_id)
               WHERE source IS NOT NULL";
    let pairs = sources.iter().map(|source| (source.name.as_str(), source.id.as_str()));
    let (names, ids): (Vec<&str>, Vec<&str>) = pairs.unzip();
    let found = sqlx::query(sql).bind(names).bind(ids).fetch_all(connection).await?;
    found.iter().map(rows::business).collect()
}

async fn keys(
    connection: &mut PgConnection,
    keys: &BTreeSet<KeyOf>,
) -> Result<Vec<(KeyOf, Remembered)>, sqlx::Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT caller, key, fingerprint, digest, at_ms, outcome
               FROM unnest($1::text[], $2::text[]) AS wanted (caller, key)
               JOIN proximity.keys USING (caller, key)";
    let pairs = keys.iter().map(|(caller, key)| (caller.as_str(), key.as_str()));
    let (callers, texts): (Vec<&str>, Vec<&str>) = pairs.unzip();
    let found = sqlx::query(sql).bind(callers).bind(texts).fetch_all(connection).await?;
    found.iter().map(rows::remembered).collect()
}

async fn owned(
    connection: &mut PgConnection,
    owners: &BTreeSet<UserId>,
) -> Result<Vec<(UserId, u32)>, sqlx::Error> {
    let sql = "SELECT wanted.owner,
                      (SELECT count(*) FROM proximity.businesses AS business
                       WHERE business.owner = wanted.owner) AS owned
               FROM unnest($1::text[]) AS wanted (owner)";
    let owners: Vec<_> = owners.iter().map(UserId::as_str).collect();
    let found = sqlx::query(sql).bind(owners).fetch_all(connection).await?;
    found.iter().map(rows::owned).collect()
}
