use model::{ReadToken, UserId};
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::change::{Changes, FeedCursor};
use crate::core::catalogue::id::BusinessId;
use crate::core::geo::cell::{Area, CountedCell};
use crate::core::geo::hexagon::{Hexagon, HexagonRange};
use crate::core::refusal::Refusal;
use crate::store::rows::{self, Columns};
use sql::postgres::Readers;

/// What was read, and from which state.
pub(super) type Seen<T> = Result<(T, ReadToken), sqlx::Error>;

/// The state, which is in every row: there is at least one.
pub(super) fn state(found: &[PgRow]) -> Result<ReadToken, sqlx::Error> {
    sql::read_token(found.first().ok_or(sqlx::Error::RowNotFound)?)
}

/// The rows that have more than the state.
pub(super) fn there(found: &[PgRow]) -> impl Iterator<Item = &PgRow> {
    found.iter().filter(|row| !matches!(row.number("id"), Ok(None)))
}

pub(super) async fn density(readers: Readers, area: Area) -> Seen<Vec<(CountedCell, u32)>> {
    let (first, last) = area.cells();
    let sql = "SELECT head, history, cell AS id, cell, businesses
               FROM proximity.feed
               LEFT JOIN proximity.cells ON cell BETWEEN $1 AND $2
               ORDER BY cell";
    let query = sqlx::query(sql).bind(i64::from(first.0)).bind(i64::from(last.0));
    let found = readers.fetch_all(query).await?;
    Ok((there(&found).map(rows::density).collect::<Result<_, _>>()?, state(&found)?))
}

/// `OFFSET 0` keeps the ranges outside: where the table seems small, as it does to statistics of yesterday, the whole of it
/// would be compared with every range.
const HEXAGONS: &str = "
    SELECT head, history, cell AS id, cell, businesses
    FROM proximity.feed
    LEFT JOIN (unnest($1::bigint[], $2::bigint[]) AS range (first, last)
               CROSS JOIN LATERAL (SELECT cell, businesses FROM proximity.hexagons
                                   WHERE cell BETWEEN range.first AND range.last
                                   OFFSET 0) AS found) ON true
    ORDER BY cell";

pub(super) async fn hexagons(
    readers: Readers,
    ranges: &[HexagonRange],
) -> Seen<Vec<(Hexagon, u64)>> {
    let ends = ranges.iter().map(|range| (range.first.integer(), range.last.integer()));
    let (first, last): (Vec<i64>, Vec<i64>) = ends.unzip();
    let query = sqlx::query(HEXAGONS).bind(first).bind(last);
    let found = readers.fetch_all(query).await?;
    Ok((there(&found).map(rows::hexagon).collect::<Result<_, _>>()?, state(&found)?))
}

pub(super) async fn has_category(readers: Readers, category: &CategoryKey) -> Seen<bool> {
    let sql = "SELECT head, history,
                      EXISTS (SELECT FROM proximity.categories WHERE key = $1) AS has
               FROM proximity.feed";
    let row = readers.fetch_one(sqlx::query(sql).bind(category.as_str())).await?;
    Ok((row.try_get("has")?, sql::read_token(&row)?))
}

pub(super) async fn fetch(readers: Readers, ids: &[BusinessId]) -> Seen<Vec<Option<Business>>> {
    let sql = "SELECT head, history, wanted.place, businesses.*
               FROM proximity.feed
               LEFT JOIN (unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, place)
                          JOIN proximity.businesses USING (id)) ON true";
    let wanted: Vec<i64> = ids.iter().map(|id| id.integer()).collect();
    let found = readers.fetch_all(sqlx::query(sql).bind(wanted)).await?;
    let mut all = vec![None; ids.len()];
    for row in there(&found) {
        let place = row.try_get::<i64, _>("place")? as usize;
        all[place - 1] = Some(rows::business(row)?);
    }
    Ok((all, state(&found)?))
}

pub(super) async fn owned(
    readers: Readers,
    owner: &UserId,
    after: Option<BusinessId>,
    limit: usize,
) -> Seen<Vec<Business>> {
    let sql = "SELECT head, history, business.*
               FROM proximity.feed
               LEFT JOIN (SELECT * FROM proximity.businesses
                          WHERE owner = $1 AND id > $2 ORDER BY id LIMIT $3) AS business ON true
               ORDER BY business.id";
    let query = sqlx::query(sql).bind(owner.as_str()).bind(after.map_or(-1, BusinessId::integer));
    let found = readers.fetch_all(query.bind(limit as i64)).await?;
    Ok((there(&found).map(rows::business).collect::<Result<_, _>>()?, state(&found)?))
}

/// The state, businesses and removals in one statement; either index is read no further than the limit.
const CHANGES: &str = "
    SELECT head, history, horizon, change.*
    FROM proximity.feed
    LEFT JOIN (
        (SELECT feed_position, id, version, updated_ms, placed, owner, source, source_id, name,
                latitude, longitude, hours, rest
         FROM proximity.businesses WHERE feed_position > $1 ORDER BY feed_position LIMIT $2)
        UNION ALL
        (SELECT feed_position, id, version, updated_ms, NULL, NULL, NULL, NULL, NULL,
                NULL, NULL, NULL, NULL
         FROM proximity.removed WHERE feed_position > $1 ORDER BY feed_position LIMIT $2)
        ORDER BY feed_position LIMIT $2
    ) AS change ON true
    ORDER BY change.feed_position";

pub(super) async fn changes(
    readers: Readers,
    after: Option<FeedCursor>,
    limit: usize,
) -> Seen<Result<Changes, Refusal>> {
    let position = after.map_or(Ok(0), |after| i64::try_from(after.at.position.0));
    // One more than asked for shows whether there is more. Nothing is behind a position that can't be.
    let query = sqlx::query(CHANGES).bind(position.unwrap_or(i64::MAX)).bind(limit as i64 + 1);
    let found = readers.fetch_all(query).await?;
    let state = state(&found)?;
    let changes = there(&found).map(rows::change).collect::<Result<Vec<_>, _>>()?;
    Ok((Changes::page(after, limit, state, rows::horizon(&found[0])?, changes), state))
}
