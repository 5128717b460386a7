use model::{Timestamp, UserId};

use super::{Deps, History};
use crate::{
    OpenError, PageBuilder, SealedChunk, StoreError, TimeRange, TrackPage, TrackQuery, UserKey,
    UserRecord,
};

/// How many chunks are read at once: two days of somebody who moves all the time.
const CHUNKS_READ: usize = 96;

/// Part of a track, and how much of it that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// The points.
    pub page: TrackPage,
    /// All that was received until then is there, as far as it is to be had.
    pub complete_until: Timestamp,
    /// Whether something is missing that was acknowledged: more waits in the log than it remembers by user, or a chunk can't
    /// be read.
    pub is_incomplete: bool,
}

impl History {
    /// The points that a query asks for, wherever they lie, without what was erased.
    pub async fn track(&self, user: &UserId, query: TrackQuery) -> Result<Track, StoreError> {
        let Deps { log, register, clock, .. } = &self.shared.deps;
        // First what isn't stored, then what is: what is stored meanwhile is in both.
        let complete_until = log.complete_until(clock.now().wall);
        let TimeRange { from, to } = query.times();
        let recent = log.recent(user, from, to);
        let record = register.records(std::slice::from_ref(user)).await?.pop().unwrap_or_default();
        let mut page = PageBuilder::new(query.clone(), &record.erasures);
        page.add(recent.points.into_iter().filter(|point| !record.off_times.cover(point.received)));
        let mut is_incomplete = !recent.is_complete;
        if let Some(wrapped) = &record.wrapped_key {
            let key = self.shared.deps.unwrap(user, wrapped)?;
            is_incomplete |= self.add_stored(user, &key, &record, &query, &mut page).await?;
        }
        Ok(Track { page: page.finish(), complete_until, is_incomplete })
    }

    /// Adds what is stored; answers whether some of it can't be read.
    async fn add_stored(
        &self,
        user: &UserId,
        key: &UserKey,
        record: &UserRecord,
        query: &TrackQuery,
        page: &mut PageBuilder<'_>,
    ) -> Result<bool, StoreError> {
        let (starts, direction) = (query.chunk_starts(), query.direction);
        let (mut after, mut is_incomplete) = (None, false);
        loop {
            let store = &self.shared.deps.store;
            let chunks = store.chunks(user, starts, direction, after, CHUNKS_READ).await?;
            for chunk in &chunks {
                if !page.may_want(chunk.first) {
                    return Ok(is_incomplete);
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
                        is_incomplete = true;
                    }
                }
            }
            after = chunks.last().map(SealedChunk::place);
            if chunks.len() < CHUNKS_READ {
                return Ok(is_incomplete);
            }
        }
    }
}
