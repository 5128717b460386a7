//! The port to where chunks are stored, and its adapters; the port to what must outlive chunks is beside it.

pub mod cassandra;
#[cfg(feature = "test-kit")]
pub mod conformance;
pub(crate) mod embedded;
mod known_fault;
pub(crate) mod log_marks;
pub(crate) mod register;

use futures_util::future::BoxFuture;
use model::{Timestamp, UserId};
use sql::StoreError;

use crate::{Chunk, Direction, Erasure, SealedChunk, TimeRange, UserKey};

/// What a store or a register promises: the answer, later.
pub type StoreAnswer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// The most chunks of one [`Store::put`].
pub const PUT_CHUNKS_MAX: usize = 1_024;
/// The most chunks of one answer of [`Store::chunks`].
pub const READ_CHUNKS_MAX: usize = 1_024;
/// The most chunks that one [`Store::forget`] forgets.
pub const FORGET_CHUNKS_MAX: usize = 1_024;

/// A chunk as it is handed to a store, with what the store has to know of it without its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChunk {
    /// Whose it is.
    pub user: UserId,
    /// What is stored, and where.
    pub sealed: SealedChunk,
    /// The effective time of its last point.
    pub last: Timestamp,
    /// When the newest of its points was received: what was erased earlier isn't all of it, and retention counts from here.
    pub received: Timestamp,
    /// How many points it has.
    pub points: u16,
}

impl StoredChunk {
    /// Seals a chunk of a user by that user's key.
    pub fn seal(chunk: &Chunk, user: &UserId, key: &UserKey) -> Self {
        let received = chunk.points().iter().map(|point| point.received).max();
        Self {
            user: user.clone(),
            sealed: SealedChunk::seal(chunk, user, key),
            last: chunk.last(),
            received: received.expect("a chunk has points"),
            points: chunk.points().len() as u16,
        }
    }

    /// Whether all of its points are gone by this erasure.
    pub fn is_erased_by(&self, erasure: &Erasure) -> bool {
        let (first, TimeRange { from, to }) = (self.sealed.first, erasure.range);
        from <= first && self.last < to && self.received <= erasure.erased_at
    }
}

/// Where a chunk of a user stands in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChunkPlace {
    /// The effective time of its first point.
    pub first: Timestamp,
    /// [`SealedChunk::digest`].
    pub digest: u64,
}

impl ChunkPlace {
    /// The digest as a signed number, for databases that have no others, in the same order.
    pub(crate) fn signed_digest(self) -> i64 {
        (self.digest ^ (1 << 63)) as i64
    }
}

impl SealedChunk {
    /// Where it stands among the chunks of its user: [`Store::chunks`] goes on from there.
    pub fn place(&self) -> ChunkPlace {
        ChunkPlace { first: self.first, digest: self.digest() }
    }
}

/// Where chunks are kept, sealed.
///
/// **Order.** The chunks of a user stand in the order of their [`ChunkPlace`]s. Calls that run at the same moment act in any
/// order; a read sees every put that was answered before it began.
///
/// **Replay.** A chunk is named by its user, bucket and place. Putting it again changes nothing. A log that is read again may
/// come to other chunks of the same points: the store keeps these too, and whoever reads merges them. So an erased chunk may
/// be put again; whoever puts leaves out what was erased, and whoever reads does so too.
///
/// **Durability.** What was answered survives a power cut, as far as the adapter's settings say so, or is put again in time
/// ([`outages`](Store::outages)).
///
/// **On an error.** Nothing is retried here; waiting is bounded by seconds. [`Unavailable`](sql::StoreErrorKind::Unavailable)
/// from a write: each of its chunks may be stored or not; the caller repeats the call, later and later. Any other error of
/// a put means that some chunk can't be stored at all: the caller puts them one by one, and puts those that fail again aside
/// ([`Register::put_aside`](crate::Register::put_aside)). From a read an error means nothing but itself.
pub trait Store: Send + Sync {
    /// Stores chunks of any users, up to [`PUT_CHUNKS_MAX`]. They are durable when it answers.
    fn put<'a>(&'a self, chunks: &'a [StoredChunk]) -> StoreAnswer<'a, ()>;

    /// The user's chunks that begin in this range ([`TrackQuery::chunk_starts`](crate::TrackQuery::chunk_starts)), in the order of
    /// their places or against it, from behind `after` on in that direction; up to `limit`, and up to [`READ_CHUNKS_MAX`]. Fewer
    /// than that only at the end.
    fn chunks<'a>(
        &'a self,
        user: &'a UserId,
        starts: TimeRange,
        direction: Direction,
        after: Option<ChunkPlace>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<SealedChunk>>;

    /// Removes the user's chunks that are erased in whole ([`StoredChunk::is_erased_by`]); those that are erased in part stay.
    /// Repeating it changes nothing.
    fn erase<'a>(&'a self, user: &'a UserId, erasure: Erasure) -> StoreAnswer<'a, ()>;

    /// Forgets chunks that were received before a moment ([`StoredChunk::received`]), those that were received first, up to `limit` and
    /// up to [`FORGET_CHUNKS_MAX`]; answers how many. The caller repeats it until there are fewer than it asked for. An
    /// adapter that lets chunks expire by itself answers 0.
    fn forget(&self, received_before: Timestamp, limit: usize) -> StoreAnswer<'_, usize>;

    /// Grows whenever the store may have lost what it answered in the last few seconds: a server was gone that perhaps hadn't
    /// synced it yet. Who put that then puts it again. 0 for ever of a store that answers once all is synced.
    fn outages(&self) -> u64 {
        0
    }

    /// The latest time of receipt of what is stored, of which an earlier process' clock may have said that it lies ahead; `None` if
    /// there is nothing, or where processes share the store: their clocks agree.
    fn newest_received(&self) -> StoreAnswer<'_, Option<Timestamp>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// What keeps the store from working now, for operators; `None` as far as is known.
    fn fault(&self) -> Option<String> {
        None
    }
}
