//! The register in one `SQLite` file, for a deployment of one process. It isn't the file of the chunks, so that a backup of
//! these can be kept without the keys that open it.

mod forget;
mod gaps;
mod json;
mod off;
mod page;
mod rewrapping;
mod schema;
mod statements;

use std::path::Path;

use model::{Timestamp, UserId, crash};
use sql::StoreError;
use sql::sqlite::{File, answer};

use super::{
    DEAD_LETTERS_MAX, DeadLetter, Register, Rewrapped, TooManyErasures, USERS_MAX, UserRecord,
};
use crate::{Erasure, Gaps, KeyId, StoreAnswer, TimeRange, crash_points};

/// The file in the data directory; `SQLite` keeps its log and index beside it.
const FILE_NAME: &str = "history-register.sqlite";
/// Pages that each connection keeps, KiB.
const CACHE_KIB: u32 = 2_000;

/// The embedded register. One process at a time may have a file open.
#[derive(Debug)]
pub struct EmbeddedRegister {
    file: File,
}

impl EmbeddedRegister {
    /// Opens the file in `data_dir`, which must exist, and brings its schema up to date.
    ///
    /// Errs if it can't be written to (read-only, full), is damaged, or comes from a newer version.
    pub async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let file = File::open(&data_dir.join(FILE_NAME), CACHE_KIB, &schema::STEPS).await?;
        Ok(Self { file })
    }

    /// Errs if the file in `data_dir` couldn't be opened, as far as can be told while nothing is changed or locked.
    pub fn check(data_dir: &Path) -> Result<(), StoreError> {
        File::check(&data_dir.join(FILE_NAME), &schema::STEPS)
    }

    async fn give_keys(&self, keys: &[(UserId, Vec<u8>)]) -> Result<Vec<Vec<u8>>, sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        let held = statements::make_keys(&mut transaction, keys).await?;
        transaction.commit().await?;
        writer.keep();
        Ok(held)
    }

    async fn exchange_keys(&self, keys: &[Rewrapped]) -> Result<(), sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        rewrapping::exchange(&mut transaction, keys).await?;
        transaction.commit().await?;
        writer.keep();
        Ok(())
    }

    async fn note(
        &self,
        user: &UserId,
        erasure: Erasure,
    ) -> Result<Result<(), TooManyErasures>, sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        let noted = statements::erase(&mut transaction, user, erasure).await?;
        if noted.is_ok() {
            transaction.commit().await?;
        } else {
            transaction.rollback().await?;
        }
        writer.keep();
        Ok(noted)
    }

    async fn destroy(&self, user: &UserId, erased_at: Timestamp) -> Result<(), sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        statements::erase_all(&mut transaction, user, erased_at).await?;
        transaction.commit().await?;
        crash::point(crash_points::REGISTER_ERASED);
        // The key still lies in the pages that were overwritten.
        writer.empty_log().await?;
        writer.keep();
        Ok(())
    }

    async fn choose(&self, user: &UserId, is_off: bool, at: Timestamp) -> Result<(), sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        off::set(&mut transaction, user, is_off, at).await?;
        transaction.commit().await?;
        writer.keep();
        Ok(())
    }

    async fn widen(&self, added: &[TimeRange]) -> Result<(), sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        gaps::note(&mut transaction, added).await?;
        transaction.commit().await?;
        writer.keep();
        Ok(())
    }

    async fn drop_letters(&self, before: Timestamp, limit: usize) -> Result<usize, sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        let forgotten = forget::letters(&mut transaction, before, limit).await?;
        transaction.commit().await?;
        writer.keep();
        Ok(forgotten)
    }

    async fn settle(&self, before: Timestamp, limit: usize) -> Result<usize, sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        let forgotten = forget::settled(&mut transaction, before, limit).await?;
        transaction.commit().await?;
        writer.keep();
        Ok(forgotten)
    }

    /// Says whether there was room.
    async fn keep(&self, letter: &DeadLetter) -> Result<bool, sqlx::Error> {
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await?;
        let is_kept = statements::put_aside(&mut transaction, letter, DEAD_LETTERS_MAX).await?;
        transaction.commit().await?;
        writer.keep();
        Ok(is_kept)
    }

    /// Closes the file, so that its log is merged into it. What was answered is durable without this.
    pub async fn close(self) -> Result<(), StoreError> {
        self.file.close().await
    }
}

impl Register for EmbeddedRegister {
    fn records<'a>(&'a self, users: &'a [UserId]) -> StoreAnswer<'a, Vec<UserRecord>> {
        Box::pin(answer(statements::records(self.file.readers(), users)))
    }

    fn make_keys<'a>(&'a self, keys: &'a [(UserId, Vec<u8>)]) -> StoreAnswer<'a, Vec<Vec<u8>>> {
        Box::pin(answer(self.give_keys(keys)))
    }

    fn wrapping_keys(&self) -> StoreAnswer<'_, Vec<KeyId>> {
        Box::pin(answer(statements::wrapping_keys(self.file.readers())))
    }

    fn wrapped_by<'a>(
        &'a self,
        key: KeyId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<(UserId, Vec<u8>)>> {
        let limit = limit.min(USERS_MAX);
        Box::pin(answer(rewrapping::wrapped_by(self.file.readers(), key, after, limit)))
    }

    fn rewrap<'a>(&'a self, keys: &'a [Rewrapped]) -> StoreAnswer<'a, ()> {
        Box::pin(answer(self.exchange_keys(keys)))
    }

    fn erase<'a>(
        &'a self,
        user: &'a UserId,
        erasure: Erasure,
    ) -> StoreAnswer<'a, Result<(), TooManyErasures>> {
        Box::pin(answer(self.note(user, erasure)))
    }

    fn erase_all<'a>(&'a self, user: &'a UserId, erased_at: Timestamp) -> StoreAnswer<'a, ()> {
        Box::pin(answer(self.destroy(user, erased_at)))
    }

    fn set_off<'a>(&'a self, user: &'a UserId, is_off: bool, at: Timestamp) -> StoreAnswer<'a, ()> {
        Box::pin(answer(self.choose(user, is_off, at)))
    }

    fn users_off<'a>(
        &'a self,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<UserId>> {
        Box::pin(answer(off::users(self.file.readers(), after, limit.min(USERS_MAX))))
    }

    fn users<'a>(
        &'a self,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<UserId>> {
        Box::pin(answer(statements::users(self.file.readers(), after, limit.min(USERS_MAX))))
    }

    fn put_aside<'a>(&'a self, letter: &'a DeadLetter) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            let is_kept = answer::<_, StoreError>(self.keep(letter)).await?;
            let full = || StoreError::unavailable("too many chunks were put aside");
            if is_kept { Ok(()) } else { Err(full()) }
        })
    }

    fn dead_letters(&self, limit: usize) -> StoreAnswer<'_, Vec<DeadLetter>> {
        let limit = limit.min(DEAD_LETTERS_MAX);
        Box::pin(answer(statements::dead_letters(self.file.readers(), limit)))
    }

    fn note_gaps<'a>(&'a self, gaps: &'a [TimeRange]) -> StoreAnswer<'a, ()> {
        Box::pin(answer(self.widen(gaps)))
    }

    fn gaps(&self) -> StoreAnswer<'_, Gaps> {
        Box::pin(answer(gaps::read(self.file.readers())))
    }

    fn forget_letters(&self, received_before: Timestamp, limit: usize) -> StoreAnswer<'_, usize> {
        Box::pin(answer(self.drop_letters(received_before, limit)))
    }

    fn forget(&self, before: Timestamp, limit: usize) -> StoreAnswer<'_, usize> {
        Box::pin(answer(self.settle(before, limit)))
    }

    fn newest_change(&self) -> StoreAnswer<'_, Option<Timestamp>> {
        Box::pin(answer(statements::newest_change(self.file.readers())))
    }

    /// The file is of one process, and one value of it.
    fn is_exclusive(&self) -> bool {
        true
    }
}
