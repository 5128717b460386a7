use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// Who has places, in groups: says who is to lose theirs when there are too many, so that whoever takes most is hurt first.
///
/// Places are numbered in the order in which they were taken.
#[derive(Debug)]
pub struct Places<G> {
    groups: HashMap<G, BTreeSet<u64>>,
    group_of: HashMap<u64, G>,
    /// Every group, by its size and then by its oldest place, the older last.
    by_size: BTreeSet<(usize, Reverse<u64>)>,
}

impl<G> Default for Places<G> {
    fn default() -> Self {
        Self { groups: HashMap::new(), group_of: HashMap::new(), by_size: BTreeSet::new() }
    }
}

impl<G: Hash + Eq + Clone> Places<G> {
    /// Gives a place to this group; one that is taken moves there.
    pub fn enter(&mut self, place: u64, group: G) {
        self.leave(place);
        self.change(&group, |places| {
            places.insert(place);
        });
        self.group_of.insert(place, group);
    }

    /// Takes a place back; answers whether it was taken.
    pub fn leave(&mut self, place: u64) -> bool {
        let Some(group) = self.group_of.remove(&place) else { return false };
        self.change(&group, |places| {
            places.remove(&place);
        });
        true
    }

    /// The oldest place of the group that has most; of several such groups the oldest of all.
    pub fn most_crowded(&self) -> Option<u64> {
        self.by_size.last().map(|(_, Reverse(oldest))| *oldest)
    }

    /// How many places are taken.
    pub fn len(&self) -> usize {
        self.group_of.len()
    }

    /// Whether none is taken.
    pub fn is_empty(&self) -> bool {
        self.group_of.is_empty()
    }

    fn change(&mut self, group: &G, change: impl FnOnce(&mut BTreeSet<u64>)) {
        let mut places = self.groups.remove(group).unwrap_or_default();
        if let Some(oldest) = places.first() {
            self.by_size.remove(&(places.len(), Reverse(*oldest)));
        }
        change(&mut places);
        if let Some(oldest) = places.first() {
            self.by_size.insert((places.len(), Reverse(*oldest)));
            self.groups.insert(group.clone(), places);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(groups: &[&'static str]) -> Places<&'static str> {
        let mut places = Places::default();
        groups.iter().zip(0..).for_each(|(group, place)| places.enter(place, *group));
        places
    }

    #[test]
    fn whoever_has_most_loses_their_oldest() {
        assert_eq!(places(&[]).most_crowded(), None);
        assert_eq!(places(&["a"]).most_crowded(), Some(0));
        assert_eq!(places(&["a", "b", "b", "c"]).most_crowded(), Some(1));
        // Among equals it is the oldest of all.
        assert_eq!(places(&["a", "b", "c"]).most_crowded(), Some(0));
        assert_eq!(places(&["c", "a", "b", "b", "a"]).most_crowded(), Some(1));
    }

    #[test]
    fn a_place_that_is_given_back_counts_no_more() {
        let mut places = places(&["a", "b", "b"]);
        assert!(places.leave(1) && !places.leave(1) && !places.leave(9));
        assert_eq!((places.most_crowded(), places.len()), (Some(0), 2));
        places.enter(2, "a");
        assert_eq!((places.most_crowded(), places.len()), (Some(0), 2));
        assert!(places.leave(0) && places.leave(2) && places.is_empty());
        assert_eq!(places.most_crowded(), None);
    }

    proptest! {
        #[test]
        fn it_is_as_if_all_were_counted(steps in prop::collection::vec((0_u64..20, 0_u8..4), 0..200)) {
            let mut places = Places::default();
            let mut taken: HashMap<u64, u8> = HashMap::new();
            for (place, group) in steps {
                if group == 0 {
                    prop_assert_eq!(places.leave(place), taken.remove(&place).is_some());
                } else {
                    places.enter(place, group);
                    taken.insert(place, group);
                }
                let size = |group: u8| taken.values().filter(|it| **it == group).count();
                let oldest = |group: u8| taken.iter().filter(|(_, it)| **it == group).map(|(place, _)| *place).min();
                let most = (1..4).filter(|group| size(*group) > 0).max_by_key(|group| (size(*group), Reverse(oldest(*group))));
                prop_assert_eq!(places.most_crowded(), most.and_then(oldest));
                prop_assert_eq!(places.len(), taken.len());
            }
        }
    }
}
