//! Keeps an index that has its standings elsewhere than the log in step with it.
//!
//! ```text
//! reach ─▶ Progress: wanted ─┐        every second: Log::id, Log::heads
//!                            ▼            │
//!                        Follower ◀───────┘
//!                            │ Log::changes ─▶ Derived::take ─▶ Progress: reached ─▶ whoever waits and watches
//!                            └ Log::entries ─▶ Derived::begin, add, advance, finish: built anew beside what there is
//! ```
//!
//! # Invariants
//! * What is built anew is read by nobody before it has come to where the log was when its last entry was read.
//! * Nothing is answered of a board from when something of it may have been lost until it has come to where its log was
//!   after that: an index that was restored from long ago, or of a server that another one took the place of, isn't believed.
//! * An index that is ahead of its log, or followed another one, is built anew.
//!
//! # Limits
//! [`PIECE_CHANGES`], [`BOARDS_AT_ONCE`], [`REBUILDS_AT_ONCE`], [`LOOK_INTERVAL`], [`RETRY_MAX`].

mod look;
mod progress;
mod rebuild;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::{ErrorChain, Random};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::{Answer, Board, BoardNumber, BoardPosition, Changes, Error, Log, LogId, Standee};
pub(super) use progress::Progress;
use progress::RebuildRequest;

/// The changes of a board that an index takes at once.
pub(super) const PIECE_CHANGES: usize = 512;
/// The boards whose changes are taken at the same time.
const BOARDS_AT_ONCE: usize = 32;
/// The boards that are built anew at the same time.
const REBUILDS_AT_ONCE: usize = 2;
/// An index that has nothing of a board takes up to so many changes from the first on; beyond that it is built from entries.
const FROM_FIRST_MAX: u64 = 4_096;
/// After so many looks boards are read again, for the seasons that they keep no more.
const LOOKS_A_LOAD: u32 = 30;
/// How often the log is asked how far its boards have come.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How often whoever builds a board anew says so: several times in the shortest lease that an index gives.
const RENEW_INTERVAL: Duration = Duration::from_millis(500);
/// How soon it is looked again whether another follower has built a board anew.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long after the first failure in a row the next try begins, at most; twice as long after each further one.
const RETRY_MIN: Duration = Duration::from_millis(50);
/// How long after a failure the next try begins, at most.
const RETRY_MAX: Duration = Duration::from_secs(2);

/// What an index says of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// Whose changes it took.
    pub(super) log: LogId,
    /// Up to where.
    pub(super) position: BoardPosition,
    /// Whether all is there, and laid out as it must be for the board's rules.
    pub(super) is_whole: bool,
}

/// What came of changes that were given to an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It has come to this position, by them or by what others gave it.
    At(BoardPosition),
    /// It has nothing that they could be taken into, or less than they go on from: it isn't what it was.
    Lost,
}

/// What is built anew of a board.
#[derive(Debug, Clone)]
pub(super) struct Build {
    /// The board.
    pub(super) board: Board,
    /// The log that it comes from.
    pub(super) log: LogId,
    /// What tells it from others of the same board.
    pub(super) generation: u64,
    /// Who builds: whatever else a follower had begun to build of the board is given up for this.
    pub(super) follower: u64,
}

/// An index whose standings are derived from a log that isn't its own, as its follower sees it. Several followers, in
/// several processes, may work on the same one.
pub(super) trait Derived: Send + Sync + 'static {
    /// What metrics call it.
    fn name(&self) -> &str;

    /// The boards that it has anything of, at first and whenever it may have lost something; `None` if it has what it had.
    fn known(&self) -> Answer<'_, Option<Vec<BoardNumber>>>;

    /// What it has of each of these boards.
    fn states<'a>(&'a self, boards: &'a [Board]) -> Answer<'a, Vec<Option<State>>>;

    /// Takes the changes of a board behind a position, all or none. If it has nothing of the board it begins with those
    /// behind 0. What it has taken before changes nothing.
    fn take<'a>(
        &'a self,
        board: &'a Board,
        log: LogId,
        after: BoardPosition,
        changes: &'a Changes,
    ) -> Answer<'a, Taken>;

    /// Begins to build a board anew, from entries as of a position, beside what it has; false if another follower is at it.
    fn begin<'a>(&'a self, build: &'a Build, as_of: BoardPosition) -> Answer<'a, bool>;

    /// Adds entries to what is being built.
    fn add<'a>(&'a self, build: &'a Build, standees: &'a [Standee]) -> Answer<'a, ()>;

    /// Takes changes into what is being built.
    fn advance<'a>(
        &'a self,
        build: &'a Build,
        after: BoardPosition,
        changes: &'a Changes,
    ) -> Answer<'a, ()>;

    /// Says that it is still being built; while nothing else is done for it.
    fn renew<'a>(&'a self, build: &'a Build) -> Answer<'a, ()>;

    /// From now on the board is what was built; the log has come to `head` at least. False if what there is of the board has
    /// taken more of the log meanwhile: then what is built must, too.
    fn finish<'a>(&'a self, build: &'a Build, head: BoardPosition) -> Answer<'a, bool>;

    /// Removes the seasons that a board keeps no more.
    fn trim<'a>(&'a self, board: &'a Board) -> Answer<'a, ()>;

    /// Removes all that it has of a board.
    fn remove(&self, board: BoardNumber) -> Answer<'_, ()>;
}

/// Follows a log on behalf of an index.
pub(super) struct Follower<I> {
    log: Arc<dyn Log>,
    index: Arc<I>,
    progress: Arc<Progress>,
    random: Arc<dyn Random>,
    /// What tells it from others.
    name: u64,
    log_id: Option<LogId>,
    boards: HashMap<BoardNumber, Followed>,
    /// Boards that have something to be taken, each once.
    pending: VecDeque<BoardNumber>,
    /// Boards that are to be built anew, and some that aren't any more.
    lost: VecDeque<BoardNumber>,
    rebuilds: JoinSet<rebuild::Rebuilt>,
    /// Who waits until a board is built anew.
    asked: HashMap<BoardNumber, Vec<RebuildRequest>>,
    looks_at: Instant,
    looks: u32,
}

/// A board that is followed.
#[derive(Debug)]
struct Followed {
    board: Board,
    stand: Stand,
    is_pending: bool,
    /// Whether it is being built anew although nothing is known to be wrong with it.
    is_built_beside: bool,
    /// Whether there may be seasons that it keeps no more.
    is_to_trim: bool,
    /// Where the index must have come to before it is believed.
    target: BoardPosition,
}

/// How an index stands with a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// It must be asked.
    Unknown,
    /// It has come to this position.
    At(BoardPosition),
    /// It must be built anew.
    Lost(Reason),
    /// It is being built anew.
    Rebuilding,
}

model::words! {
    /// Why a board is built anew, with the words in metrics.
    pub(super) enum Reason {
        /// The index has nothing of it.
        Absent = "absent",
        /// The index has another log's.
        OtherLog = "other_log",
        /// The index has more than the log.
        Ahead = "ahead",
        /// Part of it is gone, or it is laid out for other rules.
        Damaged = "damaged",
        /// The log doesn't have the changes that it lacks any more.
        Behind = "behind",
        /// Somebody asked for it.
        Asked = "asked",
    }
}

impl<I: Derived> Follower<I> {
    /// Of an index that tells its progress there.
    pub(super) fn new(
        log: Arc<dyn Log>,
        index: Arc<I>,
        progress: Arc<Progress>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            log,
            index,
            progress,
            name: random.next_u64(),
            random,
            log_id: None,
            boards: HashMap::new(),
            pending: VecDeque::new(),
            lost: VecDeque::new(),
            rebuilds: JoinSet::new(),
            asked: HashMap::new(),
            looks_at: Instant::now(),
            looks: 0,
        }
    }

    /// Follows until it is dropped.
    pub(super) async fn run(mut self) {
        let mut failures = 0;
        loop {
            match self.round().await {
                Ok(()) => {
                    failures = 0;
                    self.progress.well();
                    self.rest().await;
                }
                Err(error) => {
                    let name = self.index.name();
                    if failures == 0 {
                        tracing::warn!(index = name, error = %ErrorChain(&error), "can't follow the log");
                    }
                    self.progress.failed(ErrorChain(&error).to_string());
                    self.looks_at = Instant::now();
                    tokio::time::sleep(self.retry_after(failures)).await;
                    failures += 1;
                }
            }
        }
    }

    /// Looks if it is time for that, and takes what there is to be taken.
    async fn round(&mut self) -> Result<(), Error> {
        if self.progress.has_doubts() || Instant::now() >= self.looks_at {
            self.look().await?;
            self.looks_at = Instant::now() + LOOK_INTERVAL;
        }
        self.take_wanted().await?;
        self.take_all_rebuilt();
        self.take_asked();
        self.step().await?;
        self.start_rebuilds();
        Ok(())
    }

    /// Waits until there is something to do.
    async fn rest(&mut self) {
        if !self.pending.is_empty() {
            // Where neither log nor index waits for anything, others have their turn.
            return tokio::task::yield_now().await;
        }
        let (progress, looks_at) = (self.progress.clone(), self.looks_at);
        tokio::select! {
            // Errs once it is time to look.
            _ = timeout_at(looks_at, progress.woken()) => {}
            Some(rebuilt) = self.rebuilds.join_next() => self.take_rebuilt(rebuilt),
        }
    }

    /// Half to all of what the number of failures in a row says, at random: else many would come at the same time.
    fn retry_after(&self, failures: u32) -> Duration {
        let most = RETRY_MIN.saturating_mul(1 << failures.min(16)).min(RETRY_MAX);
        let share = self.random.next_u64() % 1_000;
        most / 2 + most.mul_f64(share as f64 / 2_000.0)
    }
}
