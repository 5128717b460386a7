//! Chunks in one `SQLite` file, for a deployment of one process.

mod reading;
mod schema;
mod statements;

use std::path::Path;

use model::{Timestamp, UserId, crash};
use sql::StoreError;
use sql::sqlite::{File, answer};

use super::{ChunkPlace, FORGET_CHUNKS_MAX, READ_CHUNKS_MAX, Store, StoreAnswer, StoredChunk};
use crate::{Direction, Erasure, SealedChunk, TimeRange, crash_points};

/// The file in the data directory; `SQLite` keeps its log and index beside it.
const FILE_NAME: &str = "history.sqlite";
/// Pages that each connection keeps, KiB.
const CACHE_KIB: u32 = 8_000;
/// Chunks that are erased in one transaction: puts wait for no more than that.
const ERASE_CHUNKS_MAX: usize = 1_024;

/// The embedded store. One process at a time may have a file open.
#[derive(Debug)]
pub struct EmbeddedStore {
    file: File,
}

impl EmbeddedStore {
    /// Errs if the file in `data_dir` couldn't be opened, as far as can be told while nothing is changed or locked.
    pub fn check(data_dir: &Path) -> Result<(), StoreError> {
        File::check(&data_dir.join(FILE_NAME), &schema::STEPS)
    }

    /// Opens the file in `data_dir`, which must exist, and brings its schema up to date.
    ///
    /// Errs if it can't be written to (read-only, full), is damaged, or comes from a newer version.
    pub async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let file = File::open(&data_dir.join(FILE_NAME), CACHE_KIB, &schema::STEPS).await?;
        Ok(Self { file })
    }

    async fn write(&self, chunks: &[StoredChunk]) -> Result<(), sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        statements::put(&mut transaction, chunks).await?;
        crash::point(crash_points::STORE_WRITTEN);
        transaction.commit().await?;
        crash::point(crash_points::STORE_COMMITTED);
        writer.keep();
        Ok(())
    }

    async fn remove(&self, user: &UserId, erasure: Erasure) -> Result<(), sqlx::Error> {
        loop {
            let mut writer = self.file.writer().await?;
            let mut transaction = writer.begin().await?;
            let removed =
                statements::erase(&mut transaction, user, erasure, ERASE_CHUNKS_MAX).await?;
            transaction.commit().await?;
            writer.keep();
            if removed < ERASE_CHUNKS_MAX {
                return Ok(());
            }
        }
    }

    async fn expire(&self, before: Timestamp, limit: usize) -> Result<usize, sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        let forgotten = statements::forget(&mut transaction, before, limit).await?;
        transaction.commit().await?;
        writer.keep();
        Ok(forgotten)
    }

    /// Closes the file, so that its log is merged into it. What was answered is durable without this.
    pub async fn close(self) -> Result<(), StoreError> {
        self.file.close().await
    }
}

impl Store for EmbeddedStore {
    fn put<'a>(&'a self, chunks: &'a [StoredChunk]) -> StoreAnswer<'a, ()> {
        Box::pin(answer(self.write(chunks)))
    }

    fn chunks<'a>(
        &'a self,
        user: &'a UserId,
        starts: TimeRange,
        direction: Direction,
        after: Option<ChunkPlace>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<SealedChunk>> {
        let limit = limit.min(READ_CHUNKS_MAX);
        let readers = self.file.readers();
        Box::pin(answer(reading::chunks(readers, user, starts, direction, after, limit)))
    }

    fn erase<'a>(&'a self, user: &'a UserId, erasure: Erasure) -> StoreAnswer<'a, ()> {
        Box::pin(answer(self.remove(user, erasure)))
    }

    fn forget(&self, received_before: Timestamp, limit: usize) -> StoreAnswer<'_, usize> {
        Box::pin(answer(self.expire(received_before, limit.min(FORGET_CHUNKS_MAX))))
    }

    fn newest_received(&self) -> StoreAnswer<'_, Option<Timestamp>> {
        Box::pin(answer(reading::newest_received(self.file.readers())))
    }
}
