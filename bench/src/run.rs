use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{Metres, Position, SystemClock, UserId};
use tokio::task::JoinSet;

use crate::address::Address;
use crate::cast::Cast;
use crate::client::{Doors, live};
use crate::conductor::Conductor;
use crate::crowd::Crowd;
use crate::scene::{Observer, Stage};
use crate::{Error, Summary, setup};

/// Time for everybody to connect: this, and so much more for each.
const CONNECT_DEADLINE: Duration = Duration::from_secs(30);
const CONNECT_DEADLINE_EACH: Duration = Duration::from_millis(20);

/// How often to look whether everybody is connected.
const CONNECT_LOOK_EVERY: Duration = Duration::from_millis(20);

/// Time for everybody to say goodbye.
const GOODBYE_DEADLINE: Duration = Duration::from_secs(10);

/// What to simulate.
#[derive(Clone)]
pub struct Plan {
    /// Where the service listens, as `http://host:port`; people are spread over several round-robin.
    pub addresses: Vec<String>,
    /// Who there is, and how they move.
    pub people: People,
    /// Who is whose friend.
    pub graph: Friends,
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

/// Simulates `plan` until its end or until `stop` is ready. Stopped runs skip the last checkpoint.
pub async fn run(
    plan: Plan,
    tokens: Arc<dyn Tokens>,
    observer: Arc<dyn Observer>,
    stop: impl Future<Output = ()> + Send,
) -> Result<Summary, Error> {
    let mut stop = pin!(stop);
    let addresses: Vec<_> =
        plan.addresses.iter().map(|text| Address::parse(text)).collect::<Result<_, _>>()?;
    if addresses.is_empty() {
        return Err(Error::Plan("no address of a service is given".into()));
    }
    let cast = Cast::prepare(&plan)?;
    let clock = Arc::new(SystemClock::start());
    let crowd = Arc::new(Crowd::new(Arc::clone(&cast.graph), clock));

    if plan.setup == Setup::Create {
        tokio::select! {
            made = setup::create(&addresses, &cast.graph, &*tokens, &*observer) => made?,
            () = &mut stop => return Ok(Summary::default()),
        }
    }
    // Dropped on every way out of here, the set ends its tasks.
    let mut tasks = JoinSet::new();
    let doors = Arc::new(Doors::new(addresses, tokens, crowd.now_ms() as u64));
    for number in 0..crowd.people.len() as u32 {
        tasks.spawn(live(Arc::clone(&crowd), Arc::clone(&doors), number));
    }
    tokio::select! {
        connected = all_connected(&crowd, &*observer) => connected?,
        () = &mut stop => return Ok(Summary::default()),
    }

    observer.stage(Stage::Running { duration: plan.duration });
    let conductor = Conductor::new(&plan, Arc::clone(&crowd), cast, &*observer)?;
    let summary = conductor.conduct(stop).await;
    observer.stage(Stage::Closing);
    say_goodbye(&crowd, tasks).await;
    summary
}

async fn all_connected(crowd: &Crowd, observer: &dyn Observer) -> Result<(), Error> {
    let of = crowd.people.len();
    let deadline = Instant::now() + CONNECT_DEADLINE + CONNECT_DEADLINE_EACH * of as u32;
    loop {
        let done = crowd.connected();
        observer.stage(Stage::Connecting { done, of });
        if done == of {
            return Ok(());
        }
        if crowd.given_up() > 0 {
            return Err(Error::Connect(crowd.faults().swap_remove(0)));
        }
        if Instant::now() > deadline {
            return Err(Error::Connect(format!("only {done} of {of} people got in, in time")));
        }
        tokio::time::sleep(CONNECT_LOOK_EVERY).await;
    }
}

async fn say_goodbye(crowd: &Crowd, mut tasks: JoinSet<()>) {
    for person in &crowd.people {
        person.order(|orders| orders.leave = true);
    }
    let all_left = async { while tasks.join_next().await.is_some() {} };
    // Whoever is still there then is dropped with the set.
    let _ = tokio::time::timeout(GOODBYE_DEADLINE, all_left).await;
}

#[cfg(test)]
#[path = "run/tests.rs"]
mod tests;
