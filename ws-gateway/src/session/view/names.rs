//! Which friends in the client's list it knows by name.
//!
//! A bit a friend: news of somebody whose name was told costs nothing more.

use std::sync::Arc;

use model::UserId;

use super::View;
use super::dirty_set::DirtySet;

/// The most names that are read, and then told, at a time.
pub(crate) const NAMES_READ_MAX: usize = 256;

/// What of names is told and what isn't yet, by slots.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The client knows them.
    told: DirtySet,
    /// To be read.
    wanted: DirtySet,
    /// Read, until the client can take them. Nothing more is read meanwhile.
    read: Vec<(u32, UserId, Arc<str>)>,
}

impl Names {
    /// The client is told of this friend, who wasn't in its list.
    pub(super) fn came(&mut self, slot: u32) {
        if !self.told.contains(slot) {
            self.wanted.insert(slot);
        }
    }

    /// The slot is nobody's any more.
    pub(super) fn forget(&mut self, slot: u32) {
        self.told.remove(slot);
        self.wanted.remove(slot);
    }
}

impl View {
    /// The friend under this slot may have another name now.
    pub(crate) fn renamed(&mut self, slot: u32) {
        self.names.told.remove(slot);
        self.want_name(slot);
    }

    /// Any friend may have another name now.
    pub(crate) fn all_renamed(&mut self) {
        self.names.told = DirtySet::default();
        self.want_missing_names();
    }

    /// The names of all who are in the client's list without one are to be read.
    pub(crate) fn want_missing_names(&mut self) {
        for slot in 1..self.slots.len() as u32 {
            self.want_name(slot);
        }
    }

    fn want_name(&mut self, slot: u32) {
        if self.lists(slot).is_some() {
            self.names.came(slot);
        }
    }

    /// Who is in the client's list under this slot.
    fn lists(&self, slot: u32) -> Option<&UserId> {
        let held = self.slots.get(slot as usize).filter(|held| held.told.is_some())?;
        held.user.as_ref()
    }

    /// Whether names are to be read.
    pub(crate) fn wants_names(&self) -> bool {
        !self.names.wanted.is_empty() && self.names.read.is_empty()
    }

    /// Whose names are to be read now.
    pub(crate) fn take_unnamed(&mut self, limit: usize) -> Vec<(u32, UserId)> {
        let mut unnamed = Vec::new();
        while unnamed.len() < limit.min(NAMES_READ_MAX) {
            let Some(slot) = self.names.wanted.pop() else { break };
            // Whoever has left the list meanwhile is named when they come again.
            unnamed.extend(self.lists(slot).map(|user| (slot, user.clone())));
        }
        unnamed
    }

    /// These names were read.
    pub(crate) fn take_names(&mut self, names: impl Iterator<Item = (u32, UserId, Arc<str>)>) {
        self.names.read.extend(names);
    }

    /// These names can't be read now.
    pub(crate) fn names_failed(&mut self, unnamed: &[(u32, UserId)]) {
        for (slot, _) in unnamed {
            self.want_name(*slot);
        }
    }

    /// Whether names were read that the client may not know.
    pub(crate) fn has_names(&self) -> bool {
        !self.names.read.is_empty()
    }

    /// The names to tell: of those who are still in the client's list, and of whom anything may be told. The others are
    /// named when that is so again.
    pub(crate) fn tell_names(
        &mut self,
        may_tell: &dyn Fn(&UserId) -> bool,
    ) -> Vec<(UserId, Arc<str>)> {
        let mut read = std::mem::take(&mut self.names.read);
        read.retain(|(slot, user, _)| self.lists(*slot) == Some(user) && may_tell(user));
        let told = read.into_iter().map(|(slot, user, name)| {
            self.names.told.insert(slot);
            (user, name)
        });
        told.collect()
    }
}
