use std::collections::BTreeSet;

use model::{Timestamp, UserId};

use super::{History, Incomplete, Shared};
use crate::{OwnedLog, StoreError, USERS_MAX};

/// Some of the users who have a track, and how much of that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackUsers {
    /// They, in the order of their ids.
    pub users: Vec<UserId>,
    /// Everybody is among them of whom something was received until then, as far as it is to be had.
    pub complete_until: Timestamp,
    /// Why users may be missing of whom something was received until then; nothing if none are.
    pub incomplete: BTreeSet<Incomplete>,
}

impl History {
    /// The users who may have a track, in the order of their ids, those behind `after`; up to `limit` and up to [`USERS_MAX`].
    /// Fewer than that only at the end. Some may have none: all of it was erased since, or is too old.
    pub async fn users(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<TrackUsers, StoreError> {
        let Shared { deps, logs, .. } = &*self.shared;
        let limit = limit.min(USERS_MAX);
        // First whose points aren't stored, then who has a key: who gets one meanwhile is in both.
        let now = deps.clock.now().wall;
        let (owned, mut own) = (deps.owned.now(), now);
        let mut waiting = BTreeSet::new();
        for OwnedLog { log, .. } in owned.iter() {
            let (stored_until, durable_until) = (log.stored_until(now), log.durable_until(now));
            let (recent, is_all) = log.recent_users(after, limit);
            waiting.extend(recent);
            own = own.min(if is_all { durable_until } else { stored_until });
        }
        let mut incomplete = BTreeSet::new();
        let complete_until = match &deps.shared_logs {
            Some(_) => logs.complete_until(&owned, own, now, &mut incomplete),
            None => own,
        };
        let mut users: BTreeSet<_> = deps.register.users(after, limit).await?.into_iter().collect();
        users.extend(waiting);
        let users = users.into_iter().take(limit).collect();
        Ok(TrackUsers { users, complete_until, incomplete })
    }
}
