//! The log in files of its own, for a deployment of one process.
//!
//! ```text
//! append ─▶ decided ─▶ one frame ─▶ written and synced ─▶ into memory ─▶ answered
//! start  ─▶ the segments, frame by frame ─▶ into memory
//! ```
//! In the folder are segments, each of the records from its name's number on; `frame.rs` says what they are made of,
//! `codec.rs` how records are written, `recovery.rs` what is done about damage.

mod codec;
pub mod crash_points;
mod disk;
mod frame;
mod options;
mod recovery;
mod segments;
#[cfg(test)]
mod tests;
mod view;
mod writer;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use model::{BoardId, crash};
use parking_lot::{Mutex, RwLock};
use sql::StoreError;
use tokio::task::{JoinError, spawn_blocking};

use crate::core::memory::Memory;
use crate::core::record::Record;
use crate::core::remembered::RememberedEvents;
use crate::core::transaction_state::TransactionState;
use crate::index::memory::MemoryIndex;
use crate::{Answer, Board, Log, Outcome, Refusal, WriteRequest};
use codec::Encoder;
use disk::{Disk, LocalDisk};
use frame::OpenFrame;
use options::Options;
use view::View;
use writer::Writer;

/// The folder in the data folder.
pub const FOLDER_NAME: &str = "leaderboard";

/// Records that go into memory before readers have their turn.
const TAKEN_AT_ONCE_MAX: usize = 256;
/// The bytes that are kept for encoding the next batch; one that needed more gives them back.
const BUFFER_BYTES_MAX: usize = 16 << 20;

/// The embedded log. What it says is in memory too, since it decides from there; its [`index`](Self::index) reads the same.
///
/// One process at a time may have a folder open. What was answered is on disk: nothing needs to be closed.
///
/// **When it stops.** If the disk can't say any more what it has, nothing is written until the process starts again:
/// [`fault`](Log::fault) says why. A full disk isn't such a case: it refuses writes, and takes them once there is room.
#[derive(Debug)]
pub struct EmbeddedLog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    memory: Arc<RwLock<Memory>>,
    remembered: RwLock<RememberedEvents>,
    // Locked before memory, and while a batch is decided, written and taken.
    appender: Mutex<Appender>,
    stopped: Arc<OnceLock<String>>,
}

#[derive(Debug)]
struct Appender {
    writer: Writer,
    frame: Vec<u8>,
}

impl EmbeddedLog {
    /// Opens the log in `data_dir`, which must exist.
    ///
    /// Errs if it can't be written to (read-only, full), is damaged, or comes from a newer version.
    pub async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        Self::open_with(data_dir, Options::default(), Arc::new(LocalDisk)).await
    }

    async fn open_with(
        data_dir: &Path,
        options: Options,
        disk: Arc<dyn Disk>,
    ) -> Result<Self, StoreError> {
        let folder = data_dir.join(FOLDER_NAME);
        let opened = spawn_blocking(move || Shared::open(&folder, options, disk));
        let shared = opened.await.map_err(interrupted)??;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Ranks by what the log says: as of all that was answered.
    pub fn index(&self) -> MemoryIndex {
        MemoryIndex::new(Arc::clone(&self.shared.memory))
    }
}

impl Shared {
    fn open(folder: &Path, options: Options, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        make_folder(folder, disk.as_ref())?;
        let found = segments::find(folder)?;
        let recovered = recovery::recover(folder, &found, RememberedEvents::default())?;
        let stopped = Arc::new(OnceLock::new());
        let writer = Writer::open(
            disk,
            folder,
            recovered.tail,
            options.segment_bytes_max,
            Arc::clone(&stopped),
        )?;
        Ok(Self {
            memory: Arc::new(RwLock::new(recovered.memory)),
            remembered: RwLock::new(recovered.remembered),
            appender: Mutex::new(Appender { writer, frame: Vec::new() }),
            stopped,
        })
    }

    fn append(
        &self,
        writes: Vec<WriteRequest>,
    ) -> Result<Vec<Result<Outcome, Refusal>>, StoreError> {
        let mut appender = self.appender.lock();
        let Appender { writer, frame } = &mut *appender;
        writer.check()?;
        let (outcomes, records) = self.decide(writes);
        if records.is_empty() {
            return Ok(outcomes);
        }
        frame.clear();
        let open = OpenFrame::begin(frame, writer.next());
        let mut encoder = Encoder::new(frame);
        for record in &records {
            encoder.record(record);
        }
        open.close(frame)?;
        crash::point(crash_points::ENCODED);
        writer.write(frame, records.len() as u64)?;
        frame.shrink_to(BUFFER_BYTES_MAX);
        self.take(&records);
        crash::point(crash_points::APPLIED);
        Ok(outcomes)
    }

    fn decide(&self, writes: Vec<WriteRequest>) -> (Vec<Result<Outcome, Refusal>>, Vec<Record>) {
        let stored = View { memory: &self.memory.read(), remembered: &self.remembered.read() };
        let mut state = TransactionState::new(&stored);
        let outcomes = writes.into_iter().map(|write| state.apply(write)).collect();
        (outcomes, state.into_records())
    }

    fn take(&self, records: &[Record]) {
        for records in records.chunks(TAKEN_AT_ONCE_MAX) {
            let (mut memory, mut remembered) = (self.memory.write(), self.remembered.write());
            for record in records {
                memory.take(record);
                if let Record::Event(event) = record {
                    remembered.take(event);
                }
            }
        }
    }
}

impl Log for EmbeddedLog {
    fn append(&self, writes: Vec<WriteRequest>) -> Answer<'_, Vec<Result<Outcome, Refusal>>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            match spawn_blocking(move || shared.append(writes)).await {
                Ok(outcomes) => Ok(outcomes?),
                Err(error) => {
                    if error.is_panic() {
                        // Memory may have half of a batch.
                        writer::stop(
                            &self.shared.stopped,
                            "a fault of ours ended a change halfway",
                        );
                    }
                    Err(interrupted(error).into())
                }
            }
        })
    }

    fn board<'a>(&'a self, id: &'a BoardId) -> Answer<'a, Option<Board>> {
        Box::pin(async { Ok(self.shared.memory.read().board(id).cloned()) })
    }

    fn boards<'a>(&'a self, after: Option<&'a BoardId>, limit: usize) -> Answer<'a, Vec<Board>> {
        Box::pin(async move { Ok(self.shared.memory.read().boards(after, limit)) })
    }

    fn fault(&self) -> Option<String> {
        self.shared.stopped.get().cloned()
    }
}

fn make_folder(folder: &Path, disk: &dyn Disk) -> Result<(), StoreError> {
    let data_dir = folder.parent().map(PathBuf::from).unwrap_or_default();
    let make = || match fs::create_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => disk.sync_folder(&data_dir),
    };
    make().map_err(|error| writer::not_writable(folder, error))
}

fn interrupted(error: JoinError) -> StoreError {
    StoreError::internal("a task of the log ended early").caused_by(error)
}
