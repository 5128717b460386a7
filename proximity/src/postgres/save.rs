use sqlx::PgConnection;

use super::feed;
use super::index::Index;
use crate::business::Business;
use crate::freshness::FeedPosition;
use crate::ledger::{Dirty, KeyOf, Remembered};
use crate::limits::KEY_AGE_MS_MAX;
use crate::rows;

/// Keys that are forgotten with each batch that brings keys: more than it can bring.
const FORGOTTEN_MAX: i64 = 1_024;

/// Writes what a ledger changed, behind the feed's `head`; answers the new one. A dozen statements, whatever the number.
pub(super) async fn dirty(
    connection: &mut PgConnection,
    head: FeedPosition,
    dirty: &[Dirty],
) -> Result<FeedPosition, sqlx::Error> {
    if dirty.is_empty() {
        return Ok(head);
    }
    let index = Index::of(dirty);
    index.delete(connection).await?;
    let placed: Vec<(FeedPosition, &Dirty)> =
        dirty.iter().zip(1..).map(|(dirty, n)| (FeedPosition(head.0 + n), dirty)).collect();
    businesses(connection, &placed).await?;
    removals(connection, &placed).await?;
    index.insert(connection).await?;
    let head = FeedPosition(head.0 + dirty.len() as u64);
    feed::advance(connection, head).await?;
    Ok(head)
}

async fn businesses(
    connection: &mut PgConnection,
    placed: &[(FeedPosition, &Dirty)],
) -> Result<(), sqlx::Error> {
    let stored: Vec<(i64, i64, &Business)> = placed
        .iter()
        .filter_map(|(position, dirty)| {
            let business = dirty.after.as_ref()?;
            let placed = if dirty.is_placed() { *position } else { business.placed };
            Some((position.0 as i64, placed.0 as i64, business))
        })
        .collect();
    if stored.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO proximity.businesses
                   (id, feed_position, placed, version, owner, source, source_id, name,
                    latitude, longitude, hours, rest, updated_ms)
               SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
                                    $5::text[], $6::text[], $7::text[], $8::text[],
                                    $9::float8[], $10::float8[], $11::text[], $12::text[],
                                    $13::bigint[])
               ON CONFLICT (id) DO UPDATE SET
                   feed_position = excluded.feed_position, placed = excluded.placed,
                   version = excluded.version, owner = excluded.owner, name = excluded.name,
                   latitude = excluded.latitude, longitude = excluded.longitude,
                   hours = excluded.hours, rest = excluded.rest, updated_ms = excluded.updated_ms";
    let column = |it: fn(&Business) -> i64| -> Vec<i64> {
        stored.iter().map(|(_, _, business)| it(business)).collect()
    };
    let text = |it: fn(&Business) -> Option<String>| -> Vec<Option<String>> {
        stored.iter().map(|(_, _, business)| it(business)).collect()
    };
    let degrees = |it: fn(&Business) -> f64| -> Vec<f64> {
        stored.iter().map(|(_, _, business)| it(business)).collect()
    };
    sqlx::query(sql)
        .bind(column(|business| business.id.integer()))
        .bind(stored.iter().map(|(position, _, _)| *position).collect::<Vec<_>>())
        .bind(stored.iter().map(|(_, placed, _)| *placed).collect::<Vec<_>>())
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
    placed: &[(FeedPosition, &Dirty)],
) -> Result<(), sqlx::Error> {
    let (mut positions, mut ids) = (Vec::new(), Vec::new());
    let (mut versions, mut times) = (Vec::new(), Vec::new());
    for (position, Dirty { before, after, version, at }) in placed {
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
    let sql = "INSERT INTO proximity.keys (caller, key, fingerprint, at_ms, outcome)
               SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
               ON CONFLICT (caller, key) DO UPDATE SET
                   fingerprint = excluded.fingerprint, at_ms = excluded.at_ms,
                   outcome = excluded.outcome";
    let outcomes: Vec<_> =
        keys.iter().map(|(_, known)| rows::outcome_record(&known.outcome)).collect();
    sqlx::query(sql)
        .bind(keys.iter().map(|((caller, _), _)| caller.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|((_, key), _)| key.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, known)| known.fingerprint as i64).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, known)| known.at.0).collect::<Vec<_>>())
        .bind(outcomes)
        .execute(&mut *connection)
        .await?;
    let sql = "DELETE FROM proximity.keys WHERE (caller, key) IN
                   (SELECT caller, key FROM proximity.keys WHERE at_ms < $1 ORDER BY at_ms LIMIT $2)";
    let oldest = newest.plus_ms(-KEY_AGE_MS_MAX).0;
    sqlx::query(sql).bind(oldest).bind(FORGOTTEN_MAX).execute(connection).await?;
    Ok(())
}
