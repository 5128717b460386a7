//! Batches made up by chance, what they come to, and logs in folders of their own.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use model::{BoardId, Random, SeededRandom, Timestamp, UserId};
use segment_log::test_kit::FaultyDisk;
use segment_log::{Disk, LocalDisk, segment};
use tempfile::TempDir;

use crate::core::limits::{CHANGES_MAX, KEY_AGE_MS_DEFAULT};
use crate::core::memory::Memory;
use crate::core::transaction_state::TransactionState;
use crate::log::embedded::options::{Appended, Options};
use crate::log::embedded::remembered::RememberedEvents;
use crate::log::embedded::segments::{Found, snapshot};
use crate::log::embedded::view::View;
use crate::log::embedded::{EmbeddedLog, FOLDER_NAME};
use crate::{
    Amount, Calendar, EventKey, KeyTime, Log, LogId, Mutation, Operator, Outcome, Ranking, Readers,
    Refusal, Rules, Schedule, ScoreChange, ScoreEvent, ScoreRange, SeasonRules, StoreError, Wins,
    WriteRequest,
};

pub(super) type Outcomes = Vec<Result<Outcome, Refusal>>;

const NOW: i64 = 1_700_000_000_000;
/// The batches of which the outcome is worked out.
const BATCHES_MAX: u64 = 120;
const BOARDS: u64 = 3;
const PLAYERS: u64 = 8;

/// So small that every few batches a segment is full.
pub(super) const SMALL: Options = Options {
    segment_bytes_max: 1_000,
    events_remembered_max: 10_000,
    snapshot_after: NEVER,
    erasing_wait: Duration::from_hours(1),
    snapshot_users: 3,
};

/// No snapshot is taken by itself, neither for size nor, as long as a test takes, for an erasing.
const NEVER: Appended = Appended { bytes: u64::MAX, records: u64::MAX };

/// A folder and what opens a log in it.
pub(super) struct World {
    pub(super) data_dir: TempDir,
    pub(super) options: Options,
}

impl World {
    pub(super) fn new() -> Self {
        Self { data_dir: TempDir::new().expect("a temporary folder"), options: SMALL }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.data_dir.path().join(FOLDER_NAME)
    }

    pub(super) async fn open(&self) -> Result<EmbeddedLog, StoreError> {
        self.open_on(Arc::new(LocalDisk)).await
    }

    pub(super) async fn open_on(&self, disk: Arc<dyn Disk>) -> Result<EmbeddedLog, StoreError> {
        EmbeddedLog::open_with(self.data_dir.path(), self.options, disk, LogId(7)).await
    }

    /// A log on a disk that fails when it is told to.
    pub(super) async fn open_faulty(&self) -> (EmbeddedLog, FaultyDisk) {
        let disk = FaultyDisk::default();
        (self.open_on(Arc::new(disk.clone())).await.expect("opens"), disk)
    }

    /// Opens the log, and says what it has.
    pub(super) async fn state(&self) -> String {
        state_of(&self.open().await.expect("opens"))
    }

    /// The snapshots, oldest first.
    pub(super) fn snapshots(&self) -> Vec<PathBuf> {
        let found = Found::look(&self.folder()).expect("a folder");
        found.snapshots.iter().map(|number| snapshot(&self.folder(), *number)).collect()
    }

    /// The segments, oldest first.
    pub(super) fn segments(&self) -> Vec<PathBuf> {
        let found = Found::look(&self.folder()).expect("a folder");
        found.segments.iter().map(|first| segment(&self.folder(), *first)).collect()
    }

    /// A log with this many batches, closed again, and what it had after each.
    pub(super) async fn filled(batches: u64) -> (Self, &'static [String]) {
        let world = Self::new();
        // This disk doesn't wait for syncs.
        let (log, _) = world.open_faulty().await;
        for n in 0..batches {
            log.append(batch(n)).await.expect("appended");
        }
        (world, expected().0)
    }
}

/// What a log has in memory, all of it.
pub(super) fn state_of(log: &EmbeddedLog) -> String {
    state(&log.shared.memory.read(), &log.shared.remembered.read())
}

fn state(memory: &Memory, remembered: &RememberedEvents) -> String {
    let mut lines = vec![format!("{:?}", memory.last_number())];
    for board in memory.boards(None, usize::MAX) {
        lines.push(format!("{board:?} {:?}", memory.head(board.number)));
        lines.push(format!("{:?}", memory.banned(board.number, None, usize::MAX)));
        for season in memory.seasons(board.number) {
            let standings = memory.standings(board.standings(season)).expect("there");
            let (mut members, _) = standings.members(0, usize::MAX);
            members.sort_by(|(one, ..), (other, ..)| one.cmp(other));
            lines.push(format!("{season} {members:?} {:?}", standings.page(0, usize::MAX)));
        }
    }
    for n in 0..KEYS {
        if let Some(known) = remembered.get(&event(n, vec![change(0, 0, 0); CHANGES_MAX])) {
            lines.push(format!("{n} {known:?}"));
        }
    }
    lines.join("\n")
}

/// What the batches come to, worked out without any file: the state after none, one and so on, and the outcomes.
pub(super) fn expected() -> (&'static [String], &'static [Outcomes]) {
    static EXPECTED: OnceLock<(Vec<String>, Vec<Outcomes>)> = OnceLock::new();
    let (states, outcomes) = EXPECTED.get_or_init(work_out);
    (states, outcomes)
}

fn work_out() -> (Vec<String>, Vec<Outcomes>) {
    let (mut memory, mut remembered) = (Memory::default(), RememberedEvents::new(KEYS as usize));
    let (mut states, mut outcomes) = (vec![state(&memory, &remembered)], Vec::new());
    for n in 0..BATCHES_MAX {
        let stored = View { memory: &memory, remembered: &remembered };
        let mut transaction = TransactionState::new(&stored);
        outcomes.push(batch(n).into_iter().map(|write| transaction.apply(write)).collect());
        for record in transaction.into_records() {
            memory.take(&record);
            if let Some(event) = record.event() {
                remembered.take(event);
            }
        }
        states.push(state(&memory, &remembered));
    }
    (states, outcomes)
}

/// How many keys there are.
const KEYS: u64 = 100;

/// The batch of this number; always the same, and never without any change.
pub(super) fn batch(n: u64) -> Vec<WriteRequest> {
    let seeded = SeededRandom::new(n);
    let below = |count: u64| seeded.next_u64() % count;
    // Three batches a minute, in which seasons end.
    let at = Timestamp(NOW + 20_000 * n as i64);
    let first = Mutation::PutBoard { id: board(n % BOARDS), rules: rules(n as i64) };
    let others = (0..below(6)).map(|_| match below(12) {
        0 if below(2) == 0 => Mutation::DeleteBoard { id: board(below(BOARDS)) },
        0 => {
            let pseudonym = UserId::parse(&format!("erased-{n}")).expect("a user id");
            Mutation::Erase { user: player(below(PLAYERS)), pseudonym }
        }
        1 => Mutation::PutBoard { id: board(below(BOARDS)), rules: rules(0) },
        2..=4 => {
            let is_banned = below(2) == 0;
            Mutation::Ban { board: board(below(BOARDS)), user: player(below(PLAYERS)), is_banned }
        }
        _ => {
            let points = |_| change(below(BOARDS), below(PLAYERS), below(20) as i64 - 5);
            let changes = (0..=below(3)).map(points).collect();
            let late = Timestamp(at.0 - below(30_000) as i64);
            let happened = (below(3) == 0).then_some(late);
            Mutation::Post(ScoreEvent { happened, ..event(below(KEYS), changes) })
        }
    });
    [first].into_iter().chain(others).map(|mutation| request(mutation, at)).collect()
}

/// A write at a moment, when keys are remembered for a day.
pub(super) fn request(mutation: Mutation, at: Timestamp) -> WriteRequest {
    WriteRequest { mutation, at, keys: KeyTime::new(at, KEY_AGE_MS_DEFAULT) }
}

/// Rules that differ by the lowest score; on most boards with seasons.
pub(super) fn rules(n: i64) -> Rules {
    Rules {
        wins: Wins::High,
        operator: Operator::Sum,
        ranking: Ranking::Standard,
        readers: Readers::Anyone,
        range: ScoreRange { min: -100 - n, max: i64::MAX },
        season: (n % BOARDS as i64 > 0).then(minutely),
    }
}

/// Seasons of a minute with 15 seconds of grace, of which the last two are kept.
fn minutely() -> Arc<SeasonRules> {
    let schedule = Schedule::Repeats(Calendar::parse("* * * * *", "UTC").expect("a calendar"));
    let (grace_ms, archives, rewards) = (15_000, 2, Arc::from([]));
    Arc::new(SeasonRules { schedule, grace_ms, archives, rewards })
}

pub(super) fn board(n: u64) -> BoardId {
    BoardId::parse(&format!("b{n}")).expect("a board id")
}

pub(super) fn player(n: u64) -> UserId {
    UserId::parse(&format!("p{n}")).expect("a user id")
}

pub(super) fn change(on: u64, of: u64, points: i64) -> ScoreChange {
    ScoreChange { board: board(on), user: player(of), amount: Amount::Delta(points) }
}

/// An event under one of the keys.
pub(super) fn event(key: u64, changes: Vec<ScoreChange>) -> ScoreEvent {
    let producer = UserId::parse("game").expect("a user id");
    let key = EventKey::parse(&format!("k{key}")).expect("a key");
    ScoreEvent { producer, key, happened: None, changes }
}

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file")
}

/// Gives a file other bytes.
pub(super) fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("written");
}
