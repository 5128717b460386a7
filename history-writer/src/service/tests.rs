use std::collections::VecDeque;

use model::{DeviceId, Fix, ManualClock, Position, SeededRandom, Timestamp, Version};
use tempfile::TempDir;

use super::*;
use crate::log::embedded::{self, EmbeddedLog};
use crate::{
    ChunkPlace, DeploymentKey, Direction, EmbeddedRegister, EmbeddedStore, SealedChunk,
    StoreAnswer, StoredChunk, TrackQuery,
};

const NOW: i64 = 1_700_000_000_000;
const MINUTE: u64 = 60_000;

/// What happens to the next put.
enum Incident {
    /// The store is away.
    Away,
    /// It takes nothing of this user, however it comes.
    Refused(UserId),
    /// While it is under way all of this user is erased.
    Erased(UserId, Timestamp, Arc<EmbeddedRegister>),
}

/// A real store to whose puts things happen.
struct FaultyStore {
    store: EmbeddedStore,
    incidents: Mutex<VecDeque<Incident>>,
}

impl Store for FaultyStore {
    fn put<'a>(&'a self, chunks: &'a [StoredChunk]) -> StoreAnswer<'a, ()> {
        Box::pin(async move {
            let incident = self.incidents.lock().pop_front();
            match incident {
                Some(Incident::Away) => return Err(StoreError::unavailable("away")),
                Some(Incident::Refused(user)) if chunks.iter().any(|it| it.user == user) => {
                    if chunks.len() > 1 {
                        self.incidents.lock().push_front(Incident::Refused(user));
                    }
                    return Err(StoreError::internal("too strange"));
                }
                Some(Incident::Refused(user)) => {
                    self.incidents.lock().push_front(Incident::Refused(user));
                }
                Some(Incident::Erased(user, at, register)) => register.erase_all(&user, at).await?,
                None => {}
            }
            self.store.put(chunks).await
        })
    }

    fn chunks<'a>(
        &'a self,
        user: &'a UserId,
        starts: TimeRange,
        direction: Direction,
        after: Option<ChunkPlace>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<SealedChunk>> {
        self.store.chunks(user, starts, direction, after, limit)
    }

    fn erase<'a>(&'a self, user: &'a UserId, erasure: Erasure) -> StoreAnswer<'a, ()> {
        self.store.erase(user, erasure)
    }

    fn forget(&self, received_before: Timestamp, limit: usize) -> StoreAnswer<'_, usize> {
        self.store.forget(received_before, limit)
    }
}

/// A folder, and history over what lies in it, whose writer is stepped by the test.
struct World {
    folder: TempDir,
    clock: Arc<ManualClock>,
    register: Arc<EmbeddedRegister>,
    store: Arc<FaultyStore>,
    history: History,
    writer: Writer,
}

impl World {
    async fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        Self::open(folder, Arc::new(ManualClock::at(Timestamp(NOW)))).await
    }

    async fn open(folder: TempDir, clock: Arc<ManualClock>) -> Self {
        let path = folder.path();
        let log = EmbeddedLog::open(path, embedded::Config::default(), clock.clone()).await;
        let register = Arc::new(EmbeddedRegister::open(path).await.expect("a register"));
        let store = EmbeddedStore::open(path).await.expect("a store");
        let store = Arc::new(FaultyStore { store, incidents: Mutex::default() });
        let history = History::idle(Deps {
            log: Arc::new(log.expect("a log")),
            store: store.clone(),
            register: register.clone(),
            keys: DeploymentKeys::new(DeploymentKey::new(&[7; 32]), Vec::new()),
            chunking: ChunkingLimits::default(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
        });
        let writer = Writer::new(history.shared.clone());
        Self { folder, clock, register, store, history, writer }
    }

    /// The same folder after the process ended.
    async fn reopen(self) -> Self {
        let Self { folder, clock, history, writer, register, store } = self;
        drop((history, writer, register, store));
        Self::open(folder, clock).await
    }

    /// Keeps points of these seconds after the beginning, received now.
    async fn keep(&self, user: &UserId, seconds: impl IntoIterator<Item = i64>) -> Kept {
        let points: Vec<_> = seconds.into_iter().map(|second| self.point(second)).collect();
        self.history.keep(user, &points).await
    }

    fn point(&self, second: i64) -> Point {
        let effective = Timestamp(NOW + second * 1_000);
        let device = DeviceId::parse("phone").expect("a device");
        let version = Version { effective, device, seq: second.unsigned_abs() };
        let fix = Fix::at(Position::new(48.1, 11.5 + second as f64 * 1e-4).expect("on Earth"));
        Point::new(version, &fix, self.clock.now().wall, None)
    }

    /// All that is closed gets stored, as chunks grow old.
    async fn store_all(&mut self) -> Result<(), StoreError> {
        while self.writer.turn().await? {}
        self.clock.advance_ms(31 * MINUTE);
        self.writer.turn().await.map(|_| ())
    }

    /// The seconds of which there are points.
    async fn seconds(&self, user: &UserId) -> Vec<i64> {
        let (range, direction) = (TimeRange::ALL, Direction::Ascending);
        let query = TrackQuery { range, direction, limit: 10_000, after: None };
        let track = self.history.track(user, query).await.expect("a track");
        assert!(!track.is_incomplete && track.page.next.is_none());
        let second = |point: &Point| (point.effective().0 - NOW) / 1_000;
        track.page.points.iter().map(second).collect()
    }

    fn waits(&self) -> u64 {
        let status = self.history.shared.deps.log.status();
        status.end.0 - status.mark.0
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("an id")
}

#[tokio::test]
async fn what_is_kept_is_read_before_and_after_it_is_stored_and_after_a_restart() {
    let (mut world, ann) = (World::new().await, user("ann"));
    assert_eq!(world.keep(&ann, (0..200).rev()).await, Kept::Log);
    let all: Vec<_> = (0..200).collect();
    assert_eq!(world.seconds(&ann).await, all);
    world.store_all().await.expect("stored");
    assert_eq!(world.waits(), 0, "all of it is stored");
    assert_eq!(world.seconds(&ann).await, all);
    let mut world = world.reopen().await;
    assert_eq!(world.seconds(&ann).await, all);
    world.store_all().await.expect("what is replayed is stored again");
    assert_eq!(world.seconds(&ann).await, all);
    assert_eq!(world.seconds(&user("ben")).await, Vec::<i64>::new());
}

#[tokio::test]
async fn what_was_erased_is_gone_at_once_and_no_replay_brings_it_back() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..100).await;
    world.store_all().await.expect("stored");
    world.keep(&ann, 100..120).await;
    let range = TimeRange { from: Timestamp(NOW + 50_000), to: Timestamp(NOW + 110_000) };
    world.history.erase(&ann, range).await.expect("erased").expect("few are erased");
    let left: Vec<_> = (0..50).chain(110..120).collect();
    assert_eq!(world.seconds(&ann).await, left);
    let mut world = world.reopen().await;
    assert_eq!(world.seconds(&ann).await, left);
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await, left);
    world.history.erase(&ann, TimeRange::ALL).await.expect("erased").expect("all can always be");
    assert_eq!(world.seconds(&ann).await, Vec::<i64>::new());
    world.clock.advance_ms(1);
    world.keep(&ann, 60..70).await;
    let mut world = world.reopen().await;
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await, (60..70).collect::<Vec<_>>(), "what came later is kept");
}

#[tokio::test]
async fn a_store_that_is_away_loses_nothing() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..60).await;
    world.store.incidents.lock().extend([Incident::Away, Incident::Away]);
    for _ in 0..2 {
        assert!(world.writer.turn().await.is_err());
        assert_eq!(world.waits(), 60, "the log keeps what isn't stored");
        assert_eq!(world.seconds(&ann).await, (0..60).collect::<Vec<_>>());
    }
    world.store_all().await.expect("it is back");
    assert_eq!((world.waits(), world.seconds(&ann).await.len()), (0, 60));
}

#[tokio::test]
async fn what_a_store_never_takes_is_put_aside_and_holds_up_nobody() {
    let (mut world, ann, ben) = (World::new().await, user("ann"), user("ben"));
    world.store.incidents.lock().push_back(Incident::Refused(ann.clone()));
    world.keep(&ann, 0..10).await;
    world.keep(&ben, 0..10).await;
    world.store_all().await.expect("stored or put aside");
    let aside = world.register.dead_letters(10).await.expect("letters");
    let aside: Vec<_> = aside.iter().map(|it| (&it.chunk.user, &*it.reason)).collect();
    assert_eq!(aside, vec![(&ann, "too strange")]);
    assert_eq!((world.waits(), world.seconds(&ben).await.len()), (0, 10));
}

#[tokio::test]
async fn an_erasure_while_a_chunk_is_stored_takes_only_what_came_before_it() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..5).await;
    let erased_at = world.clock.now().wall;
    world.clock.advance_ms(1);
    world.keep(&ann, 5..10).await;
    let incident = Incident::Erased(ann.clone(), erased_at, world.register.clone());
    world.store.incidents.lock().push_back(incident);
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await, (5..10).collect::<Vec<_>>());
    let mut world = world.reopen().await;
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await, (5..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn of_whoever_wants_no_history_nothing_is_stored() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.history.set_off(&ann, true).await.expect("off");
    world.keep(&ann, 0..10).await;
    world.store_all().await.expect("nothing to store");
    assert_eq!((world.waits(), world.seconds(&ann).await), (0, Vec::new()));
    world.history.set_off(&ann, false).await.expect("on");
    world.keep(&ann, 10..20).await;
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await, (10..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stop_waits_for_nothing_and_the_rest_is_in_the_log() {
    let (world, ann) = (World::new().await, user("ann"));
    let task = tokio::spawn(
        Writer::new(world.history.shared.clone()).run(world.history.shared.stop.subscribe()),
    );
    *world.history.shared.writing.lock() = Some(task);
    world.keep(&ann, 0..10).await;
    world.history.stop().await;
    assert_eq!((world.waits(), world.seconds(&ann).await.len()), (10, 10));
}
