use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use model::{Ecef, Metres, Timestamp, UserId, distance};

use crate::marks::Marks;
use crate::nearby::{Decimetres, Ring};
use crate::record::Record;

/// The slot in which the user themself is watched; friends have the others.
pub(crate) const SELF_SLOT: u32 = 0;

/// What one watcher holds: every friend's newest record, and which of them the client has been told of.
///
/// Pure. News only marks a friend; what it means is worked out when a message is made, from the newest state, so that
/// however slowly a client reads, what waits for it is one mark a friend.
pub(crate) struct View {
    ring: Ring,
    me: Option<Ecef>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_user: HashMap<UserId, u32>,
    /// Slots to look at in the next message.
    pending: Marks,
    /// Who is in the client's list and no friend any more. Told before anything else, in a message of their own, since
    /// they may have become friends again meanwhile.
    dismissed: Vec<UserId>,
}

#[derive(Default)]
struct Slot {
    user: Option<UserId>,
    record: Option<Arc<Record>>,
    told: Option<Told>,
}

/// What the client last heard of a friend who is in its list.
struct Told {
    record: Arc<Record>,
    distance: Decimetres,
}

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

impl View {
    pub(crate) fn new(radius: Metres) -> Self {
        Self {
            ring: Ring::of(radius),
            me: None,
            slots: vec![Slot::default()],
            free: Vec::new(),
            by_user: HashMap::new(),
            pending: Marks::default(),
            dismissed: Vec::new(),
        }
    }

    /// Brings the set of friends up to date. Answers who is new, with the slot to watch them under, and which slots are
    /// free again.
    pub(crate) fn set_friends(&mut self, friends: &[UserId]) -> (Vec<(UserId, u32)>, Vec<u32>) {
        let keep: HashSet<&UserId> = friends.iter().collect();
        let gone: Vec<_> = self
            .by_user
            .iter()
            .filter(|(u, _)| !keep.contains(u))
            .map(|(u, s)| (u.clone(), *s))
            .collect();
        let mut freed = Vec::with_capacity(gone.len());
        for (user, slot) in gone {
            let entry = &mut self.slots[slot as usize];
            if entry.told.take().is_some() {
                self.dismissed.push(user.clone());
            }
            // A mark may still wait for this slot; it will find nobody in it.
            entry.user = None;
            entry.record = None;
            self.by_user.remove(&user);
            self.free.push(slot);
            freed.push(slot);
        }
        let mut added = Vec::new();
        self.slots.reserve_exact((friends.len() + 1).saturating_sub(self.slots.len()));
        for user in friends {
            if !self.by_user.contains_key(user) {
                let slot = self.allot(user.clone());
                added.push((user.clone(), slot));
            }
        }
        (added, freed)
    }

    fn allot(&mut self, user: UserId) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        self.slots[slot as usize].user = Some(user.clone());
        self.by_user.insert(user, slot);
        slot
    }

    pub(crate) fn set_radius(&mut self, radius: Metres) {
        self.ring = Ring::of(radius);
        self.look_at_all();
    }

    /// Takes in the newest record of a friend, or of the watcher.
    pub(crate) fn set_record(&mut self, slot: u32, record: Option<Arc<Record>>) {
        if slot == SELF_SLOT {
            let me = record.as_ref().and_then(|r| r.ecef());
            if me != self.me {
                self.me = me;
                self.look_at_all();
            }
            self.slots[0].record = record;
            return;
        }
        if let Some(entry) = self.slots.get_mut(slot as usize).filter(|s| s.user.is_some()) {
            entry.record = record;
            self.look_at(slot);
        }
    }

    /// The watcher's own newest record.
    pub(crate) fn own_record(&self) -> Option<&Arc<Record>> {
        self.slots[0].record.as_ref()
    }

    /// Whether the watcher's own position is known.
    pub(crate) fn located(&self) -> bool {
        self.me.is_some()
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty() || !self.dismissed.is_empty()
    }

    /// The distance to the nearest friend in the client's list.
    pub(crate) fn nearest(&self) -> Option<Decimetres> {
        self.slots.iter().filter_map(|s| s.told.as_ref()).map(|told| told.distance).min()
    }

    fn look_at(&mut self, slot: u32) {
        self.pending.insert(slot);
    }

    fn look_at_all(&mut self) {
        for slot in 1..self.slots.len() as u32 {
            self.look_at(slot);
        }
    }

    /// Forgets what the client was told: it is about to get a snapshot.
    pub(crate) fn start_over(&mut self) {
        for slot in &mut self.slots {
            slot.told = None;
        }
        self.dismissed.clear();
        self.look_at_all();
    }

    /// Works out up to `limit` changes.
    pub(crate) fn collect(&mut self, wall: Timestamp, limit: usize) -> Changes {
        let mut changes = Changes::default();
        if !self.dismissed.is_empty() {
            let some = self.dismissed.len().saturating_sub(limit);
            for user in self.dismissed.drain(some..) {
                changes.left(&user, "gone");
            }
            return changes;
        }
        while changes.count < limit {
            let Some(slot) = self.pending.pop() else { break };
            self.evaluate(slot, wall, &mut changes);
        }
        changes
    }

    fn evaluate(&mut self, slot: u32, wall: Timestamp, changes: &mut Changes) {
        let entry = &mut self.slots[slot as usize];
        let Some(user) = &entry.user else { return };
        let friend = entry.record.as_ref().and_then(|r| Some((r, r.ecef()?)));
        let measured = self.me.zip(friend).map(|(me, (record, at))| (record, distance(me, at)));
        match measured {
            Some((record, metres)) if self.ring.holds(metres, entry.told.is_some()) => {
                let distance = Decimetres::round(metres);
                match &entry.told {
                    None => changes.came(record, distance, wall),
                    Some(told) if told.record.version != record.version => {
                        changes.moved(record, distance, wall);
                    }
                    Some(told) if told.distance != distance => changes.distance(user, distance),
                    Some(_) => return,
                }
                entry.told = Some(Told { record: record.clone(), distance });
            }
            beyond => {
                if entry.told.take().is_some() {
                    changes.left(user, if beyond.is_some() { "far" } else { "gone" });
                }
            }
        }
    }
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
    fn came(&mut self, record: &Arc<Record>, distance: Decimetres, wall: Timestamp) {
        friend(&mut self.came, record, distance, wall);
        self.fresh.push(record.clone());
        self.count += 1;
    }

    fn moved(&mut self, record: &Arc<Record>, distance: Decimetres, wall: Timestamp) {
        friend(&mut self.moved, record, distance, wall);
        self.fresh.push(record.clone());
        self.count += 1;
    }

    fn distance(&mut self, user: &UserId, distance: Decimetres) {
        separate(&mut self.distances);
        let _ = write!(self.distances, r#"{{"id":"{user}","distance_m":{distance}}}"#);
        self.count += 1;
    }

    fn left(&mut self, user: &UserId, reason: &str) {
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
