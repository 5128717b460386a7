use std::collections::BTreeSet;

use model::{Timestamp, UserId, Version};

use super::{History, Incomplete, Track};
use crate::{StoreError, TrackPage, TrackQuery};

/// A track that is read page after page: one page of it is in memory.
pub struct Pages {
    history: History,
    user: UserId,
    /// None once the last page was read.
    query: Option<TrackQuery>,
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
            complete_until: Timestamp(i64::MAX),
            incomplete: BTreeSet::new(),
        }
    }
}

impl Pages {
    /// The next page; `None` behind the last one. At least one comes, if an empty one. After an error the same page is read again.
    pub async fn next(&mut self) -> Result<Option<TrackPage>, StoreError> {
        let Some(query) = &self.query else { return Ok(None) };
        let Track { page, complete_until, incomplete } =
            self.history.track(&self.user, query.clone()).await?;
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
