use model::UserId;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::business::Business;
use crate::category::CategoryKey;
use crate::cell::{Area, CountedCell, Range};
use crate::freshness::Freshness;
use crate::hexagon::{Hexagon, HexagonRange};
use crate::id::BusinessId;
use crate::rows::{self, Columns};
use crate::store::{Changes, Scan, Scanned};

/// What was read, and from which state.
pub(super) type Seen<T> = Result<(T, Freshness), sqlx::Error>;

/// One statement, so that all of it is of one state. The ranges come in order, so rows come in the order of code and id
/// with little sorting, and no range is read further than the limit. Names and hours are only looked up if wanted, and
/// only of those within the limit.
macro_rules! scan {
    ($places:literal, $of:literal, $counted:literal) => {
        concat!(
            "SELECT feed.head, feed.history, tally.counted, found.*
             FROM proximity.feed
             CROSS JOIN (SELECT ",
            $counted,
            " AS counted) AS tally
             LEFT JOIN (
                 SELECT near.*,
                        CASE WHEN $6 THEN (SELECT name FROM proximity.businesses AS business
                                           WHERE business.id = near.id) END AS name,
                        CASE WHEN $7 THEN (SELECT hours FROM proximity.businesses AS business
                                           WHERE business.id = near.id) END AS hours
                 FROM (
                     SELECT place.*
                     FROM (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS range (first, last)
                           ORDER BY first) AS range
                     CROSS JOIN LATERAL (
                         SELECT code, id, latitude, longitude, placed FROM ",
            $places,
            " WHERE ",
            $of,
            " code BETWEEN range.first AND range.last AND (code, id) > ($3, $4)
                         ORDER BY code, id LIMIT $5
                     ) AS place
                     ORDER BY range.first, place.code, place.id LIMIT $5
                 ) AS near
             ) AS found ON true
             ORDER BY found.code, found.id"
        )
    };
}

pub(super) const SCAN: &str = scan!(
    "proximity.places",
    "",
    "(SELECT coalesce(sum(part.businesses), 0)::bigint
      FROM unnest($8::bigint[], $9::bigint[]) AS range (first, last)
      CROSS JOIN LATERAL (SELECT sum(businesses) AS businesses FROM proximity.cells
                          WHERE cell BETWEEN range.first AND range.last) AS part)
   + (SELECT coalesce(sum(part.businesses), 0)::bigint
      FROM unnest($10::bigint[], $11::bigint[]) AS range (first, last)
      CROSS JOIN LATERAL (SELECT count(*) AS businesses FROM proximity.places
                          WHERE code BETWEEN range.first AND range.last) AS part)"
);

/// Counted cells don't know categories.
pub(super) const SCAN_CATEGORY: &str = scan!(
    "proximity.category_places",
    "category_id = (SELECT id FROM proximity.categories WHERE key = $10) AND",
    "(SELECT coalesce(sum(part.businesses), 0)::bigint
      FROM unnest($8::bigint[], $9::bigint[]) AS range (first, last)
      CROSS JOIN LATERAL (
          SELECT count(*) AS businesses FROM proximity.category_places
          WHERE category_id = (SELECT id FROM proximity.categories WHERE key = $10)
            AND code BETWEEN range.first AND range.last) AS part)"
);

fn ends(ranges: &[Range]) -> (Vec<i64>, Vec<i64>) {
    ranges.iter().map(|range| (range.first.integer(), range.last.integer())).unzip()
}

pub(super) async fn scan(pool: PgPool, scan: &Scan) -> Seen<Scanned> {
    let (first, last) = ends(&scan.ranges);
    let (code, id) = scan.after.map_or((-1, -1), |(code, id)| (code.integer(), id.integer()));
    let sql = if scan.category.is_none() { SCAN } else { SCAN_CATEGORY };
    let query = sqlx::query(sql).bind(first).bind(last).bind(code).bind(id);
    let query = query.bind(scan.rows_max as i64).bind(scan.names).bind(scan.hours);
    let query = if let Some(category) = &scan.category {
        let (first, last) = ends(&scan.counted);
        query.bind(first).bind(last).bind(category.as_str())
    } else {
        let (cells, rest) = whole_cells(&scan.counted);
        let (first_cells, last_cells): (Vec<i64>, Vec<i64>) = cells.into_iter().unzip();
        let (first, last) = ends(&rest);
        query.bind(first_cells).bind(last_cells).bind(first).bind(last)
    };
    let found = query.fetch_all(&pool).await?;
    let as_of = state(&found)?;
    let candidates = there(&found).map(rows::candidate).collect::<Result<Vec<_>, _>>()?;
    let more = candidates.len() == scan.rows_max;
    let counted = found[0].try_get::<i64, _>("counted")? as u64;
    Ok((Scanned { candidates, more, counted, as_of }, as_of))
}

/// The counted cells that lie in the ranges as a whole, and what is left of the ranges.
fn whole_cells(ranges: &[Range]) -> (Vec<(i64, i64)>, Vec<Range>) {
    let mut cells = Vec::new();
    let mut ends = Vec::new();
    for range in ranges {
        let (whole, rest) = range.whole_cells();
        cells.extend(whole.map(|(first, last)| (i64::from(first.0), i64::from(last.0))));
        ends.extend(rest.into_iter().flatten());
    }
    (cells, ends)
}

/// The state, which is in every row: there is at least one.
fn state(found: &[PgRow]) -> Result<Freshness, sqlx::Error> {
    rows::freshness(found.first().ok_or(sqlx::Error::RowNotFound)?)
}

/// The rows that have more than the state.
fn there(found: &[PgRow]) -> impl Iterator<Item = &PgRow> {
    found.iter().filter(|row| !matches!(row.number("id"), Ok(None)))
}

pub(super) async fn density(pool: PgPool, area: Area) -> Seen<Vec<(CountedCell, u32)>> {
    let (first, last) = area.cells();
    let sql = "SELECT head, history, cell AS id, cell, businesses
               FROM proximity.feed
               LEFT JOIN proximity.cells ON cell BETWEEN $1 AND $2
               ORDER BY cell";
    let query = sqlx::query(sql).bind(i64::from(first.0)).bind(i64::from(last.0));
    let found = query.fetch_all(&pool).await?;
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

pub(super) async fn hexagons(pool: PgPool, ranges: &[HexagonRange]) -> Seen<Vec<(Hexagon, u64)>> {
    let ends = ranges.iter().map(|range| (range.first.integer(), range.last.integer()));
    let (first, last): (Vec<i64>, Vec<i64>) = ends.unzip();
    let found = sqlx::query(HEXAGONS).bind(first).bind(last).fetch_all(&pool).await?;
    Ok((there(&found).map(rows::hexagon).collect::<Result<_, _>>()?, state(&found)?))
}

pub(super) async fn has_category(pool: PgPool, category: &CategoryKey) -> Seen<bool> {
    let sql = "SELECT head, history,
                      EXISTS (SELECT FROM proximity.categories WHERE key = $1) AS has
               FROM proximity.feed";
    let row = sqlx::query(sql).bind(category.as_str()).fetch_one(&pool).await?;
    Ok((row.try_get("has")?, rows::freshness(&row)?))
}

pub(super) async fn fetch(pool: PgPool, ids: &[BusinessId]) -> Seen<Vec<Option<Business>>> {
    let sql = "SELECT head, history, wanted.place, businesses.*
               FROM proximity.feed
               LEFT JOIN (unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, place)
                          JOIN proximity.businesses USING (id)) ON true";
    let wanted: Vec<i64> = ids.iter().map(|id| id.integer()).collect();
    let found = sqlx::query(sql).bind(wanted).fetch_all(&pool).await?;
    let mut all = vec![None; ids.len()];
    for row in there(&found) {
        let place = row.try_get::<i64, _>("place")? as usize;
        all[place - 1] = Some(rows::business(row)?);
    }
    Ok((all, state(&found)?))
}

pub(super) async fn owned(
    pool: PgPool,
    owner: &UserId,
    after: Option<BusinessId>,
    limit: usize,
) -> Seen<Vec<Business>> {
    let sql = "SELECT head, history, business.*
               FROM proximity.feed
               LEFT JOIN (SELECT * FROM proximity.businesses
                          WHERE owner = $1 AND id > $2 ORDER BY id LIMIT $3) AS business ON true
               ORDER BY business.id";
    let found = sqlx::query(sql)
        .bind(owner.as_str())
        .bind(after.map_or(-1, BusinessId::integer))
        .bind(limit as i64)
        .fetch_all(&pool)
        .await?;
    Ok((there(&found).map(rows::business).collect::<Result<_, _>>()?, state(&found)?))
}

/// The state, businesses and removals in one statement; either index is read no further than the limit.
const CHANGES: &str = "
    SELECT head, history, change.*
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

pub(super) async fn changes(pool: PgPool, after: i64, limit: usize) -> Seen<Changes> {
    // One more than asked for shows whether there is more.
    let query = sqlx::query(CHANGES).bind(after).bind(limit as i64 + 1);
    let found = query.fetch_all(&pool).await?;
    let state = state(&found)?;
    let mut changes = there(&found).map(rows::change).collect::<Result<Vec<_>, _>>()?;
    let more = changes.len() > limit;
    changes.truncate(limit);
    let next = match changes.last().filter(|_| more) {
        Some(last) => Freshness { position: last.position, ..state },
        None => state,
    };
    Ok((Changes { changes, next, more }, state))
}
