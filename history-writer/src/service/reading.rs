use std::collections::BTreeSet;

use model::{Timestamp, UserId};

use super::{Deps, History, Incomplete};
use crate::limits::CHUNK_POINTS_MAX;
use crate::{
    Direction, OpenError, PageBuilder, SealedChunk, StoreError, TimeRange, TrackPage, TrackQuery,
    UserKey, UserRecord,
};

/// How many chunks are read at once, at most: two days of somebody who moves all the time.
const CHUNKS_READ_MAX: usize = 96;
/// How many are read at least.
const CHUNKS_READ_MIN: usize = 4;

/// Part of a track, and how much of it that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// The points.
    pub page: TrackPage,
    /// All that was received until then is there, as far as it is to be had.
    pub complete_until: Timestamp,
    /// Why points may be missing that were received until then; nothing if none are.
    pub incomplete: BTreeSet<Incomplete>,
}

impl History {
    /// The points that a query asks for, wherever they lie, without what was erased. It takes memory for about twice as many
    /// as are asked for, whatever the user has.
    ///
    /// A store that is away is no error: the answer has what the log has, and says that it is incomplete.
    pub async fn track(&self, user: &UserId, query: TrackQuery) -> Result<Track, StoreError> {
        let Deps { log, register, clock, .. } = &self.shared.deps;
        // First what isn't stored, then what is: what is stored meanwhile is in both.
        let now = clock.now().wall;
        let mut incomplete = BTreeSet::new();
        let own = log.complete_until(now);
        let complete_until = match &self.shared.deps.shared_logs {
            Some(_) => self.shared.logs.complete_until(own, now, &mut incomplete),
            None => own,
        };
        let TimeRange { from, to } = query.times();
        let recent = log.recent(user, from, to);
        let record = register.records(std::slice::from_ref(user)).await?.pop().unwrap_or_default();
        let mut page = PageBuilder::new(query.clone(), &record.erasures);
        let counts = |received: Timestamp| !record.off_times.cover(received);
        page.add(recent.points.into_iter().filter(|point| counts(point.received)));
        if !recent.is_complete {
            incomplete.insert(Incomplete::Waiting);
        }
        if let Some(wrapped) = &record.wrapped_key {
            let key = self.shared.deps.unwrap(user, wrapped)?;
            match self.add_stored(user, &key, &record, &query, &mut page).await {
                Ok(is_whole) if is_whole => {}
                Ok(_) => {
                    incomplete.insert(Incomplete::Unreadable);
                }
                Err(error) if error.is_unavailable() => {
                    tracing::debug!(%error, "a track lacks what is stored");
                    incomplete.insert(Incomplete::StoreAway);
                }
                Err(error) => return Err(error),
            }
        }
        let page = page.finish();
        let span = span(&query, &page);
        if self.shared.gaps.overlap(span) {
            incomplete.insert(Incomplete::Refused);
        }
        if record.put_aside.is_some_and(|aside| aside.from < span.to && span.from < aside.to) {
            incomplete.insert(Incomplete::PutAside);
        }
        Ok(Track { page, complete_until, incomplete })
    }

    /// Adds what is stored; answers whether all of it can be read.
    async fn add_stored(
        &self,
        user: &UserId,
        key: &UserKey,
        record: &UserRecord,
        query: &TrackQuery,
        page: &mut PageBuilder<'_>,
    ) -> Result<bool, StoreError> {
        let (starts, direction) = (query.chunk_starts(), query.direction);
        let (mut after, mut is_whole) = (None, true);
        // A page may end within the first and the last of its chunks.
        let wanted = query.limit.saturating_add(1).div_ceil(CHUNK_POINTS_MAX).saturating_add(2);
        let at_once = wanted.clamp(CHUNKS_READ_MIN, CHUNKS_READ_MAX);
        loop {
            let store = &self.shared.deps.store;
            let chunks = store.chunks(user, starts, direction, after, at_once).await?;
            for chunk in &chunks {
                if !page.may_want(chunk.first) {
                    return Ok(is_whole);
                }
                match chunk.open(user, key) {
                    Ok(chunk) => {
                        let points = chunk.into_points().into_iter();
                        page.add(points.filter(|point| !record.off_times.cover(point.received)));
                    }
                    // All of it was erased.
                    Err(OpenError::OtherKey(_)) => {}
                    Err(fault) => {
                        tracing::error!(%fault, "a chunk of movement history can't be read");
                        is_whole = false;
                    }
                }
            }
            after = chunks.last().map(SealedChunk::place);
            if chunks.len() < at_once {
                return Ok(is_whole);
            }
        }
    }
}

/// The effective times that a page tells of.
fn span(query: &TrackQuery, page: &TrackPage) -> TimeRange {
    let TimeRange { from, to } = query.times();
    match (&page.next, query.direction) {
        (None, _) => TimeRange { from, to },
        (Some(next), Direction::Ascending) => TimeRange { from, to: next.effective.plus_ms(1) },
        (Some(next), Direction::Descending) => TimeRange { from: next.effective, to },
    }
}
