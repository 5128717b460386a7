use std::collections::BTreeSet;

use model::{Timestamp, UserId, Version};
use tokio::sync::OnceCell;

use super::logs::Others;
use super::{History, Incomplete, Track};
use crate::{StoreError, TrackPage, TrackQuery};

/// A track that is read page after page: one page of it is in memory.
pub struct Pages {
    history: History,
    user: UserId,
    /// None once the last page was read.
    query: Option<TrackQuery>,
    /// What other processes answered, who are asked once: what is stored since is read from the store.
    others: OnceCell<Option<Others>>,
    complete_until: Timestamp,
    incomplete: BTreeSet<Incomplete>,
}

impl History {
    /// All points that a query asks for, as many as it says on a page.
    pub fn pages(&self, user: &UserId, query: TrackQuery) -> Pages {
        Pages {
            history: self.clone(),
            user: user.clone(),
            query: Some(query),
            others: OnceCell::new(),
            complete_until: Timestamp(i64::MAX),
            incomplete: BTreeSet::new(),
        }
    }
}

impl Pages {
    /// The next page; `None` behind the last one. At least one comes, if an empty one. After an error the same page is read again.
    pub async fn next(&mut self) -> Result<Option<TrackPage>, StoreError> {
        let Some(query) = &self.query else { return Ok(None) };
        let (user, shared) = (&self.user, &self.history.shared);
        let others = self.others.get_or_init(|| shared.ask_others(user, query.times())).await;
        let track = self.history.track_with(user, query.clone(), others.as_ref());
        let Track { page, complete_until, incomplete } = track.await?;
        self.complete_until = self.complete_until.min(complete_until);
        self.incomplete.extend(incomplete);
        let after = page.next.clone();
        self.query = self.query.take().filter(|_| after.is_some());
        if let Some(query) = &mut self.query {
            query.after = after;
        }
        Ok(Some(page))
    }

    /// Behind which point there is more; `None` once the last page was read.
    pub fn after(&self) -> Option<&Version> {
        self.query.as_ref()?.after.as_ref()
    }

    /// Whether the last page was read.
    pub fn is_done(&self) -> bool {
        self.query.is_none()
    }

    /// [`Track::complete_until`] of all pages that were read, at least one.
    pub fn complete_until(&self) -> Timestamp {
        self.complete_until
    }

    /// [`Track::incomplete`] of all pages that were read.
    pub fn incomplete(&self) -> &BTreeSet<Incomplete> {
        &self.incomplete
    }
}
