use std::collections::BTreeMap;

use model::Position;
use sqlx::PgConnection;

use crate::business::Business;
use crate::category::{CategoryKey, keys as category_keys};
use crate::cell::Code;
use crate::hexagon;
use crate::ledger::Dirty;

/// What changes in the tables that searches read.
#[derive(Default)]
pub(super) struct Index {
    places_out: Places,
    places_in: Places,
    categories_out: Categories,
    categories_in: Categories,
    cells: BTreeMap<i64, i64>,
    hexagons: BTreeMap<i64, i64>,
}

/// Keys of places, by column.
#[derive(Default)]
struct Places {
    codes: Vec<i64>,
    ids: Vec<i64>,
}

/// Keys of places in categories, by column.
#[derive(Default)]
struct Categories {
    keys: Vec<String>,
    places: Places,
}

impl Index {
    pub(super) fn of(dirty: &[Dirty]) -> Self {
        let mut index = Self { hexagons: hexagon::changes(dirty), ..Self::default() };
        for Dirty { before, after, .. } in dirty {
            let (before, after) = (before.as_ref().map(Entry::of), after.as_ref().map(Entry::of));
            let stays = before
                .as_ref()
                .zip(after.as_ref())
                .is_some_and(|(before, after)| before.position == after.position);
            if let Some(entry) = &before {
                if !stays {
                    index.places_out.push(entry);
                    *index.cells.entry(entry.cell()).or_default() -= 1;
                }
                index.categories_out.push(entry, after.as_ref().filter(|_| stays));
            }
            if let Some(entry) = &after {
                if !stays {
                    index.places_in.push(entry);
                    *index.cells.entry(entry.cell()).or_default() += 1;
                }
                index.categories_in.push(entry, before.as_ref().filter(|_| stays));
            }
        }
        index.cells.retain(|_, more| *more != 0);
        index
    }

    /// Takes out what no longer holds, before the businesses are written.
    pub(super) async fn delete(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let Places { codes, ids } = &self.places_out;
        if !ids.is_empty() {
            let sql = "DELETE FROM proximity.places AS place
                       USING unnest($1::bigint[], $2::bigint[]) AS gone (code, id)
                       WHERE place.code = gone.code AND place.id = gone.id";
            sqlx::query(sql).bind(codes).bind(ids).execute(&mut *connection).await?;
        }
        let Categories { keys, places: Places { codes, ids } } = &self.categories_out;
        if !ids.is_empty() {
            let sql = "DELETE FROM proximity.category_places AS place
                       USING unnest($1::text[], $2::bigint[], $3::bigint[]) AS gone (key, code, id)
                       JOIN proximity.categories AS category ON category.key = gone.key
                       WHERE place.category_id = category.id
                         AND place.code = gone.code AND place.id = gone.id";
            sqlx::query(sql).bind(keys).bind(codes).bind(ids).execute(connection).await?;
        }
        Ok(())
    }

    /// Puts in what holds now, after the businesses were written, from which positions are taken.
    pub(super) async fn insert(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let Places { codes, ids } = &self.places_in;
        if !ids.is_empty() {
            let sql = "INSERT INTO proximity.places (code, id, latitude, longitude, placed)
                       SELECT new.code, id, latitude, longitude, placed
                       FROM unnest($1::bigint[], $2::bigint[]) AS new (code, id)
                       JOIN proximity.businesses USING (id)";
            sqlx::query(sql).bind(codes).bind(ids).execute(&mut *connection).await?;
        }
        self.insert_categories(connection).await?;
        self.count(connection).await?;
        self.count_hexagons(connection).await
    }

    async fn insert_categories(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let Categories { keys, places: Places { codes, ids } } = &self.categories_in;
        if ids.is_empty() {
            return Ok(());
        }
        // Only the new ones are inserted, since one that is refused uses up a number too.
        let sql = "INSERT INTO proximity.categories (key)
                   SELECT DISTINCT key FROM unnest($1::text[]) AS wanted (key)
                   WHERE NOT EXISTS (SELECT FROM proximity.categories AS known
                                     WHERE known.key = wanted.key)";
        sqlx::query(sql).bind(keys).execute(&mut *connection).await?;
        let sql = "INSERT INTO proximity.category_places
                       (category_id, code, id, latitude, longitude, placed)
                   SELECT category.id, new.code, business.id, latitude, longitude, placed
                   FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS new (key, code, id)
                   JOIN proximity.categories AS category ON category.key = new.key
                   JOIN proximity.businesses AS business ON business.id = new.id";
        sqlx::query(sql).bind(keys).bind(codes).bind(ids).execute(connection).await?;
        Ok(())
    }

    async fn count(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.cells.is_empty() {
            return Ok(());
        }
        let (cells, more): (Vec<i64>, Vec<i64>) = self.cells.iter().unzip();
        let sql = "INSERT INTO proximity.cells AS cell (cell, businesses)
                   SELECT * FROM unnest($1::bigint[], $2::bigint[])
                   ON CONFLICT (cell) DO UPDATE
                       SET businesses = cell.businesses + excluded.businesses";
        sqlx::query(sql).bind(&cells).bind(more).execute(&mut *connection).await?;
        let sql = "DELETE FROM proximity.cells WHERE businesses = 0 AND cell = ANY ($1)";
        sqlx::query(sql).bind(cells).execute(connection).await?;
        Ok(())
    }

    async fn count_hexagons(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.hexagons.is_empty() {
            return Ok(());
        }
        let (cells, more): (Vec<i64>, Vec<i64>) = self.hexagons.iter().unzip();
        let sql = "INSERT INTO proximity.hexagons AS hexagon (cell, businesses)
                   SELECT * FROM unnest($1::bigint[], $2::bigint[])
                   ON CONFLICT (cell) DO UPDATE
                       SET businesses = hexagon.businesses + excluded.businesses";
        sqlx::query(sql).bind(cells).bind(more).execute(&mut *connection).await?;
        let fewer = self.hexagons.iter().filter(|(_, more)| **more < 0);
        let fewer: Vec<i64> = fewer.map(|(cell, _)| *cell).collect();
        if !fewer.is_empty() {
            let sql = "DELETE FROM proximity.hexagons WHERE businesses = 0 AND cell = ANY ($1)";
            sqlx::query(sql).bind(fewer).execute(connection).await?;
        }
        Ok(())
    }
}

impl Places {
    fn push(&mut self, entry: &Entry) {
        self.codes.push(entry.code.integer());
        self.ids.push(entry.id);
    }
}

impl Categories {
    /// Those of the entry that the one staying in its place hasn't.
    fn push(&mut self, entry: &Entry, staying: Option<&Entry>) {
        for key in &entry.categories {
            if staying.is_none_or(|other| !other.categories.contains(key)) {
                self.keys.push(key.as_str().to_owned());
                self.places.push(entry);
            }
        }
    }
}

/// What stands about a business in the tables that searches read.
struct Entry {
    id: i64,
    code: Code,
    position: Position,
    categories: Vec<CategoryKey>,
}

impl Entry {
    fn of(business: &Business) -> Self {
        let position = business.details.position;
        Self {
            id: business.id.integer(),
            code: Code::of(position),
            position,
            categories: category_keys(&business.details.categories),
        }
    }

    fn cell(&self) -> i64 {
        i64::from(self.code.counted_cell().0)
    }
}
