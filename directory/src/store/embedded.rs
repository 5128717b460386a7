//! The directory in one `SQLite` file, for a deployment of one process.

mod load;
mod read;
mod save;
mod schema;

use std::path::Path;

use model::{ReadToken, Timestamp, UserId, crash};
use sql::StoreError;
use sql::sqlite::{File, READERS_MAX, answer};

use crate::core::transaction_state::Needs;
use crate::store::announcing::{Announcer, PendingNotices};
use crate::{
    Answer, Applied, CHANGES_MAX, Changes, Entry, FeedGap, Limits, List, Listener, Relation, Store,
    StoredCircle, User, WriteRequest,
};

/// The file in the data directory; `SQLite` keeps its log and index beside it.
pub const FILE_NAME: &str = "directory.sqlite";

/// Pages that each connection keeps, KiB.
const CACHE_KIB: u32 = 2_000;

/// The embedded store. One process at a time may have a file open: changes made by another wouldn't be announced.
#[derive(Debug)]
pub struct EmbeddedStore {
    file: File,
    announcer: Announcer,
}

impl EmbeddedStore {
    /// Opens the file in `data_dir`, which must exist, and brings its schema up to date.
    ///
    /// Errs if it can't be written to (read-only, full), is damaged, or comes from a newer version.
    pub async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let file = File::open(&data_dir.join(FILE_NAME), CACHE_KIB, &schema::STEPS).await?;
        Ok(Self { file, announcer: Announcer::default() })
    }

    /// Errs if the file in `data_dir` couldn't be opened, as far as can be told while nothing is changed or locked.
    pub fn check(data_dir: &Path) -> Result<(), StoreError> {
        File::check(&data_dir.join(FILE_NAME), &schema::STEPS)
    }

    /// Closes the file, so that its log is merged into it. What was answered is durable without this.
    pub async fn close(self) -> Result<(), StoreError> {
        self.file.close().await
    }

    async fn commit(
        &self,
        batch: &[WriteRequest],
        limits: &Limits,
    ) -> Result<Applied, sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        let mut state = load::state(&mut transaction, &Needs::new(batch)).await?;
        let outcomes = batch.iter().map(|write| state.apply(write, limits)).collect();
        let changes = state.into_changes();
        let state = save::changes(&mut transaction, &changes).await?;
        let notices = PendingNotices::new(&self.announcer, changes.edits);
        transaction.commit().await?;
        crash::point("directory.committed");
        // Before anybody else may write, so that announcements come in the order of commits.
        let published = notices.settle(state);
        writer.keep();
        Ok(Applied { outcomes, published })
    }

    async fn forget(&self, before: Timestamp, limit: usize) -> Result<usize, sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        let forgotten = save::forget(&mut transaction, before, limit).await?;
        transaction.commit().await?;
        writer.keep();
        Ok(forgotten)
    }
}

impl Store for EmbeddedStore {
    fn is_shared(&self) -> bool {
        false
    }

    fn apply(&self, batch: Vec<WriteRequest>, limits: Limits) -> Answer<'_, Applied> {
        Box::pin(answer(async move { self.commit(&batch, &limits).await }))
    }

    fn users<'a>(&'a self, ids: &'a [UserId]) -> Answer<'a, Vec<Option<User>>> {
        Box::pin(answer(read::users(self.file.readers(), ids)))
    }

    fn relations<'a>(&'a self, pairs: &'a [(UserId, UserId)]) -> Answer<'a, Vec<Relation>> {
        Box::pin(answer(read::relations(self.file.readers(), pairs)))
    }

    fn page<'a>(
        &'a self,
        list: List,
        owner: &'a UserId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> Answer<'a, Vec<Entry>> {
        Box::pin(answer(read::page(self.file.readers(), list, owner, after, limit)))
    }

    fn circles<'a>(&'a self, users: &'a [UserId]) -> Answer<'a, (ReadToken, Vec<StoredCircle>)> {
        Box::pin(answer(read::circles(self.file.readers(), users)))
    }

    fn circle_reads_max(&self) -> usize {
        READERS_MAX as usize
    }

    fn changes(&self, after: ReadToken, limit: usize) -> Answer<'_, Result<Changes, FeedGap>> {
        Box::pin(answer(read::changes(self.file.readers(), after, limit.min(CHANGES_MAX))))
    }

    fn forget_changes(&self, before: Timestamp, limit: usize) -> Answer<'_, usize> {
        Box::pin(answer(self.forget(before, limit.min(CHANGES_MAX))))
    }

    fn state(&self) -> Answer<'_, (ReadToken, Timestamp)> {
        Box::pin(answer(read::state(self.file.readers())))
    }

    fn listen(&self, listener: Listener) {
        self.announcer.listen(listener);
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;
    use crate::Mutation;

    fn ensure(users: std::ops::Range<usize>) -> Vec<WriteRequest> {
        users
            .map(|n| {
                let user = UserId::parse(&format!("{n:0128}")).expect("id");
                WriteRequest { mutation: Mutation::Ensure { user }, at: Timestamp(0) }
            })
            .collect()
    }

    #[tokio::test]
    async fn a_full_disk_is_unavailable_and_changes_nothing() {
        let data = tempfile::TempDir::new().expect("a temporary directory");
        let store = EmbeddedStore::open(data.path()).await.expect("opens");
        let mut writer = store.file.writer().await.expect("nothing has failed yet");
        let mut transaction = writer.begin().await.expect("begins");
        // SQLite takes a limit below the present size as the present size.
        let limit = sqlx::raw_sql("PRAGMA max_page_count = 1").execute(&mut *transaction).await;
        limit.expect("set");
        transaction.commit().await.expect("nothing to write");
        writer.keep();
        let full = Err(StoreError::unavailable("the disk is full").into());
        assert_eq!(store.apply(ensure(0..256), Limits::default()).await.map(|_| ()), full);
        let first = [UserId::parse(&format!("{:0128}", 0)).expect("id")];
        assert_eq!(store.users(&first).await, Ok(vec![None]));
        // The limit went with the connection.
        store.apply(ensure(0..256), Limits::default()).await.expect("there is room again");
        assert!(store.users(&first).await.expect("reads")[0].is_some());
    }
}
