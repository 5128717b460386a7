//! The log in files of its own, for a deployment of one process.
//!
//! ```text
//! append ─▶ decided ─▶ one frame ─▶ written and synced ─▶ into memory ─▶ answered
//! start  ─▶ the newest snapshot ─▶ the segments since, frame by frame ─▶ into memory
//! ```
//! In the folder are segments, each of the records from its name's number on, and a snapshot of all up to its name's
//! number; `frame.rs` says what they are made of, `log/codec.rs` how records are written, `recovery.rs` what is done about
//! damage, `snapshot.rs` why a snapshot can be taken while writes go on.

mod append;
pub mod crash_points;
mod error;
mod folder;
mod follow;
mod options;
mod recovery;
mod remembered;
mod segments;
mod snapshot;
#[cfg(test)]
mod tests;
mod view;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{BoardId, Random, Timestamp, UserId};
use parking_lot::{Mutex, RwLock};
use segment_log::{Disk, LocalDisk, Stop, Writer};
use sql::StoreError;
use tokio::task::{JoinError, spawn_blocking};

use crate::core::limits::CHANGES_RECENT_MAX;
use crate::core::memory::Memory;
use crate::core::recent_changes::RecentChanges;
use crate::index::memory::MemoryIndex;
use crate::{
    Answer, Board, BoardNumber, BoardPosition, Changes, Config, Entries, Log, LogId, Outcome,
    Refusal, WriteRequest,
};
use error::store_error;
use options::{Appended, Options};
use remembered::RememberedEvents;
use segments::Found;
use snapshot::Snapshots;

/// The folder in the data folder.
pub const FOLDER_NAME: &str = "leaderboard";

/// The embedded log. What it says is in memory too, since it decides from there; its [`index`](Self::index) reads the same.
///
/// One process at a time may have a folder open. What was answered is on disk: nothing needs to be closed.
///
/// **When it stops.** If the disk can't say any more what it has, nothing is written until the process starts again:
/// [`fault`](Log::fault) says why. A full disk isn't such a case: it refuses writes, and takes them once there is room.
#[derive(Debug)]
pub struct EmbeddedLog {
    shared: Arc<Shared>,
    snapshots: Arc<Snapshots>,
}

#[derive(Debug)]
struct Shared {
    id: LogId,
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    options: Options,
    memory: Arc<RwLock<Memory>>,
    remembered: RwLock<RememberedEvents>,
    // Locked behind memory.
    recent: Mutex<RecentChanges>,
    // Locked before memory, and while a batch is decided, written and taken.
    appender: Mutex<Appender>,
    stop: Stop,
}

#[derive(Debug)]
struct Appender {
    writer: Writer,
    frame: Vec<u8>,
    /// Since the last snapshot began, whether or not it came to anything: one that fails isn't tried again at once.
    since_snapshot: Appended,
    /// Whether files say who somebody was that is unknown since: the next snapshot makes these needless.
    has_erased: bool,
}

impl EmbeddedLog {
    /// Opens the log in `data_dir`, which must exist.
    ///
    /// Errs if it can't be written to (read-only, full), is damaged, or comes from a newer version.
    pub async fn open(
        data_dir: &Path,
        config: Config,
        random: &dyn Random,
    ) -> Result<Self, StoreError> {
        let half = || u128::from(random.next_u64());
        let new = LogId(half() << u64::BITS | half());
        let options = Options { events_remembered_max: config.keys_max, ..Options::default() };
        Self::open_with(data_dir, options, Arc::new(LocalDisk), new).await
    }

    /// If there is no log in the folder yet, the one that is made has the id `new`.
    async fn open_with(
        data_dir: &Path,
        options: Options,
        disk: Arc<dyn Disk>,
        new: LogId,
    ) -> Result<Self, StoreError> {
        let folder = data_dir.join(FOLDER_NAME);
        let opened = spawn_blocking(move || Shared::open(folder, options, disk, new));
        let shared = Arc::new(opened.await.map_err(interrupted)??);
        let snapshots = Arc::new(Snapshots::default());
        if shared.appender.lock().has_erased {
            snapshots.start(&shared);
        }
        Ok(Self { shared, snapshots })
    }

    /// Errs if the log in `data_dir` couldn't be opened, as far as can be told while nothing is changed.
    pub fn check(data_dir: &Path) -> Result<(), StoreError> {
        segments::check(&data_dir.join(FOLDER_NAME)).map_err(store_error)
    }

    /// Ranks by what the log says: as of all that was answered.
    pub fn index(&self) -> MemoryIndex {
        MemoryIndex::new(Arc::clone(&self.shared.memory))
    }
}

impl Shared {
    fn open(
        folder: PathBuf,
        options: Options,
        disk: Arc<dyn Disk>,
        new: LogId,
    ) -> Result<Self, StoreError> {
        segment_log::make_folder(&folder, disk.as_ref()).map_err(store_error)?;
        let id = folder::identify(&folder, new, disk.as_ref()).map_err(store_error)?;
        let found = Found::look(&folder).map_err(store_error)?;
        let remembered = RememberedEvents::new(options.events_remembered_max);
        let recovered = recovery::recover(&folder, &found, remembered)?;
        // A crash may have come before the names of what was read were durable. They must be before more is written behind
        // them, and before what they make needless is removed.
        let not_writable =
            |path: &Path, error| store_error(segment_log::Error::not_writable(path, error));
        disk.sync_folder(&folder).map_err(|error| not_writable(&folder, error))?;
        for path in found.outdated(&folder, recovered.snapshot) {
            disk.remove(&path).map_err(|error| not_writable(&path, error))?;
        }
        let stop = Stop::new(segments::NAME);
        let writer = Writer::open(
            Arc::clone(&disk),
            &folder,
            recovered.tail,
            segments::settings(options),
            stop.clone(),
        )
        .map_err(store_error)?;
        let (since_snapshot, has_erased) = (recovered.since_snapshot, recovered.has_erased);
        let appender = Appender { writer, frame: Vec::new(), since_snapshot, has_erased };
        Ok(Self {
            id,
            disk,
            folder,
            options,
            memory: Arc::new(RwLock::new(recovered.memory)),
            remembered: RwLock::new(recovered.remembered),
            recent: Mutex::new(RecentChanges::new(CHANGES_RECENT_MAX)),
            appender: Mutex::new(appender),
            stop,
        })
    }
}

/// Waits for what is being written, so that the folder may be opened again.
impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        self.snapshots.close();
        drop(self.shared.appender.lock());
    }
}

impl Log for EmbeddedLog {
    fn append(&self, writes: Vec<WriteRequest>) -> Answer<'_, Vec<Result<Outcome, Refusal>>> {
        let (shared, snapshots) = (Arc::clone(&self.shared), Arc::clone(&self.snapshots));
        let work = move || {
            let (outcomes, is_snapshot_due) = shared.append(writes)?;
            if is_snapshot_due {
                snapshots.start(&shared);
            }
            Ok::<_, StoreError>(outcomes)
        };
        Box::pin(async move {
            match spawn_blocking(work).await {
                Ok(outcomes) => Ok(outcomes?),
                Err(error) => {
                    if error.is_panic() {
                        // Memory may have half of a batch.
                        self.shared.stop.stop("a fault of ours ended a change halfway");
                    }
                    Err(interrupted(error).into())
                }
            }
        })
    }

    fn board<'a>(&'a self, id: &'a BoardId) -> Answer<'a, Option<Board>> {
        Box::pin(async { Ok(self.shared.memory.read().board(id).cloned()) })
    }

    fn board_and_head<'a>(&'a self, id: &'a BoardId) -> Answer<'a, Option<(Board, BoardPosition)>> {
        Box::pin(async move {
            let memory = self.shared.memory.read();
            Ok(memory.board(id).map(|board| (board.clone(), memory.head(board.number))))
        })
    }

    fn boards<'a>(&'a self, after: Option<&'a BoardId>, limit: usize) -> Answer<'a, Vec<Board>> {
        Box::pin(async move { Ok(self.shared.memory.read().boards(after, limit)) })
    }

    fn due(&self, at: Timestamp, limit: usize) -> Answer<'_, Vec<BoardId>> {
        Box::pin(std::future::ready(Ok(self.shared.memory.read().due(at, limit))))
    }

    fn banned<'a>(&'a self, board: BoardNumber, users: &'a [UserId]) -> Answer<'a, Vec<UserId>> {
        let memory = self.shared.memory.read();
        let banned = users.iter().filter(|user| memory.is_banned(board, user)).cloned();
        Box::pin(std::future::ready(Ok(banned.collect())))
    }

    fn id(&self) -> Answer<'_, LogId> {
        self.shared.recent.lock().follow();
        Box::pin(std::future::ready(Ok(self.shared.id)))
    }

    fn heads(&self) -> Answer<'_, Vec<(BoardNumber, BoardPosition)>> {
        Box::pin(std::future::ready(Ok(self.shared.memory.read().heads())))
    }

    fn changes(
        &self,
        board: BoardNumber,
        after: BoardPosition,
        limit: usize,
    ) -> Answer<'_, Option<Changes>> {
        Box::pin(std::future::ready(Ok(follow::changes(
            &self.shared.memory,
            &self.shared.recent,
            board,
            after,
            limit,
        ))))
    }

    fn entries(&self, board: BoardNumber) -> Answer<'_, Option<Entries<'_>>> {
        Box::pin(std::future::ready(Ok(follow::entries(&self.shared.memory, board))))
    }

    fn fault(&self) -> Option<String> {
        self.shared.stop.why().map(str::to_owned)
    }
}

fn interrupted(error: JoinError) -> StoreError {
    StoreError::internal("a task of the log ended early").caused_by(error)
}
