mod receipts;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use model::UserId;
use parking_lot::Mutex;

use super::Deps;
use crate::{StoreError, USERS_MAX, UserKey, UserRecord};
pub(super) use receipts::Receipts;

/// The most users that are remembered, and the most bytes of what is known of them, about.
const USERS_KEPT_MAX: usize = 100_000;
const BYTES_MAX: usize = 64 << 20;
/// What a user takes beside their record's lists: id, key and its schedule, places in maps.
const USER_BYTES: usize = 600;

/// What is known of a user, and their key, unwrapped once.
#[derive(Debug, Default)]
pub(super) struct KnownUser {
    pub record: UserRecord,
    key: OnceLock<UserKey>,
}

impl KnownUser {
    pub(super) fn new(record: UserRecord) -> Self {
        Self { record, key: OnceLock::new() }
    }

    /// The key by which the user's chunks are sealed; `None` if there is none.
    pub(super) fn key(&self, deps: &Deps, user: &UserId) -> Result<Option<&UserKey>, StoreError> {
        let Some(wrapped) = &self.record.wrapped_key else { return Ok(None) };
        if let Some(key) = self.key.get() {
            return Ok(Some(key));
        }
        let key = deps.unwrap(user, wrapped)?;
        Ok(Some(self.key.get_or_init(|| key)))
    }

    fn bytes(&self) -> usize {
        let UserRecord { erasures, off_times, .. } = &self.record;
        USER_BYTES + 24 * (erasures.iter().count() + off_times.iter().count())
    }
}

/// What the register says of users.
///
/// Where all changes of the register are made through this process ([`is_exclusive`](crate::Register::is_exclusive)) it is remembered until it
/// changes; else the register is asked each time, and only keys are remembered, which are found by how they are wrapped.
#[derive(Debug, Default)]
pub(super) struct Records {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Those that were asked for last; when they are half of what may be, they become the older ones.
    newer: Generation,
    older: Generation,
    /// Grows with each change: what was being read meanwhile isn't remembered.
    changes: u64,
}

#[derive(Debug, Default)]
struct Generation {
    users: HashMap<UserId, Arc<KnownUser>>,
    bytes: usize,
}

impl Records {
    /// What is known of these users, in their order; up to [`USERS_MAX`].
    pub(super) async fn read(
        &self,
        Deps { register, shared_logs, .. }: &Deps,
        users: &[UserId],
    ) -> Result<Vec<Arc<KnownUser>>, StoreError> {
        debug_assert!(users.len() <= USERS_MAX, "a register reads no more");
        let (mut known, changes) = {
            let mut known = self.known.lock();
            let found: Vec<_> = users.iter().map(|user| known.get(user)).collect();
            (found, known.changes)
        };
        let is_exclusive = register.is_exclusive() && shared_logs.is_none();
        let asked = users.iter().zip(&known).filter(|(_, it)| !is_exclusive || it.is_none());
        let asked: Vec<_> = asked.map(|(user, _)| user.clone()).collect();
        if !asked.is_empty() {
            let mut read = register.records(&asked).await?.into_iter();
            let mut remembered = self.known.lock();
            let is_current = remembered.changes == changes;
            for (user, known) in users.iter().zip(&mut known) {
                if is_exclusive && known.is_some() {
                    continue;
                }
                let record = read.next().unwrap_or_default();
                if known.as_ref().is_some_and(|known| known.record == record) {
                    continue;
                }
                let fresh = Arc::new(KnownUser::new(record));
                if is_current {
                    remembered.insert(user.clone(), Arc::clone(&fresh));
                }
                *known = Some(fresh);
            }
        }
        Ok(known.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// What was known of a user may have changed.
    pub(super) fn forget(&self, user: &UserId) {
        let mut known = self.known.lock();
        known.changes += 1;
        let Known { newer, older, .. } = &mut *known;
        for generation in [newer, older] {
            generation.remove(user);
        }
    }

    /// What was known of anybody may have changed.
    pub(super) fn forget_all(&self) {
        let mut known = self.known.lock();
        let changes = known.changes + 1;
        *known = Known { changes, ..Known::default() };
    }
}

impl Known {
    fn get(&mut self, user: &UserId) -> Option<Arc<KnownUser>> {
        if let Some(known) = self.newer.users.get(user) {
            return Some(Arc::clone(known));
        }
        let known = self.older.remove(user)?;
        self.insert(user.clone(), Arc::clone(&known));
        Some(known)
    }

    fn insert(&mut self, user: UserId, known: Arc<KnownUser>) {
        self.older.remove(&user);
        self.newer.remove(&user);
        let bytes = known.bytes();
        if self.newer.users.len() >= USERS_KEPT_MAX / 2 || self.newer.bytes + bytes > BYTES_MAX / 2
        {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.bytes += bytes;
        self.newer.users.insert(user, known);
    }
}

impl Generation {
    fn remove(&mut self, user: &UserId) -> Option<Arc<KnownUser>> {
        let removed = self.users.remove(user)?;
        self.bytes -= removed.bytes();
        Some(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_those_who_were_asked_for_last_and_no_more_than_it_may() {
        let mut known = Known::default();
        let user = |n: usize| UserId::parse(&format!("user-{n}")).expect("an id");
        for n in 0..2 * USERS_KEPT_MAX {
            known.insert(user(n), Arc::default());
            assert!(known.get(&user(0)).is_some(), "it is asked for all the time");
            assert!(known.newer.users.len() + known.older.users.len() <= USERS_KEPT_MAX);
        }
        assert!(
            known.get(&user(1)).is_none() && known.get(&user(2 * USERS_KEPT_MAX - 1)).is_some()
        );
        let bytes = |generation: &Generation| {
            generation.users.values().map(|known| known.bytes()).sum::<usize>()
        };
        assert_eq!(
            (known.newer.bytes, known.older.bytes),
            (bytes(&known.newer), bytes(&known.older))
        );
        assert!(known.newer.bytes + known.older.bytes <= BYTES_MAX);
    }
}
