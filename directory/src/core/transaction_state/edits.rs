//! What a batch changed for others to hear: the difference between its beginning and its end.

use std::collections::{BTreeMap, HashMap};

use model::{UserId, ViewerClass};

use super::Row;
use crate::core::pair::Pair;
use crate::core::{CircleEdit, DisplayName, Relation, User};

/// What was touched, as it was at first.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// From the low one's side.
    relations: BTreeMap<Pair, Relation>,
    radii: BTreeMap<UserId, Option<u32>>,
    names: BTreeMap<UserId, DisplayName>,
}

impl Before {
    /// A relation is about to be changed, that was so from the low one's side.
    pub(super) fn relation(&mut self, pair: &Pair, relation: Relation) {
        self.relations.entry(pair.clone()).or_insert(relation);
    }

    /// A radius was changed, that was this.
    pub(super) fn radius(&mut self, user: &UserId, radius_m: Option<u32>) {
        self.radii.entry(user.clone()).or_insert(radius_m);
    }

    /// A name was changed, that was this.
    pub(super) fn name(&mut self, user: &UserId, name: DisplayName) {
        self.names.entry(user.clone()).or_insert(name);
    }

    /// What has become different; what was undone isn't.
    pub(super) fn edits(
        &self,
        users: &HashMap<UserId, User>,
        pairs: &HashMap<Pair, Row>,
    ) -> Vec<CircleEdit> {
        let relations = self.relations.iter().filter_map(|(pair, before)| {
            let now = pairs.get(pair)?.relation;
            Some(between(pair, *before, now))
        });
        let radii = self.radii.iter().filter_map(|(user, before)| {
            let radius_m = users.get(user)?.radius_m;
            (radius_m != *before).then(|| CircleEdit::Radius { user: user.clone(), radius_m })
        });
        let names = self.names.iter().filter_map(|(user, before)| {
            let is_other = users.get(user)?.name != *before;
            is_other.then(|| CircleEdit::Name { user: user.clone() })
        });
        relations.flatten().chain(radii).chain(names).collect()
    }
}

/// What has become of a pair. Whoever is shown nothing of it is told nothing: not even that there was something.
fn between(pair: &Pair, before: Relation, now: Relation) -> Vec<CircleEdit> {
    let Pair { low, high } = pair;
    if now.friend != before.friend {
        let class = now.friend.then_some(ViewerClass::Precise);
        return vec![CircleEdit::Pair { low: low.clone(), high: high.clone(), class }];
    }
    let side = |user: &UserId, other: &UserId, before: Relation, now: Relation| {
        let (user, other) = (user.clone(), other.clone());
        (before.visible() != now.visible()).then_some(CircleEdit::Standing { user, other })
    };
    let of_high = side(high, low, before.mirror(), now.mirror());
    side(low, high, before, now).into_iter().chain(of_high).collect()
}
