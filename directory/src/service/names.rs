use std::sync::atomic::{AtomicU64, Ordering};

use model::{Monotonic, UserId};
use quick_cache::sync::Cache;

use crate::{BATCH_MAX, Directory, DisplayName, Error};

/// Users whose names are remembered; at most some 300 MB, once so many were shown.
pub const NAMES_REMEMBERED_MAX: usize = 2_000_000;
/// How long a name is shown after it was read, milliseconds, from a store that other processes write too: so late it shows
/// that one of them has changed it.
pub const NAME_AGE_MS_MAX: u64 = 5_000;

/// The names that were read last: whoever shows many people, such as a board, asks for the same ones again and again.
#[derive(Debug)]
pub(super) struct Names {
    cache: Cache<UserId, Remembered>,
    /// How often this process has changed a name.
    changes: AtomicU64,
    /// Whether what was read grows old.
    is_shared: bool,
}

#[derive(Debug, Clone)]
struct Remembered {
    /// `None` for whoever didn't exist.
    name: Option<DisplayName>,
    read: Monotonic,
}

impl Names {
    /// None are remembered yet; they come from a store that is or isn't [shared](crate::Store::is_shared).
    pub(super) fn new(is_shared: bool) -> Self {
        Self { cache: Cache::new(NAMES_REMEMBERED_MAX), changes: AtomicU64::new(0), is_shared }
    }

    /// Forgets a name that this process may have changed.
    pub(super) fn forget(&self, user: &UserId) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.cache.remove(user);
    }

    /// Forgets all names: any may have been changed.
    fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.cache.clear();
    }

    fn recall(&self, user: &UserId, now: Monotonic) -> Option<Remembered> {
        let known = self.cache.get(user)?;
        let is_fresh = !self.is_shared || now.since_ms(known.read) <= NAME_AGE_MS_MAX;
        is_fresh.then_some(known)
    }

    /// Remembers what was read when there had been so many changes. One that came meanwhile may be of this very name: either
    /// it finds what is remembered here, or it is found here.
    fn remember(&self, user: &UserId, remembered: Remembered, changes: u64) {
        self.cache.insert(user.clone(), remembered);
        if self.changes.load(Ordering::SeqCst) != changes {
            self.cache.remove(user);
        }
    }
}

impl Directory {
    /// The names to show of these users, in this order; `None` for whoever doesn't exist. What this process changes shows at
    /// once, what another one does within [`NAME_AGE_MS_MAX`].
    pub async fn names(&self, users: &[UserId]) -> Result<Vec<Option<DisplayName>>, Error> {
        let now = self.shared.clock.now().monotonic;
        let known = &self.shared.names;
        let mut names: Vec<_> = users.iter().map(|user| known.recall(user, now)).collect();
        let missing = users.iter().zip(&names).filter(|(_, name)| name.is_none());
        let missing: Vec<UserId> = missing.map(|(user, _)| user.clone()).collect();
        let changes = known.changes.load(Ordering::SeqCst);
        let mut read = Vec::with_capacity(missing.len());
        for some in missing.chunks(BATCH_MAX) {
            read.extend(self.shared.store.users(some).await?);
        }
        let places = names.iter_mut().filter(|name| name.is_none());
        for ((place, user), found) in places.zip(&missing).zip(read) {
            let remembered = Remembered { name: found.map(|found| found.name), read: now };
            known.remember(user, remembered.clone(), changes);
            *place = Some(remembered);
        }
        Ok(names.into_iter().map(|name| name?.name).collect())
    }
}

impl Directory {
    /// Forgets a name that another process has changed: whoever asks from now on hears the newest.
    pub fn forget_name(&self, user: &UserId) {
        self.shared.names.forget(user);
    }

    /// The same of all names.
    pub fn forget_names(&self) {
        self.shared.names.forget_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{ManualClock, Timestamp};

    use super::*;
    use crate::Config;
    use crate::embedded::EmbeddedStore;

    fn name(text: &str) -> DisplayName {
        DisplayName::parse(text).expect("a name")
    }

    fn id(text: &str) -> UserId {
        UserId::parse(text).expect("an id")
    }

    #[tokio::test]
    async fn what_this_process_changes_shows_at_once() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Arc::new(EmbeddedStore::open(dir.path()).await.expect("a new store"));
        let clock = Arc::new(ManualClock::at(Timestamp(1_763_700_000_000)));
        let directory = Directory::start(store, clock, Config::default());
        let (alice, bob) = (id("alice"), id("bob"));
        let both = [bob.clone(), alice.clone(), bob.clone()];
        assert_eq!(directory.names(&both).await, Ok(vec![None, None, None]));
        directory.put_user(&alice, name("A")).await.expect("made");
        directory.ensure_user(&bob).await.expect("made");
        let expected = vec![Some(name("bob")), Some(name("A")), Some(name("bob"))];
        assert_eq!(directory.names(&both).await, Ok(expected));
    }

    #[test]
    fn a_name_grows_old_only_where_another_process_may_change_it() {
        let alice = id("alice");
        for is_shared in [true, false] {
            let names = Names::new(is_shared);
            names.remember(&alice, Remembered { name: Some(name("A")), read: Monotonic(0) }, 0);
            assert!(names.recall(&alice, Monotonic(NAME_AGE_MS_MAX)).is_some());
            assert_eq!(names.recall(&alice, Monotonic(NAME_AGE_MS_MAX + 1)).is_none(), is_shared);
        }
    }

    #[test]
    fn what_was_read_before_a_change_is_not_remembered_after_it() {
        let names = Names::new(true);
        let (alice, now) = (id("alice"), Monotonic(0));
        let read = || Remembered { name: Some(name("A")), read: now };
        names.remember(&alice, read(), 0);
        assert_eq!(names.recall(&alice, now).and_then(|known| known.name), Some(name("A")));
        names.forget(&alice);
        names.remember(&alice, read(), 0);
        assert!(names.recall(&alice, now).is_none());
    }
}
