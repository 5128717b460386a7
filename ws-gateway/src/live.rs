//! What the gateway needs from the world: a bus that carries sightings between gateways, and a cache that remembers the
//! newest one of each user. Adapters live in folders of their own; one list of cases ([`conformance`]) holds for
//! all of them.

#[cfg(any(test, feature = "test-kit"))]
pub mod conformance;
pub mod embedded;
mod error;
mod positions;
pub mod redis;

use futures_util::future::BoxFuture;
use model::{Monotonic, ReadToken, UserId};

pub use error::Error;

use crate::session::circle::CircleChange;
pub use crate::session::record::{Channel, Sighting, Written};

/// How many fixes a user may send, over all gateways and connections. The same for all gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixLimit {
    /// Fixes a second on average, at least 1.
    pub per_s: u32,
    /// Fixes at once after a pause, at least 1.
    pub burst: u32,
}

impl FixLimit {
    /// How long one fix is owed for, milliseconds.
    pub fn interval_ms(self) -> f64 {
        1_000.0 / f64::from(self.per_s.max(1))
    }

    /// How long may be owed for at most, milliseconds.
    pub fn burst_ms(self) -> f64 {
        self.interval_ms() * f64::from(self.burst.max(1))
    }
}

impl Default for FixLimit {
    fn default() -> Self {
        Self { per_s: 20, burst: 200 }
    }
}

/// How long a gateway leads a server that it doesn't hear of any more, milliseconds: then another one may. It asks for more
/// five times in a second. With the pauses until another one asks, and looks, it makes less than a second.
pub(crate) const LEAD_LEASE_MS: u64 = 450;

/// How long a gateway tells of users whose changes it may not hear, milliseconds.
pub(crate) const CURRENT_LEASE_MS: u64 = 5_000;

/// How a gateway stands to one of the servers through which changes of circles are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedServer {
    /// All changes of its users up to here were told through it, and heard.
    pub heard: Option<ReadToken>,
    /// This gateway tells through it what others may have left untold.
    pub leads: bool,
    /// What is told through it may be missed at present.
    pub missed: bool,
    /// Its users may be told of: see [`Live::is_current`].
    pub current: bool,
}

/// What comes of asking: an answer, or why there is none.
pub type Asked<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Where a bus hands over what it receives; the gateway's hub. Called from the bus' read loop, so it must not block.
pub trait Sink: Send + Sync {
    /// Something was published on a subscribed channel by another gateway. Repeats and old versions are harmless.
    fn deliver(&self, channel: &Channel, sighting: Sighting);

    /// Circles of users have changed, as another gateway has told (see [`Live::tell`]); in order. Repeats are harmless.
    fn changed(&self, changes: &[CircleChange]);

    /// What this gateway holds of those of these channels whose users are connected to it: it can write them again into
    /// a server that has lost its memory, whoever wrote them first.
    fn local_positions(&self, channels: &[Channel]) -> Vec<(Channel, Sighting)>;

    /// Something may have been missed on these channels. The newest of what the store holds of them has been delivered
    /// before, so that whoever is told can start over at once.
    fn gap(&self, channels: &[Channel]);
}

/// Carries sightings from the gateway that a phone talks to, to the gateways of those who watch it, and remembers the
/// newest one of each channel until it expires.
///
/// * **Order.** Per channel and gateway, in order of the calls. Across gateways none: versions decide, guarded by
///   `session::record::merge` wherever a sighting is written or taken in.
/// * **Loss.** What is announced after a `subscribe` returned is delivered, or [`Sink::gap`] is called, with the channels
///   on which it may have been lost and no others. Who subscribes, then reads, has every sighting from the one or the other.
/// * **Replay.** May deliver twice; never invents. A gateway isn't told its own.
/// * **Subscribing.** A set, not a counter: twice is once. `subscribe` and `unsubscribe` take effect in the order in
///   which they are *called*, before the returned future is first polled.
/// * **Durability.** Memory. A new epoch is announced when it may have been lost.
/// * **Retry.** Every call may be repeated.
///
/// What has a default is so where all is in one process.
pub trait Live: Send + Sync {
    /// Remembers a sighting if it is newer than what is remembered, and then tells every other gateway that has subscribed.
    ///
    /// It is the newest of so many `fixes` that its user has sent at once, which count towards their limit; none if it
    /// comes of something else. What is older than what is remembered, or the same, counts nothing. A limit survives
    /// connections and gateways, but not the loss of what is remembered.
    fn announce(&self, sighting: (Channel, Sighting), fixes: u32) -> Asked<'_, Written>;

    /// The newest that still holds, or nothing, in the order of the input. Sign-offs are records too.
    fn read(&self, channels: Vec<Channel>) -> Asked<'_, Vec<Option<Sighting>>>;

    /// Completes once everything announced from then on will be delivered.
    fn subscribe(&self, channels: Vec<Channel>) -> Asked<'static, ()>;

    /// Ends deliveries, at some time soon.
    fn unsubscribe(&self, channels: Vec<Channel>);

    /// Tells all other gateways that these circles have changed, on the channels of both users of each: whoever watches
    /// one of them hears it before whatever is announced of that user after this has returned. Gateways that have missed
    /// it find it in the directory's feed.
    fn tell(&self, changes: Vec<CircleChange>) -> Asked<'_, ()>;

    /// Which of the servers behind the port has this user: calls about users of different servers fail independently.
    fn server_of(&self, _user: &UserId) -> usize {
        0
    }

    /// Whether every change of this user's circle is heard of: within `CURRENT_LEASE_MS` a probe came through the user's
    /// server, or the feed was read. If not, nothing may be told of them.
    fn is_current(&self, _user: &UserId, _now: Monotonic) -> bool {
        true
    }

    /// Whether that holds for all users.
    fn are_all_current(&self, _now: Monotonic) -> bool {
        true
    }

    /// The servers through which changes of circles are told, by their numbers; none if all is in one process.
    fn feed_servers(&self) -> Vec<FeedServer> {
        Vec::new()
    }

    /// Tells those changes out of the feed through one server that [`Self::tell`] hasn't told through it, by any gateway,
    /// and leaves the mark there that all up to `up_to` were told.
    fn relay(
        &self,
        _server: usize,
        _changes: Vec<CircleChange>,
        _up_to: ReadToken,
    ) -> Asked<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Whether this gateway may lead servers: not while it can't read the feed.
    fn may_lead(&self, _may: bool) {}

    /// The feed was read to its end, and that began at this moment: whatever was subscribed before has missed nothing.
    fn followed(&self, _began: Monotonic) {}

    /// Changes whenever cached positions may have been lost; the same for all gateways.
    fn epoch(&self) -> String;

    /// What keeps it, or a part of it, from working now, for operators: no position, no token, no password.
    fn fault(&self) -> Option<String> {
        None
    }

    /// Why new clients had better be sent to another gateway: nothing of it works, or it would work against others. None
    /// while only a part is away, as it is for all gateways.
    fn unfit(&self) -> Option<String> {
        self.fault()
    }

    /// How far this process' calendar is ahead of each server's, milliseconds; only of those that answer.
    fn clock_offsets_ms(&self) -> Vec<i64> {
        Vec::new()
    }
}
