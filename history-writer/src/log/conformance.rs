//! The cases that every log passes: what is appended is what is read, whoever reads it.

mod marks;
mod reading;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::{DeviceId, Fix, ManualClock, Position, Timestamp, UserId, Version};
use sql::conformance::Case;

use super::Answer;
use crate::{Log, LogPosition, LogReader, Logged, Point, Unshown};

/// When points begin, Unix milliseconds.
const START: i64 = 1_700_000_000_000;
/// How long after points are stored they are kept by a log that is tested, milliseconds.
pub const FORGET_AFTER_MS: u64 = 60_000;

/// Both halves of a log that one process has open.
pub struct OpenLog {
    /// That which takes points.
    pub log: Arc<dyn Log>,
    /// That which is read.
    pub reader: Arc<dyn LogReader>,
    /// Ends the process that has it open, once the halves are dropped.
    pub close: Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send + Sync>,
}

/// What an adapter of [`Log`] and [`LogReader`] gives to be tested: a place of its own for the data of one case, all of it in
/// one log, which keeps what is stored for [`FORGET_AFTER_MS`].
pub trait LogBackend: Send + Sync {
    /// Opens the log, empty at first. Again, after the one before was closed: with what that one answered.
    fn open(&self, clock: Arc<ManualClock>) -> Answer<'_, OpenLog>;
}

/// The cases.
pub const CASES: &[Case<dyn LogBackend>] = &[
    Case {
        name: "what_is_appended_is_read_in_order",
        run: |it| Box::pin(reading::what_is_appended_is_read_in_order(it)),
    },
    Case {
        name: "every_kind_of_value_is_read_as_it_was",
        run: |it| Box::pin(reading::every_kind_of_value_is_read_as_it_was(it)),
    },
    Case {
        name: "what_is_appended_at_once_is_read_once",
        run: |it| Box::pin(reading::what_is_appended_at_once_is_read_once(it)),
    },
    Case {
        name: "reading_goes_on_from_anywhere",
        run: |it| Box::pin(reading::reading_goes_on_from_anywhere(it)),
    },
    Case {
        name: "who_waits_hears_of_what_comes",
        run: |it| Box::pin(reading::who_waits_hears_of_what_comes(it)),
    },
    Case {
        name: "what_is_not_stored_is_known_by_user",
        run: |it| Box::pin(reading::what_is_not_stored_is_known_by_user(it)),
    },
    Case {
        name: "what_was_answered_survives_reopening",
        run: |it| Box::pin(marks::what_was_answered_survives_reopening(it)),
    },
    Case {
        name: "what_is_stored_is_given_up_a_while_later",
        run: |it| Box::pin(marks::what_is_stored_is_given_up_a_while_later(it)),
    },
    Case {
        name: "what_was_told_can_be_taken_back",
        run: |it| Box::pin(marks::what_was_told_can_be_taken_back(it)),
    },
    Case {
        name: "a_log_says_until_when_all_is_stored",
        run: |it| Box::pin(marks::a_log_says_until_when_all_is_stored(it)),
    },
];

/// A log, and its clock.
struct World<'a> {
    backend: &'a dyn LogBackend,
    clock: Arc<ManualClock>,
    log: OpenLog,
}

impl<'a> World<'a> {
    async fn new(backend: &'a dyn LogBackend) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp(START)));
        let log = backend.open(clock.clone()).await.expect("a log");
        Self { backend, clock, log }
    }

    /// The process ends, and another one opens the log.
    async fn reopen(self) -> Self {
        let Self { backend, clock, log: OpenLog { log, reader, close } } = self;
        drop((log, reader));
        close().await;
        let log = backend.open(clock.clone()).await.expect("the log again");
        Self { backend, clock, log }
    }

    /// Appends points of these numbers, one by one.
    async fn append(&self, name: &str, numbers: std::ops::Range<u64>) {
        for n in numbers {
            self.log.log.append(&user(name), &[point(n)]).await.expect("appended");
        }
    }

    /// All that is to be read from a position on.
    async fn read(&self, mut from: LogPosition) -> Vec<Logged> {
        let mut all = Vec::new();
        loop {
            let read = self.log.reader.read(from, 7).await.expect("read");
            if read.points.is_empty() {
                return all;
            }
            assert!(read.next > read.points[read.points.len() - 1].position, "it goes on");
            all.extend(read.points);
            from = read.next;
        }
    }

    async fn read_all(&self) -> Vec<Logged> {
        self.read(self.log.reader.replay_from()).await
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("an id")
}

/// The point of a number, received so many milliseconds from the start.
fn point(n: u64) -> Point {
    let received = Timestamp(START + n as i64);
    let device = DeviceId::parse("phone").expect("a device");
    let version = Version { effective: received.plus_ms(-3), device, seq: n };
    let fix = Fix::at(Position::new(n as f64 / 1e5, 11.5).expect("on Earth"));
    Point::new(version, &fix, received, n.is_multiple_of(6).then_some(Unshown::Older))
}

/// The numbers of points, whose positions grow.
fn numbers(logged: &[Logged]) -> Vec<u64> {
    assert!(logged.is_sorted_by(|one, next| one.position < next.position), "positions grow");
    for it in logged {
        assert_eq!(it.point, point(it.point.version.seq));
    }
    logged.iter().map(|it| it.point.version.seq).collect()
}
