//! The thread that writes: all that waits becomes frames, written and synced together.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use model::{Monotonic, UserId, crash};
use segment_log::{OpenFrame, Writer};

use super::queue::Turn;
use super::{Shared, crash_points};
use crate::Point;
use crate::log::packed::{Summary, pack};
use crate::log::runs::{Run, Runs};
use crate::log::write::HandedIn;
use crate::log::{LogError, count_refused};
use crate::metrics;

/// The bytes of runs from which on they become a frame: what damage costs at most, and what is read to find a point.
const FRAME_BYTES: usize = 64 << 10;
/// The bytes that are kept for the frames of the next write.
const BUFFER_BYTES_MAX: usize = 4 << 20;

/// A frame as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct WrittenFrame {
    /// The position of its first point.
    pub first: u64,
    pub summary: Summary,
    /// Where it begins in the segment, bytes.
    pub at: u64,
    /// Where it ends.
    pub end: u64,
}

impl Shared {
    /// Hands points to the thread.
    pub(super) fn hand_in(&self, user: &UserId, points: &[Point]) -> Result<HandedIn, LogError> {
        let room = self.config.bytes_max.saturating_sub(self.bytes.load(Ordering::Relaxed));
        let handed_in = match self.stop.check() {
            Ok(()) => self.queue.hand_in(user, points, room),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = &handed_in {
            count_refused(error, points.len() as u64);
        }
        handed_in
    }
}

/// Starts the thread, which ends when the queue is closed and all of it written.
pub(super) fn start(shared: &Arc<Shared>, writer: Writer) -> io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    let segment_started = shared.clock.now().monotonic;
    let writing = Writing { shared, writer, segment_started, frames: Vec::new(), list: Vec::new() };
    thread::Builder::new().name("history-log".to_owned()).spawn(move || writing.run())
}

struct Writing {
    shared: Arc<Shared>,
    writer: Writer,
    segment_started: Monotonic,
    /// The bytes of the frames of one write.
    frames: Vec<u8>,
    list: Vec<WrittenFrame>,
}

impl Writing {
    fn run(mut self) {
        let closing = Closing(Arc::clone(&self.shared));
        loop {
            match self.shared.queue.next() {
                Turn::Write(runs, write) => {
                    let written = self.write(&runs).map_err(LogError::from);
                    if let Err(error) = &written {
                        count_refused(error, runs.points);
                    }
                    self.shared.queue.written();
                    write.answer(written);
                }
                Turn::Look => {
                    if self.is_segment_old()
                        && let Err(error) = self.start_segment()
                    {
                        // It is tried again at the next look; points are still written to the old one.
                        tracing::warn!(error = %model::ErrorChain(&error), "no new segment of history's log");
                    }
                }
                Turn::End => break,
            }
        }
        drop(closing);
    }

    /// Writes and syncs runs; answers with the position of the first point.
    fn write(&mut self, runs: &Runs) -> Result<u64, segment_log::Error> {
        if self.is_segment_old() {
            self.start_segment()?;
        }
        let first = self.writer.next();
        self.pack(runs, first)?;
        crash::point(crash_points::PACKED);
        let before = self.writer.segment();
        let started = Instant::now();
        self.writer.write(&self.frames, runs.points)?;
        ::metrics::histogram!(metrics::LOG_WRITE_DURATION).record(started.elapsed());
        if self.writer.segment() != before {
            self.segment_started = self.shared.clock.now().monotonic;
        }
        self.take(runs, first);
        self.frames.clear();
        self.frames.shrink_to(BUFFER_BYTES_MAX);
        crash::point(crash_points::TAKEN);
        Ok(first)
    }

    /// Makes frames of runs, the first of which has this position.
    fn pack(&mut self, runs: &Runs, first: u64) -> Result<(), segment_log::Error> {
        self.frames.clear();
        self.list.clear();
        let (mut first, mut start) = (first, 0);
        let mut summary: Option<Summary> = None;
        for (at, run) in runs.list.iter().enumerate() {
            let all = summary.map_or(run.summary, |summary| summary.with(run.summary));
            let next = runs.list.get(at + 1).map(|run| run.end - start);
            if run.end - start < FRAME_BYTES && next.is_some_and(|bytes| bytes < 2 * FRAME_BYTES) {
                summary = Some(all);
                continue;
            }
            let begin = self.frames.len() as u64;
            let open = OpenFrame::begin(&mut self.frames, first);
            pack(&mut self.frames, all, &runs.bytes[start..run.end]);
            open.close(&mut self.frames)?;
            let end = self.frames.len() as u64;
            self.list.push(WrittenFrame { first, summary: all, at: begin, end });
            (first, start, summary) = (first + u64::from(all.points), run.end, None);
        }
        Ok(())
    }

    /// Lets what is durable now be read.
    fn take(&mut self, runs: &Runs, first: u64) {
        let (segment, bytes) = (self.writer.segment(), self.writer.bytes());
        let start = bytes - self.frames.len() as u64;
        {
            let mut catalogue = self.shared.catalogue.write();
            for frame in &self.list {
                let (at, end) = (start + frame.at, start + frame.end);
                catalogue.add(segment, WrittenFrame { at, end, ..*frame });
            }
            self.shared.bytes.store(catalogue.bytes(), Ordering::Relaxed);
            ::metrics::gauge!(metrics::LOG_BYTES).set(catalogue.bytes() as f64);
        }
        {
            let mut recent = self.shared.recent.write();
            let mut position = first;
            for Run { user, points_start, end, times, summary } in &runs.list {
                recent.add(
                    segment,
                    position,
                    user,
                    summary.points,
                    *times,
                    &runs.bytes[*points_start..*end],
                );
                position += u64::from(summary.points);
            }
        }
        ::metrics::counter!(metrics::LOG_POINTS).increment(runs.points);
        self.shared.end.send_replace(first + runs.points);
    }

    fn is_segment_old(&self) -> bool {
        let age = self.shared.clock.now().monotonic.since_ms(self.segment_started);
        age >= self.shared.config.segment_age_ms_max
    }

    fn start_segment(&mut self) -> Result<(), segment_log::Error> {
        self.writer.start_segment()?;
        self.segment_started = self.shared.clock.now().monotonic;
        // So that the one before can be given up, also if nothing more comes.
        self.shared.catalogue.write().begin(self.writer.segment());
        Ok(())
    }
}

/// Whatever ends the thread, nobody waits for it in vain.
struct Closing(Arc<Shared>);

impl Drop for Closing {
    fn drop(&mut self) {
        if thread::panicking() {
            let error = self.0.stop.stop("a fault of ours ended the thread that writes");
            self.0.queue.fail(&error.into());
        }
    }
}
