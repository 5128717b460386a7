use std::ops::{ControlFlow, Range};
use std::path::Path;

use segment_log::{Bytes, Error, Malformed, segment};

use super::Shared;
use super::scan::scan;
use super::writing::WrittenFrame;
use crate::log::Batch;
use crate::log::codec::next_run;
use crate::metrics;
use crate::{LogPosition, Logged};

impl Shared {
    /// See [`LogReader::read`](crate::LogReader::read).
    pub(super) fn read(&self, from: u64, limit: usize) -> Result<Batch, Error> {
        let (mut next, mut points) = (from, Vec::new());
        while points.len() < limit {
            let Some(place) = self.catalogue.read().place(next) else { break };
            let path = segment(&self.folder, place.segment);
            let read = scan(&path, place.from..place.to, 0..place.next, |frame, runs| {
                let end = frame.first + u64::from(frame.summary.points);
                if end > next {
                    let logged = decode(frame, runs)?;
                    self.tell_damage(&path, next..frame.first);
                    points.extend(logged.into_iter().filter(|it| it.position.0 >= next));
                    next = end;
                }
                let is_enough = points.len() >= limit;
                Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            });
            match read {
                Err(Error::Unreadable { cause, .. }) if !path.exists() => {
                    // It was stored and forgotten meanwhile.
                    tracing::debug!(%cause, "a segment was removed while it was read");
                    next = next.max(place.next);
                }
                Err(error) => return Err(error),
                Ok(_) if points.len() >= limit => {}
                Ok(_) => {
                    self.tell_damage(&path, next..place.next);
                    next = next.max(place.next);
                }
            }
        }
        Ok(Batch { points, next: LogPosition(next) })
    }

    /// Says that points of a file are lost, if there are any, once.
    fn tell_damage(&self, path: &Path, points: Range<u64>) {
        if !points.is_empty() && self.catalogue.write().damage(&points) {
            tell_damage(path, &points);
        }
    }
}

/// Says that points are lost.
pub(super) fn tell_damage(path: &Path, points: &Range<u64>) {
    let (path, from, to) = (path.display(), points.start, points.end - 1);
    tracing::error!(%path, from, to, "points of movement history are lost: the file is damaged");
    ::metrics::counter!(metrics::LOG_LOST).increment(points.end - points.start);
}

/// The points of a frame.
pub(super) fn decode(frame: WrittenFrame, runs: &[u8]) -> Result<Vec<Logged>, Malformed> {
    let mut bytes = Bytes(runs);
    let mut logged = bytes.room(frame.summary.points.into(), 1);
    while let Some(run) = next_run(&mut bytes)? {
        for point in run.points {
            let position = LogPosition(frame.first + logged.len() as u64);
            logged.push(Logged { position, user: run.user.clone(), point });
        }
    }
    if logged.len() == frame.summary.points as usize { Ok(logged) } else { Err(Malformed) }
}
