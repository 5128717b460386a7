//! Businesses in one `SQLite` file, for a deployment of one process.

mod load;
mod read;
mod save;
mod schema;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use model::{ReadToken, Timestamp, UserId};
use sql::sqlite::{File, answer};
use sqlx::SqliteConnection;

use crate::core::catalogue::business::{Business, Source};
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::change::Changes;
use crate::core::catalogue::command::{Import, Imported, Order};
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::ledger::{Ledger, Needs};
use crate::core::geo::cell::{Area, CountedCell};
use crate::core::geo::hexagon::{Hexagon, HexagonRange};
use crate::core::limits::Limits;
use crate::core::refusal::Refusal;
use crate::core::search::scan::{Scan, Scanned};
use crate::error::Error;
use crate::store::{Answer, Applied, Store};

/// The file in the data directory; `SQLite` keeps its log and index beside it.
pub const FILE_NAME: &str = "proximity.sqlite";

/// Pages that each connection keeps, KiB.
const CACHE_KIB: u32 = 16_384;

/// The embedded store. Every read sees every write that was answered before: it is as fresh as can be asked for.
#[derive(Debug)]
pub struct EmbeddedStore {
    file: File,
}

impl EmbeddedStore {
    /// Opens the file in `data_dir`, which must exist, and brings its schema up to date.
    ///
    /// Errs if it can't be written to (read-only, full), is damaged, or comes from a newer version.
    pub async fn open(data_dir: &Path) -> Result<Self, Error> {
        let file = File::open(&data_dir.join(FILE_NAME), CACHE_KIB, &schema::STEPS).await?;
        Ok(Self { file })
    }

    /// Closes the file, so that its log is merged into it. What was answered is durable without this.
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.file.close().await?)
    }

    async fn commit(&self, orders: &[Order], limits: &Limits) -> Result<Applied, sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        let mut ledger = load::ledger(&mut transaction, &Needs::of(orders)).await?;
        let outcomes = orders.iter().map(|order| ledger.apply(order, limits)).collect();
        let as_of = store(&mut transaction, ledger).await?;
        transaction.commit().await?;
        writer.keep();
        Ok(Applied { outcomes, as_of })
    }

    async fn commit_import(
        &self,
        places: &[Import],
        at: Timestamp,
    ) -> Result<Result<(Imported, ReadToken), Refusal>, sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        let answer = import(&mut transaction, places, at).await?;
        match answer {
            Ok(_) => transaction.commit().await?,
            Err(_) => transaction.rollback().await?,
        }
        writer.keep();
        Ok(answer)
    }
}

async fn import(
    connection: &mut SqliteConnection,
    places: &[Import],
    at: Timestamp,
) -> Result<Result<(Imported, ReadToken), Refusal>, sqlx::Error> {
    let sources: BTreeSet<&Source> = places.iter().map(|place| &place.source).collect();
    let mut stored = load::by_source(connection, &sources).await?;
    let mut known: HashMap<Source, BusinessId> = stored
        .iter()
        .filter_map(|business| Some((business.source.clone()?, business.id)))
        .collect();
    let ids: Vec<BusinessId> = places.iter().map(|place| place.id).collect();
    stored.extend(load::by_id(connection, &ids).await?);
    let mut ledger = Ledger::new(stored, [], []);
    let mut imported = Imported::default();
    for place in places {
        let before = known.get(&place.source).copied();
        match ledger.import(place, before, at, &mut imported) {
            Ok(id) => known.insert(place.source.clone(), id),
            Err(refusal) => return Ok(Err(refusal)),
        };
    }
    let as_of = store(connection, ledger).await?;
    Ok(Ok((imported, as_of)))
}

/// Writes what a ledger changed; the state with it.
async fn store(
    connection: &mut SqliteConnection,
    ledger: Ledger,
) -> Result<ReadToken, sqlx::Error> {
    let before = load::freshness(connection).await?;
    let (dirty, keys) = ledger.into_dirty();
    let position = save::dirty(connection, before.position, &dirty).await?;
    save::keys(connection, &keys).await?;
    Ok(ReadToken { position, ..before })
}

impl Store for EmbeddedStore {
    fn apply(&self, orders: Vec<Order>, limits: Limits) -> Answer<'_, Applied> {
        Box::pin(answer(async move { self.commit(&orders, &limits).await }))
    }

    fn import(&self, places: Vec<Import>, at: Timestamp) -> Answer<'_, (Imported, ReadToken)> {
        Box::pin(async move {
            let imported = answer::<_, Error>(self.commit_import(&places, at)).await?;
            Ok(imported?)
        })
    }

    fn scan(&self, scan: Scan, _fresh: Option<ReadToken>) -> Answer<'_, Scanned> {
        Box::pin(answer(async move { read::scan(self.file.readers(), &scan).await }))
    }

    fn density(&self, area: Area) -> Answer<'_, Vec<(CountedCell, u32)>> {
        Box::pin(answer(read::density(self.file.readers(), area)))
    }

    fn hexagons(
        &self,
        ranges: Vec<HexagonRange>,
        _fresh: Option<ReadToken>,
    ) -> Answer<'_, Vec<(Hexagon, u64)>> {
        Box::pin(answer(async move { read::hexagons(self.file.readers(), &ranges).await }))
    }

    fn has_category<'a>(
        &'a self,
        category: &'a CategoryKey,
        _fresh: Option<ReadToken>,
    ) -> Answer<'a, bool> {
        Box::pin(answer(read::has_category(self.file.readers(), category)))
    }

    fn fetch<'a>(
        &'a self,
        ids: &'a [BusinessId],
        _fresh: Option<ReadToken>,
    ) -> Answer<'a, Vec<Option<Business>>> {
        Box::pin(answer(read::fetch(self.file.readers(), ids)))
    }

    fn owned<'a>(
        &'a self,
        owner: &'a UserId,
        after: Option<BusinessId>,
        limit: usize,
        _fresh: Option<ReadToken>,
    ) -> Answer<'a, Vec<Business>> {
        Box::pin(answer(read::owned(self.file.readers(), owner, after, limit)))
    }

    fn changes(&self, after: Option<ReadToken>, limit: usize) -> Answer<'_, Changes> {
        Box::pin(async move {
            let changes = read::changes(self.file.readers(), after, limit);
            Ok(answer::<_, Error>(changes).await??)
        })
    }
}

#[cfg(test)]
mod tests;
