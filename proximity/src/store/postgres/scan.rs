use sqlx::Row;

use super::read::{Seen, state, there};
use crate::core::geo::cell::{Code, Range, whole_cells};
use crate::core::search::scan::{Scan, Scanned};
use crate::store::rows;
use model::ReadToken;
use sql::postgres::Readers;

/// Everything in the ranges, as long as it is no more than the limit: what nearly every search asks for, and half the work
/// of [`SCAN`]. The state comes as a row too, told by what no position has: its head as id, its timeline as `placed`.
macro_rules! plain_scan {
    ($places:literal) => {
        concat!(
            "SELECT head AS id, 'NaN'::float8 AS latitude, 0.0::float8 AS longitude,
                    history AS placed, NULL AS name
             FROM proximity.feed
             UNION ALL
             (SELECT id, latitude, longitude, placed, CASE WHEN $4 THEN name END
              FROM unnest($1::bigint[], $2::bigint[]) AS range (first, last)
              JOIN ",
            $places,
            " code BETWEEN range.first AND range.last
              LIMIT $3)"
        )
    };
}

pub(super) const PLAIN_SCAN: &str = plain_scan!("proximity.places ON");

pub(super) const PLAIN_SCAN_CATEGORY: &str = plain_scan!(
    "proximity.category_places
     ON category_id = (SELECT id FROM proximity.categories WHERE key = $5) AND"
);

/// One statement, so that all of it is of one state. The ranges come in order, so rows come in the order of code and id
/// with little sorting, and no range is read further than the limit. Hours are only looked up if wanted, and only of
/// those within the limit.
///
/// A range begins behind the last row of the scan before; compared as a whole, `(code, id) > …`, the index would be read
/// from there for each of them.
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
                        CASE WHEN $6 THEN (SELECT hours FROM proximity.businesses AS business
                                           WHERE business.id = near.id) END AS hours
                 FROM (
                     SELECT place.*
                     FROM (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS range (first, last)
                           ORDER BY first) AS range
                     CROSS JOIN LATERAL (
                         SELECT code, id, latitude, longitude, placed,
                                CASE WHEN $7 THEN name END AS name
                         FROM ",
            $places,
            " WHERE ",
            $of,
            " code BETWEEN greatest(range.first, $3) AND range.last AND (code > $3 OR id > $4)
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

pub(super) async fn scan(readers: Readers, scan: &Scan) -> Seen<Scanned> {
    let is_plain = scan.after.is_none() && scan.counted.is_empty() && !scan.hours;
    if is_plain && let Some(seen) = scan_plainly(&readers, scan).await? {
        return Ok(seen);
    }
    let (first, last) = ends(&scan.ranges);
    let (code, id) = scan.after.map_or((-1, -1), |(code, id)| (code.integer(), id.integer()));
    let sql = if scan.category.is_none() { SCAN } else { SCAN_CATEGORY };
    let query = sqlx::query(sql).bind(first).bind(last).bind(code).bind(id);
    let query = query.bind(scan.rows_max as i64).bind(scan.hours).bind(scan.names);
    let query = if let Some(category) = &scan.category {
        let (first, last) = ends(&scan.counted);
        query.bind(first).bind(last).bind(category.as_str())
    } else {
        let (cells, rest) = whole_cells(&scan.counted);
        let (first_cells, last_cells): (Vec<i64>, Vec<i64>) = cells.into_iter().unzip();
        let (first, last) = ends(&rest);
        query.bind(first_cells).bind(last_cells).bind(first).bind(last)
    };
    let found = readers.fetch_all(query).await?;
    let as_of = state(&found)?;
    let candidates = rows::candidates(there(&found)).await?;
    let more = candidates.len() == scan.rows_max;
    let counted = found[0].try_get::<i64, _>("counted")? as u64;
    Ok((Scanned { candidates, more, counted, as_of }, as_of))
}

/// What lies in the ranges; none if it is more than the limit, for then it matters in which order it was read.
async fn scan_plainly(
    readers: &Readers,
    scan: &Scan,
) -> Result<Option<(Scanned, ReadToken)>, sqlx::Error> {
    let (first, last) = ends(&scan.ranges);
    let sql = if scan.category.is_none() { PLAIN_SCAN } else { PLAIN_SCAN_CATEGORY };
    let query = sqlx::query(sql).bind(first).bind(last).bind(scan.rows_max as i64);
    let query = query.bind(scan.names);
    let query = match &scan.category {
        Some(category) => query.bind(category.as_str()),
        None => query,
    };
    let found = readers.fetch_all(query).await?;
    if found.len() > scan.rows_max {
        return Ok(None);
    }
    let mut as_of = None;
    let mut candidates = Vec::with_capacity(found.len());
    for row in &found {
        if row.try_get::<f64, _>("latitude")?.is_nan() {
            as_of = Some(rows::plain_token(row)?);
        } else {
            candidates.push(rows::plain_candidate(row)?);
        }
    }
    let as_of = as_of.ok_or(sqlx::Error::RowNotFound)?;
    candidates.sort_unstable_by_key(|found| (Code::new(found.position), found.id));
    Ok(Some((Scanned { candidates, more: false, counted: 0, as_of }, as_of)))
}
