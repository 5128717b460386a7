//! A stream as whoever stores its points reads it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use model::{Clock, Timestamp, UserId};
use parking_lot::{Mutex, RwLock};
use redis::Cmd;
use tokio::time::sleep;

use super::entry::decode;
use super::keys::Keys;
use super::known_entries::{Found, Known, KnownEntry};
use super::server::{Server, script};
use crate::log::recent_points::{self, RecentPoints};
use crate::log::{Answer, Batch, LogError, LogReader, LogStatus, TakePoints, before};
use crate::{LogPosition, TimeRange, metrics};

/// What tools of Redis call whoever stores points.
pub(super) const GROUP: &str = "history-writer";
/// How many entries are asked for at once.
const ENTRIES_READ: usize = 256;
/// How often a stream of which all was read is looked at. Points gather meanwhile; only the end of tracks is behind by as much.
const LOOK: Duration = Duration::from_millis(100);
/// How much later a point may come into its stream than it was received, at most, clocks of processes included, milliseconds: it
/// waits for [`super::Config::patience_ms`].
const LATE_MS_MAX: i64 = 5_000;
/// How many entries that can't be read are kept for each stream, and for how long, milliseconds: a week.
const ASIDE_MAX: u32 = 100;
const ASIDE_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// Entries as they come from a server: what they are called, and names and values.
type Entries = Vec<(String, Vec<Vec<u8>>)>;

/// What a stream is read with.
#[derive(Clone)]
pub(super) struct Reading {
    pub(super) server: Arc<Server>,
    pub(super) keys: Keys,
    pub(super) clock: Arc<dyn Clock>,
    /// Which process this is.
    pub(super) token: Arc<str>,
    pub(super) bytes_max: u64,
    pub(super) recent_bytes_max: usize,
    pub(super) forget_after_ms: u64,
}

/// One stream.
pub(super) struct StreamReader {
    with: Reading,
    stream: u32,
    known: Mutex<Known>,
    recent: RwLock<RecentPoints>,
}

impl StreamReader {
    /// Of which nothing was read yet.
    pub(super) fn new(with: Reading, stream: u32, found: Found) -> Self {
        let recent = RecentPoints::new(found.mark, with.recent_bytes_max);
        let known = Known::new(found, with.clock.now().wall);
        Self { with, stream, known: Mutex::new(known), recent: RwLock::new(recent) }
    }

    /// Reads its first entry, without which it isn't known how far it is.
    pub(super) async fn look(&self) -> Result<(), LogError> {
        let mark = self.known.lock().durable();
        self.read_some(mark, 1).await.map(|_| ())
    }

    /// Entries from that on which has a position.
    async fn read_some(&self, from: u64, entries: usize) -> Result<(Batch, bool), LogError> {
        let asked = self.with.clock.now().wall;
        let start = self.known.lock().start(from);
        let mut command = redis::cmd("XRANGE");
        command.arg(self.with.keys.stream(self.stream)).arg(start).arg("+");
        command.arg("COUNT").arg(entries);
        let found: Entries = self.with.server.run(&command).await?;
        let is_end = found.len() < entries;
        let (mut points, mut next) = (Vec::new(), from);
        for (id, fields) in &found {
            let (first, end, data) = parse(id, fields)?;
            let is_new = first >= self.known.lock().seen();
            let decoded = {
                let mut recent = self.recent.write();
                decode(data, first, is_new.then_some(&mut *recent))
            };
            let summary = decoded.as_ref().ok().map(|it| it.summary);
            match decoded {
                Ok(it) if it.points.len() as u64 == end - first => {
                    points.extend(it.points.into_iter().filter(|it| it.position.0 >= from));
                }
                _ if is_new => self.put_aside(id, data, end - first).await?,
                _ => {}
            }
            if is_new {
                let times = summary.map(|it| (it.lowest, it.highest));
                self.known.lock().add(KnownEntry {
                    first,
                    end,
                    times,
                    bytes: data.len() as u64,
                    entries: 1,
                    last: first,
                });
            }
            next = next.max(end);
        }
        if is_end {
            self.known.lock().caught_up(asked);
        }
        Ok((Batch { points, next: LogPosition(next) }, is_end))
    }

    /// An entry that can't be read is kept beside the stream, and told of.
    async fn put_aside(&self, id: &str, data: &[u8], points: u64) -> Result<(), LogError> {
        let (keys, server) = (&self.with.keys, self.with.server.name());
        let (lease, aside) = (keys.lease(self.stream), keys.aside(self.stream));
        let mut call = script(include_str!("scripts/aside.lua"), &[&lease, &aside]);
        call.arg(&*self.with.token).arg(ASIDE_MAX).arg(ASIDE_MS).arg(id).arg(data);
        self.fenced(&call).await?;
        tracing::error!(
            server,
            stream = self.stream,
            id,
            points,
            aside,
            "points of movement history are lost: an entry can't be read, and is put aside"
        );
        ::metrics::counter!(metrics::LOG_LOST).increment(points);
        self.known.lock().lose(self.with.clock.now().wall, LATE_MS_MAX);
        Ok(())
    }

    /// Has a script carried out that does nothing if another process has the lease.
    async fn fenced(&self, call: &Cmd) -> Result<(), LogError> {
        let is_ours: bool = self.with.server.run(call).await?;
        let other = "this process doesn't have the lease of a stream of movement history any more";
        if is_ours { Ok(()) } else { Err(LogError::Stopped(other.into())) }
    }

    async fn tell(&self, mark: u64) -> Result<(), LogError> {
        let now = self.with.clock.now().monotonic;
        let told = self.known.lock().tell(mark, now, self.with.forget_after_ms);
        // What was told may be taken back, and is then missed in the store.
        self.recent.write().forget(told.durable);
        let keys = &self.with.keys;
        let (lease, stream) = (keys.lease(self.stream), keys.stream(self.stream));
        let known = keys.known(self.stream);
        let mut call = script(include_str!("scripts/forget.lua"), &[&lease, &stream, &known]);
        call.arg(&*self.with.token).arg(GROUP).arg(told.last_stored).arg(told.entries);
        call.arg(told.durable).arg(&told.kept_from).arg(told.bytes);
        self.fenced(&call).await?;
        self.known.lock().forgotten(told.durable);
        Ok(())
    }

    /// Looks whether there is anything at a position or behind it.
    async fn is_behind(&self, from: u64) -> Result<bool, LogError> {
        let asked = self.with.clock.now().wall;
        let mut command = redis::cmd("HMGET");
        command.arg(self.with.keys.known(self.stream)).arg("next").arg("bytes");
        let found: Vec<Option<u64>> = self.with.server.run(&command).await?;
        let number = |at: usize| found.get(at).copied().flatten();
        let mut known = self.known.lock();
        let next = known.found(number(0).unwrap_or(1), number(1).unwrap_or(0));
        if next <= known.seen() {
            known.caught_up(asked);
        }
        Ok(next > from)
    }
}

impl LogReader for StreamReader {
    fn read(&self, from: LogPosition, limit: usize) -> Answer<'_, Batch> {
        Box::pin(async move {
            let mut all = Batch { points: Vec::new(), next: from };
            while all.points.len() < limit {
                let (more, is_end) = self.read_some(all.next.0, ENTRIES_READ).await?;
                all.points.extend(more.points);
                all.next = more.next;
                if is_end {
                    break;
                }
            }
            Ok(all)
        })
    }

    fn wait(&self, from: LogPosition) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // A server that is away has nothing; whoever reads hears why.
            while !self.is_behind(from.0).await.unwrap_or(false) {
                sleep(LOOK).await;
            }
        })
    }

    fn forget(&self, mark: LogPosition) -> Answer<'_, ()> {
        Box::pin(self.tell(mark.0))
    }

    fn rewind(&self) -> Answer<'_, LogPosition> {
        Box::pin(std::future::ready(Ok(LogPosition(self.known.lock().rewind()))))
    }

    fn replay_from(&self) -> LogPosition {
        LogPosition(self.known.lock().durable())
    }

    fn recent(&self, user: &UserId, taker: &mut dyn TakePoints) -> bool {
        recent_points::of_user(&self.recent, user, taker);
        self.recent.read().from() <= self.known.lock().told()
    }

    fn take_lost(&self) -> Vec<TimeRange> {
        self.known.lock().take_lost()
    }

    fn recent_users(&self, after: Option<&UserId>, limit: usize) -> (Vec<UserId>, bool) {
        let users: BTreeSet<_> = recent_points::users(&self.recent, after, limit);
        (users.into_iter().collect(), self.recent.read().from() <= self.known.lock().told())
    }

    fn stored_until(&self, now: Timestamp) -> Timestamp {
        // Not in one expression with what locks it again.
        let oldest = self.known.lock().oldest();
        before(oldest, self.durable_until(now))
    }

    fn durable_until(&self, now: Timestamp) -> Timestamp {
        self.known.lock().read_until().plus_ms(-LATE_MS_MAX).min(now)
    }

    fn status(&self) -> LogStatus {
        let known = self.known.lock();
        LogStatus {
            bytes: known.bytes(),
            bytes_max: self.with.bytes_max,
            mark: LogPosition(known.told()),
            end: LogPosition(known.next()),
            oldest_received: known.oldest(),
            oldest_waiting: None,
        }
    }
}

/// An entry's first position, the one behind its last, and its bytes.
fn parse<'a>(id: &str, fields: &'a [Vec<u8>]) -> Result<(u64, u64, &'a [u8]), LogError> {
    let strange =
        || LogError::Unavailable(format!("the entry {id} isn't of movement history").into());
    let first: u64 = id.split('-').next().and_then(|it| it.parse().ok()).ok_or_else(strange)?;
    let value = |name: &[u8]| {
        let (pairs, _) = fields.as_chunks::<2>();
        pairs.iter().find(|pair| pair[0] == name).map(|pair| &pair[1])
    };
    let points = value(b"points").and_then(|it| std::str::from_utf8(it).ok()?.parse().ok());
    let points: u64 = points.ok_or_else(strange)?;
    Ok((first, first + points, value(b"data").ok_or_else(strange)?))
}
