use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use e2e::DEADLINE;
use e2e::servers::Cassandra;
use history_writer::cassandra::{CassandraStore, Config, migrate};
use history_writer::embedded::{self, EmbeddedLog};
use history_writer::{
    Bucket, ChunkingLimits, DeploymentKey, DeploymentKeys, Deps, Direction, EmbeddedRegister,
    History, Kept, LogId, LogReader as _, OwnedLogs, Point, Register, SealedChunk, Store,
    StoredChunk, TimeRange, TrackQuery,
};
use model::{DeviceId, Fix, ManualClock, Position, SeededRandom, Timestamp, UserId, Version};
use tempfile::TempDir;
use tokio::sync::{OnceCell, RwLock};
use tokio::time::{Instant, sleep};

const NOW: i64 = 1_700_000_000_000;
const MINUTE_MS: u64 = 60_000;
/// How long it may take until all is stored again after nodes were gone.
const STORED_TIMEOUT: Duration = Duration::from_mins(3);

/// The one node of all these tests: whoever kills or stalls it has it alone.
pub(super) async fn node() -> &'static RwLock<Cassandra> {
    static NODE: OnceCell<RwLock<Cassandra>> = OnceCell::const_new();
    NODE.get_or_init(async || RwLock::new(Cassandra::start().await)).await
}

/// Of a keyspace that isn't there yet.
pub(super) fn config(node: &Cassandra) -> Config {
    Config {
        nodes: vec![node.node()],
        keyspace: node.keyspace(),
        replication: BTreeMap::from([(node.datacenter().to_owned(), 1)]),
        ..Config::default()
    }
}

/// With its tables, in which nothing expires.
pub(super) async fn migrated(config: Config) -> Config {
    migrate(&config, None).await.expect("the node is there");
    config
}

pub(super) async fn connect(config: &Config) -> CassandraStore {
    CassandraStore::connect(config, None).await.expect("the node is there")
}

/// A chunk of one minute.
pub(super) fn chunk(user: &UserId, minute: i64, bytes: Vec<u8>) -> StoredChunk {
    let first = Timestamp(NOW + minute * MINUTE_MS as i64);
    StoredChunk {
        user: user.clone(),
        sealed: SealedChunk { bucket: Bucket::at(first), first, bytes },
        last: first,
        received: Timestamp(NOW),
        points: 1,
    }
}

/// Everything of a user.
pub(super) async fn read(store: &dyn Store, user: &UserId) -> Vec<SealedChunk> {
    let mut all: Vec<SealedChunk> = Vec::new();
    loop {
        let after = all.last().map(SealedChunk::place);
        let more = store.chunks(user, TimeRange::ALL, Direction::Ascending, after, 1_000).await;
        let more = more.expect("the node is there");
        let is_end = more.len() < 1_000;
        all.extend(more);
        if is_end {
            return all;
        }
    }
}

pub(super) fn user(name: &str) -> UserId {
    UserId::parse(name).expect("an id")
}

/// Waits until something holds.
pub(super) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + 2 * DEADLINE;
    while !holds().await {
        assert!(Instant::now() < deadline, "it doesn't come to this: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Movement history whose chunks lie in Cassandra; log and register lie in a folder.
pub(super) struct World {
    pub(super) history: History,
    pub(super) store: Arc<CassandraStore>,
    log: Arc<EmbeddedLog>,
    register: Arc<EmbeddedRegister>,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

impl World {
    pub(super) async fn start(config: &Config) -> Self {
        let folder = TempDir::new().expect("a folder");
        let clock = Arc::new(ManualClock::at(Timestamp(NOW)));
        let log = EmbeddedLog::open(folder.path(), embedded::Config::default(), clock.clone());
        let log = Arc::new(log.await.expect("a log"));
        let register = Arc::new(EmbeddedRegister::open(folder.path()).await.expect("a register"));
        let store = Arc::new(connect(config).await);
        let history = History::start(Deps {
            log: log.clone(),
            owned: OwnedLogs::only(LogId(1), log.clone()),
            store: store.clone(),
            register: register.clone(),
            shared_logs: None,
            keys: keys(),
            chunking: ChunkingLimits::default(),
            retention_days: 0,
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
        })
        .await;
        let history = history.expect("a log that nobody else has");
        Self { history, store, log, register, clock, _folder: folder }
    }

    /// Keeps a minute of somebody, a point a second.
    pub(super) async fn keep(&self, user: &UserId, minute: i64) {
        let seconds = minute * 60..(minute + 1) * 60;
        let points: Vec<_> = seconds.map(point).collect();
        assert_eq!(self.history.keep(user, &points).await, Kept::Log);
    }

    /// Waits until all that is in the log now, but for chunks that are open, is stored.
    pub(super) async fn stored_what_is_there(&self) {
        let (end, deadline) = (self.log.status().end, Instant::now() + STORED_TIMEOUT);
        while self.log.status().mark < end {
            let (status, fault) = (self.log.status(), self.history.fault());
            assert!(Instant::now() < deadline, "{status:?} isn't stored up to {end:?}: {fault:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// How many points aren't stored yet.
    pub(super) fn waiting(&self) -> u64 {
        let status = self.log.status();
        status.end.0 - status.mark.0
    }

    /// How many points are stored.
    pub(super) fn stored_points(&self) -> u64 {
        self.log.status().mark.0 - 1
    }

    /// Lets time pass.
    pub(super) fn pass(&self, time: Duration) {
        self.clock.advance_ms(time.as_millis() as u64);
    }

    /// Waits until all is stored; chunks grow old meanwhile.
    pub(super) async fn store_all(&self) {
        until("all is stored", async || {
            self.clock.advance_ms(31 * MINUTE_MS);
            self.waiting() == 0
        })
        .await;
    }

    /// The seconds of the user's track.
    pub(super) async fn track(&self, user: &UserId) -> Vec<i64> {
        let (range, direction) = (TimeRange::ALL, Direction::Ascending);
        let query = TrackQuery { range, direction, limit: 1_000_000, after: None };
        let track = self.history.track(user, query).await.expect("a track");
        let points = track.page.points.iter();
        points.map(|point| (point.effective().0 - NOW) / 1_000).collect()
    }

    /// The seconds of all points in the user's chunks, as often as they are there.
    pub(super) async fn stored(&self, user: &UserId) -> Vec<i64> {
        let records = self.register.records(std::slice::from_ref(user)).await.expect("a record");
        let wrapped = records[0].wrapped_key.as_ref().expect("a key");
        let key = keys().unwrap(user, wrapped).expect("the right key");
        let mut seconds = Vec::new();
        for sealed in read(&*self.store, user).await {
            let chunk = sealed.open(user, &key).expect("a chunk");
            let points = chunk.points().iter();
            seconds.extend(points.map(|point| (point.effective().0 - NOW) / 1_000));
        }
        seconds.sort_unstable();
        seconds
    }
}

fn point(second: i64) -> Point {
    let effective = Timestamp(NOW + second * 1_000);
    let device = DeviceId::parse("phone").expect("a device");
    let version = Version { effective, device, seq: second as u64 };
    let fix = Fix::at(Position::new(48.1, 11.5 + second as f64 * 1e-5).expect("on Earth"));
    Point::new(version, &fix, Timestamp(NOW), None)
}

fn keys() -> DeploymentKeys {
    DeploymentKeys::new(DeploymentKey::new(&[7; 32]), Vec::new())
}
