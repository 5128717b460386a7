//! Whom a user may see, as a reading of it and the changes since.
//!
//! Readings and changes come by different ways and in any order: each carries its place in the directory's feed, and the
//! later place wins. Pure.

use std::collections::HashMap;

use model::{Metres, ReadToken, UserId};

/// Changes since the last reading that one session remembers; with more, everything is read again.
pub(crate) const AMENDMENTS_MAX: usize = 1_024;

/// Whom a user may see, and how far they look, at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Circle {
    /// All changes up to here are in it, and none after.
    pub as_of: ReadToken,
    /// Friends whom the user may see precisely; each once.
    pub friends: Vec<UserId>,
    /// How far the user looks.
    pub radius: Metres,
}

/// A change of somebody's circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircleChange {
    /// Its own place.
    pub as_of: ReadToken,
    /// What becomes of it.
    pub edit: CircleEdit,
}

/// What becomes of a circle, or of two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CircleEdit {
    /// These two may see each other from now on, or may not any more.
    Pair {
        /// The one with the smaller id.
        low: UserId,
        /// The one with the greater id.
        high: UserId,
        /// Whether they may.
        friends: bool,
    },
    /// How far a user looks.
    Radius {
        /// The user who looks.
        user: UserId,
        /// Metres; none: as far as the deployment says.
        radius_m: Option<u32>,
    },
    /// The first is shown something else of how they stand to the second. Only for the first; what comes with [`Self::Pair`] is
    /// said by that.
    Shown(UserId, UserId),
    /// This user has another name now.
    Renamed(UserId),
}

impl CircleEdit {
    /// Whether it changes who may be seen, or how far.
    pub(crate) fn is_of_circles(&self) -> bool {
        matches!(self, Self::Pair { .. } | Self::Radius { .. })
    }
}

impl CircleChange {
    /// Whose circles change, or of whom it is.
    pub fn users(&self) -> impl Iterator<Item = &UserId> {
        let (one, other) = match &self.edit {
            CircleEdit::Pair { low, high, .. } => (low, Some(high)),
            CircleEdit::Radius { user, .. }
            | CircleEdit::Shown(user, _)
            | CircleEdit::Renamed(user) => (user, None),
        };
        std::iter::once(one).chain(other)
    }
}

/// A change as the circle of one user has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Amendment {
    pub(crate) as_of: ReadToken,
    pub(crate) what: Amended,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Amended {
    /// This other user may be seen, or not any more.
    Friend(UserId, bool),
    /// How far to look.
    Radius(Metres),
    /// The user is shown something else of this other one.
    Standing(UserId),
}

/// What an amendment does to what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing: it, or a later one, is known.
    None,
    /// It is to be carried out.
    Apply,
    /// It can't be fitted in: everything is to be read again, and nothing to be told before.
    Unknown,
}

/// What is known of one circle: the last reading's place, and what was amended after it.
#[derive(Debug, Default)]
pub(crate) struct CircleLog {
    read: Option<ReadToken>,
    friends: HashMap<UserId, (ReadToken, bool)>,
    radius: Option<(ReadToken, Metres)>,
}

impl CircleLog {
    /// Takes a change in.
    pub(crate) fn amend(&mut self, amendment: &Amendment) -> Effect {
        if matches!(amendment.what, Amended::Standing(_)) {
            return Effect::None;
        }
        let as_of = amendment.as_of;
        let same_timeline = |other: ReadToken| other.timeline == as_of.timeline;
        if !self.known().is_none_or(same_timeline) {
            self.forget();
            return Effect::Unknown;
        }
        let is_later =
            |held: Option<ReadToken>| held.is_none_or(|held| held.position < as_of.position);
        if !is_later(self.read) {
            return Effect::None;
        }
        match &amendment.what {
            Amended::Friend(other, is_friend) => {
                if !is_later(self.friends.get(other).map(|(held, _)| *held)) {
                    return Effect::None;
                }
                if self.friends.len() >= AMENDMENTS_MAX && !self.friends.contains_key(other) {
                    self.forget();
                    return Effect::Unknown;
                }
                self.friends.insert(other.clone(), (as_of, *is_friend));
            }
            Amended::Radius(radius) => {
                if !is_later(self.radius.map(|(held, _)| held)) {
                    return Effect::None;
                }
                self.radius = Some((as_of, *radius));
            }
            Amended::Standing(_) => {}
        }
        Effect::Apply
    }

    /// Brings a reading up to date by what was amended after it. None if the two don't fit together: then it is to be
    /// read once more.
    pub(crate) fn read(&mut self, mut circle: Circle) -> Option<Circle> {
        let as_of = circle.as_of;
        let amended = self.friends.values().map(|(held, _)| *held).chain(self.radius.map(|r| r.0));
        if amended.into_iter().any(|held| held.timeline != as_of.timeline) {
            self.forget();
            return None;
        }
        // A reading that was overtaken by another one.
        if self
            .read
            .is_some_and(|held| held.timeline == as_of.timeline && held.position > as_of.position)
        {
            return None;
        }
        self.read = Some(as_of);
        self.friends.retain(|_, (held, _)| held.position > as_of.position);
        self.radius = self.radius.filter(|(held, _)| held.position > as_of.position);
        circle.friends.retain(|friend| !self.friends.contains_key(friend));
        let added = self.friends.iter().filter(|(_, (_, is_friend))| *is_friend);
        circle.friends.extend(added.map(|(user, _)| user.clone()));
        if let Some((_, radius)) = self.radius {
            circle.radius = radius;
        }
        Some(circle)
    }

    /// Any place that is known.
    fn known(&self) -> Option<ReadToken> {
        let amended = || self.friends.values().next().map(|(held, _)| *held);
        self.read.or_else(amended).or(self.radius.map(|(held, _)| held))
    }

    fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests;
