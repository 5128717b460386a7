//! Points made up by number, and logs in folders of their own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::{DeviceId, Fix, ManualClock, Position, Timestamp, UserId, Version};
use parking_lot::{Condvar, Mutex};
use segment_log::test_kit::FaultyDisk;
use segment_log::{Disk, LocalDisk, segment, segments};
use tempfile::TempDir;

use crate::log::embedded::{Config, EmbeddedLog, FOLDER_NAME};
use crate::{Log, LogError, LogPosition, LogReader, Logged, Point, Unshown};

pub(super) const NOW: i64 = 1_700_000_000_000;
/// The points of a batch.
pub(super) const POINTS: u64 = 3;

/// So small that every few batches a segment is full.
pub(super) const SMALL: Config = Config {
    bytes_max: 1 << 20,
    recent_bytes_max: 1 << 20,
    segment_bytes_max: 600,
    segment_age_ms_max: u64::MAX,
    forget_after_ms: 60_000,
    gather_ms: 0,
};

/// A folder and what opens a log in it.
pub(super) struct World {
    pub(super) data_dir: TempDir,
    pub(super) config: Config,
    pub(super) clock: Arc<ManualClock>,
}

impl World {
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp(NOW)));
        Self { data_dir: TempDir::new().expect("a temporary folder"), config: SMALL, clock }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.data_dir.path().join(FOLDER_NAME)
    }

    pub(super) async fn open(&self) -> Result<EmbeddedLog, LogError> {
        self.open_on(Arc::new(LocalDisk)).await
    }

    pub(super) async fn open_on(&self, disk: Arc<dyn Disk>) -> Result<EmbeddedLog, LogError> {
        EmbeddedLog::open_on(disk, self.data_dir.path(), self.config, self.clock.clone()).await
    }

    /// A log on a disk that fails when it is told to, and doesn't wait for syncs.
    pub(super) async fn open_faulty(&self) -> (EmbeddedLog, FaultyDisk) {
        let disk = FaultyDisk::default();
        (self.open_on(Arc::new(disk.clone())).await.expect("opens"), disk)
    }

    /// A log with this many batches, closed again.
    pub(super) async fn filled(batches: u64) -> Self {
        let world = Self::new();
        let (log, _) = world.open_faulty().await;
        append(&log, 0, batches).await;
        world
    }

    /// The segments, oldest first.
    pub(super) fn segments(&self) -> Vec<PathBuf> {
        let all = segments(&self.folder()).expect("a folder");
        all.iter().map(|first| segment(&self.folder(), *first)).collect()
    }
}

/// Appends the batches from one number to another.
pub(super) async fn append(log: &EmbeddedLog, from: u64, to: u64) {
    for n in from..to {
        let (user, points) = batch(n);
        log.append(&user, &points).await.expect("appended");
    }
}

/// The batch of this number, always the same.
pub(super) fn batch(n: u64) -> (UserId, Vec<Point>) {
    (user(n % 4), (n * POINTS..(n + 1) * POINTS).map(point).collect())
}

pub(super) fn user(n: u64) -> UserId {
    UserId::parse(&format!("user-{n}")).expect("a user id")
}

/// The point of this number, received so many seconds from the start.
pub(super) fn point(n: u64) -> Point {
    let received = Timestamp(NOW + 1_000 * n as i64);
    let device = DeviceId::parse(["phone", "watch"][(n % 5 / 4) as usize]).expect("a device id");
    let version = Version { effective: received.plus_ms(-(n as i64 % 7)), device, seq: n };
    let position = Position::new(n as f64 / 1e5, -122.0).expect("on Earth");
    let fix = Fix { speed_mps: n.is_multiple_of(2).then_some(1.5), ..Fix::at(position) };
    Point::new(version, &fix, received, n.is_multiple_of(6).then_some(Unshown::Older))
}

/// All that is to be read, in pieces.
pub(super) async fn read_all(log: &EmbeddedLog) -> Vec<Logged> {
    read_from(log, log.replay_from()).await
}

pub(super) async fn read_from(log: &EmbeddedLog, from: LogPosition) -> Vec<Logged> {
    let (mut all, mut from) = (Vec::new(), from);
    loop {
        let read = log.read(from, 5).await.expect("read");
        if read.points.is_empty() {
            assert_eq!(read.next, log.status().end.max(from), "the end");
            return all;
        }
        assert!(read.next > read.points.last().expect("a point").position);
        all.extend(read.points);
        from = read.next;
    }
}

/// The numbers of points, which must be what was appended under these numbers, each once and in their order.
pub(super) fn numbers(logged: &[Logged]) -> Vec<u64> {
    assert!(logged.is_sorted_by(|one, next| one.position < next.position), "positions grow");
    let number = |it: &Logged| {
        let n = it.point.version.seq;
        assert_eq!((&it.user, &it.point), (&user(n / POINTS % 4), &point(n)));
        n
    };
    let numbers: Vec<_> = logged.iter().map(number).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "each once, in order: {numbers:?}");
    numbers
}

/// Holds up all that is written to a disk, and counts it.
#[derive(Default)]
pub(super) struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
    writes: AtomicUsize,
}

impl Gate {
    /// Writes to this disk wait from now on.
    pub(super) fn hold(disk: &FaultyDisk) -> Arc<Self> {
        let gate = Arc::new(Self::default());
        let writing = Arc::clone(&gate);
        disk.before_each_write_of("", move || {
            writing.writes.fetch_add(1, Ordering::SeqCst);
            let mut is_open = writing.is_open.lock();
            writing.opened.wait_while(&mut is_open, |is_open| !*is_open);
        });
        gate
    }

    /// Waits until a write waits.
    pub(super) async fn reached(&self) {
        while self.writes() == 0 {
            tokio::task::yield_now().await;
        }
    }

    pub(super) fn open(&self) {
        *self.is_open.lock() = true;
        self.opened.notify_all();
    }

    /// How many writes there were.
    pub(super) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }
}

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file")
}

/// Gives a file other bytes.
pub(super) fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("written");
}

/// A runtime for a test that is no task.
pub(super) fn run<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(task)
}
