//! Several processes, each with a log of its own, over one store and one register.

mod network;
mod peers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::{Clock as _, ManualClock, SeededRandom, Timestamp};
use parking_lot::Mutex;
use tempfile::TempDir;

use super::super::writer::Writer;
use super::super::*;
use super::world::{MINUTE, NOW, point_at, user};
use crate::log::embedded::{Config, EmbeddedLog};
use crate::{
    ChunkingLimits, DeploymentKey, DeploymentKeys, Direction, EmbeddedRegister, EmbeddedStore,
    LogId, LogMark, LogMarks, StoreAnswer, TrackQuery,
};
use network::{Network, address};

const DAY: u64 = 24 * 60 * MINUTE;

/// Marks of a deployment, in memory; that which PostgreSQL has passes the tests of its own.
#[derive(Default)]
struct Marks {
    told: Mutex<BTreeMap<LogId, LogMark>>,
    gaps: Mutex<Vec<TimeRange>>,
    is_away: AtomicBool,
}

impl Marks {
    fn reached(&self) -> Result<(), StoreError> {
        let is_away = self.is_away.load(Ordering::Relaxed);
        if is_away { Err(StoreError::unavailable("away")) } else { Ok(()) }
    }
}

impl LogMarks for Marks {
    fn tell<'a>(&'a self, mark: &'a LogMark) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            self.reached()?;
            self.told.lock().insert(mark.log, mark.clone());
            Ok(())
        })
    }

    fn all(&self) -> StoreAnswer<'_, Vec<LogMark>> {
        Box::pin(async move {
            self.reached()?;
            Ok(self.told.lock().values().cloned().collect())
        })
    }

    fn forget<'a>(&'a self, mark: &'a LogMark, gap: Option<TimeRange>) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            self.reached()?;
            self.told.lock().remove(&mark.log);
            self.gaps.lock().extend(gap);
            Ok(())
        })
    }
}

/// What processes share.
struct Deployment {
    folder: TempDir,
    clock: Arc<ManualClock>,
    store: Arc<EmbeddedStore>,
    register: Arc<EmbeddedRegister>,
    marks: Arc<Marks>,
    /// If processes can be asked.
    network: Option<Arc<Network>>,
}

struct Process {
    history: History,
    writer: Writer,
}

impl Deployment {
    async fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let store = EmbeddedStore::open(folder.path()).await.expect("a store");
        let register = EmbeddedRegister::open(folder.path()).await.expect("a register");
        let clock = Arc::new(ManualClock::at(Timestamp(NOW)));
        let (store, register) = (Arc::new(store), Arc::new(register));
        Self { folder, clock, store, register, marks: Arc::default(), network: None }
    }

    /// Processes answer each other what waits in their logs.
    async fn connected() -> Self {
        Self { network: Some(Arc::default()), ..Self::new().await }
    }

    async fn deps(&self, log: u128) -> Deps {
        let folder = self.folder.path().join(log.to_string());
        std::fs::create_dir_all(&folder).expect("a folder");
        let opened = EmbeddedLog::open(&folder, Config::default(), self.clock.clone()).await;
        let opened = Arc::new(opened.expect("a log"));
        Deps {
            log: opened.clone(),
            owned: OwnedLogs::only(LogId(log), opened),
            store: self.store.clone(),
            register: self.register.clone(),
            shared_logs: Some(SharedLogs {
                marks: self.marks.clone(),
                on_servers: Vec::new(),
                address: self.network.as_ref().map(|_| address(log)),
                peers: self.network.clone().unwrap_or_default(),
            }),
            keys: DeploymentKeys::new(DeploymentKey::new(&[7; 32]), Vec::new()),
            chunking: ChunkingLimits::default(),
            retention_days: 0,
            clock: self.clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
        }
    }

    /// A process that has told of its log.
    async fn process(&self, log: u128) -> Process {
        let history = History::idle(self.deps(log).await);
        history.shared.exchange_marks().await.expect("told");
        if let Some(network) = &self.network {
            network.join(log, &history);
        }
        let log = history.shared.deps.owned.now()[0].log.clone();
        let writer = Writer::new(history.shared.clone(), log);
        Process { history, writer }
    }

    async fn keep(&self, process: &Process, second: i64) {
        let point = point_at(second, self.clock.now().wall);
        assert_eq!(process.history.keep(&user("ann"), &[point]).await, Kept::Log);
    }
}

impl Process {
    /// The seconds of which the process has points, up to when it says that these are all, and why they aren't.
    async fn track(&self) -> (Vec<i64>, i64, Vec<&'static str>) {
        let (range, direction) = (TimeRange::ALL, Direction::Ascending);
        let query = TrackQuery { range, direction, limit: 100, after: None };
        let track = self.history.track(&user("ann"), query).await.expect("a track");
        let seconds = track.page.points.iter().map(|point| (point.effective().0 - NOW) / 1_000);
        let why = track.incomplete.iter().map(|why| why.as_str()).collect();
        (seconds.collect(), track.complete_until.0 - NOW, why)
    }

    async fn look(&self) {
        self.history.shared.exchange_marks().await.expect("told");
    }
}

#[tokio::test]
async fn a_track_is_complete_up_to_what_every_log_has_stored() {
    let deployment = Deployment::new().await;
    let (near, mut far) = (deployment.process(1).await, deployment.process(2).await);
    near.look().await;
    assert_eq!(near.track().await, (vec![], 0, vec![]));

    deployment.clock.advance_ms(1_000);
    deployment.keep(&far, 1).await;
    deployment.clock.advance_ms(1_000);
    // Nobody has told anything since.
    assert_eq!(near.track().await, (vec![], 0, vec![]));
    far.look().await;
    near.look().await;
    assert_eq!(near.track().await, (vec![], 999, vec![]));

    far.writer.finish().await.expect("stored");
    far.look().await;
    assert_eq!(near.track().await, (vec![1], 999, vec![]));
    near.look().await;
    assert_eq!(near.track().await, (vec![1], 2_000, vec![]));
}

#[tokio::test]
async fn a_log_that_is_away_is_told_of_until_it_is_given_up() {
    let deployment = Deployment::new().await;
    let (near, far) = (deployment.process(1).await, deployment.process(2).await);
    deployment.clock.advance_ms(1_000);
    deployment.keep(&far, 1).await;
    far.look().await;
    drop(far);
    deployment.clock.advance_ms(11_000);
    near.look().await;
    assert_eq!(near.track().await, (vec![], 999, vec!["log_away"]));

    // It comes back with its disk.
    let mut far = deployment.process(2).await;
    near.look().await;
    assert_eq!(near.track().await, (vec![], 999, vec![]));
    far.writer.finish().await.expect("stored");
    drop(far);
    near.look().await;
    assert_eq!(near.track().await, (vec![1], 999, vec![]));

    deployment.clock.advance_ms(DAY + 1);
    near.look().await;
    assert_eq!(near.track().await, (vec![1], DAY as i64 + 12_001, vec![]));
    let lost = TimeRange { from: Timestamp(NOW + 999), to: Timestamp(NOW + 12_000) };
    assert_eq!(*deployment.marks.gaps.lock(), [lost]);
}

#[tokio::test]
async fn nobody_waits_for_a_process_that_left_with_an_empty_log() {
    let deployment = Deployment::new().await;
    let (near, mut far) = (deployment.process(1).await, deployment.process(2).await);
    deployment.keep(&far, 1).await;
    far.history.stop().await;
    assert_eq!(deployment.marks.told.lock().len(), 2, "it has something that isn't stored");
    far.writer.finish().await.expect("stored");
    far.history.stop().await;
    assert_eq!(deployment.marks.told.lock().len(), 1);
    deployment.clock.advance_ms(60_000);
    near.look().await;
    assert_eq!(near.track().await, (vec![1], 60_000, vec![]));
}

#[tokio::test]
async fn who_does_not_know_the_others_says_so_and_who_is_not_known_does_not_start() {
    let deployment = Deployment::new().await;
    let near = deployment.process(1).await;
    deployment.clock.advance_ms(5_000);
    deployment.marks.is_away.store(true, Ordering::Relaxed);
    assert!(near.history.shared.exchange_marks().await.is_err());
    assert!(History::start(deployment.deps(2).await).await.is_err());
    // What was true stays true: whoever came later has nothing from before.
    assert_eq!(near.track().await, (vec![], 0, vec![]));

    let unknowing = History::idle(deployment.deps(2).await);
    let others = unknowing.shared.ask_others(&user("ann"), TimeRange::ALL).await;
    let mut lacks = std::collections::BTreeSet::new();
    let until = others.expect("there may be some").complete_until(&[], &mut lacks);
    assert!(lacks.contains(&Incomplete::LogAway) && until == Timestamp(i64::MIN));
}
