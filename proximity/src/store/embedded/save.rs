use std::collections::{BTreeMap, BTreeSet};

use model::{FeedPosition, Position};
use serde::Serialize;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::read::json;
use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::{CategoryKey, keys as category_keys};
use crate::core::catalogue::details::Name;
use crate::core::catalogue::ledger::{Dirty, KeyOf, Remembered};
use crate::core::geo::cell::Code;
use crate::core::geo::hexagon;
use crate::core::limits::KEY_AGE_MS_MAX;
use crate::store::rows;

/// Rows in one statement: more than this gains nothing, and `SQLite` takes 32,766 parameters.
const ROWS_MAX: usize = 128;
/// Keys that are forgotten with each batch that brings keys: more than it can bring.
const FORGOTTEN_MAX: u32 = 1_024;

/// Writes what a ledger changed, behind the feed's `head`; answers the new one.
pub(super) async fn dirty(
    connection: &mut SqliteConnection,
    head: FeedPosition,
    dirty: &[Dirty],
) -> Result<FeedPosition, sqlx::Error> {
    if dirty.is_empty() {
        return Ok(head);
    }
    let index = Index::of(dirty);
    index.delete(connection).await?;
    let places: Vec<(FeedPosition, &Dirty)> =
        dirty.iter().zip(1..).map(|(dirty, n)| (FeedPosition(head.0 + n), dirty)).collect();
    for chunk in places.chunks(ROWS_MAX) {
        businesses(connection, chunk).await?;
    }
    removals(connection, &places).await?;
    index.insert(connection).await?;
    let head = FeedPosition(head.0 + dirty.len() as u64);
    sqlx::query("UPDATE feed SET head = ?1").bind(head.0 as i64).execute(connection).await?;
    Ok(head)
}

async fn businesses(
    connection: &mut SqliteConnection,
    places: &[(FeedPosition, &Dirty)],
) -> Result<(), sqlx::Error> {
    let stored: Vec<_> = places
        .iter()
        .filter_map(|(position, dirty)| Some((position, dirty, dirty.after.as_ref()?)))
        .collect();
    if stored.is_empty() {
        return Ok(());
    }
    let mut sql = QueryBuilder::<Sqlite>::new(
        "INSERT INTO businesses (id, feed_position, placed, version, owner, source, source_id,
                                 name, latitude, longitude, hours, rest, updated_ms) ",
    );
    sql.push_values(stored, |mut row, (position, dirty, business)| {
        let Business { id, owner, source, details, version, updated, .. } = business;
        let since = if dirty.is_placed() { position } else { &business.placed };
        row.push_bind(id.integer())
            .push_bind(position.0 as i64)
            .push_bind(since.0 as i64)
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
    places: &[(FeedPosition, &Dirty)],
) -> Result<(), sqlx::Error> {
    let gone = places.iter().filter_map(|(position, dirty)| {
        let before = dirty.before.as_ref().filter(|_| dirty.after.is_none())?;
        Some((position.0, before.id.integer(), dirty.version, dirty.at.0))
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

/// What changes in the tables that searches read.
#[derive(Default)]
struct Index {
    places_out: Vec<(i64, i64)>,
    places_in: Vec<(i64, i64)>,
    categories_out: Vec<(String, i64, i64)>,
    categories_in: Vec<(String, i64, i64)>,
    cells: BTreeMap<u32, i64>,
    hexagons: BTreeMap<i64, i64>,
}

impl Index {
    fn of(dirty: &[Dirty]) -> Self {
        let mut index = Self { hexagons: hexagon::changes(dirty), ..Self::default() };
        for Dirty { before, after, .. } in dirty {
            let (before, after) = (before.as_ref().map(Entry::of), after.as_ref().map(Entry::of));
            let is_there = before
                .as_ref()
                .zip(after.as_ref())
                .is_some_and(|(before, after)| before.is_as(after));
            if let Some(entry) = &before {
                let staying = after.as_ref().filter(|_| is_there);
                if !is_there {
                    index.places_out.push((entry.code.integer(), entry.id));
                    *index.cells.entry(entry.code.counted_cell().0).or_default() -= 1;
                }
                index.categories_out.extend(entry.categories_but(staying));
            }
            if let Some(entry) = &after {
                let staying = before.as_ref().filter(|_| is_there);
                if !is_there {
                    index.places_in.push((entry.code.integer(), entry.id));
                    *index.cells.entry(entry.code.counted_cell().0).or_default() += 1;
                }
                index.categories_in.extend(entry.categories_but(staying));
            }
        }
        index.cells.retain(|_, more| *more != 0);
        index
    }

    async fn delete(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let sql = "DELETE FROM places WHERE (code, id) IN
                       (SELECT value ->> 0, value ->> 1 FROM json_each(?1))";
        run(connection, sql, &self.places_out).await?;
        let sql = "DELETE FROM category_places WHERE (category_id, code, id) IN
                       (SELECT categories.id, value ->> 1, value ->> 2
                        FROM json_each(?1) CROSS JOIN categories ON categories.key = value ->> 0)";
        run(connection, sql, &self.categories_out).await
    }

    /// Positions are taken from the businesses: as JSON they might come back as their neighbours.
    async fn insert(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let sql = "INSERT INTO places
                   SELECT wanted.value ->> 0, businesses.id, latitude, longitude, placed, name
                   FROM json_each(?1) AS wanted
                   CROSS JOIN businesses ON businesses.id = wanted.value ->> 1";
        run(connection, sql, &self.places_in).await?;
        let names: BTreeSet<&str> =
            self.categories_in.iter().map(|(key, _, _)| key.as_str()).collect();
        let sql = "INSERT INTO categories (key) SELECT value FROM json_each(?1) WHERE true
                   ON CONFLICT DO NOTHING";
        run(connection, sql, &names.into_iter().collect::<Vec<_>>()).await?;
        let sql = "INSERT INTO category_places
                   SELECT categories.id, wanted.value ->> 1, businesses.id, latitude, longitude, placed,
                          name
                   FROM json_each(?1) AS wanted
                   CROSS JOIN categories ON categories.key = wanted.value ->> 0
                   CROSS JOIN businesses ON businesses.id = wanted.value ->> 2";
        run(connection, sql, &self.categories_in).await?;
        let cells: Vec<_> = self.cells.iter().collect();
        let sql = "INSERT INTO cells SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true
                   ON CONFLICT DO UPDATE SET businesses = businesses + excluded.businesses";
        run(connection, sql, &cells).await?;
        let sql = "DELETE FROM cells
                   WHERE businesses = 0 AND cell IN (SELECT value ->> 0 FROM json_each(?1))";
        run(connection, sql, &cells).await?;
        self.count_hexagons(connection).await
    }

    async fn count_hexagons(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let hexagons: Vec<_> = self.hexagons.iter().collect();
        let sql = "INSERT INTO hexagons
                   SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true
                   ON CONFLICT DO UPDATE SET businesses = businesses + excluded.businesses";
        run(connection, sql, &hexagons).await?;
        let fewer: Vec<_> = self.hexagons.iter().filter(|(_, more)| **more < 0).collect();
        let sql = "DELETE FROM hexagons
                   WHERE businesses = 0 AND cell IN (SELECT value ->> 0 FROM json_each(?1))";
        run(connection, sql, &fewer).await
    }
}

/// What stands about a business in the tables that searches read.
struct Entry {
    id: i64,
    code: Code,
    position: Position,
    name: Name,
    categories: Vec<CategoryKey>,
}

impl Entry {
    fn of(business: &Business) -> Self {
        let position = business.details.position;
        Self {
            id: business.id.integer(),
            code: Code::of(position),
            position,
            name: business.details.name.clone(),
            categories: category_keys(&business.details.categories),
        }
    }

    /// Whether there is nothing to write but categories.
    fn is_as(&self, other: &Self) -> bool {
        self.position == other.position && self.name == other.name
    }

    fn categories_but(&self, staying: Option<&Self>) -> impl Iterator<Item = (String, i64, i64)> {
        let rows = self
            .categories
            .iter()
            .filter(move |key| staying.is_none_or(|other| !other.categories.contains(key)));
        rows.map(|key| (key.as_str().to_owned(), self.code.integer(), self.id))
    }
}

/// Remembers the keys of a batch, and forgets some that are too old.
pub(super) async fn keys(
    connection: &mut SqliteConnection,
    keys: &[(KeyOf, Remembered)],
) -> Result<(), sqlx::Error> {
    let Some(newest) = keys.iter().map(|(_, known)| known.at).max() else { return Ok(()) };
    let rows: Vec<_> = keys
        .iter()
        .map(|((caller, key), Remembered { fingerprint, at, outcome })| {
            let outcome = rows::outcome_record(outcome);
            (caller.as_str(), key.as_str(), *fingerprint as i64, at.0, outcome)
        })
        .collect();
    let sql = "INSERT OR REPLACE INTO keys
               SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
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
    sql: &'static str,
    rows: &[T],
) -> Result<(), sqlx::Error> {
    if !rows.is_empty() {
        sqlx::query(sql).bind(json(&rows)).execute(connection).await?;
    }
    Ok(())
}
