//! All that the log says up to a record, so that a start has no more to read than this and what came since.
//!
//! It is taken while writes go on, in chunks, each as of its own moment. That does no harm: records say what came of
//! things, so the ones since the snapshot began lead from any mixture of these moments to the state after the last of
//! them. For this the log must have them all: the snapshot says in its end what the last record was at that time.
//!
//! ```text
//! boards   the highest number of a board, and boards with how many changes they have seen
//! banned   of one board, before whoever is on it
//! members  of one board in one of its seasons, with what they have
//! sealed   the same of a season that is sealed: who is on it is shown, whoever is banned since
//! events   those of the last day, as they are remembered
//! end      the last record that may be in it
//! ```

mod load;
mod save;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use model::{ErrorChain, crash};
use parking_lot::Mutex;

use crate::log::embedded::frame::Magic;
use crate::log::embedded::options::Appended;
use crate::log::embedded::segments::{self, Found};
use crate::log::embedded::{Shared, crash_points};

pub(super) use load::load;
use save::Save;

/// What a snapshot begins with.
const MAGIC: Magic = *b"WAlbsnap";

/// What a chunk begins with.
mod tag {
    /// Without seasons: of format 1.
    pub(super) const BOARDS_PLAIN: u8 = 1;
    pub(super) const BANNED: u8 = 2;
    pub(super) const MEMBERS: u8 = 3;
    pub(super) const EVENTS: u8 = 4;
    pub(super) const END: u8 = 5;
    pub(super) const BOARDS: u8 = 6;
    pub(super) const SEALED: u8 = 7;
}

/// Takes snapshots in a thread of its own, one at a time.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    thread: Mutex<Option<JoinHandle<()>>>,
    is_closing: Arc<AtomicBool>,
}

impl Snapshots {
    /// Takes one, unless one is being taken.
    pub(super) fn start(&self, shared: &Arc<Shared>) {
        let mut thread = self.thread.lock();
        let is_running = thread.as_ref().is_some_and(|thread| !thread.is_finished());
        if is_running || self.is_closing.load(Ordering::Relaxed) {
            return;
        }
        let (shared, is_closing) = (Arc::clone(shared), Arc::clone(&self.is_closing));
        let work = move || take(&shared, &is_closing);
        match thread::Builder::new().name("leaderboard-snapshot".to_owned()).spawn(work) {
            Ok(started) => *thread = Some(started),
            Err(error) => failed(&error),
        }
    }

    /// Waits until none is being taken.
    #[cfg(test)]
    pub(super) fn wait(&self) {
        if let Some(thread) = self.thread.lock().take() {
            thread.join().expect("it doesn't panic");
        }
    }

    /// Ends the one that is being taken, which is lost, and waits until it has ended.
    pub(super) fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.lock().take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

fn take(shared: &Shared, is_closing: &AtomicBool) {
    match snapshot(shared, is_closing) {
        Ok(()) => {}
        Err(_) if is_closing.load(Ordering::Relaxed) => {}
        Err(error) => failed(&error),
    }
}

fn failed(error: &io::Error) {
    tracing::warn!(error = %ErrorChain(error), "no snapshot of leaderboards could be taken; it is tried again later");
}

/// Takes a snapshot of all that is in the log when it begins, and removes what it makes needless. A crash at any moment
/// leaves this snapshot whole or the one before it, with all segments since.
pub(super) fn snapshot(shared: &Shared, is_closing: &AtomicBool) -> io::Result<()> {
    let (disk, folder) = (shared.disk.as_ref(), &shared.folder);
    let number = {
        let mut appender = shared.appender.lock();
        appender.since_snapshot = Appended::default();
        appender.writer.start_segment().map_err(io::Error::other)?;
        appender.writer.next() - 1
    };
    if number == 0 {
        return Ok(());
    }
    crash::point(crash_points::SNAPSHOT_STARTED);
    let (part, whole) =
        (segments::snapshot_part(folder, number), segments::snapshot(folder, number));
    let saved = Save::begin(disk.create(&part)?, number, shared, is_closing)
        .and_then(Save::all)
        .and_then(|save| {
            let last = shared.appender.lock().writer.next() - 1;
            save.end(last)
        });
    if let Err(error) = saved {
        // The next start removes it too.
        let _ = disk.remove(&part);
        return Err(error);
    }
    disk.rename(&part, &whole)?;
    crash::point(crash_points::SNAPSHOT_RENAMED);
    disk.sync_folder(folder)?;
    crash::point(crash_points::SNAPSHOT_KEPT);
    tracing::info!(number, "a snapshot of leaderboards is taken");
    let found = Found::look(folder).map_err(io::Error::other)?;
    for path in found.outdated(folder, number) {
        disk.remove(&path)?;
        crash::point(crash_points::SNAPSHOT_CLEANED);
    }
    Ok(())
}
