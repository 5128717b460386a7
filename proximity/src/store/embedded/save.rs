use std::collections::{BTreeMap, BTreeSet};

use model::{CanonicalDigest, Timestamp};
use serde::Serialize;
use sqlx::{AssertSqlSafe, QueryBuilder, SqlSafeStr, Sqlite, SqliteConnection};

use super::read::json;
use crate::core::catalogue::business::Business;
use crate::core::catalogue::change_set::{BusinessChange, ChangeSet};
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::index_delta::IndexDelta;
use crate::core::catalogue::needs::{KeyOf, Remembered};
use crate::core::geo::cell::Code;
use crate::core::limits::{FORGOTTEN_MAX, KEY_AGE_MS_MAX, REMOVED_AGE_MS_MAX};
use crate::store::rows;

/// Rows in one statement: more than this gains nothing, and `SQLite` takes 32,766 parameters.
const ROWS_MAX: usize = 128;

/// Writes what a batch changed.
pub(super) async fn changes(
    connection: &mut SqliteConnection,
    changes: &ChangeSet,
) -> Result<(), sqlx::Error> {
    let ChangeSet { head, businesses: rows, keys: known } = changes;
    if !rows.is_empty() {
        let delta = IndexDelta::new(rows);
        delete(connection, &delta).await?;
        for chunk in rows.chunks(ROWS_MAX) {
            businesses(connection, chunk).await?;
        }
        removals(connection, rows).await?;
        insert(connection, &delta).await?;
        if let Some(at) = delta.left_at {
            forget(connection, at, &delta).await?;
        }
        let advance = sqlx::query("UPDATE feed SET head = ?1").bind(head.0 as i64);
        advance.execute(&mut *connection).await?;
    }
    keys(connection, known).await
}

async fn businesses(
    connection: &mut SqliteConnection,
    changes: &[BusinessChange],
) -> Result<(), sqlx::Error> {
    let stored: Vec<_> =
        changes.iter().filter_map(|it| Some((it.position, it.after.as_ref()?))).collect();
    if stored.is_empty() {
        return Ok(());
    }
    let mut sql = QueryBuilder::<Sqlite>::new(
        "INSERT INTO businesses (id, feed_position, placed, version, owner, source, source_id,
                                 name, latitude, longitude, hours, rest, updated_ms) ",
    );
    sql.push_values(stored, |mut row, (position, business)| {
        let Business { id, owner, source, details, version, updated, placed } = business;
        row.push_bind(id.integer())
            .push_bind(position.0 as i64)
            .push_bind(placed.0 as i64)
            .push_bind(*version as i64)
            .push_bind(owner.as_ref().map(ToString::to_string))
            .push_bind(source.as_ref().map(|source| source.name.to_string()))
            .push_bind(source.as_ref().map(|source| source.id.to_string()))
            .push_bind(details.name.to_string())
            .push_bind(details.position.latitude())
            .push_bind(details.position.longitude())
            .push_bind(rows::hours_line(details))
            .push_bind(rows::rest(details))
            .push_bind(updated.0);
    });
    sql.push(
        " ON CONFLICT (id) DO UPDATE SET
              feed_position = excluded.feed_position, placed = excluded.placed,
              version = excluded.version, owner = excluded.owner, name = excluded.name,
              latitude = excluded.latitude, longitude = excluded.longitude,
              hours = excluded.hours, rest = excluded.rest, updated_ms = excluded.updated_ms",
    );
    sql.build().execute(connection).await?;
    Ok(())
}

async fn removals(
    connection: &mut SqliteConnection,
    changes: &[BusinessChange],
) -> Result<(), sqlx::Error> {
    let gone =
        changes.iter().filter_map(|BusinessChange { position, before, after, version, at }| {
            let before = before.as_ref().filter(|_| after.is_none())?;
            Some((position.0, before.id.integer(), version, at.0))
        });
    let gone: Vec<_> = gone.collect();
    run(
        connection,
        "INSERT INTO removed
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)",
        &gone,
    )
    .await?;
    run(
        connection,
        "DELETE FROM businesses WHERE id IN (SELECT value ->> 1 FROM json_each(?1))",
        &gone,
    )
    .await
}

/// Takes out of the index what no longer holds.
async fn delete(connection: &mut SqliteConnection, delta: &IndexDelta) -> Result<(), sqlx::Error> {
    let sql = "DELETE FROM places WHERE (code, id) IN
                   (SELECT value ->> 0, value ->> 1 FROM json_each(?1))";
    let gone: Vec<_> = delta.places_out.iter().map(key).collect();
    run(connection, sql, &gone).await?;
    let sql = "DELETE FROM category_places WHERE (category_id, code, id) IN
                   (SELECT categories.id, value ->> 1, value ->> 2
                    FROM json_each(?1) CROSS JOIN categories ON categories.key = value ->> 0)";
    let gone: Vec<_> = delta
        .categories_out
        .iter()
        .map(|(category, code, id)| (category.as_str(), code.integer(), id.integer()))
        .collect();
    run(connection, sql, &gone).await
}

/// Forgets removals, and categories that no business has any more, that are too old; some of them, more than a batch brings.
async fn forget(
    connection: &mut SqliteConnection,
    at: Timestamp,
    delta: &IndexDelta,
) -> Result<(), sqlx::Error> {
    let oldest = at.plus_ms(-REMOVED_AGE_MS_MAX).0;
    // Unless the oldest one is too old, no other is looked at.
    let sql = "DELETE FROM removed
               WHERE feed_position IN (
                   SELECT feed_position FROM removed ORDER BY feed_position
                   LIMIT CASE WHEN (SELECT updated_ms FROM removed ORDER BY feed_position LIMIT 1) < ?1
                         THEN ?2 ELSE 0 END)
                 AND updated_ms < ?1
               RETURNING feed_position";
    let query = sqlx::query_scalar(sql).bind(oldest).bind(FORGOTTEN_MAX);
    let gone: Vec<i64> = query.fetch_all(&mut *connection).await?;
    if let Some(horizon) = gone.into_iter().max() {
        let sql = "UPDATE feed SET horizon = max(horizon, ?1)";
        sqlx::query(sql).bind(horizon).execute(&mut *connection).await?;
    }
    let sql = "UPDATE categories SET emptied_ms = ?2
               WHERE key IN (SELECT value FROM json_each(?1))
                 AND NOT EXISTS (SELECT 1 FROM category_places WHERE category_id = categories.id)";
    let left = json(&delta.categories_left());
    sqlx::query(sql).bind(left).bind(at.0).execute(&mut *connection).await?;
    let sql = "DELETE FROM categories WHERE id IN
                   (SELECT id FROM categories WHERE emptied_ms < ?1 ORDER BY emptied_ms LIMIT ?2)
                 AND NOT EXISTS (SELECT 1 FROM category_places WHERE category_id = categories.id)";
    sqlx::query(sql).bind(oldest).bind(FORGOTTEN_MAX).execute(connection).await?;
    Ok(())
}

/// Puts into the index what holds now. Positions are taken from the businesses: as JSON they might come back as their neighbours.
async fn insert(connection: &mut SqliteConnection, delta: &IndexDelta) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO places
               SELECT wanted.value ->> 0, businesses.id, latitude, longitude, placed, name
               FROM json_each(?1) AS wanted
               CROSS JOIN businesses ON businesses.id = wanted.value ->> 1";
    let new: Vec<_> = delta.places_in.iter().map(|place| key(&place.key())).collect();
    run(connection, sql, &new).await?;
    let names: BTreeSet<&str> =
        delta.categories_in.iter().map(|(category, _)| category.as_str()).collect();
    let sql = "INSERT INTO categories (key) SELECT value FROM json_each(?1) WHERE true
               ON CONFLICT (key) DO UPDATE SET emptied_ms = NULL WHERE emptied_ms IS NOT NULL";
    run(connection, sql, &names.into_iter().collect::<Vec<_>>()).await?;
    let sql = "INSERT INTO category_places
               SELECT categories.id, wanted.value ->> 1, businesses.id, latitude, longitude, placed,
                      name
               FROM json_each(?1) AS wanted
               CROSS JOIN categories ON categories.key = wanted.value ->> 0
               CROSS JOIN businesses ON businesses.id = wanted.value ->> 2";
    let new: Vec<_> = delta
        .categories_in
        .iter()
        .map(|(category, place)| (category.as_str(), place.code.integer(), place.id.integer()))
        .collect();
    run(connection, sql, &new).await?;
    count(connection, "cells", &delta.cells).await?;
    count(connection, "hexagons", &delta.hexagons).await
}

/// Changes counters; those that count nothing any more go.
async fn count(
    connection: &mut SqliteConnection,
    table: &'static str,
    changes: &BTreeMap<i64, i64>,
) -> Result<(), sqlx::Error> {
    let all: Vec<_> = changes.iter().collect();
    let sql = format!(
        "INSERT INTO {table} SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true
         ON CONFLICT DO UPDATE SET businesses = businesses + excluded.businesses"
    );
    run(connection, AssertSqlSafe(sql), &all).await?;
    let fewer: Vec<_> = changes.iter().filter(|(_, more)| **more < 0).collect();
    let sql = format!(
        "DELETE FROM {table}
         WHERE businesses = 0 AND cell IN (SELECT value ->> 0 FROM json_each(?1))"
    );
    run(connection, AssertSqlSafe(sql), &fewer).await
}

fn key((code, id): &(Code, BusinessId)) -> (i64, i64) {
    (code.integer(), id.integer())
}

/// Remembers the keys of a batch, and forgets some that are too old.
pub(super) async fn keys(
    connection: &mut SqliteConnection,
    keys: &[(KeyOf, Remembered)],
) -> Result<(), sqlx::Error> {
    let Some(newest) = keys.iter().map(|(_, known)| known.at).max() else { return Ok(()) };
    let rows: Vec<_> = keys
        .iter()
        .map(|((caller, key), Remembered { request, at, outcome })| {
            let outcome = rows::outcome_record(outcome);
            let digest = request.digest.map(CanonicalDigest::to_hex);
            (caller.as_str(), key.as_str(), request.debug_hash as i64, at.0, outcome, digest)
        })
        .collect();
    let sql = "INSERT OR REPLACE INTO keys (caller, key, fingerprint, at_ms, outcome, digest)
               SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
               FROM json_each(?1)";
    run(connection, sql, &rows).await?;
    let sql = "DELETE FROM keys WHERE (caller, key) IN
                   (SELECT caller, key FROM keys WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)";
    let oldest = newest.plus_ms(-KEY_AGE_MS_MAX).0;
    sqlx::query(sql).bind(oldest).bind(FORGOTTEN_MAX).execute(connection).await?;
    Ok(())
}

async fn run<T: Serialize>(
    connection: &mut SqliteConnection,
    sql: impl SqlSafeStr + Send,
    rows: &[T],
) -> Result<(), sqlx::Error> {
    if !rows.is_empty() {
        sqlx::query(sql).bind(json(&rows)).execute(connection).await?;
    }
    Ok(())
}
