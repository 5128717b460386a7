use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::Timestamp;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row};

use crate::core::catalogue::index_delta::{IndexDelta, PlaceRow};
use crate::core::limits::{FORGOTTEN_MAX, REMOVED_AGE_MS_MAX};
use crate::store::rows::missing;

/// Takes out what no longer holds.
pub(super) async fn delete(
    connection: &mut PgConnection,
    delta: &IndexDelta,
) -> Result<(), sqlx::Error> {
    if !delta.places_out.is_empty() {
        let gone = delta.places_out.iter().map(|(code, id)| (code.integer(), id.integer()));
        let (codes, ids): (Vec<i64>, Vec<i64>) = gone.unzip();
        let sql = "DELETE FROM proximity.places AS place
                   USING unnest($1::bigint[], $2::bigint[]) AS gone (code, id)
                   WHERE place.code = gone.code AND place.id = gone.id";
        sqlx::query(sql).bind(codes).bind(ids).execute(&mut *connection).await?;
    }
    if !delta.categories_out.is_empty() {
        let gone = &delta.categories_out;
        let sql = "DELETE FROM proximity.category_places AS place
                   USING unnest($1::text[], $2::bigint[], $3::bigint[]) AS gone (key, code, id)
                   JOIN proximity.categories AS category ON category.key = gone.key
                   WHERE place.category_id = category.id
                     AND place.code = gone.code AND place.id = gone.id";
        sqlx::query(sql)
            .bind(gone.iter().map(|(key, _, _)| key.as_str()).collect::<Vec<_>>())
            .bind(gone.iter().map(|(_, code, _)| code.integer()).collect::<Vec<_>>())
            .bind(gone.iter().map(|(_, _, id)| id.integer()).collect::<Vec<_>>())
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Forgets removals, and categories that no business has any more, that are too old; some of them, more than a batch brings.
pub(super) async fn forget(
    connection: &mut PgConnection,
    at: Timestamp,
    delta: &IndexDelta,
) -> Result<(), sqlx::Error> {
    let oldest = at.plus_ms(-REMOVED_AGE_MS_MAX).0;
    // Unless the oldest one is too old, no other is looked at.
    let sql = "WITH gone AS (
                   DELETE FROM proximity.removed
                   WHERE feed_position IN (
                       SELECT feed_position FROM proximity.removed ORDER BY feed_position
                       LIMIT CASE WHEN (SELECT updated_ms FROM proximity.removed
                                        ORDER BY feed_position LIMIT 1) < $1
                             THEN $2 ELSE 0 END)
                     AND updated_ms < $1
                   RETURNING feed_position
               ), last AS (SELECT max(feed_position) AS position FROM gone)
               UPDATE proximity.feed SET horizon = greatest(horizon, position) FROM last
               WHERE position IS NOT NULL";
    sqlx::query(sql).bind(oldest).bind(i64::from(FORGOTTEN_MAX)).execute(&mut *connection).await?;
    let sql = "UPDATE proximity.categories AS category SET emptied_ms = $2
               WHERE key = ANY ($1) AND NOT EXISTS
                   (SELECT FROM proximity.category_places WHERE category_id = category.id)";
    let left: Vec<_> = delta.categories_left().into_iter().collect();
    sqlx::query(sql).bind(left).bind(at.0).execute(&mut *connection).await?;
    // A process that isn't upgraded yet may have given it to a business again, and doesn't say so.
    let sql = "DELETE FROM proximity.categories AS category WHERE id IN
                   (SELECT id FROM proximity.categories WHERE emptied_ms < $1
                    ORDER BY emptied_ms LIMIT $2)
                 AND NOT EXISTS
                   (SELECT FROM proximity.category_places WHERE category_id = category.id)";
    sqlx::query(sql).bind(oldest).bind(i64::from(FORGOTTEN_MAX)).execute(connection).await?;
    Ok(())
}

/// Puts in what holds now.
pub(super) async fn insert(
    connection: &mut PgConnection,
    delta: &IndexDelta,
) -> Result<(), sqlx::Error> {
    if !delta.places_in.is_empty() {
        let sql = "INSERT INTO proximity.places (code, id, latitude, longitude, placed, name)
                   SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::float8[], $4::float8[],
                                        $5::bigint[], $6::text[])";
        let places: Vec<_> = delta.places_in.iter().collect();
        bind(sqlx::query(sql), &places).execute(&mut *connection).await?;
    }
    insert_categories(connection, delta).await?;
    count(connection, "proximity.cells", &delta.cells).await?;
    count(connection, "proximity.hexagons", &delta.hexagons).await
}

async fn insert_categories(
    connection: &mut PgConnection,
    delta: &IndexDelta,
) -> Result<(), sqlx::Error> {
    if delta.categories_in.is_empty() {
        return Ok(());
    }
    let keys: BTreeSet<&str> = delta.categories_in.iter().map(|(key, _)| key.as_str()).collect();
    let numbers = category_ids(connection, &keys).await?;
    let mut rows: Vec<(i64, &PlaceRow)> = Vec::with_capacity(delta.categories_in.len());
    for (key, place) in &delta.categories_in {
        let number = numbers.get(key.as_str()).ok_or_else(|| missing("a category"))?;
        rows.push((*number, place));
    }
    rows.sort_unstable_by_key(|(category, place)| (*category, place.key()));
    let (categories, places): (Vec<i64>, Vec<&PlaceRow>) = rows.into_iter().unzip();
    let sql = "INSERT INTO proximity.category_places
                   (category_id, code, id, latitude, longitude, placed, name)
               SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::float8[],
                                    $5::float8[], $6::bigint[], $7::text[])";
    bind(sqlx::query(sql).bind(categories), &places).execute(connection).await?;
    Ok(())
}

/// Binds places by column: `code`, `id`, `latitude`, `longitude`, `placed`, `name`.
fn bind<'q>(
    query: Query<'q, Postgres, PgArguments>,
    places: &[&'q PlaceRow],
) -> Query<'q, Postgres, PgArguments> {
    query
        .bind(places.iter().map(|place| place.code.integer()).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.id.integer()).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.position.latitude()).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.position.longitude()).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.placed.0 as i64).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.name.as_str()).collect::<Vec<_>>())
}

/// The numbers of some categories, which the new ones are given. Only those are inserted: one that is refused uses up a
/// number too.
async fn category_ids(
    connection: &mut PgConnection,
    keys: &BTreeSet<&str>,
) -> Result<HashMap<String, i64>, sqlx::Error> {
    let pairs = |rows: Vec<PgRow>| -> Result<Vec<(String, i64)>, sqlx::Error> {
        rows.iter().map(|row| Ok((row.try_get("key")?, row.try_get("id")?))).collect()
    };
    let sql = "WITH again AS (UPDATE proximity.categories SET emptied_ms = NULL
                              WHERE key = ANY ($1) AND emptied_ms IS NOT NULL)
               SELECT key, id FROM proximity.categories WHERE key = ANY ($1)";
    let known = sqlx::query(sql).bind(keys.iter().copied().collect::<Vec<_>>());
    let mut numbers: HashMap<String, i64> =
        pairs(known.fetch_all(&mut *connection).await?)?.into_iter().collect();
    let new: Vec<&str> = keys.iter().copied().filter(|key| !numbers.contains_key(*key)).collect();
    if !new.is_empty() {
        let sql = "INSERT INTO proximity.categories (key) SELECT * FROM unnest($1::text[])
                   RETURNING key, id";
        numbers.extend(pairs(sqlx::query(sql).bind(new).fetch_all(connection).await?)?);
    }
    Ok(numbers)
}

/// Changes counters: those that are there are added to, the rest begun, for an upsert would look for each first, and write
/// more of it down. Those that count nothing any more go.
async fn count(
    connection: &mut PgConnection,
    table: &str,
    changes: &BTreeMap<i64, i64>,
) -> Result<(), sqlx::Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let (cells, more): (Vec<i64>, Vec<i64>) = changes.iter().unzip();
    let sql = AssertSqlSafe(format!(
        "WITH known AS (
             UPDATE {table} AS counter SET businesses = counter.businesses + new.more
             FROM unnest($1::bigint[], $2::bigint[]) AS new (cell, more)
             WHERE counter.cell = new.cell
             RETURNING counter.cell
         )
         SELECT coalesce(array_agg(cell), '{{}}') FROM known"
    ));
    let query = sqlx::query_scalar(sql).bind(cells).bind(more);
    // In one row, for there may be tens of thousands, which would be sent and read one by one.
    let known: Vec<i64> = query.fetch_one(&mut *connection).await?;
    let known: HashSet<i64> = known.into_iter().collect();
    let new = changes.iter().filter(|(cell, _)| !known.contains(cell));
    let (cells, counts): (Vec<i64>, Vec<i64>) = new.unzip();
    if !cells.is_empty() {
        let sql = AssertSqlSafe(format!(
            "INSERT INTO {table} (cell, businesses)
             SELECT * FROM unnest($1::bigint[], $2::bigint[])"
        ));
        sqlx::query(sql).bind(cells).bind(counts).execute(&mut *connection).await?;
    }
    let fewer: Vec<i64> =
        changes.iter().filter(|(_, more)| **more < 0).map(|(cell, _)| *cell).collect();
    if !fewer.is_empty() {
        let sql = format!("DELETE FROM {table} WHERE businesses = 0 AND cell = ANY ($1)");
        sqlx::query(AssertSqlSafe(sql)).bind(fewer).execute(connection).await?;
    }
    Ok(())
}
