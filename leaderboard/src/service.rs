//! The handle, and what drives the core with I/O.

mod export;
mod key_clock;
mod posting;
mod reading;
mod seasons;
#[cfg(test)]
mod tests;
pub(crate) mod verifying;
mod watched;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::{BoardId, Clock, ErrorChain, Random, UserId};
use parking_lot::Mutex;
use sql::{CommitMetrics, Committed, GroupCommit};

use self::watched::KnownBoards;
use crate::metrics::{COMMIT_DURATION, COMMIT_REQUESTS, WRITES};
use crate::{
    Applied, Board, BoardNumber, BoardPosition, Config, Effect, Error, Index, Log, Mutation,
    Outcome, Page, Refusal, Rules, Standing, WriteRequest,
};
use key_clock::KeyClock;
pub use seasons::{Played, Winner, Winners};

/// What boards show of people, and who is whose friend: the server fills it from the directory.
pub trait People: Send + Sync {
    /// The names to show of these users, in this order; `None` for whoever isn't known.
    fn names<'a>(
        &'a self,
        users: &'a [UserId],
    ) -> BoxFuture<'a, Result<Vec<Option<String>>, Error>>;

    /// All friends of a user.
    fn friends<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Result<Vec<UserId>, Error>>;
}

/// Leaderboards; cheap to clone.
#[derive(Clone)]
pub struct Leaderboard {
    shared: Arc<Shared>,
}

struct Shared {
    log: Arc<dyn Log>,
    index: Arc<dyn Index>,
    people: Arc<dyn People>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    key_clock: Mutex<KeyClock>,
    known: KnownBoards,
    writer: GroupCommit<Vec<WriteRequest>, Outcomes, Error>,
}

type Outcomes = Vec<Result<Outcome, Refusal>>;

/// What a change of a score came to, for whoever posted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The board.
    pub board: BoardId,
    /// What the log says.
    pub applied: Applied,
    /// Where the player stands now; `None` if they are banned, or while the index is away.
    pub standing: Option<Standing>,
}

/// Part of a list of players.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The players.
    pub page: Page,
    /// Behind whom the next part begins, if there is one.
    pub last: Option<Standing>,
}

impl fmt::Debug for Leaderboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leaderboard")
    }
}

impl Leaderboard {
    /// Starts what commits and what ends seasons, within a tokio runtime.
    pub fn start(
        config: Config,
        log: Arc<dyn Log>,
        index: Arc<dyn Index>,
        people: Arc<dyn People>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let metrics = CommitMetrics {
            part: "leaderboard",
            duration: COMMIT_DURATION,
            requests: COMMIT_REQUESTS,
        };
        let appended = Arc::clone(&log);
        let known = KnownBoards::default();
        let writer = GroupCommit::start(metrics, move |batch| append(Arc::clone(&appended), batch));
        let key_clock = Mutex::new(KeyClock::new(config.key_age_ms));
        let shared = Shared { log, index, people, clock, random, key_clock, known, writer };
        let shared = Arc::new(shared);
        tokio::spawn(seasons::run(Arc::downgrade(&shared)));
        Self { shared }
    }

    /// Makes a board, or gives it other rules.
    /// Scores that the index doesn't keep exactly are none that a board can have.
    pub async fn put_board(&self, id: &BoardId, rules: Rules) -> Result<(Effect, Board), Error> {
        let range = rules.range.narrowed_to(self.shared.index.range());
        let rules = Rules { range: range.ok_or(Refusal::RangeTooWide)?, ..rules };
        match self.write(Mutation::PutBoard { id: id.clone(), rules }).await? {
            Outcome::Board(effect, board) => Ok((effect, board)),
            _ => Err(unexpected()),
        }
    }

    /// Deletes a board with all that is on it.
    pub async fn delete_board(&self, id: &BoardId) -> Result<(), Error> {
        self.write(Mutation::DeleteBoard { id: id.clone() }).await.map(|_| ())
    }

    /// Takes a player off a board, or puts them back.
    pub async fn ban(&self, id: &BoardId, user: &UserId, is_banned: bool) -> Result<Effect, Error> {
        let (board, user) = (id.clone(), user.clone());
        match self.write(Mutation::Ban { board, user, is_banned }).await? {
            Outcome::Ban(effect, ..) => Ok(effect),
            _ => Err(unexpected()),
        }
    }

    /// The board of this name, as of all that was answered before, whichever process did.
    ///
    /// The log is asked each time, also for a read over REST: whoever was told that a board is for services only, is deleted or
    /// has begun a season must not be shown otherwise by another process a moment later, and a list that is read page by page
    /// must not change its rules back and forth. That is one row by its key, some tens of microseconds of a database; those who
    /// watch, who look several times a second and by the thousand, share one look a second ([`watched`](Self::watched)).
    pub async fn board(&self, id: &BoardId) -> Result<Board, Error> {
        Ok(self.shared.log.board(id).await?.ok_or(Refusal::NoSuchBoard)?)
    }

    /// Up to `limit` boards behind `after`, in the order of their names.
    pub async fn boards(&self, after: Option<&BoardId>, limit: usize) -> Result<Vec<Board>, Error> {
        self.shared.log.boards(after, limit).await
    }

    /// Completes when nothing can be changed any more, by a fault: a reason to be not ready.
    pub async fn stopped(&self) {
        self.shared.writer.stopped().await;
    }

    /// What keeps leaderboards from being served now, for operators: a reason to be not ready.
    pub fn fault(&self) -> Option<String> {
        self.shared.log.fault()
    }

    async fn write(&self, mutation: Mutation) -> Result<Outcome, Error> {
        let outcome = self.submit(vec![mutation]).await?.pop().ok_or_else(unexpected)?;
        Ok(outcome?)
    }

    async fn submit(&self, mutations: Vec<Mutation>) -> Result<Outcomes, Error> {
        let now = self.shared.clock.now();
        let (at, keys) = (now.wall, self.shared.key_clock.lock().now(now));
        let names: Vec<_> = mutations.iter().map(Mutation::as_str).collect();
        let changed: Vec<BoardId> = mutations.iter().filter_map(Mutation::board).cloned().collect();
        let write = |mutation| WriteRequest { mutation, at, keys };
        let writes = mutations.into_iter().map(write).collect();
        let result = self.shared.writer.submit(writes).await;
        for board in &changed {
            self.shared.known.forget(board);
        }
        if let Ok(outcomes) = &result {
            self.reach(outcomes).await;
        }
        for (n, name) in names.into_iter().enumerate() {
            let label = match result.as_ref().map(|outcomes| outcomes.get(n)) {
                Ok(Some(Ok(_))) => "done",
                Ok(_) => "refused",
                Err(_) => "failed",
            };
            metrics::counter!(WRITES, "mutation" => name, "result" => label).increment(1);
        }
        result
    }

    /// Waits until the index has what came of writes. One that is away takes them later.
    async fn reach(&self, outcomes: &[Result<Outcome, Refusal>]) {
        let mut reached = BTreeMap::new();
        let mut changed = |board: BoardNumber, position: BoardPosition| {
            let latest: &mut BoardPosition = reached.entry(board).or_default();
            *latest = position.max(*latest);
        };
        for outcome in outcomes.iter().flatten() {
            match outcome {
                Outcome::Board(_, board) => changed(board.number, BoardPosition(0)),
                Outcome::Ban(_, board, position) | Outcome::Seasons(_, board, position) => {
                    changed(*board, *position);
                }
                Outcome::Erased(boards) => {
                    for (board, position) in boards {
                        changed(*board, *position);
                    }
                }
                Outcome::Posted(applied) => {
                    for it in applied {
                        changed(it.standings.board, it.position);
                    }
                }
                Outcome::Deleted(board) => self.shared.index.forget(*board),
            }
        }
        for (board, position) in reached {
            if let Err(error) = self.shared.index.reach(board, position).await {
                tracing::debug!(board = board.0, error = %ErrorChain(&error), "the index is behind");
            }
        }
    }
}

/// Appends requests, each of some writes, as one batch, and gives each request the outcomes of its own.
async fn append(
    log: Arc<dyn Log>,
    requests: Vec<Vec<WriteRequest>>,
) -> Result<Committed<Result<Outcomes, Error>>, Error> {
    let counts: Vec<usize> = requests.iter().map(Vec::len).collect();
    let mut outcomes = log.append(requests.into_iter().flatten().collect()).await?.into_iter();
    let answers = counts.into_iter().map(|count| Ok(outcomes.by_ref().take(count).collect()));
    Ok(Committed { answers: answers.collect(), before_answers: Box::pin(std::future::ready(())) })
}

fn unexpected() -> Error {
    sql::StoreError::internal("the log answered something that wasn't asked").into()
}
