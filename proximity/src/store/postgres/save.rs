use std::io;
use std::sync::Arc;

use model::CanonicalDigest;
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use super::{FEED, index};
use crate::core::catalogue::business::Business;
use crate::core::catalogue::change_set::{BusinessChange, ChangeSet};
use crate::core::catalogue::index_delta::IndexDelta;
use crate::core::catalogue::needs::{KeyOf, Remembered};
use crate::core::limits::{FORGOTTEN_MAX, KEY_AGE_MS_MAX};
use crate::store::rows;

/// Writes what a batch changed: a dozen statements, whatever the number.
///
/// Rows go to each table in the order of its key, so that one page of an index after the other is changed.
pub(super) async fn changes(
    connection: &mut PgConnection,
    changes: ChangeSet,
) -> Result<(), sqlx::Error> {
    let ChangeSet { head, businesses: rows, keys: known } = changes;
    if !rows.is_empty() {
        let rows: Arc<[BusinessChange]> = rows.into();
        // Cells and hexagons of thousands of places take a while, in which the database is busy with the businesses.
        let indexed = Arc::clone(&rows);
        let indexing = spawn_blocking(move || IndexDelta::new(&indexed));
        businesses(connection, &rows).await?;
        removals(connection, &rows).await?;
        let delta = indexing.await.map_err(io::Error::from)?;
        index::delete(connection, &delta).await?;
        index::insert(connection, &delta).await?;
        if let Some(at) = delta.left_at {
            index::forget(connection, at, &delta).await?;
        }
        FEED.advance(connection, head).await?;
    }
    keys(connection, &known).await
}

/// A business as it is to be stored, and its place in the feed.
type Stored<'a> = (i64, &'a Business);

/// The new ones apart from those that were there: an upsert would look for each again, and write
/// more of it down.
async fn businesses(
    connection: &mut PgConnection,
    changes: &[BusinessChange],
) -> Result<(), sqlx::Error> {
    let (mut new, mut known): (Vec<Stored<'_>>, Vec<Stored<'_>>) = Default::default();
    for BusinessChange { position, before, after, .. } in changes {
        let Some(business) = after else { continue };
        let rows = if before.is_none() { &mut new } else { &mut known };
        rows.push((position.0 as i64, business));
    }
    let insert = "INSERT INTO proximity.businesses
                      (id, feed_position, placed, version, owner, source, source_id, name,
                       latitude, longitude, hours, rest, updated_ms)
                  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
                                       $5::text[], $6::text[], $7::text[], $8::text[],
                                       $9::float8[], $10::float8[], $11::text[], $12::text[],
                                       $13::bigint[])";
    write(connection, insert, new).await?;
    let update = "UPDATE proximity.businesses AS business SET
                      feed_position = new.feed_position, placed = new.placed,
                      version = new.version, owner = new.owner, name = new.name,
                      latitude = new.latitude, longitude = new.longitude,
                      hours = new.hours, rest = new.rest, updated_ms = new.updated_ms
                  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
                              $5::text[], $6::text[], $7::text[], $8::text[],
                              $9::float8[], $10::float8[], $11::text[], $12::text[],
                              $13::bigint[])
                      AS new (id, feed_position, placed, version, owner, source, source_id, name,
                              latitude, longitude, hours, rest, updated_ms)
                  WHERE business.id = new.id";
    write(connection, update, known).await
}

async fn write(
    connection: &mut PgConnection,
    sql: &'static str,
    mut stored: Vec<Stored<'_>>,
) -> Result<(), sqlx::Error> {
    if stored.is_empty() {
        return Ok(());
    }
    stored.sort_unstable_by_key(|(_, business)| business.id);
    let column = |it: fn(&Business) -> i64| -> Vec<i64> {
        stored.iter().map(|(_, business)| it(business)).collect()
    };
    let text = |it: fn(&Business) -> Option<String>| -> Vec<Option<String>> {
        stored.iter().map(|(_, business)| it(business)).collect()
    };
    let degrees = |it: fn(&Business) -> f64| -> Vec<f64> {
        stored.iter().map(|(_, business)| it(business)).collect()
    };
    sqlx::query(sql)
        .bind(column(|business| business.id.integer()))
        .bind(stored.iter().map(|(position, _)| *position).collect::<Vec<_>>())
        .bind(column(|business| business.placed.0 as i64))
        .bind(column(|business| business.version as i64))
        .bind(text(|business| business.owner.as_ref().map(ToString::to_string)))
        .bind(text(|business| business.source.as_ref().map(|source| source.name.to_string())))
        .bind(text(|business| business.source.as_ref().map(|source| source.id.to_string())))
        .bind(text(|business| Some(business.details.name.to_string())))
        .bind(degrees(|business| business.details.position.latitude()))
        .bind(degrees(|business| business.details.position.longitude()))
        .bind(text(|business| rows::hours_line(&business.details)))
        .bind(text(|business| Some(rows::rest(&business.details))))
        .bind(column(|business| business.updated.0))
        .execute(connection)
        .await?;
    Ok(())
}

async fn removals(
    connection: &mut PgConnection,
    changes: &[BusinessChange],
) -> Result<(), sqlx::Error> {
    let (mut positions, mut ids) = (Vec::new(), Vec::new());
    let (mut versions, mut times) = (Vec::new(), Vec::new());
    for BusinessChange { position, before, after, version, at } in changes {
        let Some(before) = before.as_ref().filter(|_| after.is_none()) else { continue };
        positions.push(position.0 as i64);
        ids.push(before.id.integer());
        versions.push(*version as i64);
        times.push(at.0);
    }
    if ids.is_empty() {
        return Ok(());
    }
    let sql = "WITH gone AS (
                   INSERT INTO proximity.removed (feed_position, id, version, updated_ms)
                   SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
               )
               DELETE FROM proximity.businesses WHERE id = ANY ($2)";
    let query = sqlx::query(sql).bind(positions).bind(ids).bind(versions).bind(times);
    query.execute(connection).await?;
    Ok(())
}

/// Remembers the keys of a batch, and forgets some that are too old.
pub(super) async fn keys(
    connection: &mut PgConnection,
    keys: &[(KeyOf, Remembered)],
) -> Result<(), sqlx::Error> {
    let Some(newest) = keys.iter().map(|(_, known)| known.at).max() else { return Ok(()) };
    let sql = "INSERT INTO proximity.keys (caller, key, fingerprint, at_ms, outcome, digest)
               SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[],
                                    $6::text[])
               ON CONFLICT (caller, key) DO UPDATE SET
                   fingerprint = excluded.fingerprint, at_ms = excluded.at_ms,
                   outcome = excluded.outcome, digest = excluded.digest";
    let outcomes: Vec<_> =
        keys.iter().map(|(_, known)| rows::outcome_record(&known.outcome)).collect();
    let digests: Vec<_> =
        keys.iter().map(|(_, known)| known.request.digest.map(CanonicalDigest::to_hex)).collect();
    sqlx::query(sql)
        .bind(keys.iter().map(|((caller, _), _)| caller.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|((_, key), _)| key.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, known)| known.request.debug_hash as i64).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, known)| known.at.0).collect::<Vec<_>>())
        .bind(outcomes)
        .bind(digests)
        .execute(&mut *connection)
        .await?;
    let sql = "DELETE FROM proximity.keys WHERE (caller, key) IN
                   (SELECT caller, key FROM proximity.keys WHERE at_ms < $1 ORDER BY at_ms LIMIT $2)";
    let oldest = newest.plus_ms(-KEY_AGE_MS_MAX).0;
    sqlx::query(sql).bind(oldest).bind(i64::from(FORGOTTEN_MAX)).execute(connection).await?;
    Ok(())
}
