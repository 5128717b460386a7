//! The port to what of a user's history must outlive logs and chunks, and its adapters.

pub(crate) mod embedded;
pub mod postgres;

use model::{Timestamp, UserId};

use crate::{Erasure, Erasures, Gaps, KeyId, OffTimes, Point, StoreAnswer, StoredChunk, TimeRange};

/// The most users of one call.
pub const USERS_MAX: usize = 1_024;
/// The most stretches of time of a user that are erased apart from each other ([`Erasures`]).
pub const ERASURES_MAX: usize = 256;
/// The most chunks that are put aside at a time.
pub const DEAD_LETTERS_MAX: usize = 10_000;
/// The most bytes of a dead letter's reason; what is longer is cut.
pub const REASON_BYTES_MAX: usize = 500;

/// What is known of a user's history. Of one who is new: nothing erased, kept, and no key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UserRecord {
    /// The key by which their chunks are sealed, as [`DeploymentKeys::wrap`](crate::DeploymentKeys::wrap) made it; `None`
    /// before there was any, and after all was erased.
    pub wrapped_key: Option<Vec<u8>>,
    /// What was erased.
    pub erasures: Erasures,
    /// When they had their history turned off.
    pub off_times: OffTimes,
    /// From the first point of their dead letters to behind the last one; `None` if there are none.
    pub put_aside: Option<TimeRange>,
}

impl UserRecord {
    /// Whether a point of the user counts: it wasn't erased, and came while their history was on.
    pub fn counts(&self, point: &Point) -> bool {
        !self.erasures.cover(point) && !self.off_times.cover(point.received)
    }
}

/// Says nothing of the key.
impl std::fmt::Debug for UserRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let has_key = self.wrapped_key.is_some();
        let mut shown = f.debug_struct("UserRecord");
        shown.field("has_key", &has_key).field("erasures", &self.erasures);
        shown.field("off_times", &self.off_times).field("put_aside", &self.put_aside).finish()
    }
}

/// A user's key, wrapped again by another key of the deployment.
#[derive(Clone, PartialEq, Eq)]
pub struct Rewrapped {
    /// Whose.
    pub user: UserId,
    /// As it was wrapped.
    pub from: Vec<u8>,
    /// As it is wrapped now.
    pub to: Vec<u8>,
}

/// A chunk that the store doesn't take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The chunk.
    pub chunk: StoredChunk,
    /// What the store said, up to [`REASON_BYTES_MAX`].
    pub reason: String,
    /// When it was put aside.
    pub at: Timestamp,
}

/// The user has as many erasures apart from each other as there may be ([`ERASURES_MAX`]): nothing was erased. A range that
/// touches others, or covers them, or everything, can still be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{ERASURES_MAX} stretches of this history are erased; erase a longer one that covers some")]
pub struct TooManyErasures;

/// Where keys, erasures and choices of users are kept. It must be kept apart from the chunks: who restores old chunks must
/// not restore old keys with them.
///
/// **Truth.** A read sees every write that was answered before it began, by whichever process.
///
/// **Durability.** What was answered survives a power cut. Each call is done in whole or not at all, and calls at the same moment
/// act as if one came after the other.
///
/// **Replay.** Every call may be repeated and then changes nothing more, except that a dead letter may be there twice.
///
/// **On an error.** As of [`Store`](crate::Store): from a write [`Unavailable`](sql::StoreErrorKind::Unavailable) means that it may
/// have happened; the caller repeats it. Nothing is retried here.
pub trait Register: Send + Sync {
    /// What is known of each of these users, in this order; up to [`USERS_MAX`]. Whoever keeps an answer asks again before it
    /// seals or shows anything, unless the register [is exclusive](Self::is_exclusive).
    fn records<'a>(&'a self, users: &'a [UserId]) -> StoreAnswer<'a, Vec<UserRecord>>;

    /// Gives each of these users this wrapped key, unless they have one already; answers those that they have, in this
    /// order, up to [`USERS_MAX`]. Of several calls at one moment one wins, and all answer with its key.
    fn make_keys<'a>(&'a self, keys: &'a [(UserId, Vec<u8>)]) -> StoreAnswer<'a, Vec<Vec<u8>>>;

    /// The deployment's keys by which users' keys are wrapped now ([`KeyId::that_wrapped`](crate::KeyId::that_wrapped)), each once, in
    /// any order.
    fn wrapping_keys(&self) -> StoreAnswer<'_, Vec<KeyId>>;

    /// Users whose keys are wrapped by this one of the deployment's keys, with these as they are wrapped, in the order of their ids,
    /// those behind `after`; up to `limit` and up to [`USERS_MAX`]. Fewer than that only at the end.
    fn wrapped_by<'a>(
        &'a self,
        key: KeyId,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<(UserId, Vec<u8>)>>;

    /// Puts keys that were wrapped again in the place of what they were, up to [`USERS_MAX`]; each only if it still is that: a key
    /// that was destroyed meanwhile never comes back.
    fn rewrap<'a>(&'a self, keys: &'a [Rewrapped]) -> StoreAnswer<'a, ()>;

    /// Notes what is erased, for good, and drops the dead letters of the user that are erased in whole.
    fn erase<'a>(
        &'a self,
        user: &'a UserId,
        erasure: Erasure,
    ) -> StoreAnswer<'a, Result<(), TooManyErasures>>;

    /// Notes that all is erased that was received until then, and destroys the user's key and dead letters: nobody can
    /// read what was sealed by it, wherever a copy of it may be. What comes later is sealed by another one.
    fn erase_all<'a>(&'a self, user: &'a UserId, erased_at: Timestamp) -> StoreAnswer<'a, ()>;

    /// Turns a user's history off or on from this moment on, as [`OffTimes`] says. What was received before stays.
    fn set_off<'a>(&'a self, user: &'a UserId, is_off: bool, at: Timestamp) -> StoreAnswer<'a, ()>;

    /// The users whose history is off now, in the order of their ids, those behind `after`; up to `limit` and up to [`USERS_MAX`].
    /// Fewer than that only at the end.
    fn users_off<'a>(
        &'a self,
        after: Option<&'a UserId>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<UserId>>;

    /// The users who have a key, and so may have stored chunks, in the order of their ids, those behind `after`; up to `limit` and
    /// up to [`USERS_MAX`]. Fewer than that only at the end.
    fn users<'a>(&'a self, after: Option<&'a UserId>, limit: usize)
    -> StoreAnswer<'a, Vec<UserId>>;

    /// Keeps a chunk that the store doesn't take. [`Unavailable`](sql::StoreErrorKind::Unavailable) if there are
    /// [`DEAD_LETTERS_MAX`] already: the chunk's points then stay in the log.
    fn put_aside<'a>(&'a self, letter: &'a DeadLetter) -> StoreAnswer<'a, ()>;

    /// The dead letters, the oldest first, up to `limit`.
    fn dead_letters(&self, limit: usize) -> StoreAnswer<'_, Vec<DeadLetter>>;

    /// Notes stretches of effective time of which points were refused or lost, of whichever user.
    fn note_gaps<'a>(&'a self, gaps: &'a [TimeRange]) -> StoreAnswer<'a, ()>;

    /// All that was noted, gathered as [`Gaps`] says.
    fn gaps(&self) -> StoreAnswer<'_, Gaps>;

    /// Forgets the dead letters of which all was received before a moment, up to `limit`; answers how many. The caller repeats it
    /// until there are fewer.
    fn forget_letters(&self, received_before: Timestamp, limit: usize) -> StoreAnswer<'_, usize>;

    /// Forgets the erasures that were made before a moment, the stretches in which a history was off that ended before it, and
    /// gaps that did: no point is left that they could touch. Up to `limit` of each of the first two; answers how many of these. The
    /// caller repeats it until there are none.
    fn forget(&self, before: Timestamp, limit: usize) -> StoreAnswer<'_, usize>;

    /// The latest moment at which anything was erased, or a history was turned off or on; `None` if nothing was, or where processes
    /// share the register: their clocks agree.
    fn newest_change(&self) -> StoreAnswer<'_, Option<Timestamp>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Whether all changes are made through this value: then what was read from it holds until it is told of a change.
    fn is_exclusive(&self) -> bool {
        false
    }

    /// What keeps the register from working now, for operators; `None` as far as is known.
    fn fault(&self) -> Option<String> {
        None
    }
}
