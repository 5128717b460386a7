use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use model::{
    Clock as _, DeviceId, Fix, ManualClock, Position, SeededRandom, Timestamp, UserId, Version,
};
use parking_lot::Mutex;
use tempfile::TempDir;

use super::faulty::{FaultyRegister, FaultyStore};
use crate::log::embedded::{Config, EmbeddedLog, FOLDER_NAME};
use crate::service::writer::Writer;
use crate::{
    ChunkingLimits, DeploymentKey, DeploymentKeys, Deps, Direction, EmbeddedRegister,
    EmbeddedStore, History, Kept, LogId, LogReader, OwnedLogs, Point, StoreError, TimeRange,
    TrackQuery,
};

pub(super) const NOW: i64 = 1_700_000_000_000;
pub(super) const MINUTE: u64 = 60_000;

/// A folder, and history over what lies in it, whose writer is stepped by the test.
pub(super) struct World {
    log: Arc<EmbeddedLog>,
    config: Config,
    path: PathBuf,
    /// Removed with it.
    folder: Option<TempDir>,
    pub clock: Arc<ManualClock>,
    pub register: Arc<FaultyRegister>,
    pub store: Arc<FaultyStore>,
    pub history: History,
    pub writer: Writer,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with_log(Config::default()).await
    }

    pub(super) async fn with_log(config: Config) -> Self {
        let folder = TempDir::new().expect("a folder");
        let (path, clock) = (folder.path().to_owned(), Arc::new(ManualClock::at(Timestamp(NOW))));
        let folder = Some(folder);
        Self { folder, ..Self::open(&path, clock, config).await }
    }

    /// History in a folder that stays.
    pub(super) async fn open(path: &Path, clock: Arc<ManualClock>, config: Config) -> Self {
        Self::open_with(path, clock, config, keys(&[7])).await
    }

    async fn open_with(
        path: &Path,
        clock: Arc<ManualClock>,
        config: Config,
        keys: DeploymentKeys,
    ) -> Self {
        let log = EmbeddedLog::open(path, config, clock.clone()).await;
        let log = Arc::new(log.expect("a log"));
        let register = EmbeddedRegister::open(path).await.expect("a register");
        let register = Arc::new(FaultyRegister {
            register,
            is_exclusive: AtomicBool::new(false),
            is_away: AtomicBool::new(false),
        });
        let store = EmbeddedStore::open(path).await.expect("a store");
        let store = Arc::new(FaultyStore {
            store,
            is_unreadable: AtomicBool::new(false),
            incidents: Mutex::default(),
            outages: AtomicU64::new(0),
        });
        let history = History::idle(Deps {
            log: log.clone(),
            owned: OwnedLogs::only(LogId(1), log.clone()),
            store: store.clone(),
            register: register.clone(),
            shared_logs: None,
            keys,
            chunking: ChunkingLimits::default(),
            retention_days: 30,
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
        });
        history.shared.off_users.load(&*register).await.expect("a register");
        history.shared.receipts.load(&history.shared.deps).await.expect("a register");
        let writer = Writer::new(history.shared.clone(), log.clone());
        let (path, folder) = (path.to_owned(), None);
        Self { log, config, path, folder, clock, register, store, history, writer }
    }

    /// The same folder after the process ended.
    pub(super) async fn reopen(self) -> Self {
        let Self { log, config, path, folder, clock, history, writer, register, store } = self;
        drop((history, writer, register, store, log));
        Self { folder, ..Self::open(&path, clock, config).await }
    }

    /// What the log's folder has, to be put back later.
    pub(super) fn copy_log(&self) -> TempDir {
        let copy = TempDir::new().expect("a folder");
        replace(&self.path.join(FOLDER_NAME), copy.path());
        copy
    }

    /// The same folder after the process ended, with a log as it was copied earlier.
    pub(super) async fn reopen_with_log(self, copy: &TempDir) -> Self {
        let Self { log, config, path, folder, clock, history, writer, register, store } = self;
        drop((history, writer, register, store, log));
        replace(copy.path(), &path.join(FOLDER_NAME));
        Self { folder, ..Self::open(&path, clock, config).await }
    }

    /// The same when a bit of the log was flipped, in what was written so many frames after the first.
    pub(super) async fn reopen_damaged(self, frame: usize) -> Self {
        let log = self.path.join(FOLDER_NAME);
        let segments = segment_log::segments(&log).expect("a folder");
        let path = segment_log::segment(&log, segments[0]);
        let mut bytes = std::fs::read(&path).expect("a segment");
        // Of one point each, and so of about one length.
        let length = (bytes.len() - segment_log::HEADER_BYTES) / 3;
        bytes[segment_log::HEADER_BYTES + length * frame + length / 2] ^= 1;
        let copy = self.copy_log();
        std::fs::write(segment_log::segment(copy.path(), segments[0]), bytes).expect("written");
        self.reopen_with_log(&copy).await
    }

    /// The same where the deployment has other keys since, the first of which wraps.
    pub(super) async fn reopen_with(self, bytes: &[u8]) -> Self {
        let Self { log, config, path, folder, clock, history, writer, register, store } = self;
        drop((history, writer, register, store, log));
        Self { folder, ..Self::open_with(&path, clock, config, keys(bytes)).await }
    }

    /// Keeps points of these seconds after the beginning, received now.
    pub(super) async fn keep(&self, user: &UserId, seconds: impl IntoIterator<Item = i64>) -> Kept {
        let points: Vec<_> = seconds.into_iter().map(|second| self.point(second)).collect();
        self.history.keep(user, &points).await
    }

    pub(super) fn point(&self, second: i64) -> Point {
        point_at(second, self.clock.now().wall)
    }

    /// All that is closed gets stored, as chunks grow old.
    pub(super) async fn store_all(&mut self) -> Result<(), StoreError> {
        while self.writer.turn().await? {}
        self.clock.advance_ms(31 * MINUTE);
        self.writer.turn().await.map(|_| ())
    }

    /// The seconds of which there are points.
    pub(super) async fn seconds(&self, user: &UserId) -> Vec<i64> {
        let (range, direction) = (TimeRange::ALL, Direction::Ascending);
        let query = TrackQuery { range, direction, limit: 10_000, after: None };
        let track = self.history.track(user, query).await.expect("a track");
        assert!(track.incomplete.is_empty() && track.page.next.is_none());
        assert_eq!(track.complete_until, self.clock.now().wall, "all that was answered is there");
        let second = |point: &Point| (point.effective().0 - NOW) / 1_000;
        track.page.points.iter().map(second).collect()
    }

    pub(super) fn register_is_away(&self, is_away: bool) {
        self.register.is_away.store(is_away, Ordering::Relaxed);
    }

    pub(super) fn waits(&self) -> u64 {
        let status = self.log.status();
        status.end.0 - status.mark.0
    }
}

/// Leaves in one folder what another one has.
fn replace(from: &Path, to: &Path) {
    for file in std::fs::read_dir(to).into_iter().flatten() {
        std::fs::remove_file(file.expect("a file").path()).expect("removed");
    }
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

/// Keys of the deployment, each of these bytes.
fn keys(bytes: &[u8]) -> DeploymentKeys {
    let mut keys = bytes.iter().map(|byte| DeploymentKey::new(&[*byte; 32]));
    let current = keys.next().expect("one that wraps");
    DeploymentKeys::new(current, keys.collect())
}

/// A point of so many seconds after the beginning.
pub(super) fn point_at(second: i64, received: Timestamp) -> Point {
    let effective = Timestamp(NOW + second * 1_000);
    let device = DeviceId::parse("phone").expect("a device");
    let version = Version { effective, device, seq: second.unsigned_abs() };
    let fix =
        Fix::at(Position::new(48.1, 11.5 + (second % 1_000_000) as f64 * 1e-4).expect("on Earth"));
    Point::new(version, &fix, received, None)
}

pub(super) fn user(name: &str) -> UserId {
    UserId::parse(name).expect("an id")
}
