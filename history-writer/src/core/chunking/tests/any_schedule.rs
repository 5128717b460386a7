//! Whatever happens between a log and a store, the track is that of the points that were sent.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::core::erasure::Erasures;
use crate::core::track::{Direction, PageBuilder, TrackQuery};

/// What happens while a log is read.
#[derive(Debug, Clone)]
enum Step {
    /// So many points are read.
    Read(usize),
    /// So much time passes, milliseconds.
    Wait(u64),
    /// A chunk that is being stored is stored, and the one who stored it may not hear of it.
    Store(Index, bool),
    /// The log forgets all that it may.
    Forget,
    /// The process ends, and another reads what the log still has.
    Crash,
    /// What was read lately is read again.
    Rewind(usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..60usize).prop_map(Step::Read),
        2 => (0..700u64).prop_map(Step::Wait),
        6 => (any::<Index>(), prop::bool::weighted(0.8)).prop_map(|(which, heard)| Step::Store(which, heard)),
        3 => Just(Step::Forget),
        1 => Just(Step::Crash),
        1 => (1..20usize).prop_map(Step::Rewind),
    ]
}

fn any_log() -> impl Strategy<Value = Vec<Logged>> {
    // Mostly in order, with late ones and repetitions.
    let sent = ("[abc]", prop_oneof![8 => 0..3i64, 1 => -900..0i64], 0..2u64, 0..3i64);
    prop::collection::vec(sent, 1..400).prop_map(|all| {
        let all = all.into_iter().enumerate();
        let all = all.map(|(at, (name, step, seq, received))| {
            let effective = START + (at as i64 / 2 + step) * 40_000;
            logged(at as u64, &name, point(effective, "phone", seq, received))
        });
        all.collect()
    })
}

/// A log, whoever reads it, and a store.
struct World {
    log: Vec<Logged>,
    /// From where on the log still has anything.
    kept_from: usize,
    read_to: usize,
    now: Monotonic,
    limits: ChunkingLimits,
    chunking: Chunking,
    storing: Vec<ClosedChunk>,
    store: Vec<(UserId, Chunk)>,
}

impl World {
    fn new(log: Vec<Logged>, limits: ChunkingLimits) -> Self {
        Self {
            log,
            kept_from: 0,
            read_to: 0,
            now: Monotonic(0),
            limits,
            chunking: Chunking::new(limits),
            storing: Vec::new(),
            store: Vec::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Read(count) => self.read(count),
            Step::Wait(ms) => {
                self.now = self.now.plus_ms(ms);
                self.chunking.close_aged(self.now);
            }
            Step::Store(which, is_heard) => {
                if self.storing.is_empty() {
                    return;
                }
                let at = which.index(self.storing.len());
                let ClosedChunk { user, chunk, .. } = self.storing[at].clone();
                self.store.push((user, chunk));
                if is_heard {
                    self.chunking.stored(self.storing.swap_remove(at).ticket);
                }
            }
            Step::Forget => {
                if let Some(LogPosition(checkpoint)) = self.chunking.checkpoint() {
                    self.kept_from = self.kept_from.max(checkpoint as usize);
                }
            }
            Step::Crash => {
                self.chunking = Chunking::new(self.limits);
                self.storing.clear();
                self.read_to = self.kept_from;
            }
            Step::Rewind(count) => {
                self.read_to = self.read_to.saturating_sub(count).max(self.kept_from);
            }
        }
        self.storing.extend(std::iter::from_fn(|| self.chunking.next_closed()));
    }

    fn read(&mut self, count: usize) {
        let end = (self.read_to + count).min(self.log.len());
        for logged in &self.log[self.read_to..end] {
            self.chunking.add(self.now, logged.clone());
        }
        self.read_to = end;
    }

    /// What is read of a user: all that is stored, and all that the log still has.
    fn track(&self, name: &str) -> Vec<Point> {
        let query = TrackQuery {
            range: TimeRange::ALL,
            direction: Direction::Ascending,
            limit: usize::MAX,
            after: None,
        };
        let erasures = Erasures::new();
        let mut page = PageBuilder::new(query, &erasures);
        for (_, chunk) in self.store.iter().filter(|(user, _)| user.as_str() == name) {
            page.add(chunk.points().iter().cloned());
        }
        let logged = self.log[self.kept_from..].iter().filter(|it| it.user.as_str() == name);
        page.add(logged.map(|logged| logged.point.clone()));
        page.finish().points
    }
}

fn sent(log: &[Logged], name: &str) -> Vec<Point> {
    let mut points: Vec<_> = log
        .iter()
        .filter(|logged| logged.user.as_str() == name)
        .map(|logged| logged.point.clone())
        .collect();
    Point::sort_and_deduplicate(&mut points);
    points
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn nothing_is_lost_between_the_log_and_the_store(
        log in any_log(), steps in prop::collection::vec(any_step(), 0..60),
        points_open_max in prop_oneof![Just(10_000usize), 1..30usize],
    ) {
        let limits = ChunkingLimits { chunks_open_max: 8, points_open_max, age_ms_max: 1_000 };
        let mut world = World::new(log.clone(), limits);
        for step in steps {
            world.step(&step);
            for name in ["a", "b", "c"] {
                prop_assert_eq!(world.track(name), sent(&log, name), "{}", name);
            }
        }
        world.step(&Step::Read(usize::MAX / 2));
        world.chunking.close_all();
        world.step(&Step::Wait(0));
        for ClosedChunk { ticket, user, chunk } in std::mem::take(&mut world.storing) {
            world.store.push((user, chunk));
            world.chunking.stored(ticket);
        }
        world.step(&Step::Forget);
        prop_assert_eq!(world.kept_from, log.len(), "all is stored, and may be forgotten");
        for name in ["a", "b", "c"] {
            prop_assert_eq!(world.track(name), sent(&log, name), "{}", name);
        }
    }
}
