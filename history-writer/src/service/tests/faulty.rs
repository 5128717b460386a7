//! A store and a register that are real, and to which things happen.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use model::{Timestamp, UserId};
use parking_lot::Mutex;

use crate::{
    ChunkPlace, DeadLetter, Direction, EmbeddedRegister, EmbeddedStore, Erasure, Gaps, KeyId,
    Register, Rewrapped, SealedChunk, Store, StoreAnswer, StoreError, StoredChunk, TimeRange,
    TooManyErasures, UserRecord,
};

/// What happens to the next put.
pub(super) enum Incident {
    /// The store is away.
    Away,
    /// It is answered, and lost when the store dies at once.
    Lost,
    /// It takes nothing of this user, however it comes.
    Refused(UserId),
    /// While it is under way all of this user is erased.
    Erased(UserId, Timestamp, Arc<FaultyRegister>),
}

/// A real store to whose puts things happen.
pub(super) struct FaultyStore {
    pub store: EmbeddedStore,
    pub is_unreadable: AtomicBool,
    pub incidents: Mutex<VecDeque<Incident>>,
    pub outages: AtomicU64,
}

impl Store for FaultyStore {
    fn put<'a>(&'a self, chunks: &'a [StoredChunk]) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            let incident = self.incidents.lock().pop_front();
            match incident {
                Some(Incident::Away) => return Err(StoreError::unavailable("away")),
                Some(Incident::Lost) => {
                    self.outages.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                Some(Incident::Refused(user)) if chunks.iter().any(|it| it.user == user) => {
                    if chunks.len() > 1 {
                        self.incidents.lock().push_front(Incident::Refused(user));
                    }
                    return Err(StoreError::internal("too strange"));
                }
                Some(Incident::Refused(user)) => {
                    self.incidents.lock().push_front(Incident::Refused(user));
                }
                Some(Incident::Erased(user, at, register)) => register.erase_all(&user, at).await?,
                None => {}
            }
            self.store.put(chunks).await
        })
    }

    fn chunks<'a>(
        &'a self,
        user: &'a UserId,
        starts: TimeRange,
        direction: Direction,
        after: Option<ChunkPlace>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<SealedChunk>> {
        if self.is_unreadable.load(Ordering::Relaxed) {
            return Box::pin(async { Err(StoreError::unavailable("away")) });
        }
        self.store.chunks(user, starts, direction, after, limit)
    }

    fn erase<'a>(&'a self, user: &'a UserId, erasure: Erasure) -> StoreAnswer<'a, ()> {
        self.store.erase(user, erasure)
    }

    fn forget(&self, received_before: Timestamp, limit: usize) -> StoreAnswer<'_, usize> {
        self.store.forget(received_before, limit)
    }

    fn newest_received(&self) -> StoreAnswer<'_, Option<Timestamp>> {
        self.store.newest_received()
    }

    fn outages(&self) -> u64 {
        self.outages.load(Ordering::Relaxed)
    }
}

/// A real register that is away now and then.
pub(super) struct FaultyRegister {
    pub register: EmbeddedRegister,
    pub is_exclusive: AtomicBool,
    pub is_away: AtomicBool,
}

impl FaultyRegister {
    fn reached(&self) -> Result<&EmbeddedRegister, StoreError> {
        let is_away = self.is_away.load(Ordering::Relaxed);
        if is_away { Err(StoreError::unavailable("away")) } else { Ok(&self.register) }
    }
}

impl Register for FaultyRegister {
    fn wrapped_by<'a>(
        &'a self,
        key: KeyId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<(UserId, Vec<u8>)>> {
        Box::pin(async move { self.reached()?.wrapped_by(key, after, limit).await })
    }

    fn rewrap<'a>(&'a self, keys: &'a [Rewrapped]) -> StoreAnswer<'a, ()> {
        Box::pin(async move { self.reached()?.rewrap(keys).await })
    }

    fn records<'a>(&'a self, users: &'a [UserId]) -> StoreAnswer<'a, Vec<UserRecord>> {
        Box::pin(async move { self.reached()?.records(users).await })
    }

    fn make_keys<'a>(&'a self, keys: &'a [(UserId, Vec<u8>)]) -> StoreAnswer<'a, Vec<Vec<u8>>> {
        Box::pin(async move { self.reached()?.make_keys(keys).await })
    }

    fn wrapping_keys(&self) -> StoreAnswer<'_, Vec<KeyId>> {
        Box::pin(async move { self.reached()?.wrapping_keys().await })
    }

    fn erase<'a>(
        &'a self,
        user: &'a UserId,
        erasure: Erasure,
    ) -> StoreAnswer<'a, Result<(), TooManyErasures>> {
        Box::pin(async move { self.reached()?.erase(user, erasure).await })
    }

    fn erase_all<'a>(&'a self, user: &'a UserId, erased_at: Timestamp) -> StoreAnswer<'a, ()> {
        Box::pin(async move { self.reached()?.erase_all(user, erased_at).await })
    }

    fn set_off<'a>(&'a self, user: &'a UserId, is_off: bool, at: Timestamp) -> StoreAnswer<'a, ()> {
        Box::pin(async move { self.reached()?.set_off(user, is_off, at).await })
    }

    fn users_off<'a>(
        &'a self,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<UserId>> {
        Box::pin(async move { self.reached()?.users_off(after, limit).await })
    }

    fn users<'a>(
        &'a self,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<UserId>> {
        Box::pin(async move { self.reached()?.users(after, limit).await })
    }

    fn put_aside<'a>(&'a self, letter: &'a DeadLetter) -> StoreAnswer<'a, ()> {
        Box::pin(async move { self.reached()?.put_aside(letter).await })
    }

    fn note_gaps<'a>(&'a self, gaps: &'a [TimeRange]) -> StoreAnswer<'a, ()> {
        Box::pin(async move { self.reached()?.note_gaps(gaps).await })
    }

    fn forget_letters(&self, received_before: Timestamp, limit: usize) -> StoreAnswer<'_, usize> {
        Box::pin(async move { self.reached()?.forget_letters(received_before, limit).await })
    }

    fn forget(&self, before: Timestamp, limit: usize) -> StoreAnswer<'_, usize> {
        Box::pin(async move { self.reached()?.forget(before, limit).await })
    }

    fn newest_change(&self) -> StoreAnswer<'_, Option<Timestamp>> {
        Box::pin(async move { self.reached()?.newest_change().await })
    }

    fn is_exclusive(&self) -> bool {
        self.is_exclusive.load(Ordering::Relaxed)
    }

    fn gaps(&self) -> StoreAnswer<'_, Gaps> {
        Box::pin(async move { self.reached()?.gaps().await })
    }

    fn dead_letters(&self, limit: usize) -> StoreAnswer<'_, Vec<DeadLetter>> {
        Box::pin(async move { self.reached()?.dead_letters(limit).await })
    }
}
