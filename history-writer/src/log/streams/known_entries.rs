//! What a process knows of the entries of a stream that it has read, and how far they are stored. Pure.

use std::collections::VecDeque;

use model::{Monotonic, Timestamp};

use crate::TimeRange;
use crate::log::uncertain_marks::UncertainMarks;

/// How long ago, at most, the points of an entry may have been received of which nothing is known, milliseconds: a day.
const UNKNOWN_MS: i64 = 24 * 60 * 60 * 1_000;
/// How many entries are remembered as one: where few points come at a time there are many.
const ENTRIES_AS_ONE: u64 = 64;

/// What was known of a stream when its lease was taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) mark: u64,
    pub(super) next: u64,
    pub(super) bytes: u64,
    pub(super) removed: u64,
}

/// An entry, or some behind each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownEntry {
    /// The position of the first point.
    pub(super) first: u64,
    /// The position behind the last point.
    pub(super) end: u64,
    /// The lowest and the highest time of receipt; nothing if it can't be read.
    pub(super) times: Option<(i64, i64)>,
    /// The bytes of all.
    pub(super) bytes: u64,
    /// How many entries these are.
    pub(super) entries: u64,
    /// The position of the first point of the last one.
    pub(super) last: u64,
}

impl KnownEntry {
    /// Takes the entry behind these as well.
    fn extend(&mut self, next: Self) {
        self.end = next.end;
        self.bytes += next.bytes;
        self.entries += next.entries;
        self.last = next.last;
        self.times = match (self.times, next.times) {
            (Some(these), Some(next)) => Some((these.0.min(next.0), these.1.max(next.1))),
            (these, next) => these.or(next),
        };
    }
}

/// The entries of a stream, and its marks.
#[derive(Debug)]
pub(super) struct Known {
    entries: VecDeque<KnownEntry>,
    /// The position behind all that was read.
    seen: u64,
    /// The position of the next point that comes, as far as is known.
    next: u64,
    bytes: u64,
    /// How many entries were removed before these.
    removed: u64,
    told: u64,
    durable: u64,
    marks: UncertainMarks,
    /// All was read that had come into the stream until then.
    read_until: Timestamp,
    /// When points were received that can't be read, and that nobody was told of yet.
    lost: Vec<TimeRange>,
}

/// What a server is told of a mark.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// All points before it were stored a while ago.
    pub(super) durable: u64,
    /// The last entry all of whose points are stored.
    pub(super) last_stored: String,
    /// How many entries there were up to that.
    pub(super) entries: u64,
    /// The first entry that is still needed; empty if none is to be removed.
    pub(super) kept_from: String,
    /// The bytes of those before it.
    pub(super) bytes: u64,
}

impl Known {
    /// Of a stream as it was found at `now`.
    pub(super) fn new(found: Found, now: Timestamp) -> Self {
        let Found { mark, next, bytes, removed } = found;
        let read_until = if mark == next { now } else { Timestamp(0) };
        let (entries, marks) = (VecDeque::new(), UncertainMarks::default());
        Self {
            entries,
            seen: 0,
            next,
            bytes,
            removed,
            told: mark,
            durable: mark,
            marks,
            read_until,
            lost: Vec::new(),
        }
    }

    /// The entry that comes now can't be read. Its points came behind all that was read, so that they were received at most
    /// `late_ms` before that, and before `now`.
    pub(super) fn lose(&mut self, now: Timestamp, late_ms: i64) {
        let is_any_known = self.read_until > Timestamp(0);
        let from =
            if is_any_known { self.read_until.plus_ms(-late_ms) } else { now.plus_ms(-UNKNOWN_MS) };
        // Clocks may have been set back.
        let range = TimeRange { from: from.min(now), to: now.plus_ms(1) };
        match self.lost.last_mut().filter(|last| last.overlaps(range)) {
            Some(last) => *last = last.with(range),
            None => self.lost.push(range),
        }
    }

    /// When what was lost since this was asked last had been received.
    pub(super) fn take_lost(&mut self) -> Vec<TimeRange> {
        std::mem::take(&mut self.lost)
    }

    /// Where in the stream the entry is that has a position, if that was read or is next.
    pub(super) fn start(&self, from: u64) -> String {
        let entry = self.entries.partition_point(|entry| entry.end <= from);
        match self.entries.get(entry) {
            Some(entry) => format!("{}-0", entry.first),
            // What lies in between may be in an entry that begins before.
            None if self.seen > 0 => format!("{}-0", self.seen),
            None => "-".to_owned(),
        }
    }

    /// Adds an entry behind those that were read.
    pub(super) fn add(&mut self, entry: KnownEntry) {
        if let Some((lowest, highest)) = entry.times {
            // Before anything is known, no less than the first entry says.
            let until = if self.seen == 0 && self.read_until.0 == 0 { lowest } else { highest };
            self.read_until = self.read_until.max(Timestamp(until));
        }
        self.seen = entry.end;
        if entry.end > self.next {
            // It came since the server was asked.
            self.next = entry.end;
            self.bytes += entry.bytes;
        }
        match self.entries.back_mut() {
            Some(last) if last.entries < ENTRIES_AS_ONE => last.extend(entry),
            _ => self.entries.push_back(entry),
        }
    }

    /// All was read that was there at a moment.
    pub(super) fn caught_up(&mut self, at: Timestamp) {
        self.read_until = self.read_until.max(at);
        self.seen = self.seen.max(self.durable);
    }

    /// What the server says of the stream; answers with the position of its next point.
    pub(super) fn found(&mut self, next: u64, bytes: u64) -> u64 {
        (self.next, self.bytes) = (self.next.max(next), bytes);
        self.next
    }

    /// Takes a mark.
    pub(super) fn tell(&mut self, mark: u64, now: Monotonic, after_ms: u64) -> Told {
        self.told = self.told.max(mark.min(self.seen));
        let certain = self.marks.tell(self.told, self.durable, now, after_ms);
        let durable = certain.unwrap_or(self.durable);
        let stored = self.entries.partition_point(|entry| entry.end <= self.told);
        let removed = self.entries.partition_point(|entry| entry.end <= durable);
        let last = stored.checked_sub(1).map_or(0, |last| self.entries[last].last);
        let kept_from = match (removed, self.entries.get(removed)) {
            (0, _) => String::new(),
            (_, Some(kept)) => format!("{}-0", kept.first),
            (_, None) => format!("{}-0", self.entries[removed - 1].end),
        };
        let removed = self.entries.range(..removed);
        Told {
            durable,
            last_stored: format!("{last}-0"),
            entries: self.removed + self.entries.range(..stored).map(|it| it.entries).sum::<u64>(),
            kept_from,
            bytes: removed.map(|entry| entry.bytes).sum(),
        }
    }

    /// The server has removed what lies before a mark.
    pub(super) fn forgotten(&mut self, durable: u64) {
        self.durable = self.durable.max(durable);
        while let Some(first) = self.entries.front()
            && first.end <= self.durable
        {
            self.removed += first.entries;
            self.bytes = self.bytes.saturating_sub(first.bytes);
            self.entries.pop_front();
        }
    }

    /// Takes back what was told and isn't certain; answers with the mark that holds.
    pub(super) fn rewind(&mut self) -> u64 {
        self.marks.clear();
        self.told = self.durable;
        self.durable
    }

    /// The lowest time of receipt of what isn't stored.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        let from = self.entries.partition_point(|entry| entry.end <= self.told);
        let times = self.entries.range(from..).filter_map(|entry| entry.times);
        times.map(|(lowest, _)| Timestamp(lowest)).min()
    }

    pub(super) fn read_until(&self) -> Timestamp {
        self.read_until
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn told(&self) -> u64 {
        self.told
    }

    pub(super) fn durable(&self) -> u64 {
        self.durable
    }
}
