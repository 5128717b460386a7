use std::cmp::Ordering;
use std::sync::Arc;

use model::UserId;

/// How much of a board a client watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoardShape {
    /// So many places from the top: 0 to [`TOP_MAX`](super::TOP_MAX).
    pub top: usize,
    /// So many neighbours above the client's user, and as many below: 0 to [`AROUND_MAX`](super::AROUND_MAX).
    pub around: usize,
}

/// What a client sees of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardView {
    /// Which state of the board it is of, the lowest if there are several; opaque.
    pub as_of: String,
    /// The highest of them, if there are several: a board may be put together from parts that are each of its own state.
    pub as_of_highest: Option<String>,
    /// How many players stand on the board.
    pub count: u64,
    /// The place of the client's user, from 1; `None` if they don't stand on the board.
    pub place: Option<u64>,
    /// Who stands on the places that are watched, by place, each place once. Those that many clients see are shared.
    pub standings: Vec<Arc<BoardStanding>>,
}

/// Who stands on a place of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardStanding {
    /// From the top, from 1, however ranks are counted.
    pub place: u64,
    /// The player.
    pub user: UserId,
    /// The name to show, if there is one and it can be had.
    pub display_name: Option<String>,
    /// The rank, as the board counts.
    pub rank: u64,
    /// The score.
    pub score: i64,
}

/// How a view differs from the one that was told before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Places that show something else.
    pub(crate) standings: Vec<Arc<BoardStanding>>,
    /// Places that aren't watched any more, or where nobody stands.
    pub(crate) gone: Vec<u64>,
}

impl BoardView {
    /// Whether this shows the same, if perhaps of another state.
    pub(super) fn shows_same(&self, other: &Self) -> bool {
        (self.count, self.place, &self.standings) == (other.count, other.place, &other.standings)
    }

    /// What is to be told to whoever was told `told`.
    pub(super) fn difference(&self, told: &Self) -> Difference {
        let (mut standings, mut gone) = (Vec::new(), Vec::new());
        let (mut old, mut new) =
            (told.standings.iter().peekable(), self.standings.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some(old), Some(new)) => old.place.cmp(&new.place),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let before = old.next_if(|_| order.is_le());
            let after = new.next_if(|_| order.is_ge());
            match (before, after) {
                (before, Some(standing)) if before != Some(standing) => {
                    standings.push(Arc::clone(standing));
                }
                (Some(standing), None) => gone.push(standing.place),
                _ => {}
            }
        }
        Difference { standings, gone }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn view(standings: &[(u64, i64)], place: Option<u64>) -> BoardView {
        let user = || UserId::parse("ann").expect("an id");
        let standing = |&(place, score): &(u64, i64)| {
            Arc::new(BoardStanding { place, user: user(), display_name: None, rank: place, score })
        };
        let as_of = "b1.1".to_owned();
        let standings = standings.iter().map(standing).collect();
        BoardView { as_of, as_of_highest: None, count: 9, place, standings }
    }

    #[test]
    fn only_what_is_different_is_told() {
        let (told, new) = (view(&[(1, 9), (2, 8), (5, 1)], Some(5)), view(&[(1, 9), (2, 7)], None));
        let difference = new.difference(&told);
        assert_eq!(difference.standings, view(&[(2, 7)], None).standings);
        assert_eq!(difference.gone, vec![5]);
        let same = told.difference(&told);
        assert_eq!((same.standings, same.gone), (vec![], vec![]));
    }

    proptest! {
        #[test]
        fn what_was_told_and_the_difference_come_to_the_view(
            told in prop::collection::btree_map(1_u64..12, 0_i64..3, 0..8),
            new in prop::collection::btree_map(1_u64..12, 0_i64..3, 0..8),
        ) {
            let of = |standings: &BTreeMap<u64, i64>| {
                view(&standings.iter().map(|(place, score)| (*place, *score)).collect::<Vec<_>>(), None)
            };
            let difference = of(&new).difference(&of(&told));
            let mut standings = told;
            for place in &difference.gone {
                prop_assert!(standings.remove(place).is_some());
            }
            for standing in difference.standings {
                prop_assert_ne!(standings.insert(standing.place, standing.score), Some(standing.score));
            }
            prop_assert_eq!(standings, new);
        }
    }
}
