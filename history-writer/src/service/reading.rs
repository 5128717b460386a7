use std::collections::BTreeSet;
use std::time::Instant;

use model::{Timestamp, UserId};

use super::logs::Others;
use super::records::KnownUser;
use super::{History, Incomplete, Shared};
use crate::limits::CHUNK_POINTS_MAX;
use crate::metrics::{READ_DURATION, READS};
use crate::{
    Direction, OpenError, OwnedLog, PageBuilder, Point, SealedChunk, StoreError, TakePoints,
    TimeRange, TrackPage, TrackQuery, UserKey, UserRecord,
};

/// How often a track is read at once because the user's key changes meanwhile.
const TRIES_MAX: usize = 8;
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
    /// A store that is away is no error: the answer has what the logs have, and says that it is incomplete. Other processes are waited
    /// for a moment only.
    pub async fn track(&self, user: &UserId, query: TrackQuery) -> Result<Track, StoreError> {
        let others = self.shared.ask_others(user, query.times()).await;
        self.track_with(user, query, others.as_ref()).await
    }

    /// The same with what other processes answered before.
    pub(super) async fn track_with(
        &self,
        user: &UserId,
        query: TrackQuery,
        others: Option<&Others>,
    ) -> Result<Track, StoreError> {
        let started = Instant::now();
        let track = self.read(user, query, others).await;
        let result = match &track {
            Ok(track) if track.incomplete.is_empty() => "complete",
            Ok(_) => "incomplete",
            Err(_) => "failed",
        };
        ::metrics::counter!(READS, "result" => result).increment(1);
        ::metrics::histogram!(READ_DURATION).record(started.elapsed());
        track
    }

    async fn read(
        &self,
        user: &UserId,
        query: TrackQuery,
        others: Option<&Others>,
    ) -> Result<Track, StoreError> {
        let shared = &self.shared;
        for _ in 0..TRIES_MAX {
            // All that was erased before is known here; what is erased meanwhile may be in the answer.
            let known = shared.known(user).await?;
            let (track, is_certain) = self.read_by(&known, user, &query, others).await?;
            // Who got another key while this was read may have chunks that this one doesn't open.
            if is_certain || shared.deps.have_one_key(user, &known, &*shared.known(user).await?)? {
                return Ok(track);
            }
        }
        Err(StoreError::unavailable("the key of the user's history changes all the time"))
    }

    /// Reads by what is known of the user; answers whether there was nothing that another key may open.
    async fn read_by(
        &self,
        known: &KnownUser,
        user: &UserId,
        query: &TrackQuery,
        others: Option<&Others>,
    ) -> Result<(Track, bool), StoreError> {
        let Shared { deps, gaps, .. } = &*self.shared;
        let mut lacks = BTreeSet::new();
        // First what isn't stored, then what is: what is stored meanwhile is in both.
        let now = deps.clock.now().wall;
        let since = deps.kept_since();
        let UserRecord { erasures, off_times, put_aside, .. } = &known.record;
        let counts = |point: &Point| point.received >= since && !off_times.cover(point.received);
        let mut page = PageBuilder::new(query.clone(), erasures);
        let (owned, mut own) = (deps.owned.now(), now);
        for OwnedLog { log, .. } in owned.iter() {
            let (stored_until, durable_until) = (log.stored_until(now), log.durable_until(now));
            let is_all = log.recent(user, &mut Waiting { page: &mut page, counts: &counts });
            if !is_all {
                lacks.insert(Incomplete::Waiting);
            }
            own = own.min(if is_all { durable_until } else { stored_until });
        }
        let mut complete_until = own;
        if let Some(others) = others {
            page.add(others.points().filter(counts));
            complete_until = complete_until.min(others.complete_until(&owned, &mut lacks));
        }
        let key = known.key(deps, user)?;
        let mut is_certain = key.is_some();
        if let Some(key) = key {
            let mut stored = Stored { page: &mut page, lacks: &mut lacks, is_certain: true };
            match self.add_stored(user, key, &counts, query, &mut stored).await {
                Err(error) if error.is_unavailable() => {
                    tracing::debug!(%error, "a track lacks what is stored");
                    stored.lacks.insert(Incomplete::StoreAway);
                }
                answer => answer?,
            }
            is_certain = stored.is_certain;
        }
        let page = page.finish();
        let span = span(query, &page);
        if gaps.overlap(span) {
            lacks.insert(Incomplete::Refused);
        }
        if put_aside.is_some_and(|aside| aside.from < span.to && span.from < aside.to) {
            lacks.insert(Incomplete::PutAside);
        }
        Ok((Track { page, complete_until, incomplete: lacks }, is_certain))
    }

    /// Adds what is stored.
    async fn add_stored(
        &self,
        user: &UserId,
        key: &UserKey,
        counts: &(dyn Fn(&Point) -> bool + Sync),
        query: &TrackQuery,
        stored: &mut Stored<'_, '_>,
    ) -> Result<(), StoreError> {
        let (starts, direction) = (query.chunk_starts(), query.direction);
        let mut after = None;
        // A page may end within the first and the last of its chunks.
        let wanted = query.limit.saturating_add(1).div_ceil(CHUNK_POINTS_MAX).saturating_add(2);
        let at_once = wanted.clamp(CHUNKS_READ_MIN, CHUNKS_READ_MAX);
        loop {
            let store = &self.shared.deps.store;
            let chunks = store.chunks(user, starts, direction, after, at_once).await?;
            stored.page.expect(chunks.len() * CHUNK_POINTS_MAX);
            for chunk in &chunks {
                if !stored.page.may_want(chunk.first) {
                    return Ok(());
                }
                match chunk.open(user, key) {
                    Ok(chunk) => stored.page.add_chunk(chunk.into_points(), counts),
                    // All of it was erased, unless the key is of before an erasure.
                    Err(OpenError::OtherKey(_)) => stored.is_certain = false,
                    Err(fault) => {
                        tracing::error!(%fault, "a chunk of movement history can't be read");
                        stored.lacks.insert(Incomplete::Unreadable);
                    }
                }
            }
            after = chunks.last().map(SealedChunk::place);
            if chunks.len() < at_once {
                return Ok(());
            }
        }
    }
}

/// Takes what isn't stored onto a page.
struct Waiting<'a, 'p> {
    page: &'a mut PageBuilder<'p>,
    counts: &'a dyn Fn(&Point) -> bool,
}

impl TakePoints for Waiting<'_, '_> {
    fn direction(&self) -> Direction {
        self.page.direction()
    }

    fn may_want(&mut self, times: TimeRange) -> bool {
        self.page.may_want_times(times)
    }

    fn take(&mut self, point: Point) {
        self.page.add(Some(point).filter(self.counts));
    }
}

/// What comes of reading chunks.
struct Stored<'a, 'p> {
    page: &'a mut PageBuilder<'p>,
    lacks: &'a mut BTreeSet<Incomplete>,
    /// Whether the key opened all that it could.
    is_certain: bool,
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
