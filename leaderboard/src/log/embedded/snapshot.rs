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
//! events   those whose keys are remembered, as they are
//! end      the last record that may be in it
//! ```

mod load;
mod save;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use model::{ErrorChain, crash};
use parking_lot::{Condvar, Mutex};

use crate::log::embedded::options::Appended;
use crate::log::embedded::segments::{self, Found};
use crate::log::embedded::{Shared, crash_points};

pub(super) use load::{load, load_remembered};
use save::Save;

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
    turns: Arc<Turns>,
    is_closing: Arc<AtomicBool>,
}

/// Whether the thread is there, and whether it was asked for once more. Locked before the appender.
#[derive(Debug, Default)]
struct Turns {
    state: Mutex<TurnState>,
    closing: Condvar,
}

#[derive(Debug, Default)]
struct TurnState {
    is_running: bool,
    is_wanted: bool,
}

impl Snapshots {
    /// Takes one. While one is being taken nothing is done, but for those who were erased since it began: another one follows.
    pub(super) fn start(&self, shared: &Arc<Shared>) {
        let mut state = self.turns.state.lock();
        state.is_wanted = true;
        if state.is_running || self.is_closing.load(Ordering::Relaxed) {
            return;
        }
        let (shared, turns) = (Arc::clone(shared), Arc::clone(&self.turns));
        let is_closing = Arc::clone(&self.is_closing);
        let work = move || take(&shared, &turns, &is_closing);
        match thread::Builder::new().name("leaderboard-snapshot".to_owned()).spawn(work) {
            Ok(started) => {
                state.is_running = true;
                *self.thread.lock() = Some(started);
            }
            Err(error) => failed(&error),
        }
    }

    /// Waits until none is being taken.
    #[cfg(test)]
    pub(super) fn wait(&self) {
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            thread.join().expect("it doesn't panic");
        }
    }

    /// Ends the one that is being taken, which is lost, and waits until it has ended.
    pub(super) fn close(&self) {
        {
            let _state = self.turns.state.lock();
            self.is_closing.store(true, Ordering::Relaxed);
            self.turns.closing.notify_all();
        }
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// Takes a snapshot, and others as long as files say who somebody was that is unknown since.
fn take(shared: &Shared, turns: &Turns, is_closing: &AtomicBool) {
    loop {
        {
            let mut state = turns.state.lock();
            let has_erased = shared.appender.lock().has_erased;
            if has_erased && !is_closing.load(Ordering::Relaxed) {
                // One snapshot does for all who are erased meanwhile.
                let _ = turns.closing.wait_for(&mut state, shared.options.erasing_wait);
            }
            if is_closing.load(Ordering::Relaxed) {
                return;
            }
            state.is_wanted = false;
        }
        let taken = snapshot(shared, is_closing);
        let is_closing = is_closing.load(Ordering::Relaxed);
        if let Err(error) = &taken
            && !is_closing
        {
            failed(error);
        }
        let mut state = turns.state.lock();
        let has_erased = shared.appender.lock().has_erased;
        if is_closing || !has_erased || !state.is_wanted && taken.is_ok() {
            state.is_running = false;
            return;
        }
    }
}

fn failed(error: &io::Error) {
    tracing::warn!(error = %ErrorChain(error), "no snapshot of leaderboards could be taken; it is tried again later");
}

/// Takes a snapshot of all that is in the log when it begins, and removes what it makes needless. A crash at any moment
/// leaves this snapshot whole or the one before it, with all segments since.
pub(super) fn snapshot(shared: &Shared, is_closing: &AtomicBool) -> io::Result<()> {
    let has_erased = std::mem::take(&mut shared.appender.lock().has_erased);
    let taken = attempt(shared, is_closing);
    if taken.is_err() {
        shared.appender.lock().has_erased |= has_erased;
    }
    taken
}

fn attempt(shared: &Shared, is_closing: &AtomicBool) -> io::Result<()> {
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
