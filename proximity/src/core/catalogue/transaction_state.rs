use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{FeedPosition, Timestamp, UserId};

use crate::core::catalogue::business::{Business, Source};
use crate::core::catalogue::change_set::{BusinessChange, ChangeSet};
use crate::core::catalogue::details::Details;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{
    Actor, Effect, Import, Imported, Mutation, Outcome, WriteRequest,
};
use crate::core::catalogue::needs::{KeyOf, Remembered, key_of};
use crate::core::catalogue::request_digest::RequestDigest;
use crate::core::limits::{KEY_AGE_MS_MAX, Limits};
use crate::core::refusal::Refusal;

/// Businesses as they stand while writes are applied one after the other: pure, so that every adapter decides alike.
#[derive(Debug, Default)]
pub(crate) struct TransactionState {
    slots: HashMap<BusinessId, Slot>,
    keys: HashMap<KeyOf, Remembered>,
    new_keys: BTreeSet<KeyOf>,
    owned: HashMap<UserId, u32>,
    /// Of the businesses that changed, the order in which they did last.
    order: BTreeMap<u64, BusinessId>,
    changes: u64,
}

#[derive(Debug)]
struct Slot {
    before: Option<Business>,
    now: Option<Business>,
    version: u64,
    at: Timestamp,
    change: Option<u64>,
}

impl TransactionState {
    /// What is stored of what is [needed](Needs).
    pub(crate) fn new(
        stored: impl IntoIterator<Item = Business>,
        keys: impl IntoIterator<Item = (KeyOf, Remembered)>,
        owned: impl IntoIterator<Item = (UserId, u32)>,
    ) -> Self {
        let slots = stored.into_iter().map(|business| (business.id, Slot::new(business)));
        Self {
            slots: slots.collect(),
            keys: keys.into_iter().collect(),
            owned: owned.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Decides one write; what it changes is seen by the next.
    pub(crate) fn apply(
        &mut self,
        write: &WriteRequest,
        limits: &Limits,
    ) -> Result<Outcome, Refusal> {
        let Some(key) = key_of(write) else { return self.decide(write, limits) };
        let request = RequestDigest::new(&write.mutation);
        if let Some(known) = self.keys.get(&key)
            && write.at - known.at <= KEY_AGE_MS_MAX
        {
            return if known.request.is_same(&request) {
                Ok(known.outcome.clone())
            } else {
                Err(Refusal::KeyUsed)
            };
        }
        let outcome = self.decide(write, limits)?;
        let remembered = Remembered { request, at: write.at, outcome: outcome.clone() };
        self.keys.insert(key.clone(), remembered);
        self.new_keys.insert(key);
        Ok(outcome)
    }

    /// Makes or changes imported places, one after the other; nothing is to be stored if one is refused.
    pub(crate) fn import(&mut self, places: &[Import], at: Timestamp) -> Result<Imported, Refusal> {
        let stored = self.slots.values().filter_map(|slot| slot.now.as_ref());
        let mut known: HashMap<Source, BusinessId> =
            stored.filter_map(|business| Some((business.source.clone()?, business.id))).collect();
        let mut imported = Imported::default();
        for place in places {
            let id = known.get(&place.source).copied();
            let id = self.import_one(place, id, at, &mut imported)?;
            known.insert(place.source.clone(), id);
        }
        Ok(imported)
    }

    fn import_one(
        &mut self,
        place: &Import,
        known: Option<BusinessId>,
        at: Timestamp,
        imported: &mut Imported,
    ) -> Result<BusinessId, Refusal> {
        let Some(business) = known.and_then(|id| self.business(id)) else {
            self.create(place.id, None, Some(place.source.clone()), &place.details, at)?;
            imported.created += 1;
            return Ok(place.id);
        };
        let id = business.id;
        if business.owner.is_some() {
            imported.owned += 1;
        } else if business.details == place.details {
            imported.unchanged += 1;
        } else {
            let new = Business { details: place.details.clone(), ..business.clone() };
            self.put(new, at);
            imported.changed += 1;
        }
        Ok(id)
    }

    /// What has to be stored, behind the feed's `head`: businesses in the order of their changes, and keys.
    pub(crate) fn into_changes(mut self, head: FeedPosition) -> ChangeSet {
        let mut changes = ChangeSet::nothing(head);
        for id in self.order.values() {
            let Some(Slot { before, now, version, at, .. }) = self.slots.remove(id) else {
                continue;
            };
            if before.is_none() && now.is_none() {
                continue;
            }
            changes.head.0 += 1;
            let position = changes.head;
            let mut change = BusinessChange { position, before, after: now, version, at };
            if change.is_placed()
                && let Some(business) = &mut change.after
            {
                business.placed = position;
            }
            changes.businesses.push(change);
        }
        let keys = self.new_keys.into_iter();
        let keys = keys.filter_map(|key| self.keys.remove(&key).map(|known| (key, known)));
        changes.keys = keys.collect();
        changes
    }

    fn decide(&mut self, write: &WriteRequest, limits: &Limits) -> Result<Outcome, Refusal> {
        let at = write.at;
        let (id, expected) = match &write.mutation {
            Mutation::Create { id, owner, details } => {
                let is_own = owner.as_ref() == Some(write.actor.user());
                if matches!(write.actor, Actor::Owner(_)) && !is_own {
                    return Err(Refusal::OperatorsOnly);
                }
                self.check_owned(owner.as_ref(), limits)?;
                let business = self.create(*id, owner.clone(), None, details, at)?;
                return Ok(outcome(Effect::Created, business));
            }
            Mutation::Replace { id, expected, .. }
            | Mutation::Change { id, expected, .. }
            | Mutation::Remove { id, expected }
            | Mutation::Assign { id, expected, .. } => (*id, *expected),
        };
        let business = self.business(id).ok_or(Refusal::NoSuchBusiness)?;
        if let Actor::Owner(user) = &write.actor
            && business.owner.as_ref() != Some(user)
        {
            return Err(Refusal::NotYours);
        }
        let current = business.version;
        if expected.is_some_and(|expected| expected != current) {
            return Err(Refusal::OtherVersion { current });
        }
        let new = match &write.mutation {
            Mutation::Replace { details, .. } => {
                Business { details: (**details).clone(), ..business.clone() }
            }
            Mutation::Change { patch, .. } => {
                Business { details: patch.apply(&business.details)?, ..business.clone() }
            }
            Mutation::Assign { owner, .. } => {
                if matches!(write.actor, Actor::Owner(_)) {
                    return Err(Refusal::OperatorsOnly);
                }
                Business { owner: owner.clone(), ..business.clone() }
            }
            Mutation::Remove { .. } | Mutation::Create { .. } => return Ok(self.remove(id, at)),
        };
        if new.owner == business.owner && new.details == business.details {
            return Ok(outcome(Effect::Unchanged, new));
        }
        if new.owner != business.owner {
            self.check_owned(new.owner.as_ref(), limits)?;
        }
        Ok(outcome(Effect::Changed, self.put(new, at)))
    }

    fn business(&self, id: BusinessId) -> Option<&Business> {
        self.slots.get(&id)?.now.as_ref()
    }

    fn check_owned(&self, owner: Option<&UserId>, limits: &Limits) -> Result<(), Refusal> {
        let count = owner.and_then(|owner| self.owned.get(owner)).copied().unwrap_or_default();
        let max = limits.owned_max;
        if owner.is_some() && count >= max { Err(Refusal::TooManyOwned { max }) } else { Ok(()) }
    }

    fn create(
        &mut self,
        id: BusinessId,
        owner: Option<UserId>,
        source: Option<Source>,
        details: &Details,
        at: Timestamp,
    ) -> Result<Business, Refusal> {
        if self.slots.contains_key(&id) {
            return Err(Refusal::IdTaken);
        }
        let (details, placed) = (details.clone(), FeedPosition(0));
        let business = Business { id, owner, source, details, version: 0, updated: at, placed };
        self.slots.insert(id, Slot { before: None, now: None, version: 0, at, change: None });
        Ok(self.put(business, at))
    }

    /// The business with its next version.
    fn put(&mut self, new: Business, at: Timestamp) -> Business {
        let new = Business { version: new.version + 1, updated: at, ..new };
        self.replace(new.id, Some(new.clone()), new.version, at);
        new
    }

    fn remove(&mut self, id: BusinessId, at: Timestamp) -> Outcome {
        let last = self.slots.get(&id).and_then(|slot| slot.now.clone());
        let last = last.expect("was looked at before");
        self.replace(id, None, last.version + 1, at);
        outcome(Effect::Removed, last)
    }

    fn replace(&mut self, id: BusinessId, now: Option<Business>, version: u64, at: Timestamp) {
        self.changes += 1;
        let slot = self.slots.get_mut(&id).expect("what is changed was looked at or made before");
        if let Some(change) = slot.change.replace(self.changes) {
            self.order.remove(&change);
        }
        self.order.insert(self.changes, id);
        if let Some(owner) = slot.now.as_ref().and_then(|business| business.owner.as_ref())
            && let Some(count) = self.owned.get_mut(owner)
        {
            *count = count.saturating_sub(1);
        }
        if let Some(owner) = now.as_ref().and_then(|business| business.owner.clone()) {
            *self.owned.entry(owner).or_default() += 1;
        }
        (slot.now, slot.version, slot.at) = (now, version, at);
    }
}

impl Slot {
    fn new(business: Business) -> Self {
        Self {
            version: business.version,
            at: business.updated,
            before: Some(business.clone()),
            now: Some(business),
            change: None,
        }
    }
}

/// Answers don't say where in the feed they are: one that is remembered couldn't know.
fn outcome(effect: Effect, business: Business) -> Outcome {
    Outcome { effect, business: Business { placed: FeedPosition(0), ..business } }
}

#[cfg(test)]
mod tests;
