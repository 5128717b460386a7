mod edits;

use std::collections::{BTreeSet, HashMap};

use model::{Timestamp, UserId};

use super::pair::Pair;
use super::{
    CircleEdit, DisplayName, Limits, Mutation, Outcome, Refusal, Relation, User, Verb,
    WriteRequest, decide,
};

/// How a pair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// From the low one's side.
    pub(crate) relation: Relation,
    /// When it last changed visibly for the low one.
    pub(crate) since_low: Timestamp,
    /// When it last changed visibly for the high one.
    pub(crate) since_high: Timestamp,
}

/// How many of each a user has, for the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Friends.
    pub(crate) friends: u32,
    /// Pending requests made.
    pub(crate) outgoing: u32,
    /// Users blocked.
    pub(crate) blocks: u32,
}

/// What a transaction state must be given before writes are applied.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Users to look up.
    pub(crate) users: BTreeSet<UserId>,
    /// Pairs to look up.
    pub(crate) pairs: BTreeSet<Pair>,
    /// Users to count for.
    pub(crate) tallies: BTreeSet<UserId>,
}

impl Needs {
    /// What these writes need.
    pub(crate) fn new(writes: &[WriteRequest]) -> Self {
        let mut needs = Self::default();
        for write in writes {
            match &write.mutation {
                Mutation::Ensure { user }
                | Mutation::Put { user, .. }
                | Mutation::SetRadius { user, .. } => {
                    needs.users.insert(user.clone());
                }
                Mutation::Relate { verb, user, other } => needs.add(*verb, user, other),
            }
        }
        needs
    }

    fn add(&mut self, verb: Verb, user: &UserId, other: &UserId) {
        let Some(pair) = Pair::new(user, other) else { return };
        self.pairs.insert(pair);
        self.users.extend([user.clone(), other.clone()]);
        match verb {
            Verb::Ask | Verb::Accept | Verb::Befriend => {
                self.tallies.extend([user.clone(), other.clone()]);
            }
            Verb::Block => {
                self.tallies.insert(user.clone());
            }
            Verb::Decline | Verb::Cancel | Verb::Remove | Verb::Unblock => {}
        }
    }
}

/// What a transaction state changed: to be stored in the same transaction that loaded it.
#[derive(Debug, Default)]
pub(crate) struct ChangeSet {
    /// Users as they are now.
    pub(crate) users: Vec<User>,
    /// Pairs as they stand now; nothing between them means that the row goes.
    pub(crate) pairs: Vec<(Pair, Row)>,
    /// What the whole of it made of circles: what was undone within the batch isn't here.
    pub(crate) edits: Vec<CircleEdit>,
}

impl ChangeSet {
    /// Nothing needs to be stored.
    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.pairs.is_empty()
    }
}

/// The part of the directory that a batch of writes is about, in memory: every adapter applies writes with it, and so
/// all of them decide alike.
#[derive(Debug, Default)]
pub(crate) struct TransactionState {
    users: HashMap<UserId, User>,
    pairs: HashMap<Pair, Row>,
    tallies: HashMap<UserId, Tally>,
    changed_users: BTreeSet<UserId>,
    changed_pairs: BTreeSet<Pair>,
    before: edits::Before,
}

impl TransactionState {
    /// The transaction state of what the store has of [`Needs`]; what it hasn't is simply not given, tallies of zero too.
    pub(crate) fn new(
        users: impl IntoIterator<Item = User>,
        pairs: impl IntoIterator<Item = (Pair, Row)>,
        tallies: impl IntoIterator<Item = (UserId, Tally)>,
    ) -> Self {
        Self {
            users: users.into_iter().map(|user| (user.id.clone(), user)).collect(),
            pairs: pairs.into_iter().collect(),
            tallies: tallies.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Applies one write, or refuses it and changes nothing.
    pub(crate) fn apply(
        &mut self,
        write: &WriteRequest,
        limits: &Limits,
    ) -> Result<Outcome, Refusal> {
        let at = write.at;
        match &write.mutation {
            Mutation::Ensure { user } if self.users.contains_key(user) => Ok(Outcome::Unchanged),
            Mutation::Ensure { user } => Ok(self.create(user, DisplayName::of_id(user), at)),
            Mutation::Put { user, name } => Ok(self.put(user, name, at)),
            Mutation::SetRadius { user, radius_m } => self.set_radius(user, *radius_m),
            Mutation::Relate { verb, user, other } => self.relate(*verb, user, other, at, limits),
        }
    }

    /// What is to be stored.
    pub(crate) fn into_changes(mut self) -> ChangeSet {
        let edits = self.before.edits(&self.users, &self.pairs);
        let users = self.changed_users.iter().filter_map(|id| self.users.remove(id)).collect();
        let stored = |pair: Pair| self.pairs.remove(&pair).map(|row| (pair, row));
        let pairs = self.changed_pairs.into_iter().filter_map(stored).collect();
        ChangeSet { users, pairs, edits }
    }

    fn create(&mut self, id: &UserId, name: DisplayName, created: Timestamp) -> Outcome {
        let user = User { id: id.clone(), name, radius_m: None, created };
        self.users.insert(id.clone(), user);
        self.changed_users.insert(id.clone());
        Outcome::Created
    }

    fn put(&mut self, id: &UserId, name: &DisplayName, at: Timestamp) -> Outcome {
        let Some(user) = self.users.get_mut(id) else { return self.create(id, name.clone(), at) };
        if user.name == *name {
            return Outcome::Unchanged;
        }
        let before = std::mem::replace(&mut user.name, name.clone());
        self.before.name(id, before);
        self.changed_users.insert(id.clone());
        Outcome::Changed
    }

    fn set_radius(&mut self, id: &UserId, radius_m: Option<u32>) -> Result<Outcome, Refusal> {
        let user = self.users.get_mut(id).ok_or(Refusal::NoSuchUser)?;
        if user.radius_m == radius_m {
            return Ok(Outcome::Unchanged);
        }
        let before = std::mem::replace(&mut user.radius_m, radius_m);
        self.before.radius(id, before);
        self.changed_users.insert(id.clone());
        Ok(Outcome::Changed)
    }

    fn relate(
        &mut self,
        verb: Verb,
        user: &UserId,
        other: &UserId,
        at: Timestamp,
        limits: &Limits,
    ) -> Result<Outcome, Refusal> {
        let pair = Pair::new(user, other).ok_or(Refusal::Yourself)?;
        let both_must_exist = verb == Verb::Befriend;
        if !self.users.contains_key(user) || both_must_exist && !self.users.contains_key(other) {
            return Err(Refusal::NoSuchUser);
        }
        let nothing = Row { relation: Relation::default(), since_low: at, since_high: at };
        let row = self.pairs.get(&pair).copied().unwrap_or(nothing);
        let from_low = *user == pair.low;
        let before = if from_low { row.relation } else { row.relation.mirror() };
        let after = decide(verb, before)?;
        if after == before {
            return Ok(Outcome::Unchanged);
        }
        self.check_limits(user, other, before, after, limits)?;
        self.count(user, before, after);
        self.count(other, before.mirror(), after.mirror());
        self.before.relation(&pair, row.relation);
        let relation = if from_low { after } else { after.mirror() };
        let since = |was: Relation, is: Relation, since| {
            if was.visible() == is.visible() { since } else { at }
        };
        let row = Row {
            relation,
            since_low: since(row.relation, relation, row.since_low),
            since_high: since(row.relation.mirror(), relation.mirror(), row.since_high),
        };
        self.pairs.insert(pair.clone(), row);
        self.changed_pairs.insert(pair);
        Ok(Outcome::Changed)
    }

    fn tally(&self, user: &UserId) -> Tally {
        self.tallies.get(user).copied().unwrap_or_default()
    }

    fn check_limits(
        &self,
        user: &UserId,
        other: &UserId,
        before: Relation,
        after: Relation,
        limits: &Limits,
    ) -> Result<(), Refusal> {
        let mine = self.tally(user);
        if after.friend && !before.friend {
            let most = mine.friends.max(self.tally(other).friends);
            if most >= limits.friends_max {
                return Err(Refusal::TooManyFriends);
            }
        }
        if after.asked && !before.asked && mine.outgoing >= limits.requests_max {
            return Err(Refusal::TooManyRequests);
        }
        if after.blocks && !before.blocks && mine.blocks >= limits.blocks_max {
            return Err(Refusal::TooManyBlocks);
        }
        Ok(())
    }

    /// Keeps a tally that was loaded in step; one that wasn't is not needed by any order of the batch.
    fn count(&mut self, user: &UserId, before: Relation, after: Relation) {
        let step = |count: u32, was: bool, is: bool| {
            (count + u32::from(is)).saturating_sub(u32::from(was))
        };
        let tally = self.tallies.entry(user.clone()).or_default();
        tally.friends = step(tally.friends, before.friend, after.friend);
        tally.outgoing = step(tally.outgoing, before.asked, after.asked);
        tally.blocks = step(tally.blocks, before.blocks, after.blocks);
    }
}

#[cfg(test)]
mod tests;
