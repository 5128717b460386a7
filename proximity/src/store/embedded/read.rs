use model::UserId;
use serde::Serialize;
use sqlx::{Row, SqlitePool};

use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::change::{Changes, FeedCursor};
use crate::core::catalogue::id::BusinessId;
use crate::core::geo::cell::{Area, CountedCell, Range, whole_cells};
use crate::core::geo::hexagon::{Hexagon, HexagonRange};
use crate::core::refusal::Refusal;
use crate::core::search::scan::{Scan, Scanned};
use crate::store::rows;

/// The businesses of a JSON array of ids, each with its `place` in it.
pub(super) const BUSINESSES_BY_ID: &str = "SELECT wanted.key AS place, businesses.*
    FROM json_each(?1) AS wanted CROSS JOIN businesses ON businesses.id = wanted.value";

/// The ids as a JSON array: one parameter for any number of them.
pub(super) fn ids_json<'a>(ids: impl IntoIterator<Item = &'a BusinessId>) -> String {
    json(&ids.into_iter().map(|id| id.integer()).collect::<Vec<_>>())
}

pub(super) fn json(rows: &impl Serialize) -> String {
    serde_json::to_string(rows).expect("text and numbers become JSON")
}

/// One statement, so that all of it is of one state. `CROSS JOIN` keeps the order of the ranges, and within each the
/// index has its own, so that the limit cuts where the next scan goes on. Hours are only looked up if wanted.
macro_rules! scan {
    ($places:literal, $counted:literal) => {
        concat!(
            "SELECT head, history, ",
            $counted,
            " AS counted, NULL AS id, 0.0 AS latitude, 0.0 AS longitude, NULL AS placed,
                    NULL AS name, NULL AS hours
             FROM feed
             UNION ALL
             SELECT * FROM (
                 SELECT NULL, NULL, NULL, places.id, places.latitude, places.longitude, places.placed,
                        CASE WHEN ?9 THEN places.name END,
                        CASE WHEN ?5 THEN (SELECT hours FROM businesses WHERE id = places.id) END
                 FROM json_each(?1) AS range CROSS JOIN ",
            $places,
            " places.code BETWEEN range.value ->> 0 AND range.value ->> 1
                 WHERE (places.code, places.id) > (?2, ?3)
                 LIMIT ?4
             )"
        )
    };
}

pub(super) const SCAN: &str = scan!(
    "places ON",
    "(SELECT coalesce(sum(businesses), 0) FROM json_each(?6) AS range
      CROSS JOIN cells ON cell BETWEEN range.value ->> 0 AND range.value ->> 1)
   + (SELECT count(*) FROM json_each(?7) AS range
      CROSS JOIN places ON code BETWEEN range.value ->> 0 AND range.value ->> 1)"
);

pub(super) const SCAN_CATEGORY: &str = scan!(
    "category_places AS places ON category_id = (SELECT id FROM categories WHERE key = ?8) AND",
    "(SELECT count(*) FROM json_each(?7) AS range
      CROSS JOIN category_places ON category_id = (SELECT id FROM categories WHERE key = ?8)
          AND code BETWEEN range.value ->> 0 AND range.value ->> 1)"
);

pub(super) async fn scan(readers: &SqlitePool, scan: &Scan) -> Result<Scanned, sqlx::Error> {
    let pairs = |ranges: &[Range]| -> Vec<(i64, i64)> {
        ranges.iter().map(|range| (range.first.integer(), range.last.integer())).collect()
    };
    let (code, id) = scan.after.map_or((-1, -1), |(code, id)| (code.integer(), id.integer()));
    let (sql, cells, counted) = match scan.category {
        None => {
            let (cells, ends) = whole_cells(&scan.counted);
            (SCAN, cells, ends)
        }
        // Cells don't know categories.
        Some(_) => (SCAN_CATEGORY, Vec::new(), scan.counted.clone()),
    };
    let found = sqlx::query(sql)
        .bind(json(&pairs(&scan.ranges)))
        .bind(code)
        .bind(id)
        .bind(scan.rows_max as i64)
        .bind(scan.hours)
        .bind(json(&cells))
        .bind(json(&pairs(&counted)))
        .bind(scan.category.as_ref().map(CategoryKey::as_str))
        .bind(scan.names);
    let found = found.fetch_all(readers).await?;
    let (state, candidates) = found.split_first().ok_or(sqlx::Error::RowNotFound)?;
    Ok(Scanned {
        candidates: rows::candidates(candidates.iter()).await?,
        more: candidates.len() == scan.rows_max,
        counted: state.try_get::<i64, _>("counted")? as u64,
        as_of: sql::read_token(state)?,
    })
}

pub(super) async fn density(
    readers: &SqlitePool,
    area: Area,
) -> Result<Vec<(CountedCell, u32)>, sqlx::Error> {
    let (first, last) = area.cells();
    let sql = "SELECT cell, businesses FROM cells WHERE cell BETWEEN ?1 AND ?2 ORDER BY cell";
    let found = sqlx::query(sql).bind(first.0).bind(last.0).fetch_all(readers).await?;
    found.iter().map(rows::density).collect()
}

/// `CROSS JOIN` keeps the order of the ranges, and within each the table has its own.
pub(super) const HEXAGONS: &str = "SELECT cell, businesses FROM json_each(?1) AS range
    CROSS JOIN hexagons ON cell BETWEEN range.value ->> 0 AND range.value ->> 1";

pub(super) async fn hexagons(
    readers: &SqlitePool,
    ranges: &[HexagonRange],
) -> Result<Vec<(Hexagon, u64)>, sqlx::Error> {
    let pairs = ranges.iter().map(|range| (range.first.integer(), range.last.integer()));
    let wanted = json(&pairs.collect::<Vec<_>>());
    let found = sqlx::query(HEXAGONS).bind(wanted).fetch_all(readers).await?;
    found.iter().map(rows::hexagon).collect()
}

pub(super) async fn has_category(
    readers: &SqlitePool,
    category: &CategoryKey,
) -> Result<bool, sqlx::Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM categories WHERE key = ?1)";
    sqlx::query_scalar(sql).bind(category.as_str()).fetch_one(readers).await
}

pub(super) async fn fetch(
    readers: &SqlitePool,
    ids: &[BusinessId],
) -> Result<Vec<Option<Business>>, sqlx::Error> {
    let found = sqlx::query(BUSINESSES_BY_ID).bind(ids_json(ids)).fetch_all(readers).await?;
    let mut all = vec![None; ids.len()];
    for row in &found {
        let place = row.try_get::<i64, _>("place")? as usize;
        all[place] = Some(rows::business(row)?);
    }
    Ok(all)
}

pub(super) async fn owned(
    readers: &SqlitePool,
    owner: &UserId,
    after: Option<BusinessId>,
    limit: usize,
) -> Result<Vec<Business>, sqlx::Error> {
    let sql = "SELECT * FROM businesses INDEXED BY owned
               WHERE owner = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
    let found = sqlx::query(sql)
        .bind(owner.as_str())
        .bind(after.map_or(-1, BusinessId::integer))
        .bind(limit as i64)
        .fetch_all(readers)
        .await?;
    found.iter().map(rows::business).collect()
}

/// The state, businesses and removals in one statement; either index is read no further than the limit.
pub(super) const CHANGES: &str = "
    SELECT head AS feed_position, history, head, horizon, NULL AS id, NULL AS version, NULL AS updated_ms,
           NULL AS placed, NULL AS owner, NULL AS source, NULL AS source_id, NULL AS name,
           0.0 AS latitude, 0.0 AS longitude, NULL AS hours, NULL AS rest
    FROM feed
    UNION ALL
    SELECT * FROM (
        SELECT * FROM (
            SELECT feed_position, NULL, NULL, NULL, id, version, updated_ms, placed, owner, source,
                   source_id, name, latitude, longitude, hours, rest
            FROM businesses WHERE feed_position > ?1 ORDER BY feed_position LIMIT ?2
        )
        UNION ALL
        SELECT * FROM (
            SELECT feed_position, NULL, NULL, NULL, id, version, updated_ms, NULL, NULL, NULL,
                   NULL, NULL, 0.0, 0.0, NULL, NULL
            FROM removed WHERE feed_position > ?1 ORDER BY feed_position LIMIT ?2
        )
        ORDER BY 1 LIMIT ?2
    )";

pub(super) async fn changes(
    readers: &SqlitePool,
    after: Option<FeedCursor>,
    limit: usize,
) -> Result<Result<Changes, Refusal>, sqlx::Error> {
    let position = after.map_or(0, |after| after.at.position.0);
    let Ok(position) = i64::try_from(position) else { return Ok(Err(Refusal::OtherTimeline)) };
    // One more than asked for shows whether there is more.
    let query = sqlx::query(CHANGES).bind(position).bind(limit as i64 + 1);
    let found = query.fetch_all(readers).await?;
    let (state, found) = found.split_first().ok_or(sqlx::Error::RowNotFound)?;
    let changes = found.iter().map(rows::change).collect::<Result<Vec<_>, _>>()?;
    let (horizon, state) = (rows::horizon(state)?, sql::read_token(state)?);
    Ok(Changes::page(after, limit, state, horizon, changes))
}
