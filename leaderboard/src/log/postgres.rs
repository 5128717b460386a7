//! The log in `PostgreSQL`, for any number of processes.
//!
//! ```text
//! append ─▶ boards' rows locked ─▶ what the batch needs, read ─▶ decided ─▶ written ─▶ COMMIT ─▶ answered
//! ```
//! **Order.** A batch locks the rows of its boards, in the order of their numbers, until it has committed: so positions have
//! no gaps and follow the order of commits, whichever processes write. Whoever makes or deletes boards locks the one row of
//! `leaderboard.feed` before them.
//!
//! **Keys.** A key is a row that no two transactions can insert. Batches on the same boards see each other's keys; of those
//! on others the second fails to insert, and is decided again.
//!
//! **A COMMIT without an answer** may have happened. Before anybody is answered the batch is tried again by another
//! connection, which waits for the locks of the first one and then finds its events by their keys, or counts them.
//!
//! **Timelines.** As for the directory: the row of the feed names the server's lineage. The first to write after a promotion,
//! or to look, finds another one and begins another timeline, which is another [`LogId`].
//!
//! **Limits.** A batch of more than 16,384 changes is several transactions, one after the other: if one fails it isn't known of
//! any of its writes whether they were kept. A copy of the primary's files that is started as it is, without recovery to a point
//! in time, has the same lineage: nothing shows that it is another timeline.

mod append;
mod change_set;
mod clean;
pub mod crash_points;
mod health;
mod load;
mod plans;
mod read;
mod rows;
mod save;
mod schema;

use std::fmt;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use model::{BoardId, Clock, Timestamp, UserId};
use parking_lot::Mutex;
pub use sql::postgres::Migrated;
use sql::postgres::{FeedTable, LINEAGE, ReadFrom, Readers, Server};
use sql::{StoreError, read_token};
use sqlx::{AssertSqlSafe, Row};
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::core::limits::CHANGES_RECENT_MAX;
use crate::core::recent_changes::RecentChanges;
use crate::core::record::Record;
use crate::{
    Answer, Board, BoardNumber, BoardPosition, Changes, Entries, Log, LogId, Outcome, Refusal,
    Standee, WriteRequest,
};
use change_set::Bans;
use health::Health;
use load::Loaded;
use plans::primary;
pub use schema::migrate;
pub use sql::postgres::PrimaryConfig as Config;

/// The first of the two keys of our advisory locks, so that they aren't taken for those of somebody else.
const NAMESPACE: i32 = 0x7764_6c62;
/// How many boards were ever made, and of which timeline all positions are.
const FEED: FeedTable = FeedTable::new("leaderboard");

/// The log in a `PostgreSQL` database, which is the primary: replicas may lag, and are refused.
pub struct PostgresLog {
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

struct Shared {
    primary: Arc<Server>,
    connections: Readers,
    /// Held while a batch is appended.
    turn: tokio::sync::Mutex<()>,
    recent: Mutex<Recent>,
    health: Health,
}

/// The last changes that this process appended, in one timeline.
struct Recent {
    timeline: u64,
    changes: RecentChanges,
}

impl fmt::Debug for PostgresLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresLog({})", self.shared.primary)
    }
}

impl Drop for PostgresLog {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Reaches the server and looks at its schema, before anything starts. Errs as [`PostgresLog::connect`] does.
pub async fn check(config: &Config) -> Result<(), StoreError> {
    let primary = primary(config)?;
    primary.open(Box::pin(schema::SCHEMA.check(&primary))).await.map(drop)
}

impl PostgresLog {
    /// Connects, and begins to look at the server and to remove what is outdated, within a tokio runtime.
    ///
    /// Errs, saying which and what to do, if the server can't be reached, is a replica, or doesn't admit the user; if
    /// there is no such database; or if its schema is missing ([`migrate`] makes it), older or newer than this program.
    ///
    /// Keys and changes that are older than the settings say are removed some time later.
    pub async fn connect(
        config: &Config,
        settings: crate::Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let primary = Arc::new(primary(config)?);
        let state = schema::SCHEMA.open(&primary).await?;
        let shared = Arc::new(Shared {
            connections: primary.readers(ReadFrom::Primary, config.readers_max),
            primary,
            turn: tokio::sync::Mutex::default(),
            recent: Mutex::new(Recent {
                timeline: state.timeline,
                changes: RecentChanges::new(CHANGES_RECENT_MAX),
            }),
            health: Health::default(),
        });
        let span = tracing::info_span!("leaderboard_database", server = %shared.primary);
        let looking = health::run(Arc::clone(&shared)).instrument(span.clone());
        let cleaning = clean::run(Arc::clone(&shared), settings, clock).instrument(span);
        Ok(Self { shared, tasks: [tokio::spawn(looking), tokio::spawn(cleaning)] })
    }
}

impl Shared {
    /// Takes what was committed.
    fn take(&self, records: &[Record], before: &Loaded) {
        self.note_timeline(before.timeline);
        let mut bans = Bans::new(before);
        let mut recent = self.recent.lock();
        for record in records {
            bans.take(record);
            recent.changes.take(record, |board, user| bans.has(board, user));
        }
    }

    /// Forgets the changes of another timeline.
    fn note_timeline(&self, timeline: u64) {
        let mut recent = self.recent.lock();
        if recent.timeline != timeline {
            recent.timeline = timeline;
            recent.changes = RecentChanges::new(CHANGES_RECENT_MAX);
        }
    }

    /// The number of the server's timeline, which begins here if it is another than was known.
    async fn timeline(&self) -> Result<u64, sqlx::Error> {
        let sql =
            format!("SELECT head, history, lineage = {LINEAGE} AS same FROM leaderboard.feed");
        let row = self.connections.fetch_one(sqlx::query(AssertSqlSafe(sql))).await?;
        let mut state = read_token(&row)?;
        if !row.try_get::<bool, _>("same")? {
            let mut connection = self.connections.connection().await?;
            state = FEED.read_primary(&mut connection).await?;
            self.connections.give_back(connection);
        }
        self.note_timeline(state.timeline);
        Ok(state.timeline)
    }

    /// The next of those who have something on a board, and where those behind them begin.
    async fn entries(
        &self,
        timeline: u64,
        board: BoardNumber,
        after: Option<Standee>,
    ) -> Result<Vec<Standee>, StoreError> {
        let after = after.as_ref();
        let read = || read::entries(&self.connections, timeline, board, after);
        let found = self.primary.read(read).await?;
        found.ok_or_else(|| StoreError::unavailable("the log went back while it was read"))
    }
}

impl Log for PostgresLog {
    fn append(&self, writes: Vec<WriteRequest>) -> Answer<'_, Vec<Result<Outcome, Refusal>>> {
        Box::pin(async move { Ok(self.shared.append(&writes).await?) })
    }

    fn board<'a>(&'a self, id: &'a BoardId) -> Answer<'a, Option<Board>> {
        let Shared { primary, connections, .. } = &*self.shared;
        Box::pin(async move {
            let found = primary.read(move || read::board(connections, id)).await?;
            Ok(found.map(|(board, _)| board))
        })
    }

    fn board_and_head<'a>(&'a self, id: &'a BoardId) -> Answer<'a, Option<(Board, BoardPosition)>> {
        let Shared { primary, connections, .. } = &*self.shared;
        Box::pin(async move { Ok(primary.read(move || read::board(connections, id)).await?) })
    }

    fn boards<'a>(&'a self, after: Option<&'a BoardId>, limit: usize) -> Answer<'a, Vec<Board>> {
        let Shared { primary, connections, .. } = &*self.shared;
        Box::pin(
            async move { Ok(primary.read(move || read::boards(connections, after, limit)).await?) },
        )
    }

    fn due(&self, at: Timestamp, limit: usize) -> Answer<'_, Vec<BoardId>> {
        let Shared { primary, connections, .. } = &*self.shared;
        Box::pin(async move { Ok(primary.read(move || read::due(connections, at, limit)).await?) })
    }

    fn banned<'a>(&'a self, board: BoardNumber, users: &'a [UserId]) -> Answer<'a, Vec<UserId>> {
        let Shared { primary, connections, .. } = &*self.shared;
        Box::pin(
            async move { Ok(primary.read(move || read::banned(connections, board, users)).await?) },
        )
    }

    fn id(&self) -> Answer<'_, LogId> {
        Box::pin(async {
            let timeline = self.shared.primary.read(|| self.shared.timeline()).await?;
            self.shared.recent.lock().changes.follow();
            Ok(LogId(timeline.into()))
        })
    }

    fn heads(&self) -> Answer<'_, Vec<(BoardNumber, BoardPosition)>> {
        let Shared { primary, connections, .. } = &*self.shared;
        Box::pin(async move { Ok(primary.read(move || read::heads(connections)).await?) })
    }

    /// From memory, if all of them were appended here; else the database is asked, where it must be in the same timeline.
    fn changes(
        &self,
        board: BoardNumber,
        after: BoardPosition,
        limit: usize,
    ) -> Answer<'_, Option<Changes>> {
        let Shared { primary, connections, recent, .. } = &*self.shared;
        Box::pin(async move {
            let (found, timeline) = {
                let mut recent = recent.lock();
                recent.changes.follow();
                (recent.changes.behind(board, after, limit), recent.timeline)
            };
            if found.is_some() {
                return Ok(found);
            }
            let read = move || read::changes(connections, timeline, board, after, limit);
            Ok(primary.read(read).await?)
        })
    }

    fn entries(&self, board: BoardNumber) -> Answer<'_, Option<Entries<'_>>> {
        let shared = &*self.shared;
        Box::pin(async move {
            let head = shared.primary.read(|| read::head(&shared.connections, board)).await?;
            let Some((timeline, as_of)) = head else { return Ok(None) };
            let next = move |from: Option<Option<Standee>>| async move {
                match shared.entries(timeline, board, from?).await {
                    Ok(found) => {
                        let last = found.last().cloned();
                        last.map(|last| (Ok(found), Some(Some(last))))
                    }
                    Err(error) => Some((Err(error.into()), None)),
                }
            };
            Ok(Some(Entries { as_of, standees: stream::unfold(Some(None), next).boxed() }))
        })
    }

    fn fault(&self) -> Option<String> {
        if self.tasks.iter().any(JoinHandle::is_finished) {
            return Some("a task beside the log of leaderboards has stopped".to_owned());
        }
        self.shared.health.fault()
    }
}
