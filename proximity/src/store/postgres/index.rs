use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::{FeedPosition, Position};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::{CategoryKey, keys as category_keys};
use crate::core::catalogue::details::Name;
use crate::core::catalogue::ledger::Dirty;
use crate::core::geo::cell::Code;
use crate::core::geo::hexagon;
use crate::store::rows::missing;

/// What changes in the tables that searches read.
#[derive(Default)]
pub(super) struct Index {
    places_out: Vec<(i64, i64)>,
    places_in: Vec<Place>,
    categories_out: Vec<(CategoryKey, i64, i64)>,
    categories_in: Vec<(CategoryKey, Place)>,
    /// By how much the counters change, of cells and of hexagons.
    cells: BTreeMap<i64, i64>,
    hexagons: BTreeMap<i64, i64>,
}

/// A row of `places`, and of `category_places` but for the category.
#[derive(Clone)]
struct Place {
    code: i64,
    id: i64,
    position: Position,
    placed: i64,
    name: Name,
}

impl Index {
    /// Of changes, the first of which comes behind the feed's `head`.
    pub(super) fn of(head: FeedPosition, dirty: &[Dirty]) -> Self {
        let mut index = Self { hexagons: hexagon::changes(dirty), ..Self::default() };
        for (position, dirty) in in_feed(head, dirty) {
            let entry =
                |business: &Business| Entry::of(business, placed_at(position, dirty, business));
            let (before, after) =
                (dirty.before.as_ref().map(entry), dirty.after.as_ref().map(entry));
            index.add(before.as_ref(), after.as_ref());
        }
        index.cells.retain(|_, more| *more != 0);
        index.places_out.sort_unstable();
        index.places_in.sort_unstable_by_key(Place::key);
        index
    }

    fn add(&mut self, before: Option<&Entry>, after: Option<&Entry>) {
        let stays =
            before.zip(after).is_some_and(|(before, after)| before.place.is_as(&after.place));
        if let Some(entry) = before {
            if !stays {
                self.places_out.push(entry.place.key());
                *self.cells.entry(entry.cell).or_default() -= 1;
            }
            let (code, id) = entry.place.key();
            let gone = entry.categories_but(after.filter(|_| stays));
            self.categories_out.extend(gone.map(|key| (key.clone(), code, id)));
        }
        if let Some(entry) = after {
            if !stays {
                self.places_in.push(entry.place.clone());
                *self.cells.entry(entry.cell).or_default() += 1;
            }
            let new = entry.categories_but(before.filter(|_| stays));
            self.categories_in.extend(new.map(|key| (key.clone(), entry.place.clone())));
        }
    }

    /// Takes out what no longer holds.
    pub(super) async fn delete(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if !self.places_out.is_empty() {
            let (codes, ids): (Vec<i64>, Vec<i64>) = self.places_out.iter().copied().unzip();
            let sql = "DELETE FROM proximity.places AS place
                       USING unnest($1::bigint[], $2::bigint[]) AS gone (code, id)
                       WHERE place.code = gone.code AND place.id = gone.id";
            sqlx::query(sql).bind(codes).bind(ids).execute(&mut *connection).await?;
        }
        if !self.categories_out.is_empty() {
            let gone = &self.categories_out;
            let sql = "DELETE FROM proximity.category_places AS place
                       USING unnest($1::text[], $2::bigint[], $3::bigint[]) AS gone (key, code, id)
                       JOIN proximity.categories AS category ON category.key = gone.key
                       WHERE place.category_id = category.id
                         AND place.code = gone.code AND place.id = gone.id";
            sqlx::query(sql)
                .bind(gone.iter().map(|(key, _, _)| key.as_str()).collect::<Vec<_>>())
                .bind(gone.iter().map(|(_, code, _)| *code).collect::<Vec<_>>())
                .bind(gone.iter().map(|(_, _, id)| *id).collect::<Vec<_>>())
                .execute(connection)
                .await?;
        }
        Ok(())
    }

    /// Puts in what holds now.
    pub(super) async fn insert(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if !self.places_in.is_empty() {
            let Columns { codes, ids, latitudes, longitudes, placed, names } =
                Columns::of(&self.places_in);
            let sql = "INSERT INTO proximity.places (code, id, latitude, longitude, placed, name)
                       SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::float8[], $4::float8[],
                                            $5::bigint[], $6::text[])";
            sqlx::query(sql)
                .bind(codes)
                .bind(ids)
                .bind(latitudes)
                .bind(longitudes)
                .bind(placed)
                .bind(names)
                .execute(&mut *connection)
                .await?;
        }
        self.insert_categories(connection).await?;
        count(connection, &CELLS, &self.cells).await?;
        count(connection, &HEXAGONS, &self.hexagons).await
    }

    async fn insert_categories(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.categories_in.is_empty() {
            return Ok(());
        }
        let keys: BTreeSet<&str> = self.categories_in.iter().map(|(key, _)| key.as_str()).collect();
        let numbers = category_ids(connection, &keys).await?;
        let mut rows: Vec<(i64, Place)> = Vec::with_capacity(self.categories_in.len());
        for (key, place) in &self.categories_in {
            let number = numbers.get(key.as_str()).ok_or_else(|| missing("a category"))?;
            rows.push((*number, place.clone()));
        }
        rows.sort_unstable_by_key(|(category, place)| (*category, place.key()));
        let (categories, places): (Vec<i64>, Vec<Place>) = rows.into_iter().unzip();
        let Columns { codes, ids, latitudes, longitudes, placed, names } = Columns::of(&places);
        let sql = "INSERT INTO proximity.category_places
                       (category_id, code, id, latitude, longitude, placed, name)
                   SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::float8[],
                                        $5::float8[], $6::bigint[], $7::text[])";
        sqlx::query(sql)
            .bind(categories)
            .bind(codes)
            .bind(ids)
            .bind(latitudes)
            .bind(longitudes)
            .bind(placed)
            .bind(names)
            .execute(connection)
            .await?;
        Ok(())
    }
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
    let sql = "SELECT key, id FROM proximity.categories WHERE key = ANY ($1)";
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

/// How a table of counters is changed.
struct Counters {
    /// Adds to those that are there, and says which they are.
    add: &'static str,
    /// Makes those that aren't.
    begin: &'static str,
    /// Removes those that count nothing any more.
    clear: &'static str,
}

macro_rules! counters {
    ($table:literal) => {
        Counters {
            add: concat!(
                "WITH known AS (
                     UPDATE ",
                $table,
                " AS counter SET businesses = counter.businesses + new.more
                     FROM unnest($1::bigint[], $2::bigint[]) AS new (cell, more)
                     WHERE counter.cell = new.cell
                     RETURNING counter.cell
                 )
                 SELECT coalesce(array_agg(cell), '{}') FROM known"
            ),
            begin: concat!(
                "INSERT INTO ",
                $table,
                " (cell, businesses)
                 SELECT * FROM unnest($1::bigint[], $2::bigint[])"
            ),
            clear: concat!("DELETE FROM ", $table, " WHERE businesses = 0 AND cell = ANY ($1)"),
        }
    };
}

const CELLS: Counters = counters!("proximity.cells");
const HEXAGONS: Counters = counters!("proximity.hexagons");

/// Those that are there are added to, the rest begun: an upsert would look for each first, and write
/// more of it down.
async fn count(
    connection: &mut PgConnection,
    counters: &Counters,
    changes: &BTreeMap<i64, i64>,
) -> Result<(), sqlx::Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let (cells, more): (Vec<i64>, Vec<i64>) = changes.iter().unzip();
    let query = sqlx::query_scalar(counters.add).bind(cells).bind(more);
    // In one row, for there may be tens of thousands, which would be sent and read one by one.
    let known: Vec<i64> = query.fetch_one(&mut *connection).await?;
    let known: HashSet<i64> = known.into_iter().collect();
    let new = changes.iter().filter(|(cell, _)| !known.contains(cell));
    let (cells, counts): (Vec<i64>, Vec<i64>) = new.unzip();
    if !cells.is_empty() {
        sqlx::query(counters.begin).bind(cells).bind(counts).execute(&mut *connection).await?;
    }
    let fewer: Vec<i64> =
        changes.iter().filter(|(_, more)| **more < 0).map(|(cell, _)| *cell).collect();
    if !fewer.is_empty() {
        sqlx::query(counters.clear).bind(fewer).execute(connection).await?;
    }
    Ok(())
}

impl Place {
    fn key(&self) -> (i64, i64) {
        (self.code, self.id)
    }

    /// Whether the other says the same: so there is nothing to write.
    fn is_as(&self, other: &Self) -> bool {
        self.position == other.position && self.name == other.name
    }
}

/// Places by column.
struct Columns<'a> {
    codes: Vec<i64>,
    ids: Vec<i64>,
    latitudes: Vec<f64>,
    longitudes: Vec<f64>,
    placed: Vec<i64>,
    names: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(places: &'a [Place]) -> Self {
        Self {
            codes: places.iter().map(|place| place.code).collect(),
            ids: places.iter().map(|place| place.id).collect(),
            latitudes: places.iter().map(|place| place.position.latitude()).collect(),
            longitudes: places.iter().map(|place| place.position.longitude()).collect(),
            placed: places.iter().map(|place| place.placed).collect(),
            names: places.iter().map(|place| place.name.as_str()).collect(),
        }
    }
}

/// Changes with their places in the feed behind its `head`.
pub(super) fn in_feed(
    head: FeedPosition,
    dirty: &[Dirty],
) -> impl Iterator<Item = (FeedPosition, &Dirty)> {
    dirty.iter().zip(1..).map(move |(dirty, n)| (FeedPosition(head.0 + n), dirty))
}

/// The place in the feed of the change that put a business where it is.
pub(super) fn placed_at(
    position: FeedPosition,
    dirty: &Dirty,
    business: &Business,
) -> FeedPosition {
    if dirty.is_placed() { position } else { business.placed }
}

/// What stands about a business in the tables that searches read.
struct Entry {
    place: Place,
    cell: i64,
    categories: Vec<CategoryKey>,
}

impl Entry {
    fn of(business: &Business, placed: FeedPosition) -> Self {
        let position = business.details.position;
        let code = Code::of(position);
        let (id, placed) = (business.id.integer(), placed.0 as i64);
        let name = business.details.name.clone();
        Self {
            place: Place { code: code.integer(), id, position, placed, name },
            cell: i64::from(code.counted_cell().0),
            categories: category_keys(&business.details.categories),
        }
    }

    /// Those that the one staying in its place hasn't.
    fn categories_but(&self, staying: Option<&Self>) -> impl Iterator<Item = &CategoryKey> {
        self.categories
            .iter()
            .filter(move |key| staying.is_none_or(|other| !other.categories.contains(key)))
    }
}
