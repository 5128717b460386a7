use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use model::{Metres, Position, UserId};

/// What to simulate.
#[derive(Clone)]
pub struct Plan {
    /// Where the service listens, as `http://host:port`; people are spread over several round-robin. Whoever isn't let in
    /// at one of them tries another.
    pub addresses: Vec<String>,
    /// Who there is, and how they move.
    pub people: People,
    /// Who is whose friend.
    pub graph: Friends,
    /// How friendships change while people move; none: they stay.
    pub friendship_changes: Option<FriendshipChanges>,
    /// Whether users and friendships have to be made first.
    pub setup: Setup,
    /// When to stop, from the first position on; none: when the trace ends, or never.
    pub duration: Option<Duration>,
    /// How often the oracle looks. Nobody sends while it does; then positions catch up by a quarter faster.
    pub check_every: Duration,
    /// How long fixes may stay unacknowledged before they count as lost, and pings before they count as unanswered.
    pub settle_within: Duration,
    /// A process whose resident memory is recorded.
    pub watch_pid: Option<u32>,
    /// People whose replayed positions must not be sent because somebody else moves them. They aren't judged until
    /// their next fix after that. Asked once a second for everybody, and before every fix.
    pub held: Option<Held>,
}

impl Plan {
    /// Makes users and friendships, runs until the trace ends or without end, looks every ten seconds.
    pub fn new(addresses: Vec<String>, people: People, graph: Friends) -> Self {
        Self {
            addresses,
            people,
            graph,
            friendship_changes: None,
            setup: Setup::Create,
            duration: None,
            check_every: Duration::from_secs(10),
            settle_within: Duration::from_secs(10),
            watch_pid: None,
            held: None,
        }
    }
}

/// Whether somebody is moved from elsewhere.
pub type Held = Arc<dyn Fn(&UserId) -> bool + Send + Sync>;

/// Who there is, and how they move.
#[derive(Clone, Debug)]
pub enum People {
    /// As recorded in a file (see [`Trace`](crate::Trace)).
    Trace {
        /// The file.
        path: PathBuf,
        /// Where in its time to start, seconds.
        from_seconds: f64,
        /// Its seconds per real second, above 0. The service's TTL counts in real time: whoever replays faster than
        /// life starts it with a TTL that is shorter by as much.
        speed: f64,
        /// Where in its time it begins again from `from_seconds`, for ever; none: it ends with its last row.
        loops_at_seconds: Option<f64>,
    },
    /// Between random places within a circle.
    Walkers {
        /// How many.
        count: usize,
        /// The middle of the circle.
        centre: Position,
        /// Its radius.
        spread: Metres,
        /// How often each reports; above 0.
        interval: Duration,
        /// The same seed makes the same ways.
        seed: u64,
    },
}

/// Who is whose friend.
#[derive(Clone, Debug)]
pub enum Friends {
    /// Lines of `a,b`.
    File(PathBuf),
    /// At random.
    Generated {
        /// Friends of each.
        friends_each: usize,
        /// People without any.
        strangers: usize,
        /// The same seed makes the same friends.
        seed: u64,
    },
}

/// Friendships that are made and ended over REST, through all of the addresses, in the midst of everything else. Only
/// people with friends in the graph get others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FriendshipChanges {
    /// How many a second, and now and then two at once; above 0 and up to 1,000. What can't be carried out in time is left
    /// out.
    pub per_s: f64,
    /// The same seed tries the same changes, as long as all are answered in the same order.
    pub seed: u64,
}

/// What has to be made over REST before people connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// Users and friendships.
    Create,
    /// Nothing: the service knows them from before.
    Exists,
}

/// Makes the tokens that people and the setup show.
pub trait Tokens: Send + Sync {
    /// A token of `user`; asked again for every connection and before the last one ends.
    fn user(&self, user: &UserId) -> String;
    /// A token with the role of a service.
    fn service(&self) -> String;
}
