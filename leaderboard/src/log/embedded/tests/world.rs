//! Batches made up by chance, what they come to, and logs in folders of their own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{BoardId, Random, SeededRandom, Timestamp, UserId};
use tempfile::TempDir;

use super::faulty_disk::FaultyDisk;
use crate::core::memory::Memory;
use crate::core::record::Record;
use crate::core::remembered::RememberedEvents;
use crate::core::transaction_state::TransactionState;
use crate::log::embedded::disk::{Disk, LocalDisk};
use crate::log::embedded::options::Options;
use crate::log::embedded::view::View;
use crate::log::embedded::{EmbeddedLog, FOLDER_NAME, segments};
use crate::{
    Amount, EventKey, Log, Mutation, Operator, Outcome, Ranking, Readers, Refusal, Rules,
    ScoreChange, ScoreEvent, ScoreRange, StoreError, Wins, WriteRequest,
};

pub(super) type Outcomes = Vec<Result<Outcome, Refusal>>;

const NOW: i64 = 1_700_000_000_000;
const BOARDS: u64 = 3;
const PLAYERS: u64 = 8;

/// So small that every few batches a segment is full.
pub(super) const SMALL: Options = Options { segment_bytes_max: 1_000 };

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
        EmbeddedLog::open_with(self.data_dir.path(), self.options, disk).await
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

    /// The segments, oldest first.
    pub(super) fn segments(&self) -> Vec<PathBuf> {
        let found = segments::find(&self.folder()).expect("a folder");
        let path = |first: &u64| self.folder().join(segments::name(*first));
        found.iter().map(path).collect()
    }

    /// A log with this many batches, closed again; says what it had after each.
    pub(super) async fn filled(batches: u64) -> (Self, Vec<String>) {
        let world = Self::new();
        let (log, _) = world.open_faulty().await;
        let mut states = vec![state_of(&log)];
        for n in 0..batches {
            log.append(batch(n)).await.expect("appended");
            states.push(state_of(&log));
        }
        (world, states)
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
        for n in 0..PLAYERS {
            let user = player(n);
            let entry = memory.entry(board.current(), &user);
            let is_banned = memory.is_banned(board.number, &user);
            let standings = memory.standings(board.current());
            let standing = standings.and_then(|it| it.standing(&user, board.rules.ranking));
            lines.push(format!("{user} {entry:?} {is_banned} {standing:?}"));
        }
    }
    for n in 0..KEYS {
        let known = remembered.get(&(producer(), key(n)));
        lines.push(format!("{n} {known:?}"));
    }
    lines.join("\n")
}

/// What the first batches come to, worked out without any file: the state after none, one and so on.
pub(super) fn expected(batches: u64) -> (Vec<String>, Vec<Outcomes>) {
    let (mut memory, mut remembered) = (Memory::default(), RememberedEvents::default());
    let (mut states, mut outcomes) = (vec![state(&memory, &remembered)], Vec::new());
    for n in 0..batches {
        let stored = View { memory: &memory, remembered: &remembered };
        let mut transaction = TransactionState::new(&stored);
        outcomes.push(batch(n).into_iter().map(|write| transaction.apply(write)).collect());
        for record in transaction.into_records() {
            memory.take(&record);
            if let Record::Event(event) = &record {
                remembered.take(event);
            }
        }
        states.push(state(&memory, &remembered));
    }
    (states, outcomes)
}

/// How many keys there are.
const KEYS: u64 = 400;

/// The batch of this number; always the same, and never without any change.
pub(super) fn batch(n: u64) -> Vec<WriteRequest> {
    let seeded = SeededRandom::new(n);
    let below = |count: u64| seeded.next_u64() % count;
    let at = Timestamp(NOW + n as i64);
    let first = Mutation::PutBoard { id: board(n % BOARDS), rules: rules(n as i64) };
    let others = (0..below(6)).map(|_| match below(12) {
        0 => Mutation::DeleteBoard { id: board(below(BOARDS)) },
        1 => Mutation::PutBoard { id: board(below(BOARDS)), rules: rules(0) },
        2..=4 => {
            let is_banned = below(2) == 0;
            Mutation::Ban { board: board(below(BOARDS)), user: player(below(PLAYERS)), is_banned }
        }
        _ => {
            let change = |_| ScoreChange {
                board: board(below(BOARDS)),
                user: player(below(PLAYERS)),
                amount: Amount::Delta(below(20) as i64 - 5),
            };
            let changes = (0..=below(3)).map(change).collect();
            let key = key(below(KEYS));
            Mutation::Post(ScoreEvent { producer: producer(), key, happened: None, changes })
        }
    });
    [first].into_iter().chain(others).map(|mutation| WriteRequest { mutation, at }).collect()
}

/// Rules that differ by the lowest score.
fn rules(n: i64) -> Rules {
    Rules {
        wins: Wins::High,
        operator: Operator::Sum,
        ranking: Ranking::Standard,
        readers: Readers::Anyone,
        range: ScoreRange { min: -100 - n, max: i64::MAX },
    }
}

fn board(n: u64) -> BoardId {
    BoardId::parse(&format!("b{n}")).expect("a board id")
}

fn player(n: u64) -> UserId {
    UserId::parse(&format!("p{n}")).expect("a user id")
}

fn producer() -> UserId {
    UserId::parse("game").expect("a user id")
}

fn key(n: u64) -> EventKey {
    EventKey::parse(&format!("k{n}")).expect("a key")
}

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file")
}

/// Gives a file other bytes.
pub(super) fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("written");
}
