use std::future::Future;
use std::pin::Pin;

use model::{Timestamp, UserId, ViewerClass};

use crate::{DisplayName, Error, Limits, Listener, Order, Outcome, Refusal, Relation, User};

/// The most orders, ids or pairs in one call of a [`Store`].
pub const BATCH_MAX: usize = 256;

/// What a store promises: the answer, later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The lists of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    /// Their friends.
    Friends,
    /// Who asks them to be friends.
    Incoming,
    /// Whom they ask.
    Outgoing,
    /// Whom they block.
    Blocks,
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
    /// What the user chose, metres.
    pub radius_m: Option<u32>,
    /// All of their friends, in the order of ids.
    pub friends: Vec<Friend>,
}

/// Where the directory is kept.
///
/// **Truth.** Every read sees every command that was answered before it began: grants and blocks are never read from a
/// replica that may lag.
///
/// **When unavailable.** [`Error::Unavailable`] from [`apply`](Store::apply) means that it isn't known whether the batch
/// was committed, in whole: the caller may repeat it, since every command is idempotent. From a read it means nothing
/// but itself. The store doesn't retry; its own waiting (for a lock, for a connection) is bounded by seconds.
///
/// **Absence** is an empty answer, not an error.
pub trait Store: Send + Sync {
    /// Applies up to [`BATCH_MAX`] orders in their order, in one transaction, and answers each with its own outcome, in
    /// the same order. An order that is refused changes nothing and doesn't undo its neighbours; the later ones see what
    /// the earlier ones did.
    ///
    /// At return the changes survive a power cut, and they have been announced to those who [`listen`](Store::listen).
    /// Batches that run at the same moment, from any process, act as if one came after the other.
    fn apply(
        &self,
        orders: Vec<Order>,
        limits: Limits,
    ) -> Answer<'_, Vec<Result<Outcome, Refusal>>>;

    /// These users, in this order; up to [`BATCH_MAX`].
    fn users<'a>(&'a self, ids: &'a [UserId]) -> Answer<'a, Vec<Option<User>>>;

    /// How the first of each pair stands to the second, in this order; up to [`BATCH_MAX`].
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

    /// All friends of a user, and their radius; empty for somebody unknown.
    fn circle<'a>(&'a self, user: &'a UserId) -> Answer<'a, StoredCircle>;

    /// Tells the users whose circles change from now on, whichever process changes them: friendship made or ended (also
    /// by a block), radius. Who reads a circle after this misses nothing. A change made by this process is told after it
    /// can be read and before its command is answered. Where the way from other processes is lossy,
    /// [`Change::Lost`](crate::Change::Lost) is said.
    fn listen(&self, listener: Listener);

    /// What keeps the store from working now, for operators; `None` as far as is known. It comes and goes by itself.
    fn fault(&self) -> Option<String> {
        None
    }
}
