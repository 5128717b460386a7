use std::collections::BTreeSet;
use std::ops::Bound;

use model::UserId;
use parking_lot::RwLock;

use crate::{Register, StoreError, USERS_MAX};

/// The most users that are known to be off. Points of others are told from those who count when they are stored.
const OFF_USERS_MAX: usize = 500_000;

/// The users whose history is off, as far as this process knows: their points aren't even handed to the log.
///
/// It learns at once of what is turned by this process, and of the rest by a walk over all of them, a page at a time: what
/// another process turned is known here once the walk has come round. Whether a point counts is judged by when it was received,
/// whatever is known here.
#[derive(Debug, Default)]
pub(super) struct OffUsers {
    known: RwLock<Known>,
    /// Held while one is turned, so that what is known last is what was turned last.
    pub turning: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    users: BTreeSet<UserId>,
    /// Those that were turned by this process since the page was asked for that is under way: it may not have them.
    turned: BTreeSet<UserId>,
    /// Behind whom the walk goes on.
    at: Option<UserId>,
}

impl OffUsers {
    /// Whether a user's history is known to be off.
    pub(super) fn contains(&self, user: &UserId) -> bool {
        let known = self.known.read();
        !known.users.is_empty() && known.users.contains(user)
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.known.read().users.len()
    }

    /// Notes what this process has turned, or is about to turn off.
    pub(super) fn turn(&self, user: &UserId, is_off: bool) {
        let mut known = self.known.write();
        known.turned.insert(user.clone());
        if !is_off {
            known.users.remove(user);
        } else if known.users.len() < OFF_USERS_MAX {
            known.users.insert(user.clone());
        }
    }

    /// Walks over another page; answers whether that was the last one.
    pub(super) async fn walk(&self, register: &dyn Register) -> Result<bool, StoreError> {
        let after = {
            let mut known = self.known.write();
            known.turned.clear();
            known.at.clone()
        };
        let page = register.users_off(after.as_ref(), USERS_MAX).await?;
        let last = page.last().filter(|_| page.len() == USERS_MAX).cloned();
        let mut known = self.known.write();
        let Known { users, turned, at } = &mut *known;
        let lower = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let upper = last.as_ref().map_or(Bound::Unbounded, Bound::Included);
        let page: BTreeSet<_> = page.into_iter().collect();
        let range = users.range::<UserId, _>((lower, upper));
        let gone = range.filter(|user| !page.contains(*user) && !turned.contains(*user));
        for user in gone.cloned().collect::<Vec<_>>() {
            users.remove(&user);
        }
        let room = OFF_USERS_MAX.saturating_sub(users.len());
        users.extend(page.into_iter().filter(|user| !turned.contains(user)).take(room));
        let is_end = last.is_none();
        *at = last;
        Ok(is_end)
    }

    /// Walks over all of them once.
    pub(super) async fn load(&self, register: &dyn Register) -> Result<(), StoreError> {
        for _ in 0..=OFF_USERS_MAX / USERS_MAX {
            if self.walk(register).await? {
                break;
            }
        }
        Ok(())
    }
}
