//! What the client is told of people beside where they are: what friends are called, and how somebody stands to the user.

use std::sync::Arc;

use model::{Moment, UserId};

use crate::session::messages::Reply;
use crate::session::{Phase, Session, Unavailable};

/// People of whom a session is to tell how they stand to the user; with more, the client is told to read its lists anew.
pub(crate) const RELATIONS_WAITING_MAX: usize = 64;

model::words! {
    /// How somebody stands to a user, as far as that one is shown it: the words on the wire.
    pub enum RelationState {
        /// Nothing is between them.
        None = "none",
        /// They ask to become friends.
        Incoming = "incoming",
        /// The user asks them to become friends.
        Outgoing = "outgoing",
        /// They are friends.
        Friends = "friends",
        /// The user blocks them.
        Blocked = "blocked",
    }
}

/// What a user is shown of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownRelation {
    /// How they stand to the user.
    pub state: RelationState,
    /// What they are called; only of friends, and of whoever asks to become one.
    pub name: Option<Arc<str>>,
}

/// What is to be read of people.
#[derive(Debug, Default)]
pub(crate) struct PeopleRead {
    /// Whose names, by slots.
    pub(crate) unnamed: Vec<(u32, UserId)>,
    /// How these stand to the user.
    pub(crate) related: Vec<UserId>,
}

/// The answer, in the same order.
#[derive(Debug, Default)]
pub(crate) struct PeopleAnswer {
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) relations: Vec<ShownRelation>,
}

/// Of whom the client is to be told how they stand to the user.
#[derive(Debug, Default)]
pub(crate) struct Relations {
    /// It has changed, and isn't read yet; each once.
    wanted: Vec<UserId>,
    /// Read, until the client can take it. Nothing more is read meanwhile.
    read: Vec<(UserId, ShownRelation)>,
    /// More has changed than is remembered, or it isn't known what.
    unknown: bool,
}

impl Relations {
    /// What the user is shown of this one has changed.
    pub(crate) fn changed(&mut self, other: &UserId) {
        if self.wanted.contains(other) {
            return;
        }
        if self.wanted.len() >= RELATIONS_WAITING_MAX {
            return self.are_unknown();
        }
        self.wanted.push(other.clone());
    }

    /// Anything may have changed.
    pub(crate) fn are_unknown(&mut self) {
        *self = Self { unknown: true, ..Self::default() };
    }

    fn are_wanted(&self) -> bool {
        !self.wanted.is_empty() && self.read.is_empty()
    }

    /// Whether there is something to tell.
    pub(crate) fn have_news(&self) -> bool {
        self.unknown || !self.read.is_empty()
    }

    /// The next thing to tell; none of what has changed again meanwhile.
    pub(crate) fn tell(&mut self) -> Option<Reply> {
        if std::mem::take(&mut self.unknown) {
            return Some(Reply::RelationsUnknown);
        }
        while let Some(one) = self.read.pop() {
            if !self.wanted.contains(&one.0) {
                return Some(Reply::Relation(Box::new(one)));
            }
        }
        None
    }
}

impl Session {
    /// Whether people are to be read at this moment.
    pub(in crate::session) fn wants_people(&self, now: Moment) -> bool {
        self.people_stir
            && (self.view.wants_names() || self.relations.are_wanted())
            && matches!(self.phase, Phase::Live)
            && self.reads.may_read_people(now.monotonic)
    }

    /// Everything was told that can be: nothing of people is looked at until something stirs again.
    pub(in crate::session) fn settle_people(&mut self) {
        self.people_stir = self.people_stir && self.are_people_open();
        debug_assert!(self.people_stir || !self.are_people_open(), "nothing stirred");
    }

    fn are_people_open(&self) -> bool {
        self.view.wants_names()
            || self.view.has_names()
            || self.relations.are_wanted()
            || self.relations.have_news()
    }

    /// Begins to read people at this moment if that is wanted.
    pub(crate) fn begins_people(&mut self, now: Moment) -> bool {
        self.wants_people(now) && self.reads.begins_people(now.monotonic)
    }

    /// Whom to read now that [`crate::session::Read::People`] was asked for.
    pub(crate) fn take_people(&mut self) -> PeopleRead {
        let wants_names = self.view.wants_names();
        let limit = if wants_names { self.limits.changes_per_message_max } else { 0 };
        let unnamed = self.view.take_unnamed(limit);
        let wants_relations = self.relations.are_wanted();
        let related =
            if wants_relations { std::mem::take(&mut self.relations.wanted) } else { Vec::new() };
        PeopleRead { unnamed, related }
    }

    /// People were read, or can't be now.
    pub(in crate::session) fn people(
        &mut self,
        now: Moment,
        asked: PeopleRead,
        answer: Result<PeopleAnswer, Unavailable>,
    ) {
        self.people_stir = true;
        self.reads.people_done(now.monotonic, answer.is_ok());
        let PeopleRead { unnamed, related } = asked;
        let Ok(PeopleAnswer { names, relations }) = answer else {
            self.view.names_failed(&unnamed);
            for other in &related {
                self.relations.changed(other);
            }
            return;
        };
        let names = unnamed.into_iter().zip(names).map(|((slot, user), name)| (slot, user, name));
        self.view.take_names(names);
        // In the order in which they changed, the last taken first.
        self.relations.read.extend(related.into_iter().zip(relations).rev());
    }
}

#[cfg(test)]
mod tests;
