use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use model::{Clock, UserId};
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::RwLock;

use crate::Graph;
use crate::people::person::Person;
use crate::report::latency::Histogram;
use crate::world::friendships::Bonds;

/// How many different faults are told in words.
const FAULTS_MAX: usize = 10;

/// How many arrivals and departures are told one by one between two ticks of the observer.
const COMINGS_MAX: usize = 256;

/// Friends of people of the graph who aren't in it, by whose friends they are: of an earlier run, or people of flesh and blood.
/// They may be seen.
pub(crate) type Guests = HashSet<(u32, Box<str>)>;

/// All simulated people, and what they measured together.
pub(crate) struct Crowd {
    /// Who there is, and who was whose friend at first.
    pub(crate) graph: Arc<Graph>,
    /// Who is whose friend now. Whoever holds it takes no other lock.
    pub(crate) bonds: Mutex<Bonds>,
    /// Held for reading while friendships are being changed, for writing while nobody may.
    pub(crate) changing: Arc<RwLock<()>>,
    numbers: HashMap<Box<str>, u32>,
    /// Whom somebody may see who isn't one of them.
    pub(crate) guests: Guests,
    pub(crate) people: Vec<Person>,
    pub(crate) tally: Tally,
    pub(crate) latency: Histogram,
    pub(crate) clock: Arc<dyn Clock>,
    faults: Mutex<Vec<String>>,
    comings: Mutex<Comings>,
}

macro_rules! tally {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counts that only grow, shared between all tasks.
        #[derive(Default)]
        pub(crate) struct Tally {
            $(pub(crate) $name: AtomicU64,)*
        }

        /// What has been counted so far.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counts {
            /// What was counted after `earlier`.
            pub(crate) fn since(&self, earlier: &Self) -> Self {
                Self { $($name: self.$name.saturating_sub(earlier.$name),)* }
            }
        }

        impl Tally {
            pub(crate) fn read(&self) -> Counts {
                Counts { $($name: self.$name.load(Relaxed),)* }
            }
        }
    };
}

tally! {
    /// People who were welcomed at least once.
    connections,
    /// Fixes sent, the repeated ones after a lost connection included.
    fixes,
    /// Fixes acknowledged.
    acks,
    /// Fixes that the service couldn't store when they came. They are sent again.
    unavailable,
    /// Push messages received.
    pushes,
    /// Friends who came, moved or left in pushes.
    changes,
    /// Distances told alone, for friends who stood still.
    distances,
    /// Snapshots received in full.
    snapshots,
    /// `gap` messages received.
    gaps,
    /// Sessions after a person's first.
    reconnects,
    /// Friendships that were made or ended meanwhile.
    friendships_changed,
    /// Changes of friendships of which nobody knows whether they happened.
    friendships_unknown,
    /// Pings that were sent now and then.
    pings,
    /// Those that weren't answered in time though their session stood and nothing was broken.
    pings_unanswered,
    /// `error` messages, messages against the protocol, and people who gave up.
    errors,
}

/// Somebody appeared in somebody's list or disappeared from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// Whose list.
    pub watcher: UserId,
    /// Who.
    pub friend: UserId,
    /// What happened.
    pub what: Change,
}

/// How a list changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Came within the radius.
    Came,
    /// Left the exit radius.
    Far,
    /// Has no position to show any more.
    Gone,
}

/// The first arrivals and departures since the last look, and how many more there were.
#[derive(Debug, Default)]
pub(crate) struct Comings {
    pub(crate) told: Vec<Coming>,
    pub(crate) left_out: u64,
}

impl Crowd {
    pub(crate) fn new(graph: Arc<Graph>, clock: Arc<dyn Clock>) -> Self {
        let numbers = graph.people().iter().map(|id| Box::from(id.as_str())).zip(0..).collect();
        let first_seq = clock.now().wall.0.max(0) as u64;
        let people = graph.people().iter().map(|_| Person::new(first_seq)).collect();
        Self {
            bonds: Mutex::new(Bonds::new(Arc::clone(&graph))),
            changing: Arc::default(),
            graph,
            numbers,
            guests: Guests::new(),
            people,
            tally: Tally::default(),
            latency: Histogram::new(),
            clock,
            faults: Mutex::default(),
            comings: Mutex::default(),
        }
    }

    pub(crate) fn person(&self, number: u32) -> &Person {
        &self.people[number as usize]
    }

    pub(crate) fn id(&self, number: u32) -> &UserId {
        &self.graph.people()[number as usize]
    }

    pub(crate) fn number(&self, id: &str) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now().wall.0
    }

    /// Counts something that must not happen. `what` holds no position and no token.
    pub(crate) fn fault(&self, who: u32, what: impl Display) {
        self.tally.errors.fetch_add(1, Relaxed);
        let mut faults = self.faults.lock();
        if faults.len() < FAULTS_MAX {
            faults.push(format!("{}: {what}", self.id(who)));
        }
    }

    /// The first faults, in words.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults.lock().clone()
    }

    pub(crate) fn coming(&self, watcher: u32, friend: u32, what: Change) {
        let mut comings = self.comings.lock();
        if comings.told.len() == COMINGS_MAX {
            comings.left_out += 1;
            return;
        }
        let (watcher, friend) = (self.id(watcher).clone(), self.id(friend).clone());
        comings.told.push(Coming { watcher, friend, what });
    }

    pub(crate) fn take_comings(&self) -> Comings {
        std::mem::take(&mut self.comings.lock())
    }

    /// How many people have a session.
    pub(crate) fn connected(&self) -> usize {
        self.people.iter().filter(|person| person.state().welcomed.is_some()).count()
    }

    /// How many people will never come back.
    pub(crate) fn given_up(&self) -> usize {
        self.people.iter().filter(|person| person.state().gave_up).count()
    }
}

pub(crate) fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Relaxed);
}
