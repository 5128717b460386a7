//! The log in files of its own: what was answered survives a power cut of this machine, not the loss of its disk.
//!
//! ```text
//! append ─▶ queue ─▶ thread: frames of all that waits, one write, one sync ─▶ catalogue, recent points ─▶ answered
//! read   ─▶ catalogue: which segment, from which byte ─▶ frames, damage passed over
//! forget ─▶ the mark as told ─▶ a while later: the file `mark`, segments removed
//! start  ─▶ the file `mark` ─▶ the segments from there on, frame by frame ─▶ catalogue, recent points
//! ```
//! A position is the number of a point in the log, from 1 on. `codec.rs` and `packed.rs` say how points are written, the
//! crate `segment-log` what segments are made of.

mod catalogue;
mod config;
pub mod crash_points;
mod error;
mod marks;
mod queue;
mod read;
mod recovery;
mod scan;
#[cfg(test)]
mod tests;
mod writing;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::BoxFuture;
use model::{Clock, Timestamp, UserId};
use parking_lot::RwLock;
use segment_log::{Disk, FileFormat, LocalDisk, Settings, Stop};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::log::recent_points::{self, RecentPoints};
use crate::log::{Answer, Batch, Log, LogError, LogReader, LogStatus, Survives, TakePoints};
use crate::{LogPosition, Point, TimeRange};
use catalogue::Catalogue;
pub use config::Config;
use error::interrupted;
use marks::Marks;
use queue::Queue;
use recovery::Recovered;

/// The folder in the data folder.
pub const FOLDER_NAME: &str = "history-log";

/// The log as it is called in errors.
const NAME: &str = "the log of movement history";
/// What a segment begins with.
const FORMAT: FileFormat = FileFormat { magic: *b"WAhi log", version: 1 };

/// The log of one process, in files. One process at a time may have a folder open.
///
/// **When it stops.** If the disk can't say any more what it has, nothing is written until the process starts again:
/// [`fault`](Log::fault) says why. A full disk isn't such a case: it refuses points, and takes them once there is room.
///
/// **Replay.** The mark on which a start begins is the one that was told [`Config::forget_after_ms`] earlier.
///
/// Dropping it waits until all that was handed in is written.
#[derive(Debug)]
pub struct EmbeddedLog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    config: Config,
    clock: Arc<dyn Clock>,
    queue: Queue,
    /// What is durable, and where it lies.
    catalogue: RwLock<Catalogue>,
    recent: RwLock<RecentPoints>,
    marks: Marks,
    /// Of what was there at the start.
    newest_received: Option<Timestamp>,
    /// The bytes of all segments.
    bytes: AtomicU64,
    /// The position behind the last durable point.
    end: watch::Sender<u64>,
    stop: Stop,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl EmbeddedLog {
    /// Opens the log in `data_dir`, which must exist, and reads what isn't stored yet.
    ///
    /// Errs if it can't be written to or read, or comes from a newer version. Damage is no error: it is logged and
    /// counted, and the rest is read.
    pub async fn open(
        data_dir: &Path,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LogError> {
        Self::open_on(Arc::new(LocalDisk), data_dir, config, clock).await
    }

    /// Errs if the log in `data_dir` couldn't be opened, as far as can be told while nothing is changed.
    pub fn check(data_dir: &Path) -> Result<(), LogError> {
        Ok(recovery::check(&data_dir.join(FOLDER_NAME))?)
    }

    async fn open_on(
        disk: Arc<dyn Disk>,
        data_dir: &Path,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LogError> {
        let folder = data_dir.join(FOLDER_NAME);
        let opened = spawn_blocking(move || Self::open_blocking(disk, folder, config, clock));
        opened.await.map_err(|error| interrupted(&error))?
    }

    fn open_blocking(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LogError> {
        let recovered = recovery::recover(&folder, disk.as_ref(), config);
        let Recovered { mut catalogue, recent, tail, mark, newest_received } = recovered?;
        let stop = Stop::new(NAME);
        let settings = Settings {
            name: NAME,
            format: FORMAT,
            segment_bytes_max: config.segment_bytes_max,
            crash_points: crash_points::OF_SEGMENTS,
        };
        let writer =
            segment_log::Writer::open(Arc::clone(&disk), &folder, tail, settings, stop.clone());
        let writer = writer?;
        catalogue.begin(writer.segment());
        let bytes = catalogue.bytes();
        let shared = Arc::new(Shared {
            disk,
            folder,
            config,
            queue: Queue::new(Duration::from_millis(config.gather_ms)),
            catalogue: RwLock::new(catalogue),
            recent: RwLock::new(recent),
            marks: Marks::new(mark),
            newest_received,
            bytes: AtomicU64::new(bytes),
            end: watch::Sender::new(writer.next()),
            stop,
            clock,
        });
        let thread = writing::start(&shared, writer).map_err(|error| {
            LogError::Unusable(format!("no thread writes {NAME} ({error})").into())
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Log for EmbeddedLog {
    fn append(&self, user: &UserId, points: &[Point]) -> Answer<'static, LogPosition> {
        if points.is_empty() {
            let last = LogPosition(*self.shared.end.borrow() - 1);
            return Box::pin(std::future::ready(Ok(last)));
        }
        match self.shared.hand_in(user, points) {
            Ok(handed_in) => Box::pin(handed_in.durable()),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    fn append_soon(&self, user: &UserId, points: &[Point]) -> Result<(), LogError> {
        if points.is_empty() { Ok(()) } else { self.shared.hand_in(user, points).map(drop) }
    }

    fn survives(&self, _user: &UserId) -> Survives {
        Survives::PowerCut
    }

    fn fault(&self) -> Option<String> {
        self.shared.stop.why().map(str::to_owned)
    }
}

impl LogReader for EmbeddedLog {
    fn read(&self, from: LogPosition, limit: usize) -> Answer<'_, Batch> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let read = spawn_blocking(move || shared.read(from.0, limit)).await;
            Ok(read.map_err(|error| interrupted(&error))??)
        })
    }

    fn wait(&self, from: LogPosition) -> BoxFuture<'_, ()> {
        let mut end = self.shared.end.subscribe();
        Box::pin(async move {
            // It lives as long as the log, which is borrowed.
            let _ = end.wait_for(|end| *end > from.0).await;
        })
    }

    fn forget(&self, mark: LogPosition) -> Answer<'_, ()> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let forgotten = spawn_blocking(move || shared.forget(mark.0)).await;
            Ok(forgotten.map_err(|error| interrupted(&error))??)
        })
    }

    fn rewind(&self) -> Answer<'_, LogPosition> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let rewound = spawn_blocking(move || shared.rewind()).await;
            rewound.map(LogPosition).map_err(|error| interrupted(&error))
        })
    }

    fn replay_from(&self) -> LogPosition {
        LogPosition(self.shared.marks.durable())
    }

    fn recent(&self, user: &UserId, taker: &mut dyn TakePoints) -> bool {
        recent_points::of_user(&self.shared.recent, user, taker);
        self.shared.remembers_all()
    }

    fn recent_users(&self, after: Option<&UserId>, limit: usize) -> (Vec<UserId>, bool) {
        let first = recent_points::users(&self.shared.recent, after, limit);
        (first.into_iter().collect(), self.shared.remembers_all())
    }

    fn newest_received(&self) -> Option<Timestamp> {
        self.shared.newest_received
    }

    fn take_lost(&self) -> Vec<TimeRange> {
        self.shared.catalogue.write().take_lost(self.shared.clock.now().wall)
    }

    fn status(&self) -> LogStatus {
        self.shared.status()
    }
}

impl Shared {
    /// Whether all that isn't stored is remembered by user. To be asked behind what was read: what was dropped meanwhile is stored, or
    /// was missed.
    fn remembers_all(&self) -> bool {
        let held_from = self.recent.read().from();
        held_from <= self.marks.told()
    }

    fn status(&self) -> LogStatus {
        let mark = self.marks.told();
        // First what waits: what is written in between is seen twice, never not at all.
        let waiting = self.queue.lowest_received();
        let catalogue = self.catalogue.read();
        let oldest = [waiting, catalogue.lowest_received(mark)].into_iter().flatten().min();
        LogStatus {
            bytes: self.bytes.load(Ordering::Relaxed),
            bytes_max: self.config.bytes_max,
            mark: LogPosition(mark),
            end: LogPosition(*self.end.borrow()),
            oldest_received: oldest.map(Timestamp),
            oldest_waiting: waiting.map(Timestamp),
        }
    }
}
