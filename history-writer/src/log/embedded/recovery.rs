//! Finds out at the start what the log has that isn't stored.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use model::Timestamp;
use segment_log::{
    Bytes, Disk, Error, FrameReader, HEADER_BYTES, Malformed, Tail, check_folder, check_header,
    is_outdated, make_folder, segment, segments,
};

use super::FORMAT;
use super::catalogue::Catalogue;
use super::config::Config;
use super::marks;
use super::read::tell_damage;
use super::scan::scan;
use super::writing::WrittenFrame;
use crate::log::codec::next_run;
use crate::log::recent_points::RecentPoints;
use crate::{Point, TimeRange};

/// What a log has.
pub(super) struct Recovered {
    pub catalogue: Catalogue,
    pub recent: RecentPoints,
    /// Where it goes on; else which point its next segment begins with.
    pub tail: Result<Tail, u64>,
    /// All points before this are stored.
    pub mark: u64,
    /// The latest time of receipt of what was read, also of what is stored.
    pub newest_received: Option<Timestamp>,
}

/// Reads the mark and the segments with points behind it, and removes the others.
pub(super) fn recover(folder: &Path, disk: &dyn Disk, config: Config) -> Result<Recovered, Error> {
    make_folder(folder, disk)?;
    let all = segments(folder)?;
    let saved = marks::load(folder)?;
    let mark = saved.or(all.first().copied()).unwrap_or(1);
    // A crash may have come before the names of what was read were durable. They must be before more is written behind them,
    // and before what the mark makes needless is removed.
    disk.sync_folder(folder).map_err(|error| Error::not_writable(folder, error))?;
    let (outdated, needed): (Vec<_>, Vec<_>) =
        all.iter().copied().partition(|first| is_outdated(&all, *first, mark - 1));
    for first in outdated {
        let path = segment(folder, first);
        disk.remove(&path).map_err(|error| Error::not_writable(&path, error))?;
    }
    let recent = RecentPoints::new(mark, config.recent_bytes_max);
    let mut recovery = Recovery {
        catalogue: Catalogue::default(),
        recent,
        mark,
        next: mark,
        newest_received: None,
    };
    let mut tail = Err(mark);
    for (at, &first) in needed.iter().enumerate() {
        let next = needed.get(at + 1).copied();
        tail = recovery.segment(segment(folder, first), first, next)?;
    }
    // A tail that was lost mustn't lead to positions before the mark: they would count as stored.
    if tail.as_ref().is_ok_and(|tail| tail.next < mark) {
        tail = Err(mark);
    }
    let Recovery { catalogue, recent, newest_received, .. } = recovery;
    Ok(Recovered { catalogue, recent, tail, mark, newest_received })
}

/// Looks at what each file begins with. Damage isn't in the way of a start.
pub(super) fn check(folder: &Path) -> Result<(), Error> {
    if !check_folder(folder)? {
        return Ok(());
    }
    for first in segments(folder)? {
        match check_header(&segment(folder, first), FORMAT, first) {
            Ok(()) | Err(Error::Damaged { .. }) => {}
            other => return other,
        }
    }
    Ok(())
}

struct Recovery {
    catalogue: Catalogue,
    recent: RecentPoints,
    mark: u64,
    /// The position behind the last point that was read, or was lost.
    next: u64,
    newest_received: Option<Timestamp>,
}

impl Recovery {
    /// Takes what a segment has. `next` is the segment behind it; the last one ends where nothing whole follows.
    fn segment(
        &mut self,
        path: PathBuf,
        first: u64,
        next: Option<u64>,
    ) -> Result<Result<Tail, u64>, Error> {
        self.lost_until(&path, first);
        let is_header_whole = match FrameReader::open(&path, FORMAT, first) {
            Ok(reader) => reader.is_some(),
            Err(Error::Damaged { .. }) => false,
            Err(error) => return Err(error),
        };
        self.catalogue.begin(first);
        let mut points = first;
        let all = HEADER_BYTES as u64..u64::MAX;
        let scanned = scan(&path, all, first..next.unwrap_or(u64::MAX), |frame, runs| {
            self.lost_until(&path, frame.first);
            self.frame(first, frame, runs)?;
            points = frame.first + u64::from(frame.summary.points);
            Ok(ControlFlow::Continue(()))
        })?;
        if let Some(next) = next {
            self.lost_until(&path, next);
            return Ok(Err(next));
        }
        if !is_header_whole && points == first {
            // Nothing was in it yet.
            return Ok(Err(first));
        }
        if scanned.is_torn {
            let path = path.display();
            let at = scanned.end;
            tracing::warn!(%path, at, "history's log ends within a write that nobody was told of; it is cut off");
        }
        // Behind damage it goes on in another segment, so that this one can be looked at as it is.
        let is_older = !is_header_whole || scanned.is_damaged;
        Ok(Ok(Tail { path, first, bytes: scanned.end, next: points, is_older }))
    }

    fn frame(&mut self, segment: u64, frame: WrittenFrame, runs: &[u8]) -> Result<(), Malformed> {
        let mut bytes = Bytes(runs);
        let mut read = Vec::new();
        let (mut position, mut newest) = (frame.first, self.newest_received);
        while let Some(run) = next_run(&mut bytes)? {
            newest = newest.max(run.points.iter().map(|point| point.received).max());
            let times = TimeRange::around(run.points.iter().map(Point::effective));
            let points = run.points.len() as u32;
            read.push((position, run.user, points, times, run.rows));
            position += u64::from(points);
        }
        if position != frame.first + u64::from(frame.summary.points) {
            return Err(Malformed);
        }
        for (position, user, points, times, rows) in read {
            self.recent.add(segment, position, &user, points, times, rows);
        }
        self.catalogue.add(segment, frame);
        self.next = self.next.max(position);
        self.newest_received = newest;
        Ok(())
    }

    /// The next points begin here: those before that weren't read are lost, unless they are stored.
    fn lost_until(&mut self, path: &Path, first: u64) {
        let lost = self.next.max(self.mark)..first;
        if !lost.is_empty() && self.catalogue.damage(&lost) {
            tell_damage(path, &lost);
        }
        self.next = self.next.max(first);
    }
}
