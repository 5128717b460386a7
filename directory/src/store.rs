//! The port, its contract, and its adapters.

pub(crate) mod announcing;
#[cfg(feature = "test-kit")]
pub mod conformance;
pub mod embedded;
pub mod postgres;
pub(crate) mod rows;

use std::fmt;

use futures_util::future::BoxFuture;
use model::{ReadToken, Timestamp, UserId, ViewerClass};

use crate::{
    Changes, DisplayName, Error, FeedGap, Limits, Listener, Outcome, Refusal, Relation, User,
    WriteRequest,
};

/// What a store promises: the answer, later.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

model::words! {
    /// The lists of a user, with the words in cursors.
    pub enum List {
        /// Their friends.
        Friends = "friends",
        /// Who asks them to be friends.
        Incoming = "incoming",
        /// Whom they ask.
        Outgoing = "outgoing",
        /// Whom they block.
        Blocks = "blocks",
    }
}

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The other one.
    pub other: UserId,
    /// Their name; their id where they don't exist (an outgoing request or a block may be to nobody).
    pub name: DisplayName,
    /// Since when it is so, as far as the list's owner can see.
    pub since: Timestamp,
}

/// A friend in a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Friend {
    /// Who.
    pub id: UserId,
    /// How precisely the circle's owner may see them, and they the owner: until there are other classes, the same.
    pub class: ViewerClass,
}

/// Whom a user may see, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredCircle {
    /// Whether the user exists; who doesn't sees nobody.
    pub exists: bool,
    /// What the user chose, metres.
    pub radius_m: Option<u32>,
    /// All of their friends, in the order of ids.
    pub friends: Vec<Friend>,
}

/// What became of a batch.
pub struct Applied {
    /// What each write did, in their order.
    pub outcomes: Vec<Result<Outcome, Refusal>>,
    /// What listeners publish of it: ends when they are done, at the latest after
    /// [`PUBLISH_WAIT_MAX`](crate::PUBLISH_WAIT_MAX). Mutations are answered then; dropped, nothing more is published.
    pub published: BoxFuture<'static, ()>,
}

impl fmt::Debug for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Applied").field("outcomes", &self.outcomes).finish_non_exhaustive()
    }
}

/// Where the directory is kept.
///
/// **Truth.** Every read sees every command that was answered before it began: grants and blocks are never read from a
/// replica that may lag.
///
/// **The feed.** Every change of a circle has a position in the feed: positions have no gaps and follow the order of
/// commits, whichever processes committed. What a read says it is as of ([`ReadToken`]) comes from the same snapshot as
/// the rest of its answer: it has all changes up to there, and none behind. So a circle and all changes behind it give
/// every later circle. Where acknowledged changes may have been lost (a replica promoted, a backup restored) another
/// timeline begins, and positions of different timelines can't be compared.
///
/// **When unavailable.** [`Error::Unavailable`] from [`apply`](Store::apply) means that it isn't known whether the batch
/// was committed, in whole: the caller may repeat it, since every command is idempotent. From a read it means nothing
/// but itself. The store doesn't retry; its own waiting (for a lock, for a connection) is bounded by seconds.
///
/// **Absence** is an empty answer, not an error.
pub trait Store: Send + Sync {
    /// Applies up to [`BATCH_MAX`](crate::BATCH_MAX) writes in their order, in one transaction, and answers each with its own outcome, in
    /// the same order. A write that is refused changes nothing and doesn't undo its neighbours; the later ones see what
    /// the earlier ones did.
    ///
    /// At return the changes survive a power cut, those of circles are in the feed, and they have been announced to
    /// those who [`listen`](Store::listen). Batches that run at the same moment, from any process, act as if one came
    /// after the other.
    fn apply(&self, writes: Vec<WriteRequest>, limits: Limits) -> Answer<'_, Applied>;

    /// These users, in this order; up to [`BATCH_MAX`](crate::BATCH_MAX).
    fn users<'a>(&'a self, ids: &'a [UserId]) -> Answer<'a, Vec<Option<User>>>;

    /// How the first of each pair stands to the second, in this order; up to [`BATCH_MAX`](crate::BATCH_MAX).
    fn relations<'a>(&'a self, pairs: &'a [(UserId, UserId)]) -> Answer<'a, Vec<Relation>>;

    /// Up to `limit` items of the owner's list with ids greater than `after`, in the order of ids as bytes. What is
    /// there during a whole walk is met exactly once.
    fn page<'a>(
        &'a self,
        list: List,
        owner: &'a UserId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> Answer<'a, Vec<Entry>>;

    /// All friends and the radius of each of these users, in this order, and the state of the feed; all of it from one
    /// snapshot. Up to [`BATCH_MAX`](crate::BATCH_MAX) users, in one round trip.
    fn circles<'a>(&'a self, users: &'a [UserId]) -> Answer<'a, (ReadToken, Vec<StoredCircle>)>;

    /// How many calls of [`circles`](Store::circles) are worth having under way at a time.
    fn circle_reads_max(&self) -> usize;

    /// Up to `limit` changes of circles behind `after`, by whichever process, in order; up to
    /// [`CHANGES_MAX`](crate::CHANGES_MAX). Who goes on from where each answer leads to misses nothing, and may read the
    /// same again. On a [`FeedGap`] the caller reads its circles anew, and goes on from what they are as of.
    fn changes(&self, after: ReadToken, limit: usize) -> Answer<'_, Result<Changes, FeedGap>>;

    /// Forgets the oldest changes, up to `limit`, that the store's clock dates before this; answers how many. Whoever
    /// stands behind them hears of a [`FeedGap`]. See [`CHANGE_AGE_MS_MAX`](crate::CHANGE_AGE_MS_MAX).
    fn forget_changes(&self, before: Timestamp, limit: usize) -> Answer<'_, usize>;

    /// The state of the feed, and what the store's clock says; reads one row.
    fn state(&self) -> Answer<'_, (ReadToken, Timestamp)>;

    /// Tells the changes of circles that this process commits from now on: friendship made or ended (also by a block),
    /// radius. Each is told after it can be read and before its mutation is answered. Those of other processes are in the
    /// feed only.
    fn listen(&self, listener: Listener);

    /// Whether other processes may write it too, so that what was read from it grows old.
    fn is_shared(&self) -> bool {
        true
    }

    /// What keeps the store from working now, for operators; `None` as far as is known. It comes and goes by itself.
    fn fault(&self) -> Option<String> {
        None
    }

    /// How far this process' clock is ahead of the store's, milliseconds, to within half a round trip; negative if it is
    /// behind. `None` if the store has no clock of its own, or it isn't known at present.
    fn clock_offset_ms(&self) -> Option<i64> {
        None
    }
}
