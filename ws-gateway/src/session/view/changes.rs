//! The text of a push or of a part of a snapshot, gathered change by change.

use std::fmt::Write as _;
use std::sync::Arc;

use model::{Timestamp, UserId};

use crate::session::record::Record;
use crate::session::view::hysteresis::Decimetres;

/// Pieces of a push, gathered by kind.
#[derive(Default)]
pub(crate) struct Changes {
    came: String,
    moved: String,
    distances: String,
    left: String,
    /// How many friends these are.
    pub(crate) count: usize,
    /// Records that go out for the first time to this watcher, for measuring how long that took.
    pub(crate) fresh: Vec<Arc<Record>>,
}

fn separate(list: &mut String) {
    if !list.is_empty() {
        list.push(',');
    }
}

fn friend(list: &mut String, record: &Record, distance: Decimetres, wall: Timestamp) {
    separate(list);
    let age_ms = (wall - record.version.effective).max(0);
    let head = record.json_head();
    let _ = write!(list, r#"{head},"distance_m":{distance},"age_ms":{age_ms}}}"#);
}

impl Changes {
    pub(super) fn came(&mut self, record: &Arc<Record>, distance: Decimetres, wall: Timestamp) {
        friend(&mut self.came, record, distance, wall);
        self.fresh.push(record.clone());
        self.count += 1;
    }

    pub(super) fn moved(&mut self, record: &Arc<Record>, distance: Decimetres, wall: Timestamp) {
        friend(&mut self.moved, record, distance, wall);
        self.fresh.push(record.clone());
        self.count += 1;
    }

    pub(super) fn distance(&mut self, user: &UserId, distance: Decimetres) {
        separate(&mut self.distances);
        let _ = write!(self.distances, r#"{{"id":"{user}","distance_m":{distance}}}"#);
        self.count += 1;
    }

    pub(super) fn left(&mut self, user: &UserId, reason: &str) {
        separate(&mut self.left);
        let _ = write!(self.left, r#"{{"id":"{user}","reason":"{reason}"}}"#);
        self.count += 1;
    }

    /// The friends of a snapshot: those who came, since nobody was listed before.
    pub(crate) fn into_friends(self) -> String {
        self.came
    }

    /// The push message, or nothing if nothing changed.
    pub(crate) fn into_push(self, wall: Timestamp) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        let lists = [
            ("came", self.came),
            ("moved", self.moved),
            ("distances", self.distances),
            ("left", self.left),
        ];
        let mut out =
            String::with_capacity(64 + lists.iter().map(|(_, l)| l.len() + 16).sum::<usize>());
        let _ = write!(out, r#"{{"type":"push","time_ms":{}"#, wall.0);
        for (name, list) in lists {
            if !list.is_empty() {
                let _ = write!(out, r#","{name}":[{list}]"#);
            }
        }
        out.push('}');
        Some(out)
    }
}
