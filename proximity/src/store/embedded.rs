//! Businesses in one `SQLite` file, for a deployment of one process.

mod load;
mod read;
mod save;
mod schema;

use std::path::Path;

use model::{ReadToken, Timestamp, UserId};
use sql::StoreError;
use sql::sqlite::{File, answer};

use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::change::{Changes, FeedCursor};
use crate::core::catalogue::change_set::ChangeSet;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{Import, Imported, WriteRequest};
use crate::core::catalogue::needs::Needs;
use crate::core::catalogue::transaction_state::TransactionState;
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
    pub async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let file = File::open(&data_dir.join(FILE_NAME), CACHE_KIB, &schema::STEPS).await?;
        Ok(Self { file })
    }

    /// Closes the file, so that its log is merged into it. What was answered is durable without this.
    pub async fn close(self) -> Result<(), StoreError> {
        self.file.close().await
    }

    /// Errs if the file in `data_dir` couldn't be opened, as far as can be told while nothing is changed or locked.
    pub fn check(data_dir: &Path) -> Result<(), StoreError> {
        File::check(&data_dir.join(FILE_NAME), &schema::STEPS)
    }

    /// Loads what is needed, lets it be decided, and stores what that changed, all in one transaction.
    async fn commit<T>(
        &self,
        needs: Needs,
        decide: impl FnOnce(&mut TransactionState) -> Result<T, Refusal> + Send,
    ) -> Result<(Result<T, Refusal>, ReadToken), sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        let before = load::read_token(&mut transaction).await?;
        let mut state = load::state(&mut transaction, &needs).await?;
        let decided = decide(&mut state);
        let changes = match decided {
            Ok(_) => state.into_changes(before.position),
            Err(_) => ChangeSet::nothing(before.position),
        };
        save::changes(&mut transaction, &changes).await?;
        transaction.commit().await?;
        writer.keep();
        Ok((decided, ReadToken { position: changes.head, ..before }))
    }
}

impl Store for EmbeddedStore {
    fn apply(&self, writes: Vec<WriteRequest>, limits: Limits) -> Answer<'_, Applied> {
        Box::pin(async move {
            let commit = self.commit(Needs::new(&writes), |state| {
                Ok(writes.iter().map(|write| state.apply(write, &limits)).collect())
            });
            let (outcomes, as_of) = answer::<_, Error>(commit).await?;
            Ok(Applied { outcomes: outcomes?, as_of })
        })
    }

    fn import(&self, places: Vec<Import>, at: Timestamp) -> Answer<'_, (Imported, ReadToken)> {
        Box::pin(async move {
            let commit = self.commit(Needs::of_import(&places), |state| state.import(&places, at));
            let (imported, as_of) = answer::<_, Error>(commit).await?;
            Ok((imported?, as_of))
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

    fn changes(&self, after: Option<FeedCursor>, limit: usize) -> Answer<'_, Changes> {
        Box::pin(async move {
            let changes = read::changes(self.file.readers(), after, limit);
            Ok(answer::<_, Error>(changes).await??)
        })
    }
}

#[cfg(test)]
mod tests;
