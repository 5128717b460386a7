//! What everybody knows of a schedule so far, apart from the gateways.

use std::collections::HashMap;

use model::UserId;

use crate::session::circle::{CircleChange, CircleEdit};

/// How far apart the two places where people are, degrees of latitude: some 1,100 m.
const APART_DEG: f64 = 0.01;

/// All of it.
#[derive(Default)]
pub(super) struct Notes {
    /// Counts steps.
    pub(super) step: u64,
    /// When each fix was sent, by its latitude, which no other has.
    pub(super) sent: HashMap<u64, u64>,
    /// Fixes so far.
    fixes: u32,
    /// When the end of a friendship was answered that nothing has changed since.
    pub(super) parted: HashMap<(UserId, UserId), u64>,
    /// The place of the last change of each friendship.
    last: HashMap<(UserId, UserId), u64>,
    pub(super) told: Vec<String>,
}

impl Notes {
    /// A place near one of the two where people are, which no fix had before.
    pub(super) fn place(&mut self, far: bool) -> f64 {
        self.fixes += 1;
        let latitude = 48.0 + f64::from(self.fixes) * 1e-7 + if far { APART_DEG } else { 0.0 };
        self.sent.insert(latitude.to_bits(), self.step);
        latitude
    }
}

impl Notes {
    pub(super) fn committed(&mut self, change: &CircleChange) {
        if let CircleEdit::Pair { low, high, .. } = &change.edit {
            let key = (low.clone(), high.clone());
            self.parted.remove(&key);
            self.last.insert(key, change.as_of.position.0);
        }
    }

    pub(super) fn answered(&mut self, change: &CircleChange) {
        if let CircleEdit::Pair { low, high, friends: false } = &change.edit {
            let key = (low.clone(), high.clone());
            if self.last.get(&key) == Some(&change.as_of.position.0) {
                self.parted.insert(key, self.step);
            }
        }
    }
}
