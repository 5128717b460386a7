pub(crate) mod dirty_set;
pub(crate) mod hysteresis;
mod names;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Ecef, Metres, UserId, distance};

use crate::session::messages::{Changes, Departure, Seen};
use crate::session::record::Record;
use crate::session::seam::{Planted, planted};
use crate::session::view::dirty_set::DirtySet;
use crate::session::view::hysteresis::{Decimetres, Hysteresis};
use names::Names;

/// The slot in which the user themself is watched; friends have the others.
pub(crate) const SELF_SLOT: u32 = 0;

/// What one watcher holds: every friend's newest record, and which of them the client has been told of.
///
/// Pure. News only marks a friend; what it means is worked out when a message is made, from the newest state, so that
/// however slowly a client reads, what waits for it is one mark a friend.
pub(crate) struct View {
    hysteresis: Hysteresis,
    me: Option<Ecef>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Slots whose users are to be watched and aren't yet.
    unwatched: Vec<u32>,
    by_user: HashMap<UserId, u32>,
    /// Slots to look at in the next message.
    pending: DirtySet,
    /// Slots to look at once a snapshot is told, of which a part told something already.
    after_snapshot: DirtySet,
    /// Slots that were to be looked at while nothing might be told of their users.
    withheld: DirtySet,
    /// Who is in the client's list and no friend any more. Told before anything else, in a message of their own, since
    /// they may have become friends again meanwhile.
    dismissed: Vec<UserId>,
    names: Names,
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

impl View {
    pub(crate) fn new(radius: Metres) -> Self {
        Self {
            hysteresis: Hysteresis::new(radius),
            me: None,
            slots: vec![Slot::default()],
            free: Vec::new(),
            unwatched: Vec::new(),
            by_user: HashMap::new(),
            pending: DirtySet::default(),
            after_snapshot: DirtySet::default(),
            withheld: DirtySet::default(),
            dismissed: Vec::new(),
            names: Names::default(),
        }
    }

    /// Wants the user themself to be watched.
    pub(crate) fn watch_self(&mut self, user: &UserId) {
        self.slots[SELF_SLOT as usize].user = Some(user.clone());
        self.unwatched.push(SELF_SLOT);
    }

    /// Brings the set of friends up to date. Answers which slots are not to be watched any more.
    pub(crate) fn set_friends(&mut self, friends: &[UserId]) -> Vec<u32> {
        let keep: HashSet<&UserId> = friends.iter().collect();
        let gone: Vec<_> =
            self.by_user.keys().filter(|user| !keep.contains(user)).cloned().collect();
        let removed = gone.iter().filter_map(|user| self.remove(user)).collect();
        self.slots.reserve_exact((friends.len() + 1).saturating_sub(self.slots.len()));
        for user in friends {
            self.add(user);
        }
        removed
    }

    /// One more friend, who isn't watched yet; unless they are one.
    pub(crate) fn add(&mut self, user: &UserId) {
        if self.by_user.contains_key(user) {
            return;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        self.slots[slot as usize].user = Some(user.clone());
        self.by_user.insert(user.clone(), slot);
        self.unwatched.push(slot);
    }

    /// No friend any more. Answers the slot that isn't to be watched any more, which must come back by
    /// [`Self::released`].
    pub(crate) fn remove(&mut self, user: &UserId) -> Option<u32> {
        let slot = self.by_user.remove(user)?;
        let entry = std::mem::take(&mut self.slots[slot as usize]);
        if entry.told.is_some() {
            self.dismissed.push(user.clone());
        }
        self.unwatched.retain(|other| *other != slot);
        self.names.forget(slot);
        if planted(Planted::SlotGivenAway) {
            self.free.push(slot);
        }
        Some(slot)
    }

    /// Nothing reports under these slots any more: others may have them.
    pub(crate) fn released(&mut self, slots: &[u32]) {
        if !planted(Planted::SlotGivenAway) {
            self.free.extend(slots);
        }
    }

    /// Whether anybody isn't watched yet.
    pub(crate) fn has_unwatched(&self) -> bool {
        !self.unwatched.is_empty()
    }

    /// Who isn't watched yet, with the slot to watch them under; from here on they count as watched.
    pub(crate) fn take_unwatched(&mut self) -> Vec<(UserId, u32)> {
        let unwatched = std::mem::take(&mut self.unwatched);
        let named = |slot: u32| Some((self.slots[slot as usize].user.clone()?, slot));
        unwatched.into_iter().filter_map(named).collect()
    }

    pub(crate) fn set_radius(&mut self, radius: Metres) {
        self.hysteresis = Hysteresis::new(radius);
        self.look_at_all();
    }

    /// Takes in the newest record of a friend, or of the watcher. One of somebody else than whose slot it is doesn't
    /// count.
    pub(crate) fn set_record(&mut self, slot: u32, record: Option<Arc<Record>>) {
        let Some(user) = self.slots.get(slot as usize).and_then(|held| held.user.as_ref()) else {
            return;
        };
        let is_theirs = record.as_ref().is_none_or(|record| record.user == *user);
        if !is_theirs && !planted(Planted::SlotGivenAway) {
            return;
        }
        if slot == SELF_SLOT {
            let me = record.as_ref().and_then(|r| r.ecef());
            if me != self.me {
                self.me = me;
                self.look_at_all();
            }
            self.slots[0].record = record;
            return;
        }
        self.slots[slot as usize].record = record;
        self.look_at(slot);
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
        self.names = Names::default();
        self.look_at_all();
    }

    /// Those of whom nothing might be told may be told of again, as far as is known.
    pub(crate) fn look_at_withheld(&mut self) {
        while let Some(slot) = self.withheld.pop() {
            self.look_at(slot);
        }
    }

    /// Works out up to `limit` friends for a part of a snapshot, and whether more parts follow. What has changed since an
    /// earlier part comes after the last one.
    pub(crate) fn list(
        &mut self,
        limit: usize,
        may_tell: &dyn Fn(&UserId) -> bool,
    ) -> (Vec<Seen>, bool) {
        let mut changes = Changes::default();
        while changes.came.len() < limit {
            let Some(slot) = self.pending.pop() else { break };
            let Slot { user, told, .. } = &self.slots[slot as usize];
            if told.is_some() || user.as_ref().is_some_and(|user| self.dismissed.contains(user)) {
                self.after_snapshot.insert(slot);
            } else {
                self.evaluate(slot, may_tell, &mut changes);
            }
        }
        let more = !self.pending.is_empty();
        if !more {
            std::mem::swap(&mut self.pending, &mut self.after_snapshot);
        }
        (changes.came, more)
    }

    /// Works out up to `limit` changes. Of users of whom nothing may be told only that they are gone.
    pub(crate) fn collect(&mut self, limit: usize, may_tell: &dyn Fn(&UserId) -> bool) -> Changes {
        let mut changes = Changes::default();
        if !self.dismissed.is_empty() {
            let some = self.dismissed.len().saturating_sub(limit);
            let gone = self.dismissed.drain(some..).map(|user| (user, Departure::Gone));
            changes.left.extend(gone);
            return changes;
        }
        while changes.count() < limit {
            let Some(slot) = self.pending.pop() else { break };
            self.evaluate(slot, may_tell, &mut changes);
        }
        changes
    }

    fn evaluate(&mut self, slot: u32, may_tell: &dyn Fn(&UserId) -> bool, changes: &mut Changes) {
        let entry = &mut self.slots[slot as usize];
        let Some(user) = &entry.user else { return };
        let friend = entry.record.as_ref().and_then(|r| Some((r, r.ecef()?)));
        if friend.is_some() && !may_tell(user) {
            self.withheld.insert(slot);
            return;
        }
        let measured = self.me.zip(friend).map(|(me, (record, at))| (record, distance(me, at)));
        match measured {
            Some((record, metres)) if self.hysteresis.holds(metres, entry.told.is_some()) => {
                let distance = Decimetres::round(metres);
                let seen = || Seen { record: record.clone(), distance };
                match &entry.told {
                    None => {
                        changes.came.push(seen());
                        self.names.came(slot);
                    }
                    Some(told) if told.record.version != record.version => {
                        changes.moved.push(seen());
                    }
                    Some(told) if told.distance != distance => {
                        changes.distances.push((user.clone(), distance));
                    }
                    Some(_) => return,
                }
                entry.told = Some(Told { record: record.clone(), distance });
            }
            beyond => {
                if entry.told.take().is_some() {
                    let why = if beyond.is_some() { Departure::Far } else { Departure::Gone };
                    changes.left.push((user.clone(), why));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
