use std::collections::HashMap;

use model::{DeviceId, Timestamp, UserId, Version};

use super::imported::Imported;
use crate::core::point::{Point, StoredFix, Unshown};

/// How many devices are remembered at once. A file with more gives fixes of one moment the same name if they lie far apart.
const DEVICES_MAX: usize = 100_000;

/// Makes points of imported fixes.
///
/// What a file doesn't number is 0, and counts up only where fixes of one device and moment follow each other and differ: so the
/// same file comes to the same points, and to import it again changes nothing.
#[derive(Debug)]
pub struct Numbering {
    user: UserId,
    device: DeviceId,
    received: Timestamp,
    last: HashMap<(UserId, DeviceId), (Timestamp, u64, StoredFix)>,
}

impl Numbering {
    /// For fixes that are of this user and device where they don't say otherwise, and are imported now.
    pub fn new(user: UserId, device: DeviceId, received: Timestamp) -> Self {
        Self { user, device, received, last: HashMap::new() }
    }

    /// The point that a fix comes to, and whose it is.
    pub fn point(&mut self, imported: Imported) -> (UserId, Point) {
        let user = imported.user.unwrap_or_else(|| self.user.clone());
        let device = imported.device.unwrap_or_else(|| self.device.clone());
        let fix = StoredFix::from(&imported.fix);
        let seq = imported.seq.unwrap_or_else(|| self.number(&user, &device, imported.time, fix));
        let version = Version { effective: imported.time, device, seq };
        let unshown = Some(Unshown::Imported);
        (user, Point { version, fix, received: self.received, unshown })
    }

    fn number(&mut self, user: &UserId, device: &DeviceId, time: Timestamp, fix: StoredFix) -> u64 {
        let key = (user.clone(), device.clone());
        let seq = match self.last.get(&key) {
            Some((last, seq, same)) if *last == time && *same == fix => *seq,
            Some((last, seq, _)) if *last == time => seq + 1,
            _ => 0,
        };
        if self.last.len() >= DEVICES_MAX && !self.last.contains_key(&key) {
            self.last.clear();
        }
        self.last.insert(key, (time, seq, fix));
        seq
    }
}
